#include <algorithm>
#include <cmath>
#include <numeric>

#include "call.hpp"

/// Operators whose numbers say which other numbers are meant.
namespace tenon::importing {

namespace {

/// An index, from the end where it is negative, in an axis of this size.
Index place_of(const Call& call, double number, Index size) {
  const Index at = whole(number);
  call.require(at >= -size && at < size, "the index {} is outside of an axis of size {}", at, size);
  return at < 0 ? at + size : at;
}

Dims joined(Dims first, const Dims& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Dims part(const Dims& dims, std::size_t from, std::size_t to) {
  return {dims.begin() + static_cast<Index>(from), dims.begin() + static_cast<Index>(to)};
}

/// y[before, indices, after] = x[before, indices[...], after]
std::vector<Array> gather(const Call& call) {
  const Array &x = call.input(0, 1), &indices = call.input(1);
  const std::size_t rank = x.dims.size(), axis = call.axis(call.node.integer("axis", 0), rank);
  Array y = call.make(x.type, joined(joined(part(x.dims, 0, axis), indices.dims), part(x.dims, axis + 1, rank)));
  if (y.values.empty()) return {y};
  const Index length = product(x.dims, axis + 1, rank);
  auto next = y.values.begin();
  for (Index row = 0; row < product(x.dims, 0, axis); ++row)
    for (const double index : indices.values)
      next = std::copy_n(x.values.begin() + (row * x.dims[axis] + place_of(call, index, x.dims[axis])) * length, length,
                         next);
  return {y};
}

/// visit(place in x, place in indices): the index takes the place of one coordinate of its own.
template <class Visit>
void for_each_element(const Call& call, const Array& x, const Array& indices, std::size_t axis, Visit visit) {
  Dims strides = strides_of(x.dims);
  const Index stride = strides[axis];
  strides[axis] = 0;
  Index i = 0;
  walk<1>(indices.dims, {strides}, {0}, [&](const auto& at) {
    visit(at[0] + place_of(call, element(indices, i), x.dims[axis]) * stride, i);
    ++i;
  });
}

std::size_t axis_of_elements(const Call& call, const Array& x, const Array& indices) {
  const std::size_t axis = call.axis(call.node.integer("axis", 0), x.dims.size());
  call.require(indices.dims.size() == x.dims.size(), "indices of {} do not fit {}", axes_text(indices.dims),
               axes_text(x.dims));
  for (std::size_t a = 0; a < x.dims.size(); ++a)
    call.require(a == axis || indices.dims[a] <= x.dims[a], "indices of {} do not fit {}", axes_text(indices.dims),
                 axes_text(x.dims));
  return axis;
}

std::vector<Array> gather_elements(const Call& call) {
  const Array &x = call.input(0, 1), &indices = call.input(1);
  const std::size_t axis = axis_of_elements(call, x, indices);
  Array y = call.make(x.type, indices.dims);
  if (!y.values.empty())
    for_each_element(call, x, indices, axis, [&](Index from, Index to) { element(y, to) = element(x, from); });
  return {y};
}

/// How scattered numbers meet those that are there.
double (*reduction_of(const Call& call))(double, double) {
  const std::string name = call.node.text("reduction", "none");
  if (name == "none") return [](double, double b) { return b; };
  if (name == "add") return [](double a, double b) { return a + b; };
  if (name == "mul") return [](double a, double b) { return a * b; };
  if (name == "max") return [](double a, double b) { return std::max(a, b); };
  if (name == "min") return [](double a, double b) { return std::min(a, b); };
  call.fail("the reduction {} is not supported", name);
}

std::vector<Array> scatter_elements(const Call& call) {
  const Array &x = call.input(0, 1), &indices = call.input(1), &updates = call.input(2);
  const std::size_t axis = axis_of_elements(call, x, indices);
  call.require(updates.dims == indices.dims, "needs one update for each index, not {} for {}", axes_text(updates.dims),
               axes_text(indices.dims));
  const auto meet = reduction_of(call);
  Array y = call.make(x.type, x.dims);
  if (y.values.empty()) return {y};
  y.values = x.values;
  for_each_element(call, x, indices, axis,
                   [&](Index to, Index from) { element(y, to) = meet(element(y, to), element(updates, from)); });
  return {y};
}

/// The place in x that one row of indices means, whose first axes are in `start` already.
Index place_of_row(const Call& call, const Dims& dims, std::size_t first_axis, const double* row, Index length) {
  const Dims strides = strides_of(dims);
  Index place = 0;
  for (Index k = 0; k < length; ++k) {
    const std::size_t a = first_axis + static_cast<std::size_t>(k);
    place += place_of(call, row[k], dims[a]) * strides[a];
  }
  return place;
}

/// The last axis of the indices names places; the first batch_dims axes go side by side.
std::vector<Array> gather_nd(const Call& call) {
  const Array &x = call.input(0, 1), &indices = call.input(1, 1);
  const Index batch = call.node.integer("batch_dims", 0), named = indices.dims.back();
  const std::size_t rank = x.dims.size(), last = indices.dims.size() - 1;
  call.require(batch >= 0 && batch <= static_cast<Index>(last) && named >= 0 &&
                   batch + named <= static_cast<Index>(rank),
               "indices of {} do not fit {}", axes_text(indices.dims), axes_text(x.dims));
  const auto b = static_cast<std::size_t>(batch);
  call.require(part(x.dims, 0, b) == part(indices.dims, 0, b), "{} and {} differ in the first {} axes",
               axes_text(x.dims), axes_text(indices.dims), b);
  const std::size_t inner = b + static_cast<std::size_t>(named);
  Array y = call.make(x.type, joined(part(indices.dims, 0, last), part(x.dims, inner, rank)));
  if (y.values.empty()) return {y};
  const Index length = product(x.dims, inner, rank), rows = product(indices.dims, b, last),
              whole_batch = product(x.dims, b, rank);
  auto next = y.values.begin();
  for (Index i = 0; i < product(indices.dims, 0, last); ++i) {
    const Index place = i / rows * whole_batch +
                        place_of_row(call, x.dims, b, indices.values.data() + i * named, named);
    next = std::copy_n(x.values.begin() + place, length, next);
  }
  return {y};
}

std::vector<Array> scatter_nd(const Call& call) {
  const Array &x = call.input(0, 1), &indices = call.input(1, 1), &updates = call.input(2);
  const Index named = indices.dims.back();
  const std::size_t rank = x.dims.size(), last = indices.dims.size() - 1;
  call.require(named >= 0 && named <= static_cast<Index>(rank), "indices of {} do not fit {}", axes_text(indices.dims),
               axes_text(x.dims));
  const auto inner = static_cast<std::size_t>(named);
  call.require(updates.dims == joined(part(indices.dims, 0, last), part(x.dims, inner, rank)),
               "updates of {} do not fit indices of {}", axes_text(updates.dims), axes_text(indices.dims));
  const auto meet = reduction_of(call);
  Array y = call.make(x.type, x.dims);
  if (y.values.empty()) return {y};
  y.values = x.values;
  const Index length = product(x.dims, inner, rank);
  for (Index i = 0; i < product(indices.dims, 0, last); ++i) {
    double* to = y.values.data() + place_of_row(call, x.dims, 0, indices.values.data() + i * named, named);
    for (Index k = 0; k < length; ++k) to[k] = meet(to[k], element(updates, i * length + k));
  }
  return {y};
}

/// A new axis of `depth` places with `on` at the index and `off` elsewhere.
std::vector<Array> one_hot(const Call& call) {
  const Array &indices = call.input(0), &values = call.input(2);
  const Index depth = whole(call.scalar(1));
  const std::size_t rank = indices.dims.size() + 1, axis = call.axis(call.node.integer("axis", -1), rank);
  call.require(depth > 0 && values.dims == Dims{2}, "needs a depth above 0 and two values");
  Dims dims = indices.dims;
  dims.insert(dims.begin() + static_cast<Index>(axis), depth);
  Array y = call.make(values.type, dims);
  if (y.values.empty()) return {y};
  std::fill(y.values.begin(), y.values.end(), values.values[0]);
  const Index inner = product(dims, axis + 1, rank);
  for (Index i = 0; i < static_cast<Index>(indices.values.size()); ++i) {
    const Index index = whole(element(indices, i)), place = index < 0 ? index + depth : index;
    if (place >= 0 && place < depth) element(y, (i / inner * depth + place) * inner + i % inner) = values.values[1];
  }
  return {y};
}

/// visit(first place of a line, distance of its numbers), for all lines along the axis
template <class Visit>
void for_each_line(const Dims& dims, std::size_t axis, Visit visit) {
  const Index apart = product(dims, axis + 1, dims.size());
  for (Index i = 0; i < product(dims, 0, axis); ++i)
    for (Index j = 0; j < apart; ++j) visit(i * dims[axis] * apart + j, apart);
}

/// The k largest or smallest along an axis, sorted, the first of equal ones first; and where they were.
std::vector<Array> top_k(const Call& call) {
  const Array& x = call.input(0, 1);
  const std::size_t axis = call.axis(call.node.integer("axis", -1), x.dims.size());
  const Index k = call.has(1) ? whole(call.scalar(1)) : call.node.integer("k", -1);
  const bool largest = call.node.integer("largest", 1) != 0;
  call.require(k >= 0 && k <= x.dims[axis], "there are no {} numbers in an axis of size {}", k, x.dims[axis]);
  Dims dims = x.dims;
  dims[axis] = k;
  Array y = call.make(x.type, dims), places = call.make(Type::int64, dims);
  if (y.values.empty()) return {y, places};
  std::vector<Index> order(static_cast<std::size_t>(x.dims[axis]));
  for_each_line(x.dims, axis, [&](Index start, Index apart) {
    const auto at = [&](Index i) { return element(x, start + i * apart); };
    std::iota(order.begin(), order.end(), Index{0});
    std::sort(order.begin(), order.end(), [&](Index i, Index j) {
      if (at(i) == at(j)) return i < j;
      return largest ? at(i) > at(j) : at(i) < at(j);
    });
    const Index to = start / (x.dims[axis] * apart) * k * apart + start % apart;
    for (Index i = 0; i < k; ++i) {
      const Index best = order[static_cast<std::size_t>(i)];
      element(y, to + i * apart) = at(best);
      element(places, to + i * apart) = static_cast<double>(best);
    }
  });
  return {y, places};
}

/// Where the best number of an axis is. better(a, b): a comes before b.
template <class Better>
Definition arg(Better better) {
  return [=](const Call& call) {
    const Array& x = call.input(0, 1);
    const std::size_t axis = call.axis(call.node.integer("axis", 0), x.dims.size());
    const bool last = call.node.integer("select_last_index", 0) != 0;
    Dims dims = x.dims;
    dims[axis] = 1;
    call.require(x.dims[axis] > 0, "axis {} is empty", axis);
    Array y = call.make(Type::int64, dims);
    if (call.node.integer("keepdims", 1) == 0) y.dims.erase(y.dims.begin() + static_cast<Index>(axis));
    if (y.values.empty()) return std::vector{y};
    auto next = y.values.begin();
    for_each_line(x.dims, axis, [&](Index start, Index apart) {
      const auto at = [&](Index i) { return element(x, start + i * apart); };
      Index best = 0;
      for (Index i = 1; i < x.dims[axis]; ++i)
        if (last ? !better(at(best), at(i)) : better(at(i), at(best))) best = i;
      *next++ = static_cast<double>(best);
    });
    return std::vector{y};
  };
}

/// y[i] = x[0] ... x[i], or with `exclusive` without x[i]; `reverse` begins at the end.
template <class F>
Definition cumulative(double start, F f) {
  return [=](const Call& call) {
    const Array& x = call.input(0, 1);
    Array y = call.make(x.type, x.dims);
    if (y.values.empty()) return std::vector{y};
    const std::size_t axis = call.axis(whole(call.scalar(1)), x.dims.size());
    const bool exclusive = call.node.integer("exclusive", 0) != 0, reverse = call.node.integer("reverse", 0) != 0;
    const Index size = x.dims[axis];
    for_each_line(x.dims, axis, [&](Index first, Index apart) {
      double all = start;
      for (Index i = 0; i < size; ++i) {
        const Index at = first + (reverse ? size - 1 - i : i) * apart;
        const double with = f(all, element(x, at));
        element(y, at) = exclusive ? all : with;
        all = with;
      }
    });
    return std::vector{y};
  };
}

/// The places of all numbers but 0: one row for each axis.
std::vector<Array> non_zero(const Call& call) {
  const Array& x = call.input(0);
  const std::vector<double>& values = call.numbers(0);
  const Index rank = static_cast<Index>(x.dims.size()),
              count = static_cast<Index>(values.size()) - std::count(values.begin(), values.end(), 0);
  Array y = call.make(Type::int64, {rank, count});
  const Dims strides = strides_of(x.dims);
  Index column = 0;
  for (Index i = 0; i < static_cast<Index>(values.size()); ++i) {
    if (element(x, i) == 0) continue;
    for (std::size_t a = 0; a < x.dims.size(); ++a)
      element(y, static_cast<Index>(a) * count + column) = static_cast<double>(i / strides[a] % x.dims[a]);
    ++column;
  }
  return {y};
}

}  // namespace

Table indexing_operators() {
  return {{"Gather", gather},
          {"GatherElements", gather_elements},
          {"GatherND", gather_nd},
          {"Scatter", scatter_elements},
          {"ScatterElements", scatter_elements},
          {"ScatterND", scatter_nd},
          {"OneHot", one_hot},
          {"TopK", top_k},
          {"ArgMax", arg([](double a, double b) { return a > b; })},
          {"ArgMin", arg([](double a, double b) { return a < b; })},
          {"CumSum", cumulative(0, [](double a, double b) { return a + b; })},
          {"CumProd", cumulative(1, [](double a, double b) { return a * b; })},
          {"NonZero", non_zero}};
}

}  // namespace tenon::importing
