#pragma once

#include <tenon/optim/optimizer.hpp>

/// The moments of Adam, NAdam and RAdam, in which weights decay by L2: with g' = g + weight_decay p,
///     m = b1 m + (1 - b1) g',   v = b2 v + (1 - b2) g'^2;
/// `fresh1` is 1 - b1, `fresh2` is 1 - b2.
namespace tenon::optimizing {

inline constexpr auto decayed = grad + param<"weight_decay"> * parameter;
inline constexpr auto first = param<"beta1"> * state<0> + param<"fresh1"> * decayed;
inline constexpr auto second = param<"beta2"> * state<1> + param<"fresh2"> * (decayed * decayed);

}  // namespace tenon::optimizing
