// Layers of several inputs, and layers that pick and move numbers: what a graph is made of.
#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include <tenon/edge/context.hpp>
#include <tenon/edge/frozen.hpp>
#include <tenon/layers/additive_attention.hpp>
#include <tenon/layers/cosine_similarity.hpp>
#include <tenon/layers/cross_attention.hpp>
#include <tenon/layers/divide.hpp>
#include <tenon/layers/dot.hpp>
#include <tenon/layers/drop_steps.hpp>
#include <tenon/layers/film.hpp>
#include <tenon/layers/matmul.hpp>
#include <tenon/layers/maximum.hpp>
#include <tenon/layers/mean.hpp>
#include <tenon/layers/minimum.hpp>
#include <tenon/layers/multihead_attention.hpp>
#include <tenon/layers/multiply.hpp>
#include <tenon/layers/permute.hpp>
#include <tenon/layers/select.hpp>
#include <tenon/layers/slice.hpp>
#include <tenon/layers/split.hpp>
#include <tenon/layers/stack.hpp>
#include <tenon/layers/subtract.hpp>
#include <tenon/layers/take.hpp>
#include <tenon/layers/where.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/net/ports.hpp>
#include <tenon/networks/stepwise.hpp>

#include "support/several_inputs.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

template <class L, class... S>
using output_of = typename L::template at<Inputs<S...>>::output;
template <class L, class In>
using problem_with = typename L::template problem<In>;
template <class T, class U>
inline constexpr bool same = std::is_same_v<T, U>;

// Shapes, and what is refused.
static_assert(same<output_shape<Alone<Slice<0, 2>, 5, 3>>, Shape<3, 3>> &&
              same<output_shape<Alone<Slice<-1, 1, -2>, 4, 6>>, Shape<4, 3>>);
static_assert(same<output_shape<Alone<Slice<1, -3, -1>, 2, 5, 3>>, Shape<2, 2, 3>> &&
              same<output_shape<Alone<Slice<0, -3, 3>, 5>>, Shape<1>>);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static_assert(same<DropSteps<2>, Slice<0, 2>>);
#pragma GCC diagnostic pop
static_assert(same<problem_with<Slice<0, 12>, Shape<12, 4>>, takes<shapes_whose_axis<0, has_at_least<13>>>>);
static_assert(same<problem_with<Slice<1, 2, -2>, Shape<9, 4>>, takes<shapes_whose_axis<1, has_at_least<5>>>>);
static_assert(same<problem_with<Slice<0, -2, 3>, Shape<5>>, takes<shapes_whose_axis<0, has_less_than<5>>>>);
static_assert(same<problem_with<Slice<2, 1>, Shape<9, 4>>, takes<shapes_with_axis<2>>>);
static_assert(same<Slice<0, 3, 3>::invalid, takes<a_begin_before_the_end>> &&
              same<Slice<0, -1, -3>::invalid, takes<a_begin_before_the_end>>);
static_assert(same<Slice<0, 3, 4, 5>::invalid, takes<one_end_or_none>> && same<Slice<0, 3, -4>::invalid, void>);
static_assert(same<Split<0, 2, 3>::at<Shape<5, 3>>::output, Outputs<Shape<2, 3>, Shape<3, 3>>> &&
              same<Split<-1, 3>::at<Shape<2, 6>>::output, Outputs<Shape<2, 2>, Shape<2, 2>, Shape<2, 2>>>);
static_assert(same<problem_with<Split<0, 2>, Shape<5, 4>>, takes<shapes_whose_axis<0, has_a_multiple_of<2>>>> &&
              same<problem_with<Split<-1, 2, 3>, Shape<5, 4>>, takes<shapes_whose_axis<-1, has_exactly<5>>>> &&
              same<problem_with<Split<1, 2>, Shape<4>>, takes<shapes_with_axis<1>>>);
static_assert(same<Split<0>::invalid, takes<the_number_of_parts_or_their_lengths>> &&
              same<Split<0, 1>::invalid, takes<two_or_more_parts>> &&
              same<Split<0, 2, 0>::invalid, takes<lengths_above_0>> && same<Split<0, 1, 1>::invalid, void>);
static_assert(output_index<Sequential<Input<6>, Split<0, 1, 2, 3>>, "2"> == 2 &&
              output_index<Named<"net", Sequential<Input<4>, Dense<6>, Split<0, 2>>>, "1"> == 1);
static_assert(tenon::number_text<7>.view() == "7" && tenon::number_text<40>.view() == "40" &&
              tenon::number_text<305>.view() == "305");
static_assert(same<output_shape<Alone<Select<0, -1>, 4, 3>>, Shape<3>> &&
              same<output_shape<Alone<Select<1, 0>, 4, 3, 2>>, Shape<4, 2>>);
static_assert(same<output_shape<Alone<Select<0, 2>, 4>>, Shape<1>> &&
              same<output_shape<Alone<Take<1, 2>, 4, 3>>, Shape<4, 1>>);
static_assert(same<problem_with<Select<0, -5>, Shape<4>>, takes<shapes_whose_axis<0, has_at_least<5>>>>);
static_assert(same<problem_with<Take<0, 1, 4, 0>, Shape<4>>, takes<shapes_whose_axis<0, has_at_least<5>>>> &&
              same<Take<0>::invalid, takes<one_or_more_indices>>);
static_assert(same<output_shape<Alone<Permute<2, 0, 1>, 2, 3, 4>>, Shape<4, 2, 3>> &&
              same<Permute<0, 2>::invalid, takes<each_axis_once>>);
static_assert(same<problem_with<Permute<1, 0>, Shape<4>>, takes<shapes_with_as_many_axes_as<2>>>);
static_assert(same<output_of<Multiply, Shape<3, 1>, Shape<1, 4>>, Shape<3, 4>> &&
              same<output_of<Divide, Shape<1>, Shape<2, 3>>, Shape<2, 3>>);
static_assert(same<problem_with<Multiply, Shape<4>>, takes<two_or_more_inputs>> &&
              same<problem_with<Subtract, Inputs<Shape<4>, Shape<4>, Shape<4>>>, takes<two_inputs>>);
static_assert(
    same<problem_with<Mean, Inputs<Shape<4>, Shape<5>>>, takes<two_or_more_inputs, of_shapes_that_broadcast>>);
static_assert(
    same<problem_with<Multiply, Inputs<Shape<4, 5>, Shape<5>>>, takes<two_or_more_inputs, of_shapes_that_broadcast>>);
static_assert(same<problem_with<Multiply, Inputs<Shape<2, 3, 4>, Shape<2, 1, 4>>>,
                   takes<two_or_more_inputs, of_shapes_that_broadcast>>);
static_assert(same<problem_with<FiLM, Inputs<Shape<1, 4>, Shape<3, 4>, Shape<1>>>,
                   takes<three_inputs, of_shapes_that_broadcast>>);
static_assert(
    same<problem_with<MatMul<>, Inputs<Shape<3, 4>, Shape<3, 4>>>, takes<two_inputs, of_inner_axes_that_agree>>);
static_assert(
    same<problem_with<MatMul<>, Inputs<Shape<2, 3, 4>, Shape<3, 4, 5>>>, takes<two_inputs, of_inner_axes_that_agree>>);
static_assert(same<problem_with<MatMul<>, Shape<4, 4>>, takes<two_inputs>> &&
              same<MatMul<1>::invalid, takes<the_option_transposed_or_none>>);
static_assert(same<output_of<Stack, Shape<2, 3>, Shape<2, 3>>, Shape<2, 2, 3>> &&
              same<problem_with<Stack, Inputs<Shape<2>, Shape<3>>>, takes<two_or_more_inputs, of_one_shape>>);
static_assert(same<output_of<Dot, Shape<5>, Shape<5>>, Shape<1>> &&
              same<output_of<CosineSimilarity, Shape<4, 5>, Shape<4, 5>>, Shape<4>>);
static_assert(same<problem_with<Dot, Inputs<Shape<5>, Shape<6>>>, takes<two_inputs, of_one_shape>>);

static_assert(same<problem_with<CrossAttention<2>, Shape<4, 6>>, takes<a_sequence_a_memory_and_maybe_a_mask>>);
static_assert(same<problem_with<CrossAttention<2>, Inputs<Shape<4, 6>, Shape<3, 4>>>, takes<sequences_of_one_width>>);
static_assert(
    same<problem_with<CrossAttention<4>, Inputs<Shape<4, 6>, Shape<3, 6>>>, takes<a_width_that_heads_divide<4>>>);
static_assert(same<problem_with<CrossAttention<2>, Inputs<Shape<4, 6>, Shape<3, 6>, Shape<4>>>,
                   takes<a_mask_of_as_many_numbers_as_steps>>);
static_assert(
    same<problem_with<AdditiveAttention<2>, Inputs<Shape<4, 6>>>, takes<a_sequence_a_memory_and_maybe_a_mask>>);
static_assert(same<problem_with<MultiheadAttention<2>, Inputs<Shape<4, 6>, Shape<3>>>,
                   takes<a_mask_of_as_many_numbers_as_steps>>);
static_assert(
    same<problem_with<MultiheadAttention<4>, Inputs<Shape<4, 6>, Shape<4>>>, takes<a_width_that_heads_divide<4>>>);
static_assert(same<problem_with<MultiheadAttention<2>, Inputs<Shape<4, 6>, Shape<4>, Shape<4>>>,
                   takes<a_sequence_and_maybe_a_mask>>);
static_assert(same<output_of<CrossAttention<2>, Shape<4, 6>, Shape<3, 6>, Shape<3>>, Shape<4, 6>>);

// Parts of features are parts of each step; parts of time are not.
static_assert(steps_forward<Sequential<Input<5, 4>, Slice<1, 1>, Take<-1, 2, 0>, Dense<3>>> &&
              !steps_forward<Sequential<Input<5, 4>, Slice<0, 1>>>);

// What lies side by side a graph uses where it is; what only changes its shape costs nothing.
template <class Bound>
constexpr std::size_t moved_from = Bound::moves::begin;
template <class Bound>
constexpr bool is_moved = requires {
  typename Bound::moves;
};
static_assert(moved_from<Slice<0, 2>::at<Shape<5, 3>>> == 6 && moved_from<Slice<1, -3>::at<Shape<1, 5, 3>>> == 6);
static_assert(moved_from<Select<0, -1>::at<Shape<4, 3>>> == 9);
static_assert(same<Slice<1, 2>::at<Shape<5, 3>>::output, Shape<5, 1>> && !is_moved<Slice<1, 2>::at<Shape<5, 3>>>);
static_assert(Split<1, 2>::at<Shape<1, 4, 3>>::passthrough);
static_assert(Permute<1, 2, 0>::at<Shape<1, 3, 4>>::passthrough && Slice<0, 0>::at<Shape<5>>::passthrough &&
              Select<0, 0>::at<Shape<1, 5>>::passthrough);

/// One sample through a bound layer of evaluation, in a constant expression.
template <class L, class... S, std::size_t... N>
constexpr auto constant_result(const std::array<float, N>&... x) {
  using Bound = typename L::template at<Inputs<S...>>;
  std::array<float, Bound::output::size> y{};
  edge::Context context;
  Bound::forward(context, Memory<float>{}, RowsOf<const float, sizeof...(S)>{Rows<const float>{x.data(), 1, N}...},
                 Rows<float>{y.data(), 1, y.size()}, Evaluation{});
  return y;
}
using V2 = std::array<float, 2>;
using V4 = std::array<float, 4>;
static_assert(constant_result<Multiply, Shape<2, 2>, Shape<2>>(V4{1, 2, 3, 4}, V2{5, 6}) == V4{5, 10, 18, 24});
static_assert(constant_result<MatMul<>, Shape<2, 2>, Shape<2, 2>>(V4{1, 2, 3, 4}, V4{5, 6, 7, 8}) ==
              V4{19, 22, 43, 50});
static_assert(constant_result<MatMul<transposed>, Shape<2, 2>, Shape<2, 2>>(V4{1, 2, 3, 4}, V4{5, 6, 7, 8}) ==
              V4{17, 23, 39, 53});
static_assert(constant_result<Stack, Shape<2>, Shape<2>>(V2{1, 2}, V2{3, 4}) == V4{1, 2, 3, 4});
static_assert(constant_result<CosineSimilarity, Shape<2>, Shape<2>>(V2{3, 4}, V2{6, 8}) == std::array{1.F});

const Golden& golden() {
  static const Golden file{"graph_layers"};
  return file;
}
/// Most of them, as they stand together.
using Mixed = Graph<In<"x", 2, 3, 2>, In<"label", 4>, Node<"scale", Dense<2>, "label">,
                    Node<"shift", Dense<2>, "label">, Node<"film", FiLM, "x", "scale", "shift">,
                    Node<"first", Slice<0, 0, 1>, "film">, Node<"second", Select<0, 1>, "film">,
                    Node<"transposed", Permute<1, 0>, "second">, Node<"product", MatMul<>, "second", "transposed">,
                    Node<"flat", Flatten>, Node<"line", Flatten, "first">, Node<"other", Flatten, "second">,
                    Node<"alike", CosineSimilarity, "line", "other">, Node<"most", Maximum, "line", "other">,
                    Node<"both", Stack, "most", "line", "other">, Node<"picked", Take<0, 2, 0>>,
                    Node<"mean", Mean, "picked", "alike">, Out<"flat", "mean", "alike">>;
using Reader = Graph<In<"x", 3, 4>, In<"y", 5, 4>, In<"mask", 5>, Node<"read", MultiheadAttention<2>, "y", "mask">,
                     Node<"look", CrossAttention<2>, "x", "read", "mask">,
                     Node<"again", AdditiveAttention<3>, "look", "read">, Node<"last", Select<0, -1>>,
                     Out<"last", "look">>;
/// Parts that are read once, twice and not at all, of a layer and of the last of several.
using Parted = Graph<
    In<"x", 4, 6>, Node<"steps", Split<0, 1, 2, 1>>, Node<"thirds", Sequential<Dense<6>, Split<1, 3>>, "steps.1">,
    Node<"product", Multiply, "thirds.2", "thirds.0">, Node<"sum", Add<>, "product", "thirds.2">, Node<"flat", Flatten>,
    Node<"first", Sequential<Flatten, Dense<4>>, "steps.0">, Node<"y", Add<>, "flat", "first">, Out<"y", "thirds.0">>;

template <class L, class... S>
void check(const char* name) {
  check_golden_values<L, S...>(golden(), name);
}
template <class L, class... S>
void check_attention(const char* name) {
  check_golden<AloneWith<L, S...>>(golden(), name, {.floor = 1});
}

}  // namespace

TEST_CASE("what is picked and moved comes from where PyTorch takes it") {
  check<Slice<0, 2>, Shape<5, 3>>("slice_front");
  check<Slice<1, 1, -2>, Shape<4, 6>>("slice_middle");
  check<Slice<-2, -3, 4>, Shape<2, 5, 3>>("slice_image");
  check<Split<0, 2, 3>, Shape<5, 3>>("split_front");
  check<Split<1, 3>, Shape<4, 6>>("split_thirds");
  check<Split<-2, 1, 3, 2>, Shape<2, 6, 2>>("split_image");
  check<Select<0, -2>, Shape<4, 3>>("select");
  check<Select<-1, 1>, Shape<4, 3>>("select_inner");
  check<Take<0, 2, 0, -2>, Shape<4, 3>>("take");
  check<Take<1, 3, 1>, Shape<2, 4, 2>>("take_inner");
  check<Permute<2, 0, 1>, Shape<2, 3, 4>>("permute");
  check<Permute<2, 1, 0>, Shape<2, 3, 4>>("permute_turned");
  check<Permute<1, 3, 0, 2>, Shape<2, 3, 2, 2>>("permute_four");
  check_gradients<
      Sequential<Input<4, 3>, Slice<1, 1>, Dense<3>, Permute<1, 0>, Take<0, 0, 0, 2>, Select<1, 1>, Dense<2>>>();
}

TEST_CASE("inputs meet number by number as in PyTorch") {
  check<Multiply, Shape<2, 3>, Shape<2, 3>, Shape<2, 3>>("multiply");
  check<Multiply, Shape<2, 3, 2>, Shape<2>>("multiply_channels");
  check<Multiply, Shape<1, 3, 2>, Shape<2, 3, 2>>("multiply_map");
  check<Multiply, Shape<3, 1>, Shape<1, 4>>("multiply_outer");
  check<Multiply, Shape<2, 3, 2>, Shape<1, 3, 1>, Shape<2>>("multiply_middle");
  check<Subtract, Shape<5>, Shape<5>>("subtract");
  check<Subtract, Shape<1>, Shape<2, 3>>("subtract_number");
  check<Divide, Shape<5>, Shape<5>>("divide");
  check<Divide, Shape<4>, Shape<1>>("divide_number");
  check<Maximum, Shape<6>, Shape<6>>("maximum");
  check<Maximum, Shape<2, 3>, Shape<2>>("maximum_channels");
  check<Maximum, Shape<6>, Shape<6>, Shape<6>>("maximum_three");
  check<Where, Shape<6>, Shape<6>, Shape<6>>("where");
  check<Where, Shape<2, 1>, Shape<2, 3>, Shape<1>>("where_spread");
  check<Minimum, Shape<6>, Shape<6>>("minimum");
  check<Minimum, Shape<6>, Shape<6>, Shape<6>>("minimum_three");
  check<Mean, Shape<4>, Shape<4>, Shape<4>>("mean");
  check<FiLM, Shape<3, 2, 2>, Shape<3>, Shape<3>>("film");
  check<FiLM, Shape<4, 3>, Shape<1, 3>, Shape<1>>("film_steps");
}

TEST_CASE("products, stacks and similarities are those of PyTorch") {
  check<MatMul<>, Shape<3, 4>, Shape<4, 2>>("matmul");
  check<MatMul<transposed>, Shape<3, 4>, Shape<2, 4>>("matmul_transposed");
  check<MatMul<>, Shape<2, 3, 4>, Shape<2, 4, 5>>("matmul_heads");
  check<MatMul<transposed>, Shape<2, 3, 4>, Shape<2, 5, 4>>("matmul_heads_transposed");
  check<MatMul<>, Shape<2, 3, 4>, Shape<4, 5>>("matmul_one_matrix");
  check<MatMul<>, Shape<4>, Shape<4, 3>>("matmul_vector");
  check<Stack, Shape<2, 3>, Shape<2, 3>, Shape<2, 3>>("stack");
  check<Dot, Shape<6>, Shape<6>>("dot");
  check<Dot, Shape<4, 3>, Shape<4, 3>>("dot_steps");
  check<CosineSimilarity, Shape<6>, Shape<6>>("cosine");
  check<CosineSimilarity, Shape<4, 3>, Shape<4, 3>>("cosine_steps");
}

TEST_CASE("attentions to another input, and masks that are inputs, are those of PyTorch") {
  check_attention<CrossAttention<3>, Shape<5, 6>, Shape<4, 6>>("cross");
  check_attention<CrossAttention<3>, Shape<5, 6>, Shape<4, 6>, Shape<4>>("cross_masked");
  check_attention<AdditiveAttention<4>, Shape<3, 6>, Shape<5, 6>>("additive");
  check_attention<AdditiveAttention<4>, Shape<3, 6>, Shape<5, 6>, Shape<5>>("additive_masked");
  check_attention<MultiheadAttention<2>, Shape<5, 6>, Shape<5>>("self_masked");
  check_attention<MultiheadAttention<2, causal>, Shape<5, 6>, Shape<5>>("self_masked_causal");
}

TEST_CASE("where all of a memory is padding, nothing is seen and nothing is learned from it") {
  NetworkRun<AloneWith<AdditiveAttention<2>, Shape<1, 2>, Shape<2, 2>, Shape<2>>, double> run{1};
  std::fill_n(run.parameters.data(), run.parameters.size(), 0.5);
  run.dy.assign(std::vector<double>{1, 1});
  const auto pass = [&](double first, double second) {
    run.x.assign(std::vector<double>{1, 2, 3, 4, 5, 6, first, second});
    run.forward(Training{});
    run.backward();
    return std::array{run.y.values(), run.dx.values()};
  };
  CHECK(pass(1, 0)[0] == std::vector<double>{5, 6});  // all of the weight to what is there
  CHECK(pass(1, 1) == std::array{std::vector<double>(2, 0.0), std::vector<double>(8, 0.0)});
  CHECK(run.parameter_gradients() == std::vector<double>(10, 0.0));
}

TEST_CASE("layers of several inputs have the gradients of their values, whichever are asked for") {
  check_input_gradients<Multiply, Shape<2, 3>, Shape<2>, Shape<1>>();
  check_input_gradients<Subtract, Shape<2, 3>, Shape<1, 3>>();
  check_input_gradients<Divide, Shape<2, 2>, Shape<2>>({.low = 1, .high = 2});
  check_input_gradients<Maximum, Shape<5>, Shape<5>, Shape<1>>();
  check_input_gradients<Minimum, Shape<2, 3>, Shape<2, 3>>();
  check_input_gradients<Where, Shape<2, 3>, Shape<2, 1>, Shape<1>>({.low = 1, .high = 2});
  check_input_gradients<Mean, Shape<2, 3>, Shape<2>>();
  check_input_gradients<FiLM, Shape<2, 3>, Shape<2>, Shape<2>>();
  check_input_gradients<MatMul<>, Shape<2, 2, 3>, Shape<2, 3, 2>>();
  check_input_gradients<MatMul<transposed>, Shape<3, 4>, Shape<2, 4>>();
  check_input_gradients<Stack, Shape<3>, Shape<3>, Shape<3>>();
  check_input_gradients<Dot, Shape<2, 3>, Shape<2, 3>>();
  check_input_gradients<CosineSimilarity, Shape<2, 3>, Shape<2, 3>>({.low = 0.5});
  check_input_gradients<CrossAttention<2>, Shape<2, 4>, Shape<3, 4>>();
  check_input_gradients<AdditiveAttention<3>, Shape<2, 4>, Shape<3, 4>>();
  check_input_gradients<MultiheadAttention<2, rope<>>, Shape<3, 4>, Shape<3>>();
}

TEST_CASE("graphs of them have the gradients of their values") {
  check_gradients<Mixed>({.tolerance = 1e-5});
  check_gradients<Reader>();
  check_gradients<Parted>();
}

TEST_CASE("graphs of them run with constant weights") {
  // scores of heads as one writes them: 2 (3 x 4) by (4 x 3), and attention's projections, scores and sums
  STATIC_REQUIRE(Frozen<Graph<In<"a", 2, 3, 4>, In<"b", 2, 4, 3>, Node<"y", MatMul<>, "a", "b">, Out<"y">>>::macs ==
                 2 * 3 * 4 * 3);
  STATIC_REQUIRE(Frozen<Reader>::macs ==
                 4 * 5 * 16 + 2 * 5 * 5 * 4 + (2 * 3 + 2 * 5) * 16 + 2 * 3 * 5 * 4 + (3 + 5) * 4 * 3 + 15 * 3 + 15 * 4);
  const auto compare = []<class Net>(std::type_identity<Net>) {
    NetworkRun<Net, float> run{1};
    Weights<Net> weights{};
    std::vector<float> x(run.x.length()), y(run.y.length());
    Stream random{5};
    for (float& number : x) number = random.uniform<float>(-1.F, 1.F);
    if constexpr (std::is_same_v<Net, Reader>) std::fill_n(x.end() - 5, 3, 0.F);
    for (std::size_t i = 0; i < run.parameters.size(); ++i)
      run.parameters.data()[i] = weights.parameters[i] = random.uniform<float>(-1.F, 1.F);
    run.x.assign(x);
    run.forward(Evaluation{});
    Frozen<Net> frozen{weights};
    frozen(std::span<const float, Frozen<Net>::input::size>(x), std::span<float, Frozen<Net>::output::size>(y));
    const auto expected = run.y.values();
    for (std::size_t i = 0; i < y.size(); ++i) CHECK(std::abs(y[i] - expected[i]) < 1e-5F);
  };
  compare(std::type_identity<Mixed>{});
  compare(std::type_identity<Reader>{});
  compare(std::type_identity<Parted>{});
}

TEST_CASE("vectors next to zero have a least length, and NaN is larger and smaller than anything") {
  NetworkRun<AloneWith<CosineSimilarity, Shape<2>, Shape<2>>, double> run{2};
  run.x.assign(std::vector<double>{0, 0, 3, 4, 3e-9, 4e-9, 3, 4});
  run.dy.assign(std::vector<double>{1, 1});
  run.forward(Training{});
  run.backward();
  const auto cosine = run.y.values(), dx = run.dx.values();
  CHECK(cosine[0] == 0);
  CHECK(cosine[1] == Approx(0.5));
  const std::vector<double> expected{6e7, 8e7, 0, 0, 6e7, 8e7, 0, 0};
  for (std::size_t k = 0; k < expected.size(); ++k) CHECK(dx[k] == Approx(expected[k]).margin(1e-12));

  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  NetworkRun<AloneWith<Maximum, Shape<2>, Shape<2>>, double> largest{1};
  NetworkRun<AloneWith<Minimum, Shape<2>, Shape<2>>, double> smallest{1};
  const std::vector<double> x{nan, 1, 2, nan};
  largest.x.assign(x);
  smallest.x.assign(x);
  largest.forward(Training{});
  smallest.forward(Training{});
  for (const double value : {largest.y(0, 0), largest.y(0, 1), smallest.y(0, 0), smallest.y(0, 1)})
    CHECK(std::isnan(value));
}
