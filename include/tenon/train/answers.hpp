#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <tenon/data/columns.hpp>
#include <tenon/losses/loss.hpp>
#include <tenon/train/data_check.hpp>

/// Which columns of a data set go with which inputs and outputs of a network.
namespace tenon::detail {

/// Columns of the data that a network with several outputs is trained with.
struct ColumnDemand {
  std::string_view output{};  // the network's
  std::string_view column{};
  bool by_name = false;  // the program named the column
  TargetKind target = TargetKind::either;
  std::size_t size = 0;  // numbers of the output
  std::size_t answers = 1;
  bool ignores = false;
  std::string_view who = "loss";  // compares
};
/// The column that goes with an output: that of its name, or, where there is no choice, the only one there is. Throws
/// an Error that begins with `who` where there is none, or it does not fit.
const ColumnInfo& find_answers(std::string_view who, const ColumnDemand& demand, std::span<const ColumnInfo> columns,
                               std::size_t outputs);
/// Throws an Error where the inputs of a network, by name and size, are not the data's columns of features; where there
/// are several, axes in another order are none of them, though they have as many numbers. A flat column is any shape.
struct InputDemand {
  std::string_view name{};
  std::size_t size = 0;
  std::span<const std::size_t> axes{};
};
void check_inputs(std::string_view who, std::span<const InputDemand> inputs, const DataOffer& offer);
void check_labels(std::string_view who, const ColumnDemand& demand, const ColumnInfo& column,
                  std::span<const std::int32_t> labels);

}  // namespace tenon::detail
