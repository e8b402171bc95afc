#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenon/layers/recurrent/code.hpp>
#include <tenon/layers/recurrent/options.hpp>
#include <tenon/net/fusion.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/reshaping.hpp>
#include <tenon/shape.hpp>

namespace tenon {

/// What a recurrent layer takes, and what its arguments should have been.
struct sequences_of_steps_features;
template <size_t Features>
struct sequences_of_steps_with_features;
struct hidden_or_features_and_hidden_all_at_least_1;
struct at_least_one_layer_and_a_dropout_rate_of_at_least_0_and_below_1;
struct a_cell_clip_above_0;
struct a_nonlinearity_whose_slope_follows_from_its_value;
struct options_that_this_layer_has;
struct stateful_without_mask_or_bidirectional;

/// U(-b, b) with b = 1/sqrt(Hidden): what PyTorch draws for all parameters of a recurrent layer.
template <size_t Hidden>
struct RecurrentDefault {
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec&, Stream& stream) {
    detail::fill_uniform(values, 1 / std::sqrt(static_cast<double>(Hidden)), stream);
  }
};

namespace detail {

/// What the arguments of a recurrent layer say.
struct RecurrentOptions {
  size_t layers = 1;
  bool bidirectional = false;
  bool last = false;
  bool bias = true;
  bool masked = false;
  bool stateful = false;
  double mask = 0;
  bool reset_before = false;
  double dropout = 0;
  Peepholes peepholes = Peepholes::none;
  double cell_clip = 0;  // 0: none
  bool usable = true;
  bool limited = true;  // its cell_clip is one
  bool litert_int8 = false;
  unsigned own = no_own_option;

  template <auto N>
  constexpr void read(option::Layers<N>) {
    if (N < 1) usable = false;
    else layers = static_cast<size_t>(N);
  }
  template <auto Rate>
  constexpr void read(option::Dropout<Rate>) {
    if (!(Rate >= 0 && Rate < 1)) usable = false;
    else dropout = static_cast<double>(Rate);
  }
  constexpr void read(option::Bidirectional) { bidirectional = true; }
  constexpr void read(option::Last) { last = true; }
  template <auto Value>
  constexpr void read(option::Mask<Value>) {
    if (std::is_same_v<decltype(Value), bool>) own |= not_recurrent;  // mask<true> would stand for the number 1
    masked = true;
    mask = static_cast<double>(Value);
  }
  constexpr void read(option::Stateful) { stateful = true; }
  constexpr void read(option::Bias<false>) { bias = false; }
  template <class F>
  constexpr void read(option::Nonlinearity<F>) {
    own |= own_nonlinearity;
  }
  template <bool Value>
  constexpr void read(option::LinearBeforeReset<Value>) {
    reset_before = !Value;
    own |= own_reset_before;
  }
  constexpr void read(option::Peepholes) {
    peepholes = Peepholes::full;
    own |= own_peepholes;
  }
  constexpr void read(option::DiagonalPeepholes) {
    peepholes = Peepholes::diagonal;
    own |= own_peepholes;
  }
  template <auto Limit>
  constexpr void read(option::CellClip<Limit>) {
    cell_clip = static_cast<double>(Limit);
    limited = cell_clip > 0 && cell_clip < std::numeric_limits<double>::infinity();
    own |= own_cell_clip;
  }
  constexpr void read(option::LitertInt8) {
    litert_int8 = true;
    own |= own_litert_int8;
  }
  constexpr void read(option::Bias<true>) {}
  template <class I>
  constexpr void read(option::Init<I>) {}
  template <class Other>
  constexpr void read(Other) {
    if (!std::is_integral_v<Other>) own |= not_recurrent;
  }
};

/// A layer that sees what lies behind alone, and every step.
template <class In, Time Axis>
constexpr bool recurrent_steps(const RecurrentOptions& options) {
  return Axis == Time::first && In::rank == 2 && !options.bidirectional && !options.masked && !options.last;
}

template <auto... Argument>
struct RecurrentArguments {
  using sizes = sizes_of<Argument...>;
  static constexpr RecurrentOptions options = [] {
    RecurrentOptions o;
    (o.read(Argument), ...);
    return o;
  }();
  static constexpr bool counted = sizes::positive && (sizes::count == 1 || sizes::count == 2);
  static constexpr bool states_input = counted && sizes::count == 2;
  static constexpr size_t features = states_input ? sizes::get(0) : 0;
  static constexpr size_t hidden = counted ? sizes::get(sizes::count - 1) : 1;
  static constexpr size_t width = hidden * (options.bidirectional ? 2 : 1);

  template <class In, bool Last>
  using output = std::conditional_t<Last, Shape<width>, Shape<In::front, width>>;
};

/// PyTorch's names: `weight_ih_l0`, `bias_hh_l1_reverse`.
struct RecurrentName {
  char text[40]{};
  size_t length = 0;

  constexpr void add(std::string_view part) {
    for (const char c : part) text[length++] = c;
  }
  constexpr void add(size_t number) {
    char digits[20]{};
    size_t count = 0;
    do digits[count++] = static_cast<char>('0' + number % 10);
    while ((number /= 10) > 0);
    while (count > 0) text[length++] = digits[--count];
  }
  constexpr std::string_view view() const { return {text, length}; }
};

/// A parameter of a pass: its name, and its size in gates, features and hidden units.
struct RecurrentParameter {
  std::string_view name;
  enum Size : unsigned char { input_weight, square, vector_of_gates, vector } size = square;
};

/// A recurrent layer bound to an input, giving the whole sequence or the last state.
template <class Cell, class In, bool Last, auto... Argument>
struct RecurrentUnit {
  using arguments = RecurrentArguments<Argument...>;
  using code = RecurrentCode<Cell>;
  using input = In;
  using output = typename arguments::template output<In, Last>;
  static constexpr const RecurrentOptions& options = arguments::options;

  static constexpr RecurrentPlan plan{.steps = In::front,
                                      .features = In::inner,
                                      .hidden = arguments::hidden,
                                      .layers = options.layers,
                                      .directions = options.bidirectional ? size_t{2} : size_t{1},
                                      .gates = code::pass::gates,
                                      .row_blocks = code::pass::row,
                                      .blocks = code::pass::blocks,
                                      .feature_parameters = code::pass::features,
                                      .bias = options.bias,
                                      .memory_matrix = options.peepholes == Peepholes::full,
                                      .last_only = Last,
                                      .masked = options.masked,
                                      .states = options.stateful ? code::pass::states : size_t{0},
                                      .mask = options.mask,
                                      .dropout = options.layers > 1 ? options.dropout : 0,
                                      .cell_clip = options.cell_clip};
  static constexpr Needs needs = plan.template needs<typename code::pass>();
  static constexpr size_t macs = [] {
    size_t weights = 0;
    for (size_t l = 0; l < plan.layers; ++l)
      weights += plan.directions * plan.gates * plan.hidden * (plan.in(l) + plan.hidden * (plan.memory_matrix ? 2 : 1));
    return plan.steps * weights;
  }();

private:
  static constexpr size_t each = 2 + (plan.bias ? 2 : 0) + (plan.memory_matrix ? 1 : 0) + plan.feature_parameters;
  static constexpr size_t count = each * plan.passes();
  static constexpr auto kinds = [] {
    std::array<RecurrentParameter, each> all{
        {{"weight_ih", RecurrentParameter::input_weight}, {"weight_hh", RecurrentParameter::square}}};
    size_t i = 2;
    if (plan.bias) {
      all[i++] = {"bias_ih", RecurrentParameter::vector_of_gates};
      all[i++] = {"bias_hh", RecurrentParameter::vector_of_gates};
    }
    if (plan.memory_matrix) all[i++] = {"weight_ch", RecurrentParameter::square};
    []<class... P>(list<P...>, auto& names_of, size_t at) {
      ((names_of[at++] = {parameter_traits<P>::name, RecurrentParameter::vector}), ...);
    }(typename code::pass::parameters{}, all, i);
    return all;
  }();
  static constexpr auto names = [] {
    std::array<RecurrentName, count> all{};
    for (size_t i = 0; i < count; ++i) {
      const size_t pass = i / each;
      all[i].add(kinds[i % each].name);
      all[i].add("_l");
      all[i].add(pass / plan.directions);
      if (pass % plan.directions == 1) all[i].add("_reverse");
    }
    return all;
  }();
  static constexpr bool is_matrix(size_t i) {
    const auto size = kinds[i % each].size;
    return size == RecurrentParameter::input_weight || size == RecurrentParameter::square;
  }
  using default_init = RecurrentDefault<plan.hidden>;
  template <size_t I>
  using initializer = std::conditional_t<is_matrix(I), weight_init<default_init, Argument...>, default_init>;
  template <size_t... I>
  static Initializers<initializer<I>...> list_initializers(std::index_sequence<I...>);

public:
  static constexpr auto parameters = [] {
    std::array<ParameterSpec, count> specs{};
    const size_t rows = plan.gates * plan.hidden;
    for (size_t i = 0; i < count; ++i) {
      ParameterSpec& s = specs[i];
      s.name = names[i].view();
      const auto kind = kinds[i % each].size;
      const size_t columns = kind == RecurrentParameter::input_weight ? plan.in(i / each / plan.directions)
                                                                      : plan.hidden;
      s.rank = is_matrix(i) ? 2 : 1;
      s.dims[0] = kind == RecurrentParameter::vector ? plan.hidden : rows;
      if (s.rank == 2) s.dims[1] = columns;
      s.fan_in = columns;
      s.fan_out = rows;
    }
    return specs;
  }();
  using initializers = decltype(list_initializers(std::make_index_sequence<count>{}));

  template <class To>
  static auto onnx(To& to) requires(!options.masked && !plan.memory_matrix && Cell::onnx != nullptr) {
    constexpr size_t D = plan.directions, T = plan.steps, H = plan.hidden;
    const typename To::Axes order(Cell::onnx_gates.begin(), Cell::onnx_gates.end());
    const auto behind = [&](const typename To::Values& parts, int axis) {
      return parts.size() == 1 ? parts[0] : to.node("Concat", parts, {{"axis", axis}});
    };
    auto sequence = to.node("Transpose", {to.input()}, {{"perm", {1, 0, 2}}});  // the batch is the second axis there
    for (size_t l = 0; l < plan.layers; ++l) {
      typename To::Values inputs, weights, squares, biases, peepholes;
      for (size_t d = 0; d < D; ++d) {
        const ParameterSpec* const own = parameters.data() + (l * D + d) * each;
        // gates in ONNX's order
        const auto gates = [&](const ParameterSpec& p) {
          typename To::Axes apart{plan.gates, H}, together{1, plan.gates * H};
          if (p.rank == 2)
            apart.push_back(static_cast<int>(p.dims[1])), together.push_back(static_cast<int>(p.dims[1]));
          const auto rows = to.reshape_all(to.parameter(p.name), apart);
          return to.reshape_all(to.node("Gather", {rows, to.integers(order)}, {{"axis", 0}}), together);
        };
        weights.push_back(gates(own[0]));
        squares.push_back(gates(own[1]));
        if (plan.bias) biases.push_back(behind({gates(own[2]), gates(own[3])}, 1));
        if constexpr (plan.feature_parameters == 3) {
          const auto called = [&](std::string_view stem) {
            size_t k = each - 3;
            while (!own[k].name.starts_with(stem)) ++k;
            return to.parameter(own[k].name);
          };
          const auto all = behind({called("weight_ci"), called("weight_co"), called("weight_cf")}, 0);
          peepholes.push_back(to.reshape_all(all, {1, 3 * H}));
        }
      }
      inputs = {sequence, behind(weights, 0), behind(squares, 0), plan.bias ? behind(biases, 0) : ""};
      if (!peepholes.empty()) inputs.insert(inputs.end(), {"", "", "", behind(peepholes, 0)});
      auto attributes = Cell::onnx_attributes(to, D);
      attributes.emplace_back("hidden_size", H);
      attributes.emplace_back("direction", D == 2 ? "bidirectional" : "forward");
      const auto given = to.nodes(Cell::onnx, inputs, attributes, 2);  // (T, D, batch, H), (D, batch, H)
      const auto turn = [&](const auto& value, const typename To::Axes& perm) {
        return to.node("Transpose", {value}, {{"perm", perm}});
      };
      if (l + 1 < plan.layers) sequence = to.reshape_all(turn(given[0], {0, 2, 1, 3}), {T, -1, D * H});
      else if (Last) sequence = to.reshape(turn(given[1], {1, 0, 2}), {D * H});
      else sequence = to.reshape(turn(given[0], {2, 0, 1, 3}), {T, D * H});
    }
    return sequence;
  }
  template <class Mode, class Ctx, class T>
  static void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode mode) {
    code::forward(plan, ctx, m, x, y, mode);
  }
  template <class Ctx, class T>
  static void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T> y, Rows<const T> dy, Rows<T> dx) {
    code::backward(plan, ctx, m, x, y, dy, dx);
  }
};

/// What RNN, LSTM and GRU are.
template <class Cell, auto... Argument>
struct RecurrentLayer {
private:
  using arguments = RecurrentArguments<Argument...>;
  static constexpr bool last = arguments::options.last;

  template <class Takes>
  using says = std::type_identity<takes<Takes>>;
  static consteval auto fault() {
    constexpr const RecurrentOptions& o = arguments::options;
    if constexpr (!arguments::counted) return says<hidden_or_features_and_hidden_all_at_least_1>{};
    else if constexpr (!o.usable) return says<at_least_one_layer_and_a_dropout_rate_of_at_least_0_and_below_1>{};
    else if constexpr (!o.limited) return says<a_cell_clip_above_0>{};
    else if constexpr ((o.own & ~unsigned{Cell::own_options}) != 0) return says<options_that_this_layer_has>{};
    else if constexpr (o.stateful && (o.masked || o.bidirectional))
      return says<stateful_without_mask_or_bidirectional>{};
    else if constexpr (!RecurrentCode<Cell>::pass::complete)
      return says<a_nonlinearity_whose_slope_follows_from_its_value>{};
    else return std::type_identity<void>{};
  }
  template <class In>
  static consteval auto judge() {
    if constexpr (In::rank == 2 && (!arguments::states_input || In::inner == arguments::features))
      return std::type_identity<void>{};
    else if constexpr (arguments::states_input)
      return std::type_identity<takes<sequences_of_steps_with_features<arguments::features>>>{};
    else return std::type_identity<takes<sequences_of_steps_features>>{};
  }
  template <class In, bool Fits>
  struct bound {
    using type = Reshaping<In, typename arguments::template output<In, last>>;
  };
  template <class In>
  struct bound<In, true> {
    using type = RecurrentUnit<Cell, In, last, Argument...>;
  };

public:
  static constexpr bool knows_padding = arguments::options.masked;
  using instead_of_mixing = write<"mask<0> among its options">;
  static constexpr bool looks_ahead = arguments::options.bidirectional;
  using invalid = typename decltype(fault())::type;
  template <class In>
  using problem = typename decltype(judge<In>())::type;
  template <class In>
  using at = typename bound<In, std::is_void_v<invalid> && std::is_void_v<problem<In>>>::type;
};

}  // namespace detail
}  // namespace tenon
