#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <tenon/kernels/noise.hpp>
#include <tenon/layers/recurrent/pass.hpp>
#include <tenon/net/layer.hpp>

/// Several recurrent layers on one another, each in one direction or in both: one instantiation of the
/// pass for all of them.
namespace tenon::detail {

/// Which extra connections lead from an LSTM's memory to its gates.
enum class Peepholes : unsigned char { none, full, diagonal };

/// A recurrent layer in numbers.
struct RecurrentPlan {
  size_t steps = 1, features = 1, hidden = 1;
  size_t layers = 1, directions = 1;
  size_t gates = 1;
  size_t row_blocks = 1, blocks = 1;  // what a step keeps, in training and in evaluation
  size_t feature_parameters = 0;      // vectors that the cell's formulas name
  bool bias = true;
  bool memory_matrix = false;
  bool last_only = false;
  bool masked = false;
  size_t states = 0;  // of a stateful pass: vectors that are kept from sequence to sequence
  double mask = 0;    // the value of all features of a padded step
  double dropout = 0;
  double cell_clip = 0;  // of an LSTM's memory, 0: none

  constexpr size_t width() const { return directions * hidden; }
  constexpr size_t in(size_t layer) const { return layer == 0 ? features : width(); }
  constexpr size_t passes() const { return layers * directions; }
  constexpr size_t output_size() const { return (last_only ? 1 : steps) * width(); }

  /// Parameters of a pass, in the order in which they lie.
  constexpr size_t input_weight_size(size_t layer) const { return aligned(gates * hidden * in(layer)); }
  constexpr size_t square_size() const { return aligned(gates * hidden * hidden); }
  constexpr size_t feature_stride() const { return aligned(hidden); }
  constexpr size_t bias_size() const { return bias ? aligned(gates * hidden) : 0; }
  constexpr size_t pass_size(size_t layer) const {
    return input_weight_size(layer) + square_size() * (memory_matrix ? 2 : 1) + 2 * bias_size() +
           feature_parameters * feature_stride();
  }
  constexpr size_t pass_offset(size_t layer, size_t direction) const {
    size_t offset = direction * pass_size(layer);
    for (size_t l = 0; l < layer; ++l) offset += directions * pass_size(l);
    return offset;
  }

  /// Numbers of a sample: those that a pass keeps, and a sequence between two layers. Training keeps the latter and,
  /// with dropout, the mask and the sequence that the next layer reads.
  constexpr size_t pass_space() const { return aligned(steps * row_blocks * hidden); }
  constexpr size_t sequence_space() const { return aligned(steps * width()); }
  constexpr size_t sequences() const { return layers - 1 + (last_only ? 1 : 0); }
  constexpr size_t sequence_at(size_t layer) const {
    return passes() * pass_space() + layer * (dropout > 0 ? 3 : 1) * sequence_space();
  }

  /// The sequences' lengths lie behind everything else.
  constexpr size_t lengths_space() const { return masked ? 1 : 0; }
  constexpr size_t kept_lengths_at() const {
    return passes() * pass_space() + (layers - 1) * (dropout > 0 ? 3 : 1) * sequence_space() +
           (last_only ? sequence_space() : 0);
  }
  /// Where the states in which sequences start are kept for backward.
  constexpr size_t kept_states_at() const { return aligned(kept_lengths_at() + lengths_space()); }
  constexpr size_t state_size() const { return passes() * states * hidden; }
  constexpr size_t passing_lengths_at(size_t carried) const {
    return aligned(steps * blocks * hidden) + carried + (sequences() > 1 ? 2 : sequences()) * sequence_space();
  }

  template <class Pass>
  constexpr Needs needs() const {
    const size_t carried = aligned(Pass::carried(hidden));
    Needs n{.backward_reads_input = true, .backward_reads_output = !last_only};
    n.saved.sample = states > 0 ? kept_states_at() + state_size() : kept_lengths_at() + lengths_space();
    n.state = state_size();
    n.forward.fixed = aligned(Pass::forward_space(hidden));
    n.inference.fixed = aligned(Pass::inference_space(hidden));
    n.inference.sample = passing_lengths_at(carried) + lengths_space();
    n.backward.sample = carried + (layers > 2 ? 2 : layers - 1) * sequence_space();
    n.backward.fixed = aligned(Pass::backward_space(hidden));
    n.streams = dropout > 0 ? static_cast<std::uint32_t>(layers - 1) : 0;
    return n;
  }
};

template <class Cell>
struct RecurrentCode {
  using pass = typename pass_of<Cell>::type;

  template <class Mode, class Ctx, class T>
  static void forward(const RecurrentPlan& p, Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode) {
    constexpr bool training = Mode::training;
    const size_t batch = x.count, width = p.width();
    Steps<const T> in{x.data, x.stride, p.features};
    Steps<T> out;
    T* const ends = !p.masked  ? nullptr
                    : training ? m.workspace.saved + p.kept_lengths_at() * batch
                               : m.workspace.scratch + p.passing_lengths_at(aligned(pass::carried(p.hidden))) * batch;
    if (ends) find_ends(p, batch, in, ends);
    const Lengths<T> lengths{ends};
    const bool goes_on = p.states > 0 && m.state;
    if (training && goes_on)
      for (size_t i = 0; i < batch; ++i)
        std::copy_n(m.state[i], p.state_size(), kept_start(p, m, batch, 0).data + i * p.state_size());
    for (size_t l = 0; l < p.layers; ++l) {
      const bool inside = l + 1 < p.layers || p.last_only;
      out = !inside    ? Steps<T>{y.data, y.stride, width}
            : training ? kept_sequence(p, m, batch, l, 0)
                       : passing_sequence(p, m, batch, l);
      for (size_t d = 0; d < p.directions; ++d) {
        T* const carry = training ? nullptr : m.workspace.scratch + aligned(p.steps * p.blocks * p.hidden) * batch;
        const Steps<T> rows = training
                                  ? kept_rows(p, m, batch, l, d)
                                  : Steps<T>{m.workspace.scratch, p.steps * p.blocks * p.hidden, p.blocks * p.hidden};
        pass::template forward<training>(sizes(p, l, d), ctx, batch, weights(p, m.parameters.values, l, d), in,
                                         out.from(d * p.hidden), rows, lengths,
                                         goes_on ? state_of(p, m, l) : Start<T>{}, carry, m.workspace.scratch_fixed);
      }
      in = out;
      if constexpr (training)
        if (p.dropout > 0 && l + 1 < p.layers) in = drop(p, ctx, m, batch, l);
    }
    if (p.last_only)
      for (size_t i = 0; i < batch; ++i)
        for (size_t d = 0; d < p.directions; ++d)
          std::copy_n(out.at(i, d == 0 ? std::max<size_t>(lengths.of(i, p.steps), 1) - 1 : 0) + d * p.hidden, p.hidden,
                      y[i] + d * p.hidden);
  }

  template <class Ctx, class T>
  static void backward(const RecurrentPlan& p, Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T> y,
                       Rows<const T> dy, Rows<T> dx) {
    const size_t batch = dy.count, width = p.width(), carried = aligned(pass::carried(p.hidden));
    Steps<const T> from_above{dy.data, dy.stride, width};
    const Lengths<T> lengths{p.masked ? m.workspace.saved + p.kept_lengths_at() * batch : nullptr};
    for (size_t l = p.layers; l-- > 0;) {
      const bool top = l + 1 == p.layers;
      const Steps<const T> out = top && !p.last_only ? Steps<const T>{y.data, y.stride, width}
                                                     : kept_sequence(p, m, batch, l, 0);
      Steps<const T> in{x.data, x.stride, p.features};
      Steps<T> to_below{dx.data, dx.stride, p.features};
      if (l > 0) {
        in = kept_sequence(p, m, batch, l - 1, p.dropout > 0 ? 2 : 0);
        to_below = {m.workspace.scratch + (carried + (l % 2) * (p.layers > 2 ? p.sequence_space() : 0)) * batch,
                    p.steps * width, width};
      }
      for (size_t d = 0; d < p.directions; ++d)
        pass::backward(sizes(p, l, d), ctx, batch, weights(p, m.parameters.values, l, d), gradients(p, m, l, d), in,
                       out.from(d * p.hidden), from_above.from(d * p.hidden), top && p.last_only, to_below, d > 0,
                       kept_rows(p, m, batch, l, d), lengths,
                       p.states > 0 && m.state ? kept_start(p, m, batch, l) : Start<T>{}, m.workspace.scratch,
                       m.workspace.scratch_fixed);
      if (l > 0 && p.dropout > 0) {
        const T* const mask = kept_sequence(p, m, batch, l - 1, 1).data;
        for (size_t i = 0; i < batch * p.steps * width; ++i) to_below.data[i] *= mask[i];
      }
      from_above = to_below;
    }
  }

private:
  static constexpr PassSizes sizes(const RecurrentPlan& p, size_t layer, size_t direction) {
    return {p.steps, p.in(layer), p.hidden, p.bias, direction == 1};
  }

  template <class T>
  static Start<T> state_of(const RecurrentPlan& p, const Memory<T>& m, size_t layer) {
    return {m.state.data + layer * p.states * p.hidden, m.state.stride};
  }
  template <class T>
  static Start<T> kept_start(const RecurrentPlan& p, const Memory<T>& m, size_t batch, size_t layer) {
    return {m.workspace.saved + p.kept_states_at() * batch + layer * p.states * p.hidden, p.state_size()};
  }

  template <class T>
  static void find_ends(const RecurrentPlan& p, size_t batch, Steps<const T> x, T* ends) {
    const T nothing = static_cast<T>(p.mask);
    const auto is_nothing = [&](size_t sample, size_t step) {
      const T* const features = x.at(sample, step);
      return std::all_of(features, features + p.features, [&](T number) { return number == nothing; });
    };
    for (size_t sample = 0; sample < batch; ++sample) {
      size_t end = p.steps;
      while (end > 0 && is_nothing(sample, end - 1)) --end;
      ends[sample] = static_cast<T>(end);
    }
  }

  template <class T>
  static PassWeights<T> weights(const RecurrentPlan& p, T* all, size_t layer, size_t direction) {
    T* next = all + p.pass_offset(layer, direction);
    const auto take = [&](size_t size) {
      T* const here = next;
      next += size;
      return size > 0 ? here : nullptr;
    };
    PassWeights<T> w;
    w.input = take(p.input_weight_size(layer));
    w.recurrent = take(p.square_size());
    w.input_bias = take(p.bias_size());
    w.recurrent_bias = take(p.bias_size());
    if (p.memory_matrix) w.memory = take(p.square_size());
    for (size_t k = 0; k < p.feature_parameters; ++k) w.feature[k] = take(aligned(p.hidden));
    return w;
  }

  /// Where gradients are written. In a frozen layer all that cannot be left out goes to Memory::unused_gradient.
  template <class T>
  static PassWeights<T> gradients(const RecurrentPlan& p, const Memory<T>& m, size_t layer, size_t direction) {
    if (m.parameters.gradients) return weights(p, m.parameters.gradients, layer, direction);
    PassWeights<T> none;
    for (T*& feature : none.feature) feature = m.parameters.unused_gradient;
    return none;
  }

  template <class T>
  static Steps<T> kept_rows(const RecurrentPlan& p, const Memory<T>& m, size_t batch, size_t layer, size_t direction) {
    const size_t width = p.row_blocks * p.hidden;
    return {m.workspace.saved + (layer * p.directions + direction) * p.pass_space() * batch, p.steps * width, width};
  }
  /// Sequence 0 is the output of layer `layer`; with dropout, 1 is the mask and 2 the input of the next layer.
  template <class T>
  static Steps<T> kept_sequence(const RecurrentPlan& p, const Memory<T>& m, size_t batch, size_t layer, size_t number) {
    return {m.workspace.saved + (p.sequence_at(layer) + number * p.sequence_space()) * batch, p.steps * p.width(),
            p.width()};
  }
  template <class T>
  static Steps<T> passing_sequence(const RecurrentPlan& p, const Memory<T>& m, size_t batch, size_t layer) {
    const size_t before = aligned(p.steps * p.blocks * p.hidden) + aligned(pass::carried(p.hidden));
    return {m.workspace.scratch + (before + (layer % 2) * (p.sequences() > 1 ? p.sequence_space() : 0)) * batch,
            p.steps * p.width(), p.width()};
  }

  template <class Ctx, class T>
  static Steps<const T> drop(const RecurrentPlan& p, Ctx& ctx, const Memory<T>& m, size_t batch, size_t layer) {
    const size_t size = p.steps * p.width();
    const T* const whole = kept_sequence(p, m, batch, layer, 0).data;
    T* const mask = kept_sequence(p, m, batch, layer, 1).data;
    const Steps<T> seen = kept_sequence(p, m, batch, layer, 2);
    kernels::draw_keep_mask(ctx, mask, batch, size, p.dropout, m.ids.stream + static_cast<std::uint32_t>(layer));
    for (size_t i = 0; i < batch * size; ++i) seen.data[i] = whole[i] * mask[i];
    return seen;
  }
};

}  // namespace tenon::detail
