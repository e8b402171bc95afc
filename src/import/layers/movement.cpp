#include <numeric>

#include "../interpret.hpp"
#include "writer.hpp"

namespace tenon::importing {

namespace {

constexpr std::size_t most_taken = 256;  // by a Take

}  // namespace

void take(Writer& w, std::size_t axis, const Dims& which) {
  Dims gives = w.shape();
  const std::int64_t length = gives[axis];
  gives[axis] = static_cast<std::int64_t>(which.size());
  w.require(!which.empty(), "takes nothing of an axis");
  bool side_by_side = true;
  for (std::size_t i = 1; i < which.size(); ++i) side_by_side = side_by_side && which[i] == which[i - 1] + 1;
  if (side_by_side && gives[axis] == length) return;
  if (gives.size() > most_axes) {  // all before and all behind the axis are one axis each
    const auto at = static_cast<std::ptrdiff_t>(axis);
    w.reshape({count_of(Dims(gives.begin(), gives.begin() + at)), length,
               count_of(Dims(gives.begin() + at + 1, gives.end()))});
    take(w, 1, which);
    return w.reshape(gives);
  }
  if (side_by_side && which.back() + 1 == length) w.layer(fmt::format("Slice<{}, {}>", axis, which.front()), gives);
  else if (side_by_side) w.layer(fmt::format("Slice<{}, {}, {}>", axis, which.front(), which.back() + 1), gives);
  else {
    w.require(which.size() <= most_taken, "takes {} places that do not stand side by side", which.size());
    w.layer(fmt::format("Take<{}, {}>", axis, list_text(which)), gives);
  }
}

void frame(Writer& w, std::size_t axis, std::int64_t before, std::int64_t behind, double value) {
  Dims gives = w.shape();
  const std::int64_t first = std::max<std::int64_t>(-before, 0),
                     last = gives[axis] - std::max<std::int64_t>(-behind, 0);
  if (first > 0 || last < gives[axis]) {
    w.require(first < last, "leaves nothing of an axis of {}", gives[axis]);
    Dims which(static_cast<std::size_t>(last - first));
    std::iota(which.begin(), which.end(), first);
    take(w, axis, which);
    gives = w.shape();
  }
  before = std::max<std::int64_t>(before, 0);
  behind = std::max<std::int64_t>(behind, 0);
  if (before + behind == 0) return;
  const auto at = gives.begin() + static_cast<std::ptrdiff_t>(axis);
  const std::int64_t length = gives[axis], all = length + before + behind, outer = count_of(Dims(gives.begin(), at)),
                     inner = count_of(Dims(at + 1, gives.end()));
  w.require(std::isfinite(value), "pads with {}: ZeroPad2D pads with zeros", value);
  w.reshape({outer, length, inner});
  if (value != 0) w.formula(fmt::format("x - ({})", number_text(value)));  // what was the value is 0 inside the frame
  w.layer(fmt::format("ZeroPad2D<0, 0, {}, {}>", before, behind), {outer, all, inner});
  if (value != 0) w.formula(fmt::format("x + {}", number_text(value)));
  gives[axis] = all;
  w.reshape(gives);
}

namespace {

Dims counted(std::size_t n) {
  Dims all(n);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// Where the batch is in `to`, if it is axis `at` of `from`: as many numbers stand in front of it. Of a batch of 1 any
/// axis of 1 will do, since no number moves.
std::optional<std::size_t> follow_batch(const Dims& from, std::size_t at, const Dims& to) {
  const auto front = [](const Dims& d, std::size_t axis) {
    return std::accumulate(d.begin(), d.begin() + static_cast<std::ptrdiff_t>(axis), std::int64_t{1},
                           std::multiplies<>{});
  };
  for (std::size_t k = 0; k < to.size(); ++k)
    if (to[k] == from[at] && front(to, k) == front(from, at)) return k;
  for (std::size_t k = 0; from[at] == 1 && k < to.size(); ++k)
    if (to[k] == 1) return k;
  return std::nullopt;
}

/// Reshape, Flatten, Squeeze, Unsqueeze: what they give says it all.
void reshape(Writer& w) {
  const std::size_t value = w.values().front();
  if (w.place(value).batch == no_batch) return w.reshape(w.result());
  const auto batch = follow_batch(w.place(value).dims, w.place(value).batch, w.result());
  w.require(batch.has_value(), "makes {} of {}: the batch is no axis of that, so samples are cut or joined",
            list_text(w.result()), list_text(w.place(value).dims));
  w.batch_at(*batch);
  w.reshape(Place{w.result(), *batch}.sample());
}

void transpose(Writer& w) {
  const Place& in = w.place(0);
  Dims usual = counted(in.dims.size());
  std::reverse(usual.begin(), usual.end());
  Dims order = w.node.integers("perm", usual), axes;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const auto a = static_cast<std::size_t>(order[k]);
    if (a == in.batch) w.batch_at(k);
    else axes.push_back(static_cast<std::int64_t>(a < in.batch ? a : a - 1));
  }
  w.permute(axes);
}

void slice(Writer& w) {
  const auto starts = w.integers(1, "starts"), ends = w.integers(2, "ends"), steps = w.integers(4, "steps");
  w.require(starts && ends && starts->size() == ends->size(), "has no starts and ends");
  const auto axes = w.integers(3, "axes").value_or(counted(starts->size()));
  const Place& in = w.place(0);
  for (std::size_t i = 0; i < starts->size(); ++i) {
    const std::int64_t step = steps ? (*steps)[i] : 1, rank = static_cast<std::int64_t>(in.dims.size());
    const auto whole = static_cast<std::size_t>(axes[i] < 0 ? axes[i] + rank : axes[i]);
    const std::int64_t length = in.dims.at(whole);
    const auto inside = [&](std::int64_t at, std::int64_t low, std::int64_t high) {
      return std::clamp(at < 0 ? at + length : at, low, high);
    };
    w.require(step != 0, "has a step of 0");
    const std::int64_t begin = step > 0 ? inside((*starts)[i], 0, length) : inside((*starts)[i], 0, length - 1);
    const std::int64_t end = step > 0 ? inside((*ends)[i], 0, length) : inside((*ends)[i], -1, length - 1);
    if (whole == in.batch && step == 1 && begin == 0 && end == length) continue;
    Dims which;
    for (std::int64_t at = begin; step > 0 ? at < end : at > end; at += step) which.push_back(at);
    take(w, w.axis(axes[i]), which);
  }
}

}  // namespace

void repeat_to(Writer& w, const Dims& to) {
  for (std::size_t k = 0; k < to.size(); ++k) {
    const std::int64_t length = w.shape()[k];
    if (length == to[k]) continue;
    Dims which;
    for (std::int64_t i = 0; i < to[k]; ++i) which.push_back(i % length);
    w.require(which.size() <= 256, "makes {} of {} places of an axis: Take knows at most 256", to[k], length);
    take(w, k, which);
  }
}

namespace {

void expand(Writer& w) {
  const Place& in = w.place(0);
  const Dims all = w.result();
  const std::size_t more = all.size() - in.dims.size();
  w.require(in.batch == no_batch || (more == 0 && all[in.batch] == in.dims[in.batch]),
            "makes {} of {}: the batch is not the same", list_text(all), list_text(in.dims));
  Dims own(more, 1);
  own.insert(own.end(), in.dims.begin(), in.dims.end());
  w.reshape(Place{own, in.batch}.sample());
  repeat_to(w, Place{all, in.batch}.sample());
}

void split(Writer& w) {
  const std::size_t axis = w.axis(w.node.integer("axis", 0));
  std::int64_t begin = 0;
  for (std::size_t output = 0; output < w.node.outputs.size(); ++output) {
    if (w.node.outputs[output].empty() || w.folded(output)) continue;
    const Dims part = Place{w.result(output), w.place(0).batch}.sample();
    w.start(output, {w.node.inputs[0]}, w.sample(0));
    Dims which(static_cast<std::size_t>(part[axis]));
    std::iota(which.begin(), which.end(), begin);
    begin += part[axis];
    take(w, axis, which);
  }
}

void gather(Writer& w) {
  if (const Array* table = w.constant(0)) {
    w.require(table->dims.size() == 2 && w.node.integer("axis", 0) == 0,
              "looks up parts of a table of {} axes: Embedding has rows", table->dims.size());
    const Dims ids = w.shape();
    const std::int64_t count = count_of(ids), width = table->dims[1];
    w.reshape({count});
    w.layer(fmt::format("Embedding<{}, {}>", table->dims[0], width), {count, width}, {{"weight", *table}});
    return;
  }
  const Array& indices = w.weight(1, "indices");
  const std::size_t axis = w.axis(w.node.integer("axis", 0));
  const std::int64_t length = w.shape()[axis];
  Dims which;
  for (const double v : indices.values) which.push_back(static_cast<std::int64_t>(v) + (v < 0 ? length : 0));
  if (w.place(0).batch != no_batch && w.place(0).batch > axis && indices.dims.size() != 1)
    w.batch_at(w.place(0).batch + indices.dims.size() - 1);
  if (!indices.dims.empty()) return take(w, axis, which);  // further axes are a matter of shape
  Dims gives = w.shape();
  gives.erase(gives.begin() + static_cast<std::ptrdiff_t>(axis));
  if (gives.empty()) gives = {1};
  w.layer(fmt::format("Select<{}, {}>", axis, which.at(0)), gives);
}

/// A long axis, of which `from` says what stands at each place: what is in front, itself, and what is behind, joined.
void join_edges(Writer& w, std::size_t axis, const Dims& from, std::int64_t before, std::int64_t behind) {
  Dims gives = w.shape();
  const std::int64_t length = gives[axis];
  gives[axis] = static_cast<std::int64_t>(from.size());
  const Dims shape = w.shape(), behind_axis(shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, shape.end());
  const std::int64_t inner = count_of(behind_axis);
  const auto part = [&](std::int64_t first, std::int64_t count) {
    const auto at = from.begin() + static_cast<std::ptrdiff_t>(first);
    return w.aside(w.node.inputs[0], shape, [&] {
      w.reshape({length, inner});
      take(w, 0, Dims(at, at + static_cast<std::ptrdiff_t>(count)));
    });
  };
  std::vector<std::string> parts;
  if (before > 0) parts.push_back(part(0, before));
  parts.push_back(part(before, length));
  if (behind > 0) parts.push_back(part(before + length, behind));
  w.start(0, parts, {gives[axis], inner});
  w.layer("Concat<>", {gives[axis], inner});
  w.reshape(gives);
}

/// Places in front of an axis and behind it that repeat what is there.
void repeat_edges(Writer& w, std::size_t axis, const std::string& mode, std::int64_t before, std::int64_t behind,
                  bool alone) {
  Array places{Type::float32, {w.shape()[axis]}, {}};
  for (std::int64_t i = 0; i < w.shape()[axis]; ++i) places.values.push_back(static_cast<double>(i));
  const Array pads{Type::int64, {2}, {static_cast<double>(before), static_cast<double>(behind)}};
  const Array from = evaluate({w.node.name, "Pad", {}, {}, {}, {{"mode", mode}}}, 19, {&places, &pads}).at(0);
  const Dims which(from.values.begin(), from.values.end()), shape = w.shape();
  const auto outer = count_of(Dims(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(axis)));
  if (alone && outer == 1 && which.size() > most_taken && before >= 0 && behind >= 0)
    return join_edges(w, axis, which, before, behind);
  take(w, axis, which);
}

void pad(Writer& w) {
  const std::string mode = w.node.text("mode", "constant");
  const double value = w.has(2) ? w.weight(2, "value").values.at(0) : w.node.number("value", 0);
  const auto pads = w.integers(1, "pads");
  w.require(pads.has_value(), "has no pads");
  const Place& in = w.place(0);
  const std::size_t rank = in.dims.size(), samples = w.shape().size();
  Dims before(samples, 0), behind(samples, 0);
  const Dims axes = w.integers(3, "axes").value_or(counted(rank));
  std::size_t padded = 0;
  bool enlarges = true, image = samples == 2 || samples == 3;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t front = pads->at(i), back = pads->at(i + axes.size());
    if (front == 0 && back == 0) continue;
    const std::size_t a = w.axis(axes[i]);
    before[a] = front;
    behind[a] = back;
    ++padded;
    enlarges = enlarges && front >= 0 && back >= 0;
    image = image && a > 0;
  }
  if (padded == 0) return;
  if (mode == "constant" && image && enlarges) {  // of height and width at once
    w.require(std::isfinite(value), "pads with {}: ZeroPad2D pads with zeros", value);
    Dims around, gives = w.shape();
    for (std::size_t k = samples; k-- > 1;)
      around.insert(around.end(), {before[k], behind[k]}), gives[k] += before[k] + behind[k];
    if (value != 0) w.formula(fmt::format("x - ({})", number_text(value)));
    w.layer(fmt::format("ZeroPad{}D<{}>", samples - 1, list_text(around)), gives);
    if (value != 0) w.formula(fmt::format("x + {}", number_text(value)));
    return;
  }
  for (std::size_t k = 0; k < samples; ++k) {
    if (before[k] == 0 && behind[k] == 0) continue;
    if (mode == "constant") frame(w, k, before[k], behind[k], value);
    else repeat_edges(w, k, mode, before[k], behind[k], padded == 1);
  }
}

/// The middle of what is there, or what is there in the middle of zeros.
void center_crop_pad(Writer& w) {
  const Dims &from = w.place(0).dims, to = w.result();
  for (std::size_t k = 0; k < from.size(); ++k) {
    if (from[k] == to[k]) continue;
    const std::int64_t more = to[k] - from[k], before = more / 2;  // an odd one is at the end
    frame(w, w.axis(static_cast<std::int64_t>(k)), before, more - before);
  }
}

/// Numbers of `block` x `block` channels become a square of pixels, or the other way round.
void depth_to_space(Writer& w) {
  w.batch_first();
  const std::int64_t b = w.node.integer("blocksize", 1), c = w.shape()[0] / (b * b), h = w.shape()[1],
                     width = w.shape()[2];
  const bool column = w.node.text("mode", "DCR") == "CRD";
  // (c, b1, b2, h, w) or (b1, b2, c, h, w) to (c, h, b1, w, b2), in two turns: shapes have at most four axes
  w.reshape(column ? Dims{c * b, b, h * width} : Dims{b, b, c * h * width});
  w.permute({0, 2, 1});
  w.reshape(column ? Dims{c, b, h, width * b} : Dims{b, c * h, width * b});
  w.permute(column ? Dims{0, 2, 1, 3} : Dims{1, 0, 2});
  w.reshape({c, h * b, width * b});
}
void space_to_depth(Writer& w) {
  w.batch_first();
  const std::int64_t b = w.node.integer("blocksize", 1), c = w.shape()[0], h = w.shape()[1] / b,
                     width = w.shape()[2] / b;
  w.reshape({c * h, b, width * b});
  w.permute({1, 0, 2});
  w.reshape({b, c * h * width, b});
  w.permute({0, 2, 1});
  w.reshape({c * b * b, h, width});
}

}  // namespace

void add_movement(LayerTable& table) {
  table.insert({{"Reshape", reshape},
                {"Flatten", reshape},
                {"Squeeze", reshape},
                {"Unsqueeze", reshape},
                {"Transpose", transpose},
                {"Slice", slice},
                {"Split", split},
                {"Gather", gather},
                {"Pad", pad},
                {"CenterCropPad", center_crop_pad},
                {"DepthToSpace", depth_to_space},
                {"SpaceToDepth", space_to_depth},
                {"Expand", expand},
                {"Tile", expand}});
}

}  // namespace tenon::importing
