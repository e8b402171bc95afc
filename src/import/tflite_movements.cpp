// Operators that move numbers to other places, count them or add them up.
#include <algorithm>
#include <limits>

#include "tflite_lowering.hpp"

namespace tenon::importing::tflite {
namespace {

constexpr std::int64_t to_int32 = 6, to_int64 = 7;  // ONNX's numbers of types
constexpr std::int64_t far = std::numeric_limits<std::int32_t>::max();

/// An input that holds a shape: a constant, or whatever gives it.
std::string shape_input(Call& call, std::size_t i) {
  if (call.in(i).data) return call.list("shape", call.integers(i));
  return call.emit("Cast", {call.raw(i)}, {{"to", to_int64}});
}

/// ONNX takes 0 as "as before" unless `allowzero` is set.
Attributes zeros_are_zeros(const Integers& shape) {
  return std::ranges::find(shape, 0) != shape.end() ? Attributes{{"allowzero", 1}} : Attributes{};
}

/// The new shape is an input, an option, or what the output has.
void reshape(Call& call) {
  if (call.has(1)) {
    const Attributes attributes = call.in(1).data ? zeros_are_zeros(call.integers(1)) : Attributes{};
    return call.give("Reshape", {call.real(0), shape_input(call, 1)}, attributes);
  }
  const auto option = call.list_option(0);
  const Integers given(option.begin(), option.end());
  if (given.empty())
    return call.give("Reshape", {call.real(0), call.shape(call.out())}, zeros_are_zeros(call.out().dims));
  call.give("Reshape", {call.real(0), call.list("shape", given)}, zeros_are_zeros(given));
}

/// No axes: all of size 1.
void squeeze(Call& call) {
  const auto option = call.list_option(0);
  Integers axes(option.begin(), option.end());
  for (std::size_t i = 0; i < call.in(0).rank() && option.empty(); ++i)
    if (call.in(0).dims[i] == 1) axes.push_back(static_cast<std::int64_t>(i));
  if (axes.empty()) return call.give("Identity", {call.real(0)});
  call.give("Squeeze", {call.real(0), call.list("axes", axes)});
}

void expand_dims(Call& call) { call.give("Unsqueeze", {call.real(0), call.list("axes", {call.integer(1)})}); }

void transpose(Call& call) {
  const Integers order = call.integers(1);
  Integers sorted = order;
  std::ranges::sort(sorted);
  bool fits = sorted.size() == call.in(0).rank();
  for (std::size_t i = 0; i < sorted.size(); ++i) fits = fits && sorted[i] == static_cast<std::int64_t>(i);
  demand(fits, "its permutation does not fit its input");
  call.give("Transpose", {call.real(0)}, {{"perm", order}});
}

/// Pairs of before and after, axis by axis; ONNX has all befores, then all afters.
std::string pads(Call& call) {
  const Integers pairs = call.integers(1);
  demand(pairs.size() == 2 * call.in(0).rank(), "its paddings do not fit its input");
  demand(std::ranges::all_of(pairs, [](std::int64_t size) { return size >= 0; }), "its paddings have to be at least 0");
  Integers result;
  for (std::size_t side = 0; side < 2; ++side)
    for (std::size_t i = side; i < pairs.size(); i += 2) result.push_back(pairs[i]);
  return call.list("pads", result);
}

void pad(Call& call) {
  Names inputs{call.real(0), pads(call)};
  if (call.has(2)) inputs.push_back(call.real(2));
  call.give("Pad", std::move(inputs), {{"mode", "constant"}});
}

void mirror_pad(Call& call) {
  demand(call.option<std::int8_t>(0) == 0, "it repeats the border (SYMMETRIC), which ONNX's Pad cannot");
  call.give("Pad", {call.real(0), pads(call)}, {{"mode", "reflect"}});
}

void concatenation(Call& call) {
  call.give("Concat", call.reals(), {{"axis", std::int64_t{call.option<std::int32_t>(0)}}});
}

/// In equal parts.
void split(Call& call) { call.give_all("Split", {call.real(1)}, {{"axis", call.integer(0)}}); }

/// In parts of given sizes, of which one may be -1: the outputs know.
void split_v(Call& call) {
  const auto rank = static_cast<std::int64_t>(call.in(0).rank());
  const std::int64_t axis = call.integer(2), place = axis < 0 ? axis + rank : axis;
  demand(place >= 0 && place < rank, "there is no such axis");
  Integers sizes = call.integers(1);
  demand(sizes.size() == call.output_count(), "it has as many outputs as sizes");
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] != -1) continue;
    demand(static_cast<std::int64_t>(call.out(i).rank()) == rank, "its outputs have to have its input's axes");
    sizes[i] = call.out(i).dims[static_cast<std::size_t>(place)];
  }
  demand(std::ranges::all_of(sizes, [](std::int64_t size) { return size >= 0; }), "the sizes of its outputs are open");
  call.give_all("Split", {call.real(0), call.list("sizes", sizes)}, {{"axis", axis}});
}

void pack(Call& call) {
  const std::int64_t axis = call.option<std::int32_t>(1);
  const std::string axes = call.list("axes", {axis});
  Names parts = call.reals();
  for (std::string& part : parts) part = call.emit("Unsqueeze", {part, axes});
  call.give("Concat", std::move(parts), {{"axis", axis}});
}

void unpack(Call& call) {
  const std::int64_t axis = call.option<std::int32_t>(1);
  const std::string axes = call.list("axes", {axis}), x = call.real(0);
  for (std::size_t i = 0; i < call.output_count(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const std::string part = call.emit("Slice", {x, call.list("start", {at}), call.list("end", {at + 1}), axes});
    call.give("Squeeze", {part, axes}, {}, i);
  }
}

/// Sizes of -1 are all that is left.
void slice(Call& call) {
  const Integers begin = call.integers(1), size = call.integers(2);
  demand(begin.size() == call.in(0).rank() && size.size() == begin.size(), "its begin and size do not fit its input");
  Integers end(begin.size()), axes(begin.size());
  for (std::size_t i = 0; i < begin.size(); ++i) {
    demand(begin[i] >= 0 && size[i] >= -1, "its begin and size have to be at least 0");
    end[i] = size[i] == -1 ? far : begin[i] + size[i];
    axes[i] = static_cast<std::int64_t>(i);
  }
  call.give("Slice", {call.real(0), call.list("starts", begin), call.list("ends", end), call.list("axes", axes)});
}

/// Bit i of a mask belongs to axis i: its begin or end is as far as the axis goes, or it is one place and no axis
/// afterwards.
void strided_slice(Call& call) {
  const auto mask = [&](std::size_t field, std::size_t i) { return (call.option<std::int32_t>(field) >> i & 1) != 0; };
  demand(call.option<std::int32_t>(2) == 0 && call.option<std::int32_t>(3) == 0, "it has an ellipsis or new axes");
  Integers starts = call.integers(1), ends = call.integers(2), steps = call.integers(3), axes, gone;
  const std::size_t count = starts.size();
  demand(count <= call.in(0).rank() && ends.size() == count && steps.size() == count,
         "its begin, end and strides do not fit its input");
  for (std::size_t i = 0; i < count; ++i) {
    demand(steps[i] != 0, "a stride of 0");
    const bool forward = steps[i] > 0;
    axes.push_back(static_cast<std::int64_t>(i));
    if (call.flag(5)) ends[i] += starts[i];
    if (mask(4, i)) {
      ends[i] = starts[i] == -1 ? far : starts[i] + 1;
      steps[i] = 1;
      gone.push_back(axes.back());
      continue;
    }
    if (mask(0, i)) starts[i] = forward ? 0 : far;
    if (mask(1, i)) ends[i] = forward ? far : -far;
  }
  const Names inputs{call.real(0), call.list("starts", starts), call.list("ends", ends), call.list("axes", axes),
                     call.list("steps", steps)};
  if (gone.empty()) return call.give("Slice", inputs);
  call.give("Squeeze", {call.emit("Slice", inputs), call.list("gone", gone)});
}

void gather(Call& call) {
  demand(call.option<std::int32_t>(1) == 0, "it gathers batch by batch");
  call.give("Gather", {call.real(0), call.raw(1)}, {{"axis", std::int64_t{call.option<std::int32_t>(0)}}});
}
void embedding_lookup(Call& call) { call.give("Gather", {call.real(1), call.raw(0)}, {{"axis", 0}}); }

void tile(Call& call) { call.give("Tile", {call.real(0), shape_input(call, 1)}); }
void broadcast_to(Call& call) { call.give("Expand", {call.real(0), shape_input(call, 1)}); }

/// ONNX gives int64.
void give_whole(Call& call, const std::string& op, Names inputs, const Attributes& attributes) {
  if (call.out().type == TensorType::int64) return call.give(op, std::move(inputs), attributes);
  demand(call.out().type == TensorType::int32, "it has to give int32 or int64");
  call.give("Cast", {call.emit(op, std::move(inputs), attributes)}, {{"to", to_int32}});
}
void shape(Call& call) { give_whole(call, "Shape", {call.raw(0)}, {}); }
void arg(Call& call) { give_whole(call, call.op(), {call.real(0)}, {{"axis", call.integer(1)}, {"keepdims", 0}}); }

/// Blocks of height, width, channels become channels or the other way round, the block's place outermost.
void blocks(Call& call) {
  call.image(0);
  const std::int64_t size = call.option<std::int32_t>(0);
  demand(size > 0, "its blocks have to have a size");
  Attributes attributes{{"blocksize", size}};
  if (call.op() == std::string_view("DepthToSpace")) attributes["mode"] = "DCR";
  call.give_channels_last(call.op(), {call.to_channels_first(call.real(0))}, attributes);
}

/// Up to opset 17 the axes are an attribute, but those of ReduceSum an input.
void reduce(Call& call) {
  const Integers axes = call.integers(1);
  demand(!axes.empty(), "it has no axes");
  Attributes attributes{{"keepdims", std::int64_t{call.flag(0)}}};
  if (call.op() == std::string_view("ReduceSum"))
    return call.give(call.op(), {call.real(0), call.list("axes", axes)}, attributes);
  attributes["axes"] = axes;
  call.give(call.op(), {call.real(0)}, attributes);
}

constexpr Lowering table[]{
    // name, inputs, options, field of the activation, function
    {"RESHAPE", 1, 2, 17, none, reshape},
    {"SQUEEZE", 1, 1, 30, none, squeeze},
    {"EXPAND_DIMS", 2, 2, 52, none, expand_dims},
    {"TRANSPOSE", 2, 2, 26, none, transpose},
    {"PAD", 2, 2, 22, none, pad},
    {"PADV2", 3, 3, 43, none, pad},
    {"MIRROR_PAD", 2, 2, 77, none, mirror_pad},
    {"CONCATENATION", 1, any_number, 10, 1, concatenation},
    {"SPLIT", 2, 2, 35, none, split, "", any_number},
    {"SPLIT_V", 3, 3, 79, none, split_v, "", any_number},
    {"PACK", 1, any_number, 59, none, pack},
    {"UNPACK", 1, 1, 64, none, unpack, "", any_number},
    {"SLICE", 3, 3, 48, none, slice},
    {"STRIDED_SLICE", 4, 4, 32, none, strided_slice},
    {"GATHER", 2, 2, 23, none, gather},
    {"EMBEDDING_LOOKUP", 2, 2, 0, none, embedding_lookup},
    {"TILE", 2, 2, 51, none, tile},
    {"BROADCAST_TO", 2, 2, 104, none, broadcast_to},
    {"SHAPE", 1, 1, 55, none, shape},
    {"ARG_MAX", 2, 2, 40, none, arg, "ArgMax"},
    {"ARG_MIN", 2, 2, 57, none, arg, "ArgMin"},
    {"DEPTH_TO_SPACE", 1, 1, 94, none, blocks, "DepthToSpace"},
    {"SPACE_TO_DEPTH", 1, 1, 19, none, blocks, "SpaceToDepth"},
    {"MEAN", 2, 2, 27, none, reduce, "ReduceMean"},
    {"SUM", 2, 2, 27, none, reduce, "ReduceSum"},
    {"REDUCE_MAX", 2, 2, 27, none, reduce, "ReduceMax"},
    {"REDUCE_MIN", 2, 2, 27, none, reduce, "ReduceMin"},
    {"REDUCE_PROD", 2, 2, 27, none, reduce, "ReduceProd"},
};

}  // namespace

std::span<const Lowering> movement_lowerings() { return table; }

}  // namespace tenon::importing::tflite
