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

/// What an output of a network compares with: which column of the data, and of what kind and size.
struct ColumnDemand {
  std::string_view output{};  // its name in the network
  std::string_view column{};
  bool by_name = false;  // whether the program named the column
  TargetKind target = TargetKind::either;
  size_t size = 0;  // of the output, in numbers
  size_t answers = 1;
  bool ignores = false;
  std::string_view who = "loss";  // what compares, for errors
};
/// The column that goes with an output: the one of its name, or, for a single output, the only column of answers there
/// is. Throws an Error that begins with `who` where there is none, or where it does not fit.
const ColumnInfo& find_answers(std::string_view who, const ColumnDemand& demand, std::span<const ColumnInfo> columns,
                               size_t outputs);
/// An input of a network: its name, how many numbers it takes, and its axes.
struct InputDemand {
  std::string_view name{};
  size_t size = 0;
  std::span<const size_t> axes{};
};
/// Throws an Error unless the data's columns of features are the inputs of the network, by name and size. Where there
/// are several, the axes have to stand in the same order, too; a column of one axis goes with any shape.
void check_inputs(std::string_view who, std::span<const InputDemand> inputs, const DataOffer& offer);
void check_labels(std::string_view who, const ColumnDemand& demand, const ColumnInfo& column,
                  std::span<const std::int32_t> labels);

}  // namespace tenon::detail
