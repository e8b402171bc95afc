#include <tenon/data/csv.hpp>

#include <cmath>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

TENON_FUZZ(csv) {
  std::vector<CsvOptions> ways;
  for (const CsvTarget target : {CsvTarget::classes, CsvTarget::number, CsvTarget::none})
    for (const std::optional<bool> header :
         {std::optional<bool>(true), std::optional<bool>(false), std::optional<bool>()})
      ways.push_back({.header = header, .target = target});
  // everything else that a table may be: texts, missing numbers, commas in them
  ways.push_back(
      {.delimiter = ';', .target = CsvTarget::none, .categorical = {0}, .missing = Missing::median, .decimal = ','});
  ways.push_back({.categorical = {{0, CsvText::codes}, -1}, .missing = Missing::mean});
  ways.push_back({.target = CsvTarget::none, .missing = 0.5, .leave_out = {0}});
  for (const CsvOptions& options : ways) {
    try {
      const Dataset<float> data = read_csv<float>(input.path(), options);
      demand(data.size() > 0 && data.features().size() == data.size() * data.sample_size(), "whole samples");
      for (const float v : data.features()) demand(std::isfinite(v), "finite numbers");
    } catch (const Error& error) {
      for (const char c : std::string_view(error.what()))
        demand(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "a message that no terminal obeys");
    }
  }
}
