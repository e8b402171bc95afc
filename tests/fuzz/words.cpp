// What messages say of bytes from a file.
#include "../../src/io/words.hpp"

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

TENON_FUZZ(words) {
  for (const std::string& text :
       {detail::quoted_text(input.text()), detail::escaped_text(input.text()), detail::seems_to_be(input.bytes)}) {
    for (const char c : text) demand(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "nothing a terminal obeys");
    demand(detail::escaped_text(text) == text, "escaped once and for all");
  }
}
