#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include <tenon/expr/batch_program.hpp>
#include <tenon/kernels/noise.hpp>
#include <tenon/layers/formula/stage.hpp>
#include <tenon/net/layer.hpp>

/// A formula with reductions over the batch as a bound layer.
namespace tenon::detail {

/// Those of a formula's parameters that are learned before the buffers, as PyTorch lists them.
template <class Learned, class Buffers, class... P>
struct learned_first {
  using type = join<Learned, Buffers>;
};
template <class... L, class... B, class First, class... P>
struct learned_first<list<L...>, list<B...>, First, P...>
    : std::conditional_t<parameter_traits<First>::trainable, learned_first<list<L..., First>, list<B...>, P...>,
                         learned_first<list<L...>, list<B..., First>, P...>> {};
template <class List>
struct declared_order;
template <class... P>
struct declared_order<list<P...>> : learned_first<list<>, list<>, P...> {};

/// Where a parameter lies in the arena of its kind.
struct ParameterPlace {
  size_t offset = 0;
  size_t size = 0;
  bool trainable = true;
};

/// Whether a formula has the variance of a batch in it, which a batch of one number does not have.
template <class E>
inline constexpr bool takes_batch_variance = false;
template <expr::Op O, class... A>
inline constexpr bool takes_batch_variance<expr::Operation<O, A...>> = O == expr::Op::batch_variance ||
                                                                       (takes_batch_variance<A> || ...);

/// A bound formula over the batch in numbers, its parameters in the order in which it names them.
template <size_t Parameters>
struct BatchLayer {
  size_t size = 0;  // of a sample
  size_t features = 0;
  std::array<ParameterPlace, Parameters> parameters{};

  /// How many numbers of a sample belong to one feature: pixels of a channel, steps of a sequence.
  constexpr size_t share() const { return features == 0 ? 0 : size / features; }
};

/// The code of all layers of one canonical formula, whatever their shapes.
template <class C, bool Channelwise>
struct BatchCode {
  using program = expr::BatchProgram<C>;
  static constexpr bool noisy = program::s.uses_noise;

  static constexpr Needs needs(size_t size, size_t features) {
    const size_t value = aligned(features);
    return {.backward_reads_input = program::s.reads_input,
            .backward_reads_output = program::s.reads_output,
            .saved = {noisy ? aligned(size) : 0, static_cast<size_t>(program::s.kept.count) * value},
            .forward = {.fixed = scratch_values<typename program::Forward>() * value},
            .backward = {.fixed = scratch_values<typename program::Backward>() * value},
            .inference = {.fixed = scratch_values<typename program::Evaluate>() * value},
            .streams = noisy ? 1U : 0U};
  }

  template <class Mode, class Layer, class Ctx, class T>
  static void forward(const Layer& layer, [[maybe_unused]] Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y,
                      Mode) {
    using Steps = std::conditional_t<Mode::training, typename program::Forward, typename program::Evaluate>;
    if constexpr (Mode::training && takes_batch_variance<C> && requires { ctx.refuse_single_value(); })
      if (rows_of_batch(ctx, x.count) * layer.share() == 1) ctx.refuse_single_value();
    expr::Arguments<T> a = arguments(layer, m, Mode::training ? m.parameters.buffers : m.parameters.constants, x.count,
                                     rows_of_batch(ctx, x.count));
    a.input[0] = {x.data, x.stride};
    a.store[0] = {y.data, y.stride};
    if constexpr (Mode::training && noisy) {
      kernels::draw_keep_mask(ctx, m.workspace.saved, x.count, layer.size, program::s.noise_rate, m.ids.stream);
      a.noise = {m.workspace.saved, layer.size};
    }
    reduce<Steps>(layer, a, m, exchange_of(ctx));
    expr::BatchLoops<Steps, Channelwise, T, false, expr::is_alone<Ctx>>::finish(a);
  }

  template <class Layer, class Ctx, class T>
  static void backward(const Layer& layer, Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T> y,
                       Rows<const T> dy, Rows<T> dx) {
    using Steps = typename program::Backward;
    expr::Arguments<T> a = arguments(layer, m, m.parameters.buffers, dy.count, rows_of_batch(ctx, dy.count));
    if (ctx.overwrite_gradients && m.parameters.gradients)
      for (const ParameterPlace& p : layer.parameters)
        if (p.trainable) std::fill_n(m.parameters.gradients + p.offset, p.size, T(0));
    // a parameter's gradient is a sum over the whole batch, which all shards know: the first one keeps it
    if constexpr (in_shards<Ctx>)
      if (ctx.shard && !ctx.shard->first)
        for (size_t k = 0; k < layer.parameters.size(); ++k)
          if (layer.parameters[k].trainable) a.gradient[k] = ctx.shard->space(layer.parameters[k].size);
    a.input[0] = {x.data, x.stride};
    a.output = {y.data, y.stride};
    a.seed = {dy.data, dy.stride};
    a.store[0] = {dx.data, dx.stride};
    if constexpr (noisy) a.noise = {m.workspace.saved, layer.size};
    reduce<Steps>(layer, a, m, exchange_of(ctx));
    if (dx) expr::BatchLoops<Steps, Channelwise, T>::finish(a);
  }

private:
  template <class Ctx>
  static constexpr bool in_shards = requires(Ctx& ctx) {
    ctx.shard;
  };
  template <class Ctx>
  static size_t rows_of_batch([[maybe_unused]] const Ctx& ctx, size_t rows) {
    if constexpr (in_shards<Ctx>) return ctx.shard ? ctx.shard->rows_of_batch(rows) : rows;
    else return rows;
  }
  template <class Ctx>
  static auto exchange_of([[maybe_unused]] const Ctx& ctx) {
    if constexpr (in_shards<Ctx>) return ctx.shard;
    else return nullptr;
  }
  /// The numbers per feature that forward keeps, in the order of `kept`; the others are scratch.
  template <class Steps>
  static constexpr int kept_place(int slot) {
    if constexpr (std::is_same_v<Steps, typename program::Evaluate>) return -1;
    else return program::s.kept.slot_of(Steps::plan.values.vertex[slot]);
  }
  template <class Steps>
  static constexpr size_t scratch_values() {
    size_t n = 0;
    for (int slot = 0; slot < Steps::plan.values.count; ++slot) n += kept_place<Steps>(slot) < 0;
    return n;
  }

  template <class Layer, class T>
  static expr::Arguments<T> arguments(const Layer& layer, const Memory<T>& m, const T* statistics, size_t count,
                                      size_t rows) {
    expr::Arguments<T> a;
    a.count = count;
    a.width = Channelwise ? layer.size : layer.features;
    a.repeats = Channelwise ? 1 : layer.share();
    a.pixels = layer.share();
    a.batch_count = rows * layer.share();
    for (size_t k = 0; k < layer.parameters.size(); ++k) {
      const ParameterPlace& p = layer.parameters[k];
      a.parameter[k] = (p.trainable ? m.parameters.values : statistics) + p.offset;
      if (p.trainable)
        a.gradient[k] = m.parameters.gradients ? m.parameters.gradients + p.offset : m.parameters.unused_gradient;
    }
    return a;
  }

  template <class Steps, class Layer, class T, class Exchange>
  static void reduce(const Layer& layer, expr::Arguments<T>& a, const Memory<T>& m, Exchange exchange) {
    const size_t step = aligned(layer.features);
    T* value[expr::Cuts::capacity]{};
    T* scratch = m.workspace.scratch_fixed;
    for (int slot = 0; slot < Steps::plan.values.count; ++slot) {
      const int kept = kept_place<Steps>(slot);
      value[slot] = kept >= 0 ? m.workspace.saved_fixed + static_cast<size_t>(kept) * step : scratch;
      if (kept < 0) scratch += step;
    }
    T* buffer[expr::Arguments<T>::most]{};
    for (size_t k = 0; k < layer.parameters.size(); ++k)
      if (!layer.parameters[k].trainable && m.parameters.buffers)
        buffer[k] = m.parameters.buffers + layer.parameters[k].offset;
    expr::BatchLoops<Steps, Channelwise, T>::reduce(a, layer.features, value, buffer, exchange);
  }
};

/// A formula over the batch bound to an input shape.
template <class E, class In>
struct BatchUnit {
  using input = In;
  using output = In;
  using formula = E;
  using parameter_list = typename declared_order<expr::parameters_of<E>>::type;
  using initializers = typename initializers_of<parameter_list>::type;
  using code = BatchCode<expr::Canonical<E>, has_channels<In>>;
  static constexpr bool looks_at_batch = true;

  static constexpr size_t features = feature_count<In>;
  template <class P>
  static constexpr ParameterSpec specify() {
    using traits = parameter_traits<P>;
    return {.name = traits::name,
            .dims = {traits::scalar ? 1 : features},
            .rank = 1,
            .trainable = traits::trainable,
            .fan_in = features,
            .fan_out = features};
  }
  static constexpr auto parameters = []<class... P>(list<P...>) {
    return std::array<ParameterSpec, sizeof...(P)>{specify<P>()...};
  }(parameter_list{});

  static constexpr auto layer = []<class... P>(list<P...>) {
    std::array<size_t, sizeof...(P)> number{
        static_cast<size_t>(expr::detail::position<P>(expr::parameters_of<E>{}))...};
    BatchLayer<sizeof...(P)> l{In::size, features};
    size_t learned = 0, buffers = 0;
    for (size_t i = 0; i < parameters.size(); ++i) {
      size_t& end = parameters[i].trainable ? learned : buffers;
      l.parameters[number[i]] = {end, parameters[i].size(), parameters[i].trainable};
      end += aligned(parameters[i].size());
    }
    return l;
  }(parameter_list{});
  static constexpr Needs needs = code::needs(In::size, features);

  template <class To>
  static auto onnx(To& to) requires(To::template has_words<formula>) {
    return to.template formula<BatchUnit>();
  }
  template <class Mode, class Ctx, class T>
  static void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode mode) {
    code::forward(layer, ctx, m, x, y, mode);
  }
  template <class Ctx, class T>
  static void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T> y, Rows<const T> dy, Rows<T> dx) {
    code::backward(layer, ctx, m, x, y, dy, dx);
  }
};

}  // namespace tenon::detail
