#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <tenon/net/layout.hpp>

/// Where everything lies in memory, decided by the compiler. All offsets are numbers per sample and
/// multiples of `alignment`; times the batch they are positions.
///
/// In training, an activation that a backward pass will read is kept in `saved`. Everything else
/// lives from one layer to the next only: the transient outputs of a chain alternate between the
/// two ends of one scratch region, with the layer's own scratch in the middle, and the region is as
/// large as the largest (input + scratch + output). The gradients on their way back do the same.
namespace tenon::detail {

/// Where an array lies that one layer gives and the next one takes.
struct Place {
  enum Where : unsigned char { outside, saved, scratch };
  Where where = outside;
  size_t offset = 0;
};

/// What one layer of a composition is given.
struct Slot {
  size_t parameters = 0, buffers = 0;
  size_t saved = 0, saved_fixed = 0;
  std::uint32_t stream = 0, unit = 0;
  size_t state = 0;
  bool shared = false;
  size_t input_size = 0, output_size = 0;
  Place output;            // in training
  Place inference_output;  // in evaluation
  Place input_gradient;    // in the backward pass
  size_t forward_scratch = 0, inference_scratch = 0, backward_scratch = 0;
};

/// Puts the child behind those already there: its parameters, saved numbers, streams and units.
constexpr void place_child(Layout& total, const Layout& child, Slot& slot) {
  slot.parameters = total.trainable_size;
  slot.buffers = total.buffer_size;
  slot.saved = total.needs.saved.sample;
  slot.saved_fixed = total.needs.saved.fixed;
  slot.stream = total.needs.streams;
  slot.unit = total.units;
  slot.state = total.needs.state;
  slot.input_size = child.input_size;
  slot.output_size = child.output_size;

  total.trainable_size += child.trainable_size;
  total.buffer_size += child.buffer_size;
  total.parameter_entries += child.parameter_entries;
  total.parameter_count += child.parameter_count;
  total.units += child.units;
  total.looks_at_batch = total.looks_at_batch || child.looks_at_batch;
  total.keeps_apart = total.keeps_apart || child.keeps_apart;
  total.needs.saved.sample += aligned(child.needs.saved.sample);
  total.needs.saved.fixed += aligned(child.needs.saved.fixed);
  total.needs.streams += child.needs.streams;
  total.needs.state += child.needs.state;
  // One child works at a time, so they share the fixed scratch.
  auto& n = total.needs;
  n.forward.fixed = std::max(n.forward.fixed, child.needs.forward.fixed);
  n.backward.fixed = std::max(n.backward.fixed, child.needs.backward.fixed);
  n.inference.fixed = std::max(n.inference.fixed, child.needs.inference.fixed);
}

/// One scratch region shared by a chain of transient arrays, each passed from one layer to the
/// next.
struct Region {
  size_t size = 0;

  constexpr void fit(size_t before, size_t scratch, size_t after) {
    size = std::max(size, before + aligned(scratch) + after);
  }
  /// An array that lies at the bottom for even layers and at the top for odd ones.
  constexpr size_t offset(size_t layer, size_t length) const { return layer % 2 == 0 ? 0 : size - length; }
};

/// The plan of a chain of `count` layers: fills the slots and returns the chain's own layout.
constexpr Layout plan_chain(const Layout* layers, size_t count, Slot* slots) {
  Layout total{};
  total.needs.backward_reads_input = count > 0 && layers[0].needs.backward_reads_input;
  total.needs.backward_reads_output = count > 0 && layers[count - 1].needs.backward_reads_output;
  if (count == 0) return total;
  total.input_size = layers[0].input_size;
  total.output_size = layers[count - 1].output_size;

  const auto is_kept = [&](size_t k) {
    return k + 1 < count && (layers[k].needs.backward_reads_output || layers[k + 1].needs.backward_reads_input);
  };
  // How much of the region the output of layer k (the input gradient of layer k + 1) takes.
  const auto between = [&](size_t k) { return k + 1 < count ? aligned(layers[k].output_size) : 0; };
  const auto in_transit = [&](size_t k) { return is_kept(k) ? 0 : between(k); };

  Region forward, inference, backward;
  for (size_t k = 0; k < count; ++k) {
    const Needs& needs = layers[k].needs;
    forward.fit(k > 0 ? in_transit(k - 1) : 0, needs.forward.sample, in_transit(k));
    inference.fit(k > 0 ? between(k - 1) : 0, needs.inference.sample, between(k));
    backward.fit(between(k), needs.backward.sample, k > 0 ? between(k - 1) : 0);
  }

  for (size_t k = 0; k + 1 < count; ++k) {
    slots[k].inference_output = {Place::scratch, inference.offset(k, between(k))};
    slots[k + 1].input_gradient = {Place::scratch, backward.offset(k, between(k))};
    if (is_kept(k)) {
      slots[k].output = {Place::saved, total.needs.saved.sample};
      total.needs.saved.sample += between(k);
    } else {
      slots[k].output = {Place::scratch, forward.offset(k, between(k))};
    }
  }
  for (size_t k = 0; k < count; ++k) {
    place_child(total, layers[k], slots[k]);
    if (layers[k].tied) {
      slots[k].parameters = slots[0].parameters;
      slots[0].shared = true;
    }
    // A layer's scratch begins where the array at the bottom of the region ends: the output of an even layer, the input
    // of an odd one. On the way back gradients lie at the same ends.
    const size_t even = k % 2 == 0 ? k : k - 1;
    slots[k].forward_scratch = in_transit(even);
    slots[k].inference_scratch = between(even);
    slots[k].backward_scratch = between(even);
  }
  total.needs.forward.sample = forward.size;
  total.needs.inference.sample = inference.size;
  total.needs.backward.sample = backward.size;
  return total;
}

template <size_t N>
struct Plan {
  std::array<Slot, N> slots{};
  Layout layout{};
};

template <size_t N>
constexpr Plan<N> make_chain_plan(const std::array<Layout, N>& layers) {
  Plan<N> plan;
  plan.layout = plan_chain(layers.data(), N, plan.slots.data());
  return plan;
}

}  // namespace tenon::detail
