#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <tenon/inline.hpp>
#include <tenon/kernels/gemm_types.hpp>
#include <tenon/kernels/noise.hpp>
#include <tenon/layers/formula/skeleton.hpp>
#include <tenon/layers/formula/stage.hpp>
#include <tenon/net/layer.hpp>

/// The code of all layers of one formula, whatever their shapes and the names of their
/// parameters: the matrix products in it go to the context's GEMM, everything between and after them
/// becomes loops (expr/program.hpp), backward included. Shapes come in as numbers, so a hundred
/// different `Dense` layers are compiled once.
namespace tenon::detail {

/// What the loops of a formula are given. Inlined where samples come alone: they would wait for a thousand zeros, of
/// which their loops look at a few.
template <class T>
TENON_INLINE expr::Arguments<T> formula_arguments_inline(size_t count, size_t repeats, size_t width, size_t pixels) {
  expr::Arguments<T> a;
  a.count = count;
  a.repeats = repeats;
  a.width = width;
  a.pixels = pixels;
  a.batch_count = count * repeats;
  return a;
}
/// The same for batches, as a function that all formulas have in common: to set up the arguments takes a compiler as
/// long as a small loop.
template <class T>
TENON_NOINLINE expr::Arguments<T> formula_arguments(size_t count, size_t repeats, size_t width, size_t pixels) {
  return formula_arguments_inline<T>(count, repeats, width, pixels);
}
template <class T>
TENON_NOINLINE void give_parameter(expr::Arguments<T>& a, const Memory<T>& m, int slot, size_t offset) {
  a.parameter[slot] = m.parameters.values + offset;
  a.gradient[slot] = m.parameters.gradients ? m.parameters.gradients + offset : m.parameters.unused_gradient;
}

/// `F` is a skeleton. Channelwise, a feature is a channel of an image.
template <class F, bool Channelwise>
struct FormulaCode {
  using products = products_of<F>;
  using final_stage = Stage<typename substitute<F, products>::type, Channelwise>;
  using final_program = typename final_stage::program;

  static constexpr int parameter_count = static_cast<int>(expr::parameters_of<F>::size);
  static constexpr int product_count = static_cast<int>(products::size);
  static constexpr int chunks = chunks_of<F>;
  static constexpr int inputs = 1 + product_count + (chunks > 1 ? chunks : 0);

  template <int K>
  using stage = typename element_of<static_cast<size_t>(K), typename stages_of<products>::type>::type;
  template <int K>
  using weight = operator_of<typename element_of<static_cast<size_t>(K), products>::type>;
  /// The number of product K's weight, and whether that is stored (out, in).
  template <int K>
  static constexpr int weight_number = number_of<typename weight<K>::parameter>;
  template <int K>
  static constexpr bool transposed = weight<K>::transposed;

  static constexpr auto each_product = std::make_integer_sequence<int, product_count>{};
  static constexpr auto each_input = std::make_integer_sequence<int, inputs>{};

  static constexpr bool noisy = final_program::uses_noise;
  /// Whether the result uses one product alone, the last one, which can then be computed in place.
  static constexpr bool of_one_product = [] {
    int used = 0;
    for (int k = 1; k <= product_count; ++k) used += final_program::uses_input(k) ? 1 : 0;
    return used == 1;
  }();
  static constexpr int main_input = of_one_product ? product_count : 0;
  /// Whether forward keeps the derivative of the result by its main input for backward.
  static constexpr bool slope = (noisy || (of_one_product && final_program::reads_input(main_input))) &&
                                (of_one_product || product_count == 0) && chunks == 1 &&
                                final_program::slope_suffices(main_input);
  /// Whether that product is written to the result's memory, where the loop finishes it.
  static constexpr bool in_place = of_one_product && final_program::ForwardRecompute::plan.levels == 1;
  /// Whether dy is that product's gradient: nothing but a bias was added to it.
  static constexpr bool hands_on = of_one_product && final_program::passes_gradient(main_input);

  /// Whether backward reads product K.
  template <int K>
  static constexpr bool keeps = []<int... L>(std::integer_sequence<int, L...>) {
    return (!slope && final_program::reads_input(1 + K)) ||
           (((stage<L>::input == 1 + K) || (stage<L>::input < 0 && stage<L>::program::reads_input(1 + K))) || ...);
  }
  (each_product);
  template <int K>
  static constexpr bool in_result = (in_place) && K == product_count - 1;

  /// Whether backward of a stage reads x or a part of it.
  template <class Program>
  static constexpr bool reads_x() {
    for (int k = 0; k < inputs; ++k)
      if ((k == 0 || k > product_count) && Program::reads_input(k)) return true;
    return false;
  }
  static constexpr bool stages_read_x = []<int... K>(std::integer_sequence<int, K...>) {
    return ((stage<K>::input == 0 || stage<K>::input > product_count ||
             (stage<K>::input < 0 && reads_x<typename stage<K>::program>())) ||
            ...);
  }
  (each_product);
  static constexpr bool final_reads_x = !slope && reads_x<final_program>();

  template <class T>
  using PerProduct = std::array<T, static_cast<size_t>(product_count) + 1>;

  /// All that depends on the shapes. Offsets count numbers of a sample.
  struct Plan {
    std::array<ParameterSpec, static_cast<size_t>(parameter_count)> parameters{};
    std::array<size_t, static_cast<size_t>(parameter_count) + 1> offset{};
    size_t input_size = 0, output_size = 0;
    size_t width = 0, output_width = 0;  // of a row
    size_t repeats = 0;                  // rows of a sample
    size_t pixels = 1;                   // of a channel
    PerProduct<size_t> in{}, out{};
    PerProduct<size_t> operand{};           // saved: operands that are computed
    PerProduct<size_t> rows{};              // saved: per-row values of a stage
    PerProduct<size_t> product{};           // products, saved or scratch
    PerProduct<size_t> product_gradient{};  // backward scratch
    PerProduct<size_t> operand_gradient{};
    PerProduct<size_t> inference_operand{}, inference_product{};
    size_t slope = 0;
    Needs needs{};
  };

  /// The plan for an input. `declared` are the parameters with the dimensions that the formula states.
  static constexpr Plan plan(const FormulaInput& input, const decltype(Plan::parameters)& declared) {
    Plan p{.parameters = declared, .input_size = input.size, .width = input.width};
    p.repeats = input.width == 0 ? 0 : input.size / input.width;
    if (Channelwise) p.pixels = input.size / input.features;
    measure_products(p);
    p.output_width = widest_input(p);
    p.output_size = p.output_width * p.repeats;
    complete_parameters(p, input.features);
    lay_out(p);
    return p;
  }

  /// How many features input k of the final stage has: x, a product, or a chunk of x.
  static constexpr size_t input_width(const Plan& p, int k) {
    return k == 0 ? p.width : k <= product_count ? p.out[static_cast<size_t>(k) - 1] : p.width / chunks;
  }

  template <class Mode, class Ctx, class T>
  static void forward(const Plan& p, Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode mode) {
    if constexpr (Mode::training) {
      forward_apart(p, ctx, m, x, y, mode);
    } else {
      [&]<int... K>(std::integer_sequence<int, K...>) { (forward_product<K, Mode>(p, ctx, m, x, y), ...); }
      (each_product);
      expr::Arguments<T> a = formula_arguments_inline<T>(x.count, p.repeats, p.output_width, p.pixels);
      read_parameters<final_stage>(p, a, m);
      sources<false>(p, a, m, x, Rows<const T>(y));
      a.store[0] = {y.data, y.stride};
      expr::LoopsIn<Ctx, typename final_program::Evaluate, T>::run(a);
    }
  }

  template <class Ctx, class T>
  TENON_NOINLINE static void backward(const Plan& p, Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T> y,
                                      Rows<const T> dy, Rows<T> dx) {
    if (ctx.overwrite_gradients) clear_summed(p, m);
    if (dx && dx_starts_at_zero)
      for (size_t i = 0; i < dx.count; ++i) std::fill_n(dx[i], p.input_size, T(0));
    if (dx) backward_final<true>(p, ctx, m, x, y, dy, dx);
    else backward_final<false>(p, ctx, m, x, y, dy, dx);
  }

private:
  /// Forward in training, which keeps what backward reads.
  template <class Mode, class Ctx, class T>
  TENON_NOINLINE static void forward_apart(const Plan& p, Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y,
                                           Mode) {
    [&]<int... K>(std::integer_sequence<int, K...>) { (forward_product<K, Mode>(p, ctx, m, x, y), ...); }
    (each_product);
    expr::Arguments<T> a = arguments<final_stage>(p, m, x.count, p.output_width);
    sources<true>(p, a, m, x, Rows<const T>(y));
    a.store[0] = {y.data, y.stride};
    T* kept = m.workspace.saved + p.slope * x.count;
    if constexpr (noisy) {
      kernels::draw_keep_mask(ctx, kept, x.count, p.output_size, final_program::noise_rate, m.ids.stream);
      a.noise = {kept, p.output_size};
    }
    if constexpr (slope) {
      a.store[1] = {kept, p.output_size};
      expr::LoopsIn<Ctx, typename final_program::ForwardSlope, T>::run(a);
    } else {
      per_row<product_count>(p, a, m, x.count);
      expr::LoopsIn<Ctx, typename final_program::ForwardRecompute, T>::run(a);
    }
  }
  /// How many features each product takes and gives: its weight says so.
  static constexpr void measure_products(Plan& p) {
    [&]<int... K>(std::integer_sequence<int, K...>) {
      ((p.in[K] = p.parameters[weight_number<K>].dims[transposed<K> ? 1 : 0],
        p.out[K] = p.parameters[weight_number<K>].dims[transposed<K> ? 0 : 1]),
       ...);
    }
    (each_product);
  }
  /// The features of a row of the result: those of the last input that the final stage uses.
  static constexpr size_t widest_input(const Plan& p) {
    for (int k = inputs - 1; k >= 0; --k)
      if (final_program::uses_input(k)) return input_width(p, k);
    return p.width;
  }

  /// How many features the stage has that uses parameter number P; 0 where two stages disagree.
  static constexpr size_t features_of(const Plan& p, int number) {
    size_t found = stage_uses<final_stage>(number) ? p.output_width : 0;
    bool agree = true;
    [&]<int... K>(std::integer_sequence<int, K...>) {
      (
          [&] {
            if (!stage_uses<stage<K>>(number)) return;
            agree = agree && (found == 0 || found == p.in[K]);
            found = p.in[K];
          }(),
          ...);
    }
    (each_product);
    return agree ? found : 0;
  }
  template <class S>
  static constexpr bool stage_uses(int number) {
    bool uses = false;
    [&]<class... P>(list<P...>) { ((uses = uses || number_of<P> == number), ...); }(typename S::parameters{});
    return uses;
  }
  /// What the input's shape says of the parameters: their features and fans, and where each of them lies.
  static constexpr void complete_parameters(Plan& p, size_t channels) {
    for (size_t i = 0; i < p.parameters.size(); ++i) {
      ParameterSpec& spec = p.parameters[i];
      if (spec.dims[0] == per_feature) spec.dims[0] = Channelwise ? channels : features_of(p, static_cast<int>(i));
      spec.fan_in = product_count > 0 ? p.in[0] : p.width;
      spec.fan_out = p.output_width;
      p.offset[i + 1] = p.offset[i] + aligned(spec.size());
    }
  }

  /// Where every intermediate result lies: among what is saved if backward reads it, otherwise in scratch.
  static constexpr void lay_out(Plan& p) {
    Needs& n = p.needs;
    const auto take = [&p](size_t& end, size_t count) {
      const size_t at = end;
      end += aligned(count * p.repeats);
      return at;
    };
    [&]<int... K>(std::integer_sequence<int, K...>) {
      (([&] {
         if (stage<K>::input < 0) {
           p.operand[K] = take(n.saved.sample, p.in[K]);
           p.inference_operand[K] = take(n.inference.sample, p.in[K]);
           p.rows[K] = take(n.saved.sample, static_cast<size_t>(stage<K>::program::saved_rows));
           p.operand_gradient[K] = take(n.backward.sample, p.in[K]);
         }
         if (!in_result<K> || keeps<K>) p.product[K] = take(keeps<K> ? n.saved.sample : n.forward.sample, p.out[K]);
         if (!in_result<K>) p.inference_product[K] = take(n.inference.sample, p.out[K]);
         if (!hands_on || K < product_count - 1) p.product_gradient[K] = take(n.backward.sample, p.out[K]);
       }()),
       ...);
    }
    (each_product);
    p.rows[product_count] = take(n.saved.sample, static_cast<size_t>(final_program::saved_rows));
    if (slope || noisy) p.slope = take(n.saved.sample, p.output_width);
    n.backward_reads_input = stages_read_x || final_reads_x;
    n.backward_reads_output = !slope && final_program::reads_output;
    n.streams = noisy ? 1U : 0U;
  }

  /// What the loops of stage S are given: sizes, and its parameters with their gradients.
  template <class S, class T>
  static expr::Arguments<T> arguments(const Plan& p, const Memory<T>& m, size_t count, size_t row) {
    expr::Arguments<T> a = formula_arguments<T>(count, p.repeats, row, p.pixels);
    [&]<class... P>(list<P...>) {
      [[maybe_unused]] int slot = 0;
      (give_parameter(a, m, slot++, p.offset[number_of<P>]), ...);
    }(typename S::parameters{});
    return a;
  }

  /// The same where nothing learns.
  template <class S, class T>
  static void read_parameters(const Plan& p, expr::Arguments<T>& a, const Memory<T>& m) {
    [&]<class... P>(list<P...>) {
      [[maybe_unused]] int slot = 0;
      ((a.parameter[slot++] = m.parameters.values + p.offset[number_of<P>]), ...);
    }(typename S::parameters{});
  }

  /// Where stage K keeps what it has computed of each row, say its mean, for backward.
  template <int K, class T>
  static void per_row(const Plan& p, expr::Arguments<T>& a, const Memory<T>& m, size_t count) {
    using S = typename std::conditional_t<K == product_count, std::type_identity<final_stage>, lazy_stage<K>>::type;
    for (int k = 0; k < S::program::saved_rows; ++k)
      a.saved_row[k] = m.workspace.saved + p.rows[K] * count + static_cast<size_t>(k) * count * p.repeats;
  }
  template <int K>
  struct lazy_stage {
    using type = stage<K>;
  };

  /// All inputs of a stage, and where all their gradients go.
  template <bool Train, class T>
  static void sources(const Plan& p, expr::Arguments<T>& a, const Memory<T>& m, Rows<const T> x, Rows<const T> y) {
    [&]<int... J>(std::integer_sequence<int, J...>) { ((a.input[J] = source<J, Train>(p, m, x, y)), ...); }
    (each_input);
  }
  template <class T>
  static void destinations(const Plan& p, expr::Arguments<T>& a, const Memory<T>& m, Rows<T> dx, size_t count) {
    [&]<int... J>(std::integer_sequence<int, J...>) { ((a.store[J] = destination<J>(p, m, dx, count)), ...); }
    (each_input);
  }

  /// Input J of a stage: x, a product, or a chunk of x.
  template <int J, bool Train, class T>
  static expr::Array<const T> source(const Plan& p, const Memory<T>& m, Rows<const T> x, Rows<const T> y) {
    if constexpr (J == 0) return {x.data, x.stride};
    else if constexpr (J <= product_count) return product_rows<J - 1, Train, const T>(p, m, y);
    else return chunk_of<J>(p, x);
  }
  /// Where its gradient goes.
  template <int J, class T>
  static expr::Array<T> destination(const Plan& p, const Memory<T>& m, Rows<T> dx, size_t count) {
    if constexpr (J == 0) return {dx.data, dx.stride};
    else if constexpr (J <= product_count)
      return {m.workspace.scratch + p.product_gradient[J - 1] * count, p.out[J - 1] * p.repeats};
    else return chunk_of<J>(p, dx);
  }
  template <int J, class U>
  static expr::Array<U> chunk_of(const Plan& p, Rows<U> rows) {
    constexpr size_t part = J - 1 - product_count;
    const size_t length = p.width / chunks;
    return {rows.data ? rows.data + part * length : nullptr, rows.stride, p.width - length};
  }

  /// Where product K lies: in the result's memory, among what is saved, or in scratch.
  template <int K, bool Train, class U, class T>
  static expr::Array<U> product_rows(const Plan& p, const Memory<T>& m, Rows<U> y) {
    if constexpr (in_result<K> && !(Train && keeps<K>)) return {y.data, y.stride};
    else if constexpr (!Train) return {m.workspace.scratch + p.inference_product[K] * y.count, p.out[K] * p.repeats};
    else return {(keeps<K> ? m.workspace.saved : m.workspace.scratch) + p.product[K] * y.count, p.out[K] * p.repeats};
  }

  /// Where the left operand of product K lies if a stage computes it.
  template <int K, bool Train, class T>
  static T* operand_buffer(const Plan& p, const Memory<T>& m, size_t count) {
    return Train ? m.workspace.saved + p.operand[K] * count : m.workspace.scratch + p.inference_operand[K] * count;
  }

  /// Computes product K, before that its left operand if it is not an input as it is.
  template <int K, class Mode, class Ctx, class T>
  static void forward_product(const Plan& p, Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y) {
    using S = stage<K>;
    const size_t in = p.in[K], out = p.out[K];
    expr::Array<const T> operand;
    if constexpr (S::input >= 0) {
      operand = source<S::input, Mode::training>(p, m, x, Rows<const T>(y));
    } else {
      expr::Arguments<T> a = arguments<S>(p, m, x.count, in);
      sources<Mode::training>(p, a, m, x, Rows<const T>(y));
      T* buffer = operand_buffer<K, Mode::training>(p, m, x.count);
      a.store[0] = {buffer, in * p.repeats};
      if constexpr (Mode::training) {
        per_row<K>(p, a, m, x.count);
        expr::LoopsIn<Ctx, typename S::program::ForwardRecompute, T>::run(a);
      } else {
        expr::LoopsIn<Ctx, typename S::program::Evaluate, T>::run(a);
      }
      operand = {buffer, in * p.repeats};
    }
    const expr::Array<T> result = product_rows<K, Mode::training, T>(p, m, y);
    const T* weight = m.parameters.values + p.offset[weight_number<K>];
    blocks(p, x.count, adjoin(p, operand, in) && adjoin(p, result, out), [&](size_t first, size_t rows) {
      ctx.gemm(kernels::Transpose::no, transposed<K> ? kernels::Transpose::yes : kernels::Transpose::no, rows, out, in,
               T(1), operand.data + first * operand.stride, row_stride(p, operand, in), weight,
               transposed<K> ? in : out, T(0), result.data + first * result.stride, row_stride(p, result, out));
    });
  }

  /// Samples whose rows lie side by side are one product; otherwise a sequence takes one a sample.
  template <class G>
  static void blocks(const Plan& p, size_t count, bool together, G run) {
    if (p.repeats == 1 || together) return run(size_t{0}, count * p.repeats);
    for (size_t i = 0; i < count; ++i) run(i, p.repeats);
  }
  /// Whether the rows of one sample end where those of the next begin.
  template <class U>
  static bool adjoin(const Plan& p, const expr::Array<U>& rows, size_t length) {
    return rows.gap == 0 && rows.stride == length * p.repeats;
  }
  template <class U>
  static size_t row_stride(const Plan& p, const expr::Array<U>& rows, size_t length) {
    return p.repeats == 1 ? rows.stride : length + rows.gap;
  }

  /// Gradients that loops sum start at zero; a product's gradient is overwritten by the GEMM.
  template <class T>
  static void clear_summed(const Plan& p, const Memory<T>& m) {
    if (!m.parameters.gradients) return;
    for (size_t i = 0; i < p.parameters.size(); ++i)
      if (!written_by_product(static_cast<int>(i)))
        std::fill_n(m.parameters.gradients + p.offset[i], p.parameters[i].size(), T(0));
  }
  static constexpr bool written_by_product(int number) {
    int products_of_it = 0;
    [&]<int... K>(std::integer_sequence<int, K...>) { ((products_of_it += weight_number<K> == number ? 1 : 0), ...); }
    (each_product);
    return products_of_it == 1;
  }

  /// Whether the gradient of input J is there when backward comes to stage K: from the final stage,
  /// which runs first, or from that of a later product.
  template <int K, int J>
  static constexpr bool gradient_written = []<int... L>(std::integer_sequence<int, L...>) {
    if (chunks > 1 && (J == 0 || J > product_count)) return true;
    return final_program::has_gradient(J) ||
           ((L > K && (stage<L>::input == J || (stage<L>::input < 0 && stage<L>::program::has_gradient(J)))) || ...);
  }
  (each_product);
  /// Chunks of x are parts of dx; unless the final stage writes all of them, they are added to zero.
  static constexpr bool dx_starts_at_zero = [] {
    if (chunks == 1) return !gradient_written<-1, 0>;
    for (int j = 1 + product_count; j < inputs; ++j)
      if (!final_program::has_gradient(j)) return true;
    return false;
  }();

  /// The inputs whose gradients are asked for, as bits; without dx, the products alone.
  static constexpr unsigned wanted(bool with_dx) {
    unsigned mask = 0;
    for (int k = 0; k < inputs; ++k)
      if (with_dx || (k >= 1 && k <= product_count)) mask |= 1U << k;
    return mask;
  }

  /// Back through the final stage, then through the products, the last one first.
  template <bool WithDx, class Ctx, class T>
  static void backward_final(const Plan& p, [[maybe_unused]] Ctx& ctx, const Memory<T>& m,
                             [[maybe_unused]] Rows<const T> x, [[maybe_unused]] Rows<const T> y, Rows<const T> dy,
                             [[maybe_unused]] Rows<T> dx) {
    constexpr bool learns = parameter_count > 0;
    if constexpr (WithDx || learns) {
      expr::Arguments<T> a = arguments<final_stage>(p, m, dy.count, p.output_width);
      a.seed = {dy.data, dy.stride};
      if constexpr (slope) {
        constexpr bool asked = WithDx || product_count > 0;
        a.noise = {m.workspace.saved + p.slope * dy.count, p.output_size};
        if constexpr (asked) a.store[0] = destination<main_input>(p, m, dx, dy.count);
        using Spec = std::conditional_t<asked, typename final_program::BackwardSlope,
                                        typename final_program::BackwardSlopeParameters>;
        expr::LoopsIn<Ctx, Spec, T>::run(a);
      } else {
        sources<true>(p, a, m, x, y);
        destinations(p, a, m, dx, dy.count);
        if constexpr (noisy) a.noise = {m.workspace.saved + p.slope * dy.count, p.output_size};
        a.output = {y.data, y.stride};
        per_row<product_count>(p, a, m, dy.count);
        constexpr unsigned mask = hands_on ? wanted(WithDx) & ~(1U << main_input) : wanted(WithDx);
        using Spec = typename final_program::template BackwardRecompute<mask, dx_starts_at_zero ? ~wanted(false) : 0U>;
        if constexpr (Spec::plan.outputs.count > 0) expr::LoopsIn<Ctx, Spec, T>::run(a);
      }
      [&]<int... K>(std::integer_sequence<int, K...>) {
        (backward_product<product_count - 1 - K, WithDx>(p, ctx, m, x, y, dy, dx), ...);
      }
      (each_product);
    }
  }

  /// The gradients of product K's weight and of its left operand, and back through the stage that computes that.
  template <int K, bool WithDx, class Ctx, class T>
  static void backward_product(const Plan& p, Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T> y,
                               Rows<const T> dy, [[maybe_unused]] Rows<T> dx) {
    using S = stage<K>;
    using kernels::Transpose;
    const size_t count = dy.count, in = p.in[K], out = p.out[K];
    expr::Array<const T> gradient{dy.data, dy.stride};
    if constexpr (!hands_on || K < product_count - 1) {
      T* own = m.workspace.scratch + p.product_gradient[K] * count;
      if constexpr (!gradient_written<K, 1 + K>) std::fill_n(own, count * out * p.repeats, T(0));
      gradient = {own, out * p.repeats};
    }
    expr::Array<const T> operand;
    if constexpr (S::input >= 0) operand = source<S::input, true>(p, m, x, y);
    else operand = {operand_buffer<K, true>(p, m, count), in * p.repeats};

    T* weight_gradient = m.parameters.gradients ? m.parameters.gradients + p.offset[weight_number<K>] : nullptr;
    bool overwrite = ctx.overwrite_gradients && written_by_product(weight_number<K>);
    const auto weigh = [&](size_t first, size_t rows) {
      const T* g = gradient.data + first * gradient.stride;
      const T* o = operand.data + first * operand.stride;
      const size_t gs = row_stride(p, gradient, out), os = row_stride(p, operand, in);
      const T beta = overwrite ? T(0) : T(1);
      if constexpr (transposed<K>)
        ctx.gemm(Transpose::yes, Transpose::no, out, in, rows, T(1), g, gs, o, os, beta, weight_gradient, in);
      else ctx.gemm(Transpose::yes, Transpose::no, in, out, rows, T(1), o, os, g, gs, beta, weight_gradient, out);
      overwrite = false;
    };
    if (weight_gradient) blocks(p, count, adjoin(p, operand, in) && adjoin(p, gradient, out), weigh);

    const auto into = [&](expr::Array<T> target, T beta) {
      const T* weight = m.parameters.values + p.offset[weight_number<K>];
      blocks(p, count, adjoin(p, target, in) && adjoin(p, gradient, out), [&](size_t first, size_t rows) {
        ctx.gemm(Transpose::no, transposed<K> ? Transpose::no : Transpose::yes, rows, in, out, T(1),
                 gradient.data + first * gradient.stride, row_stride(p, gradient, out), weight,
                 transposed<K> ? in : out, beta, target.data + first * target.stride, row_stride(p, target, in));
      });
    };
    if constexpr (S::input >= 0) {
      constexpr bool of_x = S::input == 0 || S::input > product_count;
      if constexpr (WithDx || !of_x)
        into(destination<S::input>(p, m, dx, count), gradient_written<K, S::input> ? T(1) : T(0));
    } else {
      constexpr unsigned written = []<int... J>(std::integer_sequence<int, J...>) {
        return (0U | ... | (gradient_written<K, J> ? 1U << J : 0U));
      }
      (each_input);
      using Spec = typename S::program::template BackwardRecompute<wanted(WithDx), written>;
      if constexpr (Spec::plan.outputs.count > 0) {
        const expr::Array<T> target{m.workspace.scratch + p.operand_gradient[K] * count, in * p.repeats};
        into(target, T(0));
        expr::Arguments<T> a = arguments<S>(p, m, count, in);
        a.seed = {target.data, target.stride};
        a.output = operand;
        sources<true>(p, a, m, x, y);
        destinations(p, a, m, dx, count);
        per_row<K>(p, a, m, count);
        expr::LoopsIn<Ctx, Spec, T>::run(a);
      }
    }
  }
};

}  // namespace tenon::detail
