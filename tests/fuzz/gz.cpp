// IDX files packed by gzip, whatever is in them: a fuzzer would never guess their checksum.
#define ZLIB_CONST
#include <zlib.h>

#include <tenon/data/idx.hpp>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

namespace {

std::vector<std::byte> packed(std::span<const std::byte> content) {
  z_stream stream{};
  demand(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK, "zlib starts");
  std::vector<std::byte> out(deflateBound(&stream, content.size()) + 64);
  stream.next_in = reinterpret_cast<const Bytef*>(content.data());
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  demand(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib ends");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

TENON_FUZZ(gz) {
  const std::vector<std::byte> one = packed(input.bytes);
  // the same in two members
  std::vector<std::byte> two = packed(input.bytes.first(input.bytes.size() / 2));
  const std::vector<std::byte> rest = packed(input.bytes.subspan(input.bytes.size() / 2));
  two.insert(two.end(), rest.begin(), rest.end());
  const IdxTensor tensor = parse_idx(one, "fuzz");
  demand(parse_idx(two, "fuzz").bytes == tensor.bytes, "members one behind the other are one file");
  const std::size_t header = input.bytes.size() - tensor.bytes.size();
  demand(
      std::equal(tensor.bytes.begin(), tensor.bytes.end(), input.bytes.begin() + static_cast<std::ptrdiff_t>(header)),
      "what was packed comes out");
}
