#include <numeric>

#include "writer.hpp"

namespace tenon::importing {

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

/// The places `which` of an axis: a Slice where they stand side by side.
void take(Writer& w, std::size_t axis, const Dims& which) {
  Dims gives = w.shape();
  const std::int64_t length = gives[axis];
  gives[axis] = static_cast<std::int64_t>(which.size());
  w.require(!which.empty(), "takes nothing of an axis");
  bool side_by_side = true;
  for (std::size_t i = 1; i < which.size(); ++i) side_by_side = side_by_side && which[i] == which[i - 1] + 1;
  if (side_by_side && gives[axis] == length) return;
  if (side_by_side && which.back() + 1 == length) w.layer(fmt::format("Slice<{}, {}>", axis, which.front()), gives);
  else if (side_by_side) w.layer(fmt::format("Slice<{}, {}, {}>", axis, which.front(), which.back() + 1), gives);
  else {
    w.require(which.size() <= 256, "takes {} places that do not stand side by side", which.size());
    w.layer(fmt::format("Take<{}, {}>", axis, list_text(which)), gives);
  }
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

void pad(Writer& w) {
  w.batch_first();
  const std::string mode = w.node.text("mode", "constant");
  w.require(mode == "constant", "in mode {}: ZeroPad2D pads with zeros", mode);
  const double value = w.has(2) ? w.weight(2, "value").values.at(0) : w.node.number("value", 0);
  const auto pads = w.integers(1, "pads");
  w.require(pads.has_value(), "has no pads");
  const std::size_t rank = w.place(0).dims.size();
  Dims before(rank, 0), after(rank, 0);
  const Dims axes = w.integers(3, "axes").value_or(counted(rank));
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto a = static_cast<std::size_t>(axes[i] < 0 ? axes[i] + static_cast<std::int64_t>(rank) : axes[i]);
    before.at(a) = (*pads)[i];
    after.at(a) = (*pads)[i + axes.size()];
  }
  Dims frame, gives = w.shape();
  bool any = false;
  for (std::size_t k = rank; k-- > 0;) {
    w.require(before[k] >= 0 && after[k] >= 0, "takes numbers away");
    any = any || before[k] > 0 || after[k] > 0;
    if (k >= 2) frame.insert(frame.end(), {before[k], after[k]}), gives[k - 1] += before[k] + after[k];
  }
  if (!any) return;
  w.require(std::isfinite(value), "pads with {}: ZeroPad2D pads with zeros", value);
  w.require((rank == 3 || rank == 4) && before[0] + before[1] + after[0] + after[1] == 0,
            "pads other axes than height and width");
  if (value != 0) w.formula(fmt::format("x - ({})", number_text(value)));  // what was the value is 0 inside the frame
  w.layer(fmt::format("ZeroPad{}D<{}>", rank - 2, list_text(frame)), gives);
  if (value != 0) w.formula(fmt::format("x + {}", number_text(value)));
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
                {"DepthToSpace", depth_to_space},
                {"SpaceToDepth", space_to_depth},
                {"Expand", expand},
                {"Tile", expand}});
}

}  // namespace tenon::importing
