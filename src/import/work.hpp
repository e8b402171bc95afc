#pragma once

#include <string>

#include "graph.hpp"

namespace tenon::importing {

/// How much computing a graph takes whose shapes are known: multiplications of products and windows, and one for every
/// number that any other operator reads or gives. A double, which no shapes make overflow.
double work_of(const Graph& simplified);

/// What a check may cost, some half a minute of the interpreter: five calls of ResNet-50 for four samples.
inline constexpr double most_check_work = 1e11;

/// Why a check is left out: `of` is what takes so much work, "one sample".
std::string too_much_work(double work, const std::string& of, double most_work = most_check_work);

}  // namespace tenon::importing
