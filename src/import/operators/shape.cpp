#include <algorithm>
#include <cmath>

#include "call.hpp"

/// Operators on axes alone, and those that make values of nothing but axes.
namespace tenon::importing {

namespace {

std::vector<Array> same(const Call& call) { return {call.input(0)}; }

/// The same numbers with other axes.
std::vector<Array> with_axes(const Call& call, Dims dims) {
  const Array& x = call.input(0);
  Index count = 1;
  for (const Index size : dims) count *= size;
  call.require(count == count_of(x.dims), "{} do not hold the numbers of {}", axes_text(dims), axes_text(x.dims));
  return {Array{x.type, std::move(dims), x.values}};
}

/// 0 keeps an axis of the input, -1 is what is left over.
std::vector<Array> reshape(const Call& call) {
  const Dims &from = call.input(0).dims, asked = call.integers(1);
  const bool zero_is_zero = call.node.integer("allowzero", 0) != 0;
  Dims to;
  Index count = 1;
  std::optional<std::size_t> open;
  for (std::size_t a = 0; a < asked.size(); ++a) {
    Index size = asked[a];
    if (size == 0 && !zero_is_zero) {
      call.require(a < from.size(), "there is no axis {} to keep in {}", a, axes_text(from));
      size = from[a];
    }
    if (size == -1) {
      call.require(!open, "only one axis may be -1 in {}", axes_text(asked));
      open = a;
      size = 1;
    }
    call.require(size >= 0 && (size == 0 || count <= (Index{1} << 40) / size), "cannot give {} the axes {}",
                 axes_text(from), axes_text(asked));
    to.push_back(size);
    count *= size;
  }
  if (open) {
    call.require(count != 0 && count_of(from) % count == 0, "cannot give {} the axes {}", axes_text(from),
                 axes_text(asked));
    to[*open] = count_of(from) / count;
  }
  return with_axes(call, to);
}

std::vector<Array> flatten(const Call& call) {
  const Dims& dims = call.input(0).dims;
  const Index axis = call.node.integer("axis", 1);
  const std::size_t at = axis == static_cast<Index>(dims.size()) ? dims.size() : call.axis(axis, dims.size());
  return with_axes(call, {product(dims, 0, at), product(dims, at, dims.size())});
}

std::vector<Array> squeeze(const Call& call) {
  const Dims& dims = call.input(0).dims;
  const auto named = call.integers("axes", 1);
  const auto axes = call.axes(named.value_or(Dims{}), dims.size());
  Dims to;
  for (std::size_t a = 0; a < dims.size(); ++a) {
    const bool leaves = named ? std::binary_search(axes.begin(), axes.end(), a) : dims[a] == 1;
    call.require(!leaves || dims[a] == 1, "axis {} of {} is not of size 1", a, axes_text(dims));
    if (!leaves) to.push_back(dims[a]);
  }
  return with_axes(call, to);
}

std::vector<Array> unsqueeze(const Call& call) {
  Dims to = call.input(0).dims;
  const auto named = call.integers("axes", 1);
  call.require(named.has_value(), "says nothing of its axes");
  for (const std::size_t a : call.axes(*named, to.size() + named->size()))
    to.insert(to.begin() + static_cast<Index>(a), 1);
  return with_axes(call, to);
}

/// Axes [start, end), known whatever the numbers are.
std::vector<Array> shape(const Call& call) {
  const Dims& dims = call.input(0).dims;
  const auto rank = static_cast<Index>(dims.size());
  const auto place = [&](Index at) { return std::clamp(at < 0 ? at + rank : at, Index{0}, rank); };
  const Index start = place(call.node.integer("start", 0)), end = place(call.node.integer("end", rank));
  Array y{Type::int64, {std::max(end - start, Index{0})}, {}};
  for (Index a = start; a < end; ++a) y.values.push_back(static_cast<double>(dims[static_cast<std::size_t>(a)]));
  return {y};
}

std::vector<Array> size(const Call& call) {
  return {Array{Type::int64, {}, {static_cast<double>(count_of(call.input(0).dims))}}};
}

/// In inference nothing is dropped, and the mask says so.
std::vector<Array> dropout(const Call& call) {
  const Array& x = call.input(0);
  const bool drops = call.has(2) && call.scalar(2) != 0 && (!call.has(1) || call.scalar(1) != 0);
  call.require(!drops, "is in training mode: what it drops is random");
  Array mask = call.make(call.opset < 10 ? x.type : Type::boolean, x.dims);
  std::fill(mask.values.begin(), mask.values.end(), 1);
  return {x, mask};
}

std::vector<Array> constant(const Call& call) {
  if (const auto* value = call.attribute<Array>("value")) return {*value};
  if (const auto* value = call.attribute<double>("value_float")) return {Array{Type::float32, {}, {*value}}};
  if (const auto* value = call.attribute<std::int64_t>("value_int"))
    return {Array{Type::int64, {}, {static_cast<double>(*value)}}};
  if (const auto* values = call.attribute<std::vector<double>>("value_floats"))
    return {Array{Type::float32, {static_cast<Index>(values->size())}, *values}};
  if (const auto* values = call.attribute<Dims>("value_ints"))
    return {Array{Type::int64, {static_cast<Index>(values->size())}, {values->begin(), values->end()}}};
  call.fail("has no value; texts and sparse ones are not supported");
}

std::vector<Array> constant_of_shape(const Call& call) {
  const auto* value = call.attribute<Array>("value");
  call.require(value == nullptr || value->values.size() == 1, "its value has to be one number");
  Array y = call.make(value != nullptr ? value->type : Type::float32, call.integers(0));
  if (value != nullptr) std::fill(y.values.begin(), y.values.end(), value->values[0]);
  std::vector<Array> results;  // a list in braces would be copied, and weights are made here
  results.push_back(std::move(y));
  return results;
}

std::vector<Array> expand(const Call& call) {
  const Array& x = call.input(0);
  Array y = call.make(x.type, broadcast(call, x.dims, call.integers(1)));
  if (y.values.empty()) return {y};
  auto next = y.values.begin();
  walk<1>(y.dims, {broadcast_strides(x.dims, y.dims)}, {0}, [&](const auto& at) { *next++ = element(x, at[0]); });
  return {y};
}

/// start, start + delta, ... below limit
std::vector<Array> range(const Call& call) {
  const double start = call.scalar(0), limit = call.scalar(1), delta = call.scalar(2);
  call.require(delta != 0, "cannot go in steps of 0");
  Array y = call.make(call.input(0).type, {std::max(whole(std::ceil((limit - start) / delta)), Index{0})});
  for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] = start + static_cast<double>(i) * delta;
  return {y};
}

std::vector<Array> eye_like(const Call& call) {
  const Array& x = call.input(0);
  call.require(x.dims.size() == 2, "expects two axes, not {}", axes_text(x.dims));
  const Index type = call.node.integer("dtype", 0), k = call.node.integer("k", 0);
  const std::vector<const Array*> none;  // its numbers do not depend on those of x
  Array y = Call{call.node, call.opset, none}.make(type == 0 ? x.type : onnx_type(call, type), x.dims);
  for (Index row = 0; row < x.dims[0]; ++row)
    if (k < x.dims[1] && k > -x.dims[0] && row + k >= 0 && row + k < x.dims[1])
      element(y, row * x.dims[1] + row + k) = 1;
  return {y};
}

}  // namespace

Table shape_operators() {
  return {{"Identity", same},       {"Reshape", reshape},
          {"Flatten", flatten},     {"Squeeze", squeeze},
          {"Unsqueeze", unsqueeze}, {"Shape", shape},
          {"Size", size},           {"Dropout", dropout},
          {"Constant", constant},   {"ConstantOfShape", constant_of_shape},
          {"Expand", expand},       {"Range", range},
          {"EyeLike", eye_like}};
}

}  // namespace tenon::importing
