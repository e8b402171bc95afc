#pragma once

#include <string>
#include <string_view>

#include <tenon/io/load_tensors.hpp>

namespace tenon::detail {

/// What a tensor of a file is called in the network; empty where it is not looked at. Defined in load_tensors.cpp.
std::string name_in_network(std::string_view name, const LoadOptions& options);

}  // namespace tenon::detail
