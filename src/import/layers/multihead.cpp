#include "writer.hpp"

namespace tenon::importing {

namespace {

/// A sequence of one sample as (time, width); the name of the value.
std::string sequence(Writer& w, std::size_t input, const char* axis) {
  const Place& place = w.place(input);
  const std::int64_t time = w.node.integer(axis, 0);
  const auto batch = static_cast<std::size_t>(1 - time);
  const bool known = place.batch == batch && place.dims.size() == 3,
             none = place.batch == no_batch && (place.dims.size() == 2 || place.dims[batch] == 1);
  w.require(known || none, "the batch is another axis than {} of its input", batch);
  const Dims sample = w.sample(input);
  if (sample.size() == 2) return w.node.inputs[input];
  return w.aside(w.node.inputs[input], sample, [&] {
    w.reshape({sample[static_cast<std::size_t>(time)], sample.back()});
  });
}

/// What passes/multihead.cpp makes: self-attention, or attention to a memory.
void multihead_attention(Writer& w) {
  const bool cross = w.has(5);
  std::vector<std::string> reads{sequence(w, 0, "time")};
  if (cross) reads.push_back(sequence(w, 5, "memory_time"));
  const std::size_t batch = w.place(0).batch;
  const Dims dims = w.place(0).dims;
  const Dims steps{dims[static_cast<std::size_t>(w.node.integer("time", 0))], dims.back()};
  w.start(0, std::move(reads), steps);
  w.batch_at(batch);
  w.layer(fmt::format("{}<{}{}>", cross ? "CrossAttention" : "MultiheadAttention", w.node.integer("num_heads", 1),
                      w.node.integer("causal", 0) != 0 ? ", causal" : ""),
          steps,
          {{"in_proj_weight", w.weight(1, "in_proj_weight")},
           {"in_proj_bias", w.weight(2, "in_proj_bias")},
           {"out_proj.weight", w.weight(3, "out_proj.weight")},
           {"out_proj.bias", w.weight(4, "out_proj.bias")}});
}

}  // namespace

void add_multihead(LayerTable& table) { table.insert({{"MultiheadAttention", multihead_attention}}); }

}  // namespace tenon::importing
