#include <tenon/data/csv.hpp>

#include <cmath>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

TENON_FUZZ(csv) {
  for (const CsvTarget target : {CsvTarget::classes, CsvTarget::number, CsvTarget::none})
    for (const bool header : {true, false}) {
      CsvOptions options{.header = header, .target = target};
      try {
        const Dataset<float> data = read_csv<float>(input.path, options);
        demand(data.size() > 0 && data.features().size() == data.size() * data.sample_size(), "whole samples");
        for (const float v : data.features()) demand(std::isfinite(v), "finite numbers");
      } catch (const Error& error) {
        for (const char c : std::string_view(error.what())) demand(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "a message that no terminal obeys");
      }
    }
}
