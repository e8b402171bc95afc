#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

std::string format_count(std::uint64_t count);  ///< "101,770"
std::string format_bytes(std::uint64_t bytes);  ///< "397.5 KiB"

/// A plain-text table. A column of numbers, with or without a unit ("1,290", "2.4 ms", "1.08x", "-" for none), is
/// aligned right, any other left; in the first column, which names the rows, numbers must be bare. A row may be
/// shorter than the header.
std::string format_table(std::span<const std::string> headers, std::span<const std::vector<std::string>> rows);

/// One layer of a network, in the words of `summary(model)`.
struct SummaryRow {
  std::string name;          // path and layer: "0 Dense<784,128>"
  std::string output_shape;  // "(128)"
  size_t parameters = 0;
  std::string sources{};  // of a node of a Graph: what it reads, "seen, known"
  bool port = false;      // an input or output of a Graph; where there is one, a column says what each is connected to
};

struct SummaryTotals {
  size_t trainable = 0;
  size_t frozen = 0;  // parameters that training leaves alone, running statistics included
  size_t parameter_bytes = 0;
  size_t training_bytes = 0;   // everything a training step needs at this batch size; 0: it cannot be trained
  size_t inference_bytes = 0;  // everything a prediction needs at this batch size
  size_t batch = 0;
};

/// The table that `summary` prints.
std::string format_summary(std::string_view title, std::span<const SummaryRow> rows, const SummaryTotals& totals);

}  // namespace tenon
