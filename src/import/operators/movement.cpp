#include <algorithm>
#include <cmath>

#include "../../backwards.hpp"
#include "call.hpp"

/// Operators that bring numbers to other places.
namespace tenon::importing {

namespace {

std::vector<Array> transpose(const Call& call) {
  const Array& x = call.input(0);
  const std::size_t rank = x.dims.size();
  Dims order = call.node.integers("perm");
  if (!call.node.has("perm"))
    for (const std::size_t a : detail::backwards(rank)) order.push_back(static_cast<Index>(a));
  call.require(order.size() == rank && call.axes(order, rank).size() == rank, "its order does not name the axes of {}",
               axes_text(x.dims));
  const Dims from = strides_of(x.dims);
  Dims dims, strides;
  for (const Index a : order) {
    dims.push_back(x.dims[call.axis(a, rank)]);
    strides.push_back(from[call.axis(a, rank)]);
  }
  Array y = call.make(x.type, dims);
  if (y.values.empty()) return {y};
  auto next = y.values.begin();
  walk<1>(dims, {strides}, {0}, [&](const auto& at) { *next++ = element(x, at[0]); });
  return {y};
}

std::vector<Array> concat(const Call& call) {
  const Dims& first = call.input(0, 1).dims;
  const std::size_t axis = call.axis(call.node.integer("axis", 1), first.size());
  Dims dims = first;
  dims[axis] = 0;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    const Dims& each = call.input(i).dims;
    for (std::size_t a = 0; a < std::max(each.size(), dims.size()); ++a)
      call.require(each.size() == dims.size() && (a == axis || each[a] == dims[a]),
                   "cannot put {} and {} side by side along axis {}", axes_text(first), axes_text(each), axis);
    dims[axis] += each[axis];
  }
  Array y = call.make(call.input(0).type, dims);
  if (y.values.empty()) return {y};
  auto next = y.values.begin();
  for (Index row = 0; row < product(dims, 0, axis); ++row)
    for (const Array* x : call.inputs) {
      const Index length = product(x->dims, axis, x->dims.size());
      next = std::copy_n(x->values.begin() + row * length, length, next);
    }
  return {y};
}

/// Sizes are an attribute before opset 13; without any the parts are equal, the last one takes what is left.
std::vector<Array> split(const Call& call) {
  const Array& x = call.input(0, 1);
  const std::size_t axis = call.axis(call.node.integer("axis", 0), x.dims.size());
  const auto given = call.integers("split", 1);
  Dims sizes = given.value_or(Dims{});
  if (!given) {
    const Index parts = call.node.integer("num_outputs", static_cast<Index>(call.node.outputs.size())),
                size = x.dims[axis];
    call.require(parts > 0 && parts <= 65536, "cannot be split into {} parts", parts);
    const Index each = (size + parts - 1) / parts;
    for (Index p = 0; p < parts; ++p) sizes.push_back(std::clamp(size - p * each, Index{0}, each));
  }
  std::vector<Dims> sources = all_sources(x.dims);
  std::vector<Array> parts;
  Index start = 0;
  for (const Index size : sizes) {
    call.require(size >= 0 && size <= x.dims[axis] - start, "cannot split {} along axis {} into sizes {}",
                 axes_text(x.dims), axis, fmt::join(sizes, ", "));
    sources[axis].resize(static_cast<std::size_t>(size));
    for (Index& source : sources[axis]) source = start++;
    parts.push_back(pick(call, x, sources));
  }
  call.require(start == x.dims[axis], "cannot split {} along axis {} into sizes {}", axes_text(x.dims), axis,
               fmt::join(sizes, ", "));
  return parts;
}

/// Limits are attributes before opset 10. Those outside are brought to the nearest place there is.
std::vector<Array> slice(const Call& call) {
  const Array& x = call.input(0);
  const auto starts = call.integers("starts", 1), ends = call.integers("ends", 2);
  call.require(starts && ends && starts->size() == ends->size(), "needs as many starts as ends");
  const auto named = call.integers("axes", 3), given = call.has(4) ? std::optional(call.integers(4)) : std::nullopt;
  const Dims steps = given.value_or(Dims(starts->size(), 1));
  Dims axes = named.value_or(Dims{});
  if (!named)
    for (std::size_t a = 0; a < starts->size(); ++a) axes.push_back(static_cast<Index>(a));
  call.require(axes.size() == starts->size() && steps.size() == starts->size(),
               "needs as many axes and steps as starts");
  call.axes(axes, x.dims.size());  // each of them exists, none is there twice
  std::vector<Dims> sources = all_sources(x.dims);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t a = call.axis(axes[i], x.dims.size());
    const Index size = x.dims[a], step = steps[i];
    call.require(step != 0, "cannot go in steps of 0");
    const Index lowest = step > 0 ? 0 : -1, highest = step > 0 ? size : size - 1;
    const auto place = [&](Index at) { return std::clamp(at < 0 ? at + size : at, lowest, highest); };
    const Index end = place((*ends)[i]);
    sources[a].clear();
    for (Index at = place((*starts)[i]); step > 0 ? at < end : at > end;) {
      sources[a].push_back(at);
      if (step > size || step < -size) break;
      at += step;
    }
  }
  return {pick(call, x, sources)};
}

/// Where a place outside [0, size) takes its number from; -1 for the constant.
Index padded_source(const std::string& mode, Index at, Index size) {
  if (at >= 0 && at < size) return at;
  if (mode == "edge") return at < 0 ? 0 : size - 1;
  if (mode == "wrap") return (at % size + size) % size;
  if (mode == "reflect") {
    const Index period = std::max(2 * (size - 1), Index{1}), within = (at % period + period) % period;
    return within < size ? within : period - within;
  }
  return -1;
}

/// Widths are attributes before opset 11: all of those in front, then all of those behind; negative ones crop.
std::vector<Array> pad(const Call& call) {
  const Array& x = call.input(0);
  const auto pads = call.integers("pads", 1);
  const std::string mode = call.node.text("mode", "constant");
  call.require(mode == "constant" || mode == "edge" || mode == "wrap" || mode == "reflect",
               "the mode {} is not supported", mode);
  Dims named;
  if (call.has(3)) named = call.integers(3);
  else
    for (std::size_t a = 0; a < x.dims.size(); ++a) named.push_back(static_cast<Index>(a));
  call.require(pads && pads->size() == 2 * named.size(), "needs two widths for each of {} axes", named.size());
  call.axes(named, x.dims.size());
  Dims before(x.dims.size(), 0), dims = x.dims;
  for (std::size_t i = 0; i < named.size(); ++i) {
    const std::size_t a = call.axis(named[i], x.dims.size());
    const Index front = (*pads)[i], back = (*pads)[named.size() + i];
    for (const Index width : {front, back})
      call.require(width < Index{1} << 40 && width > -(Index{1} << 40), "widths as large as {} are not supported",
                   width);
    before[a] = front;
    dims[a] += front + back;
    call.require(x.dims[a] > 0 || mode == "constant" || dims[a] <= 0, "nothing is there to repeat along axis {}", a);
  }
  call.make(x.type, dims);  // says so if that is too much
  std::vector<Dims> sources(dims.size());
  for (std::size_t a = 0; a < dims.size(); ++a)
    for (Index i = 0; i < dims[a]; ++i) sources[a].push_back(padded_source(mode, i - before[a], x.dims[a]));
  if (!call.known()) return {call.make(x.type, dims)};
  return {pick(call, x, sources,
               call.has(2) && !call.input(2).values.empty() ? call.scalar(2) : call.node.number("value", 0))};
}

/// Axes get the sizes that are asked for: of a longer one the middle stays, around a shorter one there are zeros. Where
/// that cannot be as much on both sides, one more goes or comes at the end.
std::vector<Array> center_crop_pad(const Call& call) {
  const Array& x = call.input(0);
  const Dims sizes = call.integers(1);
  Dims named = call.node.integers("axes");
  if (!call.node.has("axes"))
    for (std::size_t a = 0; a < x.dims.size(); ++a) named.push_back(static_cast<Index>(a));
  call.require(sizes.size() == named.size(), "needs a size for each of {} axes, not {}", named.size(), sizes.size());
  call.axes(named, x.dims.size());
  Dims dims = x.dims;
  for (std::size_t i = 0; i < named.size(); ++i) dims[call.axis(named[i], dims.size())] = sizes[i];
  for (const Index size : dims) call.require(size >= 0, "cannot make an axis of size {}", size);
  call.make(x.type, dims);  // says so if that is too much
  std::vector<Dims> sources(dims.size());
  for (std::size_t a = 0; a < dims.size(); ++a) {
    const Index before = (dims[a] - x.dims[a]) / 2;
    for (Index i = 0; i < dims[a]; ++i) sources[a].push_back(padded_source("constant", i - before, x.dims[a]));
  }
  if (!call.known()) return {call.make(x.type, dims)};
  return {pick(call, x, sources)};
}

std::vector<Array> tile(const Call& call) {
  const Array& x = call.input(0);
  const Dims repeats = call.integers(1);
  call.require(repeats.size() == x.dims.size(), "needs a count for each axis of {}, not {} counts", axes_text(x.dims),
               repeats.size());
  Dims dims = x.dims;
  for (std::size_t a = 0; a < dims.size(); ++a) {
    call.require(repeats[a] >= 0 && repeats[a] < Index{1} << 40 && dims[a] < Index{1} << 20,
                 "cannot be repeated {} times", repeats[a]);
    dims[a] *= repeats[a];
  }
  call.make(x.type, dims);
  std::vector<Dims> sources(dims.size());
  for (std::size_t a = 0; a < dims.size(); ++a)
    for (Index i = 0; i < dims[a]; ++i) sources[a].push_back(i % x.dims[a]);
  return {pick(call, x, sources)};
}

/// Blocks of b x b places and channels, in the order in which they are transposed.
std::vector<Array> rearranged(const Call& call, const Dims& apart, const Dims& order, const Dims& together) {
  const std::vector<const Array*> x{call.inputs[0]};
  Array split{x[0]->type, apart, x[0]->values};
  const std::vector<const Array*> moved{&split};
  Node node = call.node;
  node.attributes = {{"perm", order}};
  Array y = transpose(Call{node, call.opset, moved})[0];
  y.dims = together;
  return {y};
}

Index block_of(const Call& call) {
  const Index block = call.node.integer("blocksize", 0);
  call.require(block > 0 && block < 65536, "blocks of size {} are not possible", block);
  return block;
}

std::vector<Array> depth_to_space(const Call& call) {
  const Dims& d = call.input(0).dims;
  const Index b = block_of(call);
  call.require(d.size() == 4 && d[1] % (b * b) == 0, "cannot make blocks of {} x {} of {}", b, b, axes_text(d));
  const Index c = d[1] / (b * b);
  const Dims to{d[0], c, d[2] * b, d[3] * b};
  if (call.node.text("mode", "DCR") == "CRD")
    return rearranged(call, {d[0], c, b, b, d[2], d[3]}, {0, 1, 4, 2, 5, 3}, to);
  return rearranged(call, {d[0], b, b, c, d[2], d[3]}, {0, 3, 4, 1, 5, 2}, to);
}

std::vector<Array> space_to_depth(const Call& call) {
  const Dims& d = call.input(0).dims;
  const Index b = block_of(call);
  call.require(d.size() == 4 && d[2] % b == 0 && d[3] % b == 0, "cannot cut {} into blocks of {} x {}", axes_text(d), b,
               b);
  return rearranged(call, {d[0], d[1], d[2] / b, b, d[3] / b, b}, {0, 3, 5, 1, 2, 4},
                    {d[0], d[1] * b * b, d[2] / b, d[3] / b});
}

/// Keeps j - i >= k (upper) or j - i <= k (lower) of the last two axes.
std::vector<Array> trilu(const Call& call) {
  const Array& x = call.input(0, 2);
  const bool upper = call.node.integer("upper", 1) != 0;
  Array y = call.make(x.type, x.dims);
  if (y.values.empty()) return {y};
  const double k = call.has(1) ? call.scalar(1) : 0;
  const Index columns = x.dims.back(), rows = x.dims[x.dims.size() - 2];
  for (std::size_t i = 0; i < y.values.size(); ++i) {
    const Index at = static_cast<Index>(i), above = at % columns - at / columns % rows;
    if (upper ? static_cast<double>(above) >= k : static_cast<double>(above) <= k) y.values[i] = x.values[i];
  }
  return {y};
}

}  // namespace

Table movement_operators() {
  return {{"Transpose", transpose},
          {"Concat", concat},
          {"Split", split},
          {"Slice", slice},
          {"Pad", pad},
          {"CenterCropPad", center_crop_pad},
          {"Tile", tile},
          {"DepthToSpace", depth_to_space},
          {"SpaceToDepth", space_to_depth},
          {"Trilu", trilu}};
}

}  // namespace tenon::importing
