#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tenon/edge/quantized_layer.hpp>
#include <tenon/edge/quantized_plan_formulas.hpp>
#include <tenon/net/checked.hpp>
#include <tenon/networks/store_activations.hpp>

/// What a network becomes in int8: a list of steps read off its type.
namespace tenon::edge {

namespace detail {

/// Reads steps off a type. `read` returns the number of the tensor that is the part's output. A reader that derives
/// from this one, to do more at each part, is `Own`: parts and nodes are read by its `read` and `read_node`.
template <size_t Capacity, class Own = void>
struct PlanReader : PlanFormulas<Capacity> {
  using steps = PlanFormulas<Capacity>;
  using steps::plan, steps::held, steps::unit_count, steps::inner, steps::rows, steps::mask, steps::ordered,
      steps::unknown, steps::add, steps::move, steps::read_sum, steps::read_join, steps::read_embedding,
      steps::read_shift, steps::read_padding, steps::read_mean_of_marked, steps::read_tied, steps::read_choice,
      steps::read_modulation, steps::check_tokens, steps::add_convolution, steps::without_border, steps::read_pool,
      steps::read_mean_of_steps, steps::read_pieces, steps::read_recurrent, steps::read_permute, steps::read_placing,
      steps::read_upsampling;

  TensorBundles bundles{};  // what graphs of several outputs give
  /// Offsets in the float numbers: of all buffers, which lie behind the trainable parameters, and within them of those
  /// of the part that is being read.
  size_t first_buffer = 0, buffers = 0;

  constexpr auto& own() {
    if constexpr (std::is_void_v<Own>) return *this;
    else return static_cast<Own&>(*this);
  }

  /// x: the numbers of the tensors that the part reads. Only what takes a bundle apart may be given one, which is what
  /// graphs of several outputs give.
  template <class Bound>
  constexpr size_t read(const size_t* x, size_t parameters, size_t unit) {
    constexpr const Bound* type = nullptr;
    if (!tenon::detail::Passthrough<Bound> && TensorBundles::is(x[0])) return unknown();
    if constexpr (tenon::detail::Passthrough<Bound>) return x[0];
    else if constexpr (!std::is_void_v<sequence_step<Bound>>) return read_steps<Bound>(x[0], parameters, unit);
    else if constexpr (padded_part(type).known) return read_masked<Bound>(x, parameters, unit);
    else if constexpr (is_chain(type)) return read_chain<Bound>(x[0], parameters, unit);
    else if constexpr (IsGraph<Bound>) return read_graph<Bound>(x, parameters, unit);
    else if constexpr (is_repeat(type)) return read_repeat<Bound>(x[0], parameters, unit);
    else if constexpr (is_frozen(type)) return read_frozen<Bound>(x, unit);
    else if constexpr (EdgeFormulaOf<Bound>::known) return this->template read_edge_formula<Bound>(x, unit);
    else if constexpr (FormulaOf<Bound>::is) return this->template read_formula<Bound>(x[0], parameters, unit);
    else if constexpr (GroupNormOf<Bound>::known) return this->template read_group_norm<Bound>(x[0], parameters, unit);
    else if constexpr (ConvolutionOf<Bound>::known) return read_convolution<Bound>(x[0], parameters, unit);
    else if constexpr (is_streamed<Bound>) return read_streamed<Bound>(x[0], parameters, unit);
    else if constexpr (RecurrentOf<Bound>::known)
      return read_recurrent(x[0], RecurrentOf<Bound>::cell, Bound::plan, parameters);
    else if constexpr (AttentionOf<Bound>::known) return this->template read_attention<Bound>(x, parameters, unit);
    else if constexpr (is_channel_dropout(type)) return x[0];
    else if constexpr (is_mean_of_steps(type))
      return mask.is ? read_mean_of_marked(x[0], Bound::input::front, Bound::input::inner, unit)
                     : read_mean_of_steps(x[0], Bound::input::front, Bound::input::inner, unit);
    else if constexpr (is_max_pool(type)) return read_pool(x[0], unit, StepKind::max_pool, {Bound::pooling});
    else if constexpr (is_mean_pool(type)) return read_pool(x[0], unit, StepKind::average_pool, Bound::averaging);
    else if constexpr (PiecesOf<Bound>::known) return read_pieces(x[0], PiecesOf<Bound>::pieces);
    else if constexpr (SplitOf<Bound>::known) return read_split<SplitOf<Bound>>(x[0]);
    else if constexpr (PermuteOf<Bound>::known) {
      using permute = PermuteOf<Bound>;
      std::array<size_t, 4> dims{}, axes{};
      for (size_t k = 0; k < permute::rank; ++k) dims[k] = permute::dims[k], axes[k] = permute::axes[k];
      return read_permute(x[0], permute::rank, dims, axes);
    } else if constexpr (PairOf<Bound>::kind != StepKind::unknown) return read_pair<Bound>(x, unit);
    else if constexpr (EmbeddingOf<Bound>::known)
      return read_embedding(x[0], EmbeddingOf<Bound>::tokens, EmbeddingOf<Bound>::width, parameters, unit);
    else if constexpr (adds_constants<Bound>) return read_shift(x[0], unit, places_of<Bound>);
    else if constexpr (is_tied<Bound>) return read_tied(x[0], parameters, unit);
    else if constexpr (ChoiceOf<Bound>::known)
      return read_choice({x[0], x[1], x[2]}, ChoiceOf<Bound>::spreads, Bound::output::size, unit);
    else if constexpr (ModulationOf<Bound>::known)
      return read_modulation({x[0], x[1], x[2]}, ModulationOf<Bound>::spreads[1], ModulationOf<Bound>::spreads[2],
                             unit);
    else if constexpr (requires { Bound::placing; }) return read_placing(x[0], Bound::placing);
    else if constexpr (requires { Bound::upsampling; }) return read_upsampling(x[0], Bound::upsampling);
    else return unknown();
  }

  template <class Bound>
  constexpr size_t read_chain(size_t x, size_t parameters, size_t unit) {
    size_t index = 0;
    Bound::visit_units([&]<class Unit> { x = read_slot<Unit>(&x, Bound::plan.slots[index++], parameters, unit); });
    return x;
  }
  /// A part of a composition.
  template <class Part>
  constexpr size_t read_slot(const size_t* x, const tenon::detail::Slot& slot, size_t parameters, size_t unit) {
    buffers += slot.buffers;
    const size_t y = own().template read<Part>(x, parameters + slot.parameters, unit + slot.unit);
    buffers -= slot.buffers;
    return y;
  }
  /// Frozen parameters lie among the buffers, in front of the part's own buffers.
  template <class Bound>
  constexpr size_t read_frozen(const size_t* x, size_t unit) {
    const size_t parameters = first_buffer + buffers;
    size_t y = 0;
    buffers += Bound::tree.frozen_size;
    Bound::visit_units([&]<class Part> { y = own().template read<Part>(x, parameters, unit); });
    buffers -= Bound::tree.frozen_size;
    return y;
  }

  template <class Bound>
  constexpr size_t read_repeat(size_t x, size_t parameters, size_t unit) {
    for (const auto& slot : Bound::plan.slots) x = read_slot<typename Bound::block>(&x, slot, parameters, unit);
    return x;
  }

  /// A step that marks padding is added only if a layer within reads the mask. Masks from outside are not seen within.
  template <class Bound>
  constexpr size_t read_masked(const size_t* x, size_t parameters, size_t unit) {
    constexpr PaddedPart part = padded_part(static_cast<const Bound*>(nullptr));
    const StepMask outside = mask;
    mask = {};
    if (part.is_read && part.is_input) mask = {true, x[1]};
    else if (part.is_read) mask = {true, read_padding(x[0], part.padding, part.steps, part.features)};
    const size_t y = read_chain<Bound>(x[0], parameters, unit);
    mask = outside;
    return y;
  }

  /// A layer on each step of a sequence: one that treats all rows of a tensor alike is given all steps as rows.
  template <class Bound>
  constexpr size_t read_steps(size_t x, size_t parameters, size_t unit) {
    x = ordered(x, {});
    rows *= Bound::steps;
    x = own().template read<sequence_step<Bound>>(&x, parameters, unit);
    rows /= Bound::steps;
    return x;
  }

  template <class Bound>
  constexpr size_t read_graph(const size_t* x, size_t parameters, size_t unit) {
    using view = graph_view<Bound>;
    std::array<size_t, view::inputs + view::nodes> tensor{};
    std::array<bool, view::inputs> outside{};
    for (size_t i = 0; i < view::inputs; ++i) tensor[i] = x[i], outside[i] = held[x[i]];
    const auto hold = [&](size_t v, bool is) { bundles.each_part(tensor[v], [&](size_t t) { held[t] = is; }); };
    const auto hold_inputs = [&] {
      for (size_t i = 0; i < view::inputs; ++i) held[tensor[i]] = held[tensor[i]] || outside[i];
    };
    view::each_node([&]<class Node>(size_t k) {
      for (size_t v = 0; v < view::inputs + k; ++v) hold(v, false);
      for (size_t v = 0; v < view::inputs + k; ++v)
        if (view::is_read_behind(k, v)) hold(v, true);
      hold_inputs();
      std::array<size_t, 32> sources{};
      const size_t count = view::source_count[k];
      if (count > sources.size()) return void(unknown());
      bool whole = true;
      for (size_t j = 0; j < count; ++j) {
        sources[j] = tensor[view::sources[k][j]];
        whole = whole && !TensorBundles::is(sources[j]);
      }
      const auto& slot = Bound::plan.slots[k];
      if (!whole && !takes_bundles(node_kind<Node>())) return void(unknown());
      buffers += slot.buffers;
      mask.first += view::mask_shifts[k];
      tensor[view::inputs + k] = own().template read_node<Node>(sources.data(), count, parameters + slot.parameters,
                                                                unit + slot.unit);
      mask.first -= view::mask_shifts[k];
      buffers -= slot.buffers;
    });
    for (size_t v = 0; v < view::inputs + view::nodes; ++v) hold(v, false);
    hold_inputs();
    if constexpr (view::outputs == 1) {
      return tensor[view::output_values[0]];
    } else {
      std::array<size_t, view::outputs> parts{}, sizes{};
      for (size_t o = 0; o < view::outputs; ++o) {
        parts[o] = tensor[view::output_values[o]];
        sizes[o] = view::size_of(view::output_values[o]);
        if (TensorBundles::is(parts[o])) return unknown();
      }
      const size_t all = bundles.add(parts.data(), sizes.data(), view::outputs);
      return all == 0 ? unknown() : all;
    }
  }
  static constexpr bool takes_bundles(tenon::detail::NodeKind kind) {
    return kind == tenon::detail::NodeKind::same || kind == tenon::detail::NodeKind::slice;
  }

  template <class Node>
  constexpr size_t read_node(const size_t* x, size_t count, size_t parameters, size_t unit) {
    using tenon::detail::NodeKind;
    constexpr NodeKind kind = node_kind<Node>();
    if constexpr (kind == NodeKind::same) return x[0];
    else if constexpr (kind == NodeKind::sum) return read_sum(x, count);
    else if constexpr (kind == NodeKind::join)
      return read_join(x, count, Node::output::rank, Node::output::size, Node::output::inner);
    else if constexpr (kind == NodeKind::slice)
      if (TensorBundles::is(x[0])) {
        const size_t part = bundles.find(x[0], Node::begin, Node::output::size);
        return TensorBundles::is(part) ? unknown() : part;
      } else return read_pieces(x[0], Pieces<1>{1, plan.sizes[x[0]], 1, Node::output::size, {Node::begin}});
    else return own().template read<Node>(x, parameters, unit);
  }

  /// Parts that somebody reads are tensors of their own; the others cost a step too.
  template <class Of>
  constexpr size_t read_split(size_t x) {
    std::array<size_t, Of::parts.size()> tensor{};
    for (size_t k = 0; k < tensor.size(); ++k) tensor[k] = read_pieces(x, Of::parts[k]);
    const size_t all = bundles.add(tensor.data(), Of::sizes.data(), tensor.size());
    return all == 0 ? unknown() : all;
  }

  template <class Bound>
  constexpr size_t read_convolution(size_t x, size_t parameters, size_t unit) {
    constexpr StepPattern activation = ConvolutionOf<Bound>::activation;
    using after = typename CoreOf<Bound>::after;
    constexpr bool transposed = ConvolutionOf<Bound>::transposed;
    const kernels::Convolution& given = Bound::convolution;
    QuantizedStep step{.weight_source = parameters,
                       .unit = has_inner_step<Bound> ? unit_count + inner++ : unit,
                       .transposed = transposed};
    kernels::Convolution c = given;
    if (transposed) {
      // zeros between the numbers, then the kernel backwards over them
      const auto axis = [](const kernels::ConvolutionAxis& a) {
        return kernels::ConvolutionAxis{.image = (a.map - 1) * a.stride + 1,
                                        .map = a.image,
                                        .kernel = a.kernel,
                                        .dilation = a.dilation,
                                        .before = (a.kernel - 1) * a.dilation - a.before};
      };
      if ((given.y.kernel - 1) * given.y.dilation < given.y.before ||
          (given.x.kernel - 1) * given.x.dilation < given.x.before)
        return unknown();
      c.channels = given.features;
      c.features = given.channels;
      c.y = axis(given.y);
      c.x = axis(given.x);
      x = ordered(x, {c.channels, given.y.map * given.x.map});
      if (given.y.stride * given.x.stride > 1)
        x = read_placing(
            x, {c.channels, {given.y.map, c.y.image, 0, given.y.stride}, {given.x.map, c.x.image, 0, given.x.stride}});
    } else {
      x = ordered(x, {c.channels, c.y.image * c.x.image});
      x = without_border(x, c);
    }
    if constexpr (std::is_void_v<after>) step.pattern = activation;
    step.pattern.has_bias = Bound::plan.bias;
    step.pattern.weights = ConvolutionOf<Bound>::weights;
    step.bias_source = parameters + (step.pattern.has_bias ? Bound::plan.bias_offset() : 0);
    x = add_convolution(x, c, step);
    if constexpr (std::is_void_v<after>) return x;
    else return this->template read_table<after>(x, unit);
  }

  /// A convolution of one position, over a window of the last steps that the step itself remembers.
  template <class Bound>
  constexpr size_t read_streamed(size_t x, size_t parameters, size_t unit) {
    using whole = typename Bound::whole;
    QuantizedStep step{.weight_source = parameters,
                       .bias_source = parameters + (whole::plan.bias ? whole::plan.bias_offset() : 0),
                       .unit = unit,
                       .remembers = true};
    step.pattern.has_bias = whole::plan.bias;
    step.pattern.weights = ConvolutionOf<whole>::weights;
    return add_convolution(x, whole::convolution, step);
  }

  template <class Bound>
  constexpr size_t read_pair(const size_t* x, size_t unit) {
    using pair = PairOf<Bound>;
    size_t a = x[pair::swapped ? 1 : 0], b = x[pair::swapped ? 0 : 1];
    constexpr tenon::detail::Spread spread = pair::spread;
    QuantizedStep step{.pattern = {.kind = pair::kind},
                       .in = pair::size,
                       .out = pair::size,
                       .unit = unit,
                       .period = spread.size,
                       .repeat = spread.repeat};
    const TensorOrder order = plan.orders[a];
    if (spread.size == pair::size) {
      b = ordered(b, order);
    } else if (spread.size > 1) {
      b = ordered(b, {});
      if (order.pixels == spread.repeat && order.channels == spread.size) step.repeat = 1;
      else a = ordered(a, {});
    }
    step.source = a;
    step.other = b;
    return add(step, plan.orders[a]);
  }
};

/// What a whole network says of its activations (StoreActivations).
template <class In, class Chain, class Units, class Elements>
constexpr unsigned activation_bits(const tenon::detail::BoundChain<In, Chain, Units, Elements>*) {
  if constexpr (requires { Chain::activation_bits; }) return Chain::activation_bits;
  else return 8;
}
template <class Bound, unsigned Bits>
constexpr unsigned activation_bits(const tenon::detail::StoredInputs<Bound, Bits>*) {
  return Bits;
}
constexpr unsigned activation_bits(const void*) { return 8; }

/// The steps, and the functions of the tables among them.
template <size_t Capacity>
struct PlanReading {
  StepPlan<Capacity> plan{};
  std::array<PointFunction, Capacity> function{};
};

/// All of a network, but for where its tensors lie.
template <class Bound, class Reader>
constexpr void read_network(Reader& reader) {
  reader.unit_count = layout_of<Bound>.units;
  reader.first_buffer = layout_of<Bound>.trainable_size;
  auto& plan = reader.plan;
  plan.wide = activation_bits(static_cast<const Bound*>(nullptr)) == 16;
  const auto inputs = reader.read_inputs(static_cast<const typename Bound::input*>(nullptr));
  const size_t last = reader.template read<Bound>(inputs.data(), 0, 0);
  if (TensorBundles::is(last)) {
    reader.bundles.each_part(last, [&](size_t t) { plan.output_tensors[plan.output_count++] = t; });
    if (plan.count == 0) plan.fits = false;  // nothing is computed
  } else if (last != plan.count || plan.count == 0) {
    // the last step's output is the network's
    reader.move(last, plan.orders[last], plan.sizes[last],
                {.count = {1, 1, 1, plan.sizes[last]}, .from_step = {0, 0, 0, 1}, .to_step = {0, 0, 0, 1}});
  }
  reader.unscale_output();
  reader.check_tokens();
  if (plan.overflows) plan.fits = false;
}

template <class Bound, size_t Capacity>
constexpr PlanReading<Capacity> read_steps() {
  PlanReader<Capacity> reader;
  read_network<Bound>(reader);
  if (!reader.plan.overflows) reader.plan.lay_out();
  return {reader.plan, reader.function};
}

/// With room for as many steps as the network has.
template <class Bound, size_t Capacity = 64>
constexpr auto read_all_steps() {
  constexpr PlanReading<Capacity> reading = read_steps<Bound, Capacity>();
  if constexpr (reading.plan.overflows && Capacity < 4096) return read_all_steps<Bound, 4 * Capacity>();
  else return reading;
}

template <class Bound>
inline constexpr auto plan_reading = read_all_steps<Bound>();

}  // namespace detail

/// The steps of a network in int8.
template <class Net>
inline constexpr const auto& quantized_plan = detail::plan_reading<bound_network<Net>>.plan;
/// What its tensors are made of.
template <class Net>
using Activation = std::conditional_t<quantized_plan<Net>.wide, std::int16_t, std::int8_t>;

}  // namespace tenon::edge
