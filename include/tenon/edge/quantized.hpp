#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include <tenon/edge/quantized_check.hpp>
#include <tenon/edge/quantized_run.hpp>

namespace tenon {

/// A network in int8, for one sample at a time: what `Frozen` is in float.
///
///     #include "digits_int8.hpp"                     // written by export_quantized_header
///     Quantized<digits_int8::Net, digits_int8::numbers> net;
///     const int digit = net.classify(pixels);        // floats
///
///     read_sensor(net.input());                      // or int8 from the sensor straight into its place
///     net.run();
///     use(net.output());
///
/// Layers: Dense, alone or on every step of a sequence, convolutions and their transposes in one and two dimensions
/// (strided, padded, dilated, in groups, depthwise; ZeroPad in front is free), pools, Upsample, every function of one
/// number (Sigmoid, Tanh, GELU, HardSwish, `Map<x * sigmoid(x)>`: a table of 256 bytes that the compiler computes),
/// Softmax, LayerNorm, RMSNorm, GroupNorm, InstanceNorm, LSTM, GRU and RNN (stacked, in both directions, of any number
/// of steps, with `mask<0>`), BatchNorm (free when `fold` has made it part of the layer before), MultiheadAttention,
/// CrossAttention, PReLU, Embedding, Tied, Where, positions, Multiply, Divide, Subtract, Maximum, Minimum, FiLM, GLU
/// and other formulas of several tensors, all that moves numbers, and compositions of any shape: Graph with any number
/// of inputs and outputs, Concat, sums, SplitAt, Gate, SqueezeExcite, UNet, DenseBlock, Repeat, Freeze,
/// TimeDistributed. ReLU, ReLU6 and HardTanh are free behind layers, products, sums and pools. Anything else is one
/// compile error that names the layer. Weights may be kept in four bits (`store_weights`), and activations in 16
/// (`StoreActivations`). Multipliers, folded zero points and the proof that no sum exceeds 32 bits are the compiler's
/// work. All machines give the same int8 numbers. Images lie in int8 as cameras give them, pixel by pixel: `input()` is
/// (height, width, channels); floats come in the network's own order. `Quantized<Net>` without numbers says how much
/// memory it would need, and takes tables made at run time by `edge::make_tables`, or lying in a blob
/// (`open_quantized`), of which it keeps a pointer.
template <class Net, const QuantizedNumbers<Net>&... Q>
class Quantized {
  static_assert(sizeof...(Q) <= 1, "Quantized<Net, numbers> takes one constant");
  static constexpr const auto& plan = edge::quantized_plan<Net>;
  static_assert(detail::check_execution<in_int8, Net>());
  static constexpr size_t in = input_shape<Net>::size;
  static constexpr size_t out = output_shape<Net>::size;
  static constexpr size_t inputs = plan.inputs, outputs = plan.outputs();

public:
  using network = Net;
  /// What activations are: std::int8_t, or std::int16_t of a network with `activation_bits<16>`.
  using Number = edge::Activation<Net>;

  /// The activations, input and output included: what one object takes, without the pointer to tables
  /// that are given at run time.
  static constexpr size_t ram_bytes = plan.arena * plan.number_bytes();
  /// The packed weights; beside them a row takes nine bytes. Where one scale is for all (`per_tensor<true>`) it takes
  /// four, or three where all layers are such dense ones and the compiler sees that their biases fit.
  static constexpr size_t weight_bytes = plan.weight_bytes;
  static constexpr size_t macs = plan.macs;

  constexpr Quantized() requires(sizeof...(Q) == 1) = default;
  /// Refers to the tables, which must outlive it, and whose `sums_fit` has to be true.
  constexpr explicit Quantized(const edge::QuantizedTables<Net>& tables) requires(sizeof...(Q) == 0)
      : given_{&tables} {}

  /// Where the sample's numbers go, and where the result's are after `run`: real = scale * (q - zero). A run
  /// writes over its input. Behind a Standardize that alone reads an input, real is what this layer makes of the
  /// sample, and `set_floats` does both; in front of an Unstandardize that is the last layer, real is what this layer
  /// is given, and `get_floats` does both. Of several inputs or outputs each is called by its name or its number:
  ///     read_camera(net.input<"image">());
  ///     net.run();
  ///     use(net.output<"digit">());
  template <size_t K>
  constexpr auto input() {
    return std::span<Number, plan.sizes[K]>(arena_ + plan.place(K), plan.sizes[K]);
  }
  template <size_t K>
  constexpr auto output() const {
    constexpr size_t t = plan.output_tensor(K);
    return std::span<const Number, plan.sizes[t]>(arena_ + plan.place(t), plan.sizes[t]);
  }
  template <size_t K>
  constexpr float input_scale() const {
    return tables().input_scale[K];
  }
  template <size_t K>
  constexpr float output_scale() const {
    return tables().output_scale[K];
  }
  template <size_t K>
  constexpr int input_zero() const {
    return tables().zero[K];
  }
  template <size_t K>
  constexpr int output_zero() const {
    return tables().zero[plan.output_tensor(K)];
  }
  template <fixed_string Name>
  constexpr auto input() {
    return input<input_index<Net, Name>>();
  }
  template <fixed_string Name>
  constexpr auto output() const {
    return output<output_index<Net, Name>>();
  }
  template <fixed_string Name>
  constexpr float input_scale() const {
    return input_scale<input_index<Net, Name>>();
  }
  template <fixed_string Name>
  constexpr float output_scale() const {
    return output_scale<output_index<Net, Name>>();
  }
  template <fixed_string Name>
  constexpr int input_zero() const {
    return input_zero<input_index<Net, Name>>();
  }
  template <fixed_string Name>
  constexpr int output_zero() const {
    return output_zero<output_index<Net, Name>>();
  }
  constexpr auto input() requires(inputs == 1) { return input<0>(); }
  constexpr auto output() const requires(outputs == 1) { return output<0>(); }
  constexpr float input_scale() const requires(inputs == 1) { return input_scale<0>(); }
  constexpr float output_scale() const requires(outputs == 1) { return output_scale<0>(); }
  constexpr int input_zero() const requires(inputs == 1) { return input_zero<0>(); }
  constexpr int output_zero() const requires(outputs == 1) { return output_zero<0>(); }

  /// A sample in its own unit, in the network's own order, in place of `input()`: an array, or a span of its size.
  template <size_t K = 0>
    requires(!plan.tokens[K])
  constexpr void set_floats(std::span<const float, plan.sizes[K]> numbers) { take<K>(numbers.data()); }

  /// The result in its own unit, in the network's own order, in place of `output()`.
  template <size_t K = 0>
  constexpr void get_floats(std::span<float, plan.sizes[plan.output_tensor(K)]> numbers) const {
    give<K>(numbers.data());
  }

  /// The tokens of an input that an Embedding reads, in place of `input()`, which has two bytes for each, the lower one
  /// first. One that the vocabulary does not have counts as a row of zeros.
  template <size_t K = 0>
    requires(plan.tokens[K])
  constexpr void set_tokens(std::span<const std::uint16_t, plan.sizes[K] / 2> ids) {
    for (size_t i = 0; i < ids.size(); ++i) edge::write_token(arena_ + plan.place(K), i, ids[i]);
  }

  /// Bytes from 0 to 255, as a camera gives them, in the order of `input()`; they may lie there already. Byte b is the
  /// int8 number b - 128, so it means input_scale() * (b - 128 - input_zero()): b / 255 where the input was calibrated
  /// with a range from 0 to 1 (`Calibration::input_ranges`). Not where features have scales of their own.
  template <size_t K = 0, size_t N>
    requires(!plan.wide && !plan.tokens[K] && plan.scaled[K].features == 0 && N == plan.sizes[K])
  constexpr void set_bytes(std::span<const std::uint8_t, N> bytes) {
    for (size_t i = 0; i < N; ++i)
      arena_[plan.place(K) + i] = static_cast<std::int8_t>(static_cast<std::uint8_t>(bytes[i] ^ 128U));
  }

  constexpr void run() {
    edge::detail::forget_states<Net>(arena_);
    edge::run_steps(tables(), arena_, std::make_index_sequence<plan.count>{});
  }

  /// The same from float to float. Several inputs, or outputs, are one behind the other here.
  constexpr void operator()(std::span<const float, in> sample, std::span<float, out> y) {
    take_all(sample.data());
    run();
    give_all(y.data());
  }
  /// A span of floats for each input in turn, or by its name; gives the output's floats, or those of all
  /// (`SampleResult`):
  ///     const auto [kind, value] = net(image, table);
  ///     const auto by_name = net(in<"table">(table), in<"image">(image)).get<"value">();
  template <class... X>
    requires edge::detail::SampleInputs<Net, X...>
  constexpr auto operator()(const X&... sample) {
    edge::detail::for_each_input<Net>(
        [this]<size_t K>(std::integral_constant<size_t, K>, const float* from) { this->template take<K>(from); },
        sample...);
    run();
    SampleResult<Net> all;
    give_all(all.numbers.data());
    if constexpr (outputs == 1) return all.numbers;
    else return all;
  }
  template <class... X>
    requires(edge::detail::are_no_sample<Net, X...>)
  constexpr auto operator()(X&&...) { return edge::detail::refuse_sample<"Quantized", Net, X...>(); }

  /// The class with the largest output, the first of equals. A final Softmax is left out.
  constexpr int classify() requires(out > 1 && outputs == 1 && plan.unscaled.features == 0) {
    constexpr size_t needed = plan.count - (plan.ends_in_softmax() ? 1 : 0);
    edge::detail::forget_states<Net>(arena_);
    edge::run_steps(tables(), arena_, std::make_index_sequence<needed>{});
    const Number* score = arena_ + plan.place(needed);
    constexpr edge::TensorOrder order = plan.orders[needed];
    size_t best = 0;
    for (size_t i = 1; i < out; ++i)
      if (score[order.place(i)] > score[order.place(best)]) best = i;
    return static_cast<int>(best);
  }
  constexpr int classify(std::span<const float, in> sample) requires(out > 1 && outputs == 1 &&
                                                                     plan.unscaled.features == 0) {
    take_all(sample.data());
    return classify();
  }

  /// Forgets the last sample.
  constexpr void reset() {
    for (Number& number : arena_) number = 0;
  }

private:
  struct Nothing {};

  static_assert((true && ... && edge::detail::tables_of<Net, Q>().sums_fit),
                "a row's weights are so large that its sum may exceed 32 bits");

  constexpr const auto& tables() const {
    if constexpr (sizeof...(Q) == 1) return (edge::detail::tables_of<Net, Q>(), ...);
    else return *given_;
  }
  template <size_t K>
  constexpr void take(const float* sample) {
    edge::write_input<Net, K>(input_scale<K>(), input_zero<K>(), tables().features, sample, arena_ + plan.place(K));
  }
  constexpr void take_all(const float* row) {
    tenon::detail::each_number<inputs>([&]<size_t K>(std::integral_constant<size_t, K>) {
      take<K>(row + tenon::detail::port_offset<input_shape<Net>>(K));
    });
  }
  template <size_t K>
  constexpr void give(float* y) const {
    edge::read_output<Net, K>(output_scale<K>(), output_zero<K>(), tables().unscaled, output<K>().data(), y);
  }
  constexpr void give_all(float* row) const {
    tenon::detail::each_number<outputs>([&]<size_t K>(std::integral_constant<size_t, K>) {
      give<K>(row + tenon::detail::port_offset<output_shape<Net>>(K));
    });
  }

  alignas(4) Number arena_[plan.arena]{};
  [[no_unique_address]] std::conditional_t<sizeof...(Q) == 0, const edge::QuantizedTables<Net>*, Nothing> given_{};
};

}  // namespace tenon
