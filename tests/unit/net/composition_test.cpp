#include <catch2/catch.hpp>

#include <cmath>
#include <type_traits>
#include <vector>

#include <tenon/layers/flatten.hpp>
#include <tenon/layers/identity.hpp>
#include <tenon/layers/input.hpp>
#include <tenon/layers/reshape.hpp>
#include <tenon/net/add.hpp>
#include <tenon/net/concat.hpp>
#include <tenon/net/layer_refusal.hpp>
#include <tenon/net/repeat.hpp>
#include <tenon/net/residual.hpp>
#include <tenon/net/sequential.hpp>

#include "support/network_rig.hpp"
#include "support/test_layers.hpp"

using namespace tenon;
using namespace test_layers;
using network_rig::Rig;

namespace {

/// Gradients against differences, for several batches; evaluation gives what training gives; and
/// the gradients of the parameters do not depend on whether anybody wants that of the input.
template <class Net>
void check_network() {
  for (const std::size_t batch : {1u, 3u}) {
    Rig<Net> rig{batch};
    CHECK(rig.worst_gradient() < 1e-7);

    rig.forward(Evaluation{});
    const auto evaluated = rig.y;
    rig.forward(Training{});
    CHECK(rig.y == evaluated);

    rig.backward();
    const auto gradients = rig.gradients;
    rig.gradients.assign(gradients.size(), Rig<Net>::poison);
    rig.backward(false);
    for (const auto& entry : parameter_table<Net>) {
      if (!entry.trainable) continue;
      for (std::size_t i = entry.offset; i < entry.offset + entry.size; ++i) {
        REQUIRE(rig.gradients[i] == gradients[i]);
      }
    }
  }
}

/// Passes everything on, and notes the backward passes it was asked for. `Learns` has a parameter.
template <bool Learns>
struct Witness {
  static inline int with_dx = 0;
  static inline int without_dx = 0;
  static void forget() { with_dx = without_dx = 0; }

  template <class In>
  struct at {
    using input = In;
    using output = In;
    static constexpr std::array<ParameterSpec, Learns> parameters{};
    using initializers = std::conditional_t<Learns, Initializers<Zeros>, Initializers<>>;
    static constexpr Needs needs{.backward_reads_input = false};

    template <class Mode, class Ctx, class T>
    static void forward(Ctx&, Memory<T>, Rows<const T> x, Rows<T> y, Mode) {
      detail::copy_rows(x, y, In::size);
    }
    template <class Ctx, class T>
    static void backward(Ctx&, Memory<T>, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
      ++(dx ? with_dx : without_dx);
      if (dx) detail::copy_rows(dy, dx, In::size);
    }
  };
};
using Idle = Witness<false>;
using Learning = Witness<true>;

/// A way of running that takes no HyperTan, no Scale within a sum, and no Concat whatever its parts are.
struct in_a_test;
template <bool InSum>
struct Question {
  using execution = in_a_test;
  template <class L>
  using inside = Question<InSum || detail::structure_of<L> == Structure::sum>;
  template <class L, class In>
  static constexpr bool takes = !std::is_same_v<L, HyperTan> &&
                                !(InSum && std::is_same_v<L, Scale>)&&detail::structure_of<L> != Structure::joined &&
                                In::size > 0;
};
template <class Net>
using Refused = typename detail::layer_refusal<Question<false>, Net, input_shape<Net>, path<>>::type;
template <class L, auto... Step>
using RefusedAt = cannot_run<layer<path<Step...>, L>, in_a_test>;

}  // namespace

TEST_CASE("a chain computes what its layers compute") {
  Rig<Sequential<Affine<2, 1>, Square, Affine<1, 2>>> rig{2};
  const std::size_t block = alignment;
  auto& p = rig.parameters;
  p[0] = 2, p[1] = -1, p[block] = 3;  // 2a - b + 3
  p[2 * block] = 1, p[2 * block + 1] = 10, p[3 * block] = 0, p[3 * block + 1] = 5;
  rig.x = {1, 2, 0, 1};
  rig.forward(Training{});
  CHECK(rig.y == std::vector<double>{9, 95, 4, 45});
  rig.dy = {1, 0, 0, 1};
  rig.backward();
  // dy1 = 1 and 10; through the square 2 * 3 * 1 and 2 * 2 * 10; through the weights 2, -1.
  CHECK(rig.dx == std::vector<double>{12, -6, 80, -40});
  CHECK(rig.gradients[0] == 6 * 1 + 40 * 0);
  CHECK(rig.gradients[1] == 6 * 2 + 40 * 1);
  CHECK(rig.gradients[block] == 46);
}

TEST_CASE("chains of every length learn") {
  check_network<Affine<3, 2>>();
  check_network<Sequential<Affine<3, 2>>>();
  check_network<Sequential<Affine<3, 2>, HyperTan>>();
  check_network<Sequential<Affine<3, 4>, HyperTan, Affine<5>, Square, Affine<2>>>();
  check_network<Sequential<Input<3>, Square, Affine<7>, HyperTan, HyperTan, Square, Affine<1>>>();
  check_network<Sequential<Input<20>, Scale, HyperTan, Scale, Scale, Affine<17>, Scale>>();
}

TEST_CASE("networks nest") {
  using Inner = Sequential<Affine<4>, HyperTan>;
  check_network<Sequential<Input<3>, Inner, Sequential<Inner, Sequential<Scale>>, Affine<2>>>();
  check_network<Named<"net", Sequential<Input<3>, Named<"inner", Inner>, Square>>>();
}

TEST_CASE("a change of shape moves nothing") {
  using Net = Sequential<Input<2, 3>, Flatten, Affine<6>, Reshape<3, 2>, Square, Identity, Flatten, Affine<2>,
                         Reshape<1, 2>>;
  STATIC_REQUIRE(std::is_same_v<output_shape<Net>, Shape<1, 2>>);
  STATIC_REQUIRE(workspace<Net>.units == 3);
  check_network<Net>();
  check_network<Sequential<Input<4>, Identity>>();
  check_network<Sequential<Input<4>>>();
  check_network<Sequential<Input<4>, Sequential<Flatten, Reshape<2, 2>>, Sequential<>>>();
}

TEST_CASE("a residual block adds its input") {
  Rig<Residual<Affine<1, 1>>> rig{2};
  rig.parameters[0] = 3;
  rig.parameters[alignment] = 1;
  rig.x = {1, 2};
  rig.forward(Training{});
  CHECK(rig.y == std::vector<double>{1 + 4, 2 + 7});

  check_network<Residual<Affine<3, 3>>>();
  check_network<Residual<Affine<3, 3>, HyperTan>>();
  check_network<Sequential<Affine<3, 3>, Residual<HyperTan>, Square>>();
  check_network<Sequential<Input<3>, Residual<Residual<HyperTan, Affine<3>>, Scale>, Affine<2>>>();
  check_network<Sequential<Input<3>, Residual<Identity>, Residual<Scale>>>();
}

TEST_CASE("branches are summed") {
  Rig<Sequential<Input<2>, Add<Square, Identity>>> rig{2};
  rig.x = {1, 2, 3, 4};
  rig.forward(Training{});
  CHECK(rig.y == std::vector<double>{2, 6, 12, 20});

  check_network<Add<Affine<3, 2>, Affine<3, 2>>>();
  using Bent = Sequential<Affine<2>, HyperTan>;
  check_network<Add<Sequential<Affine<3, 2>, HyperTan>, Bent, Affine<2>>>();
  check_network<Sequential<Affine<2, 3>, Add<Identity, HyperTan, Scale>, Add<Scale, Identity>>>();
  check_network<Sequential<Input<2>, Add<Identity, Identity, Flatten>, Add<HyperTan>>>();
}

TEST_CASE("branches are joined") {
  Rig<Sequential<Input<2>, Concat<Square, Identity>>> rig{2};
  rig.x = {1, 2, 3, 4};
  rig.forward(Training{});
  CHECK(rig.y == std::vector<double>{1, 4, 1, 2, 9, 16, 3, 4});

  check_network<Concat<Affine<3, 2>, Affine<3, 1>>>();
  check_network<Sequential<Affine<2, 3>, Concat<Identity, HyperTan, Scale, Affine<1>>, HyperTan>>();
  check_network<Sequential<Input<2>, Concat<Sequential<Affine<2>, HyperTan>, Concat<Square, Scale>>,
                           Concat<HyperTan, Identity>, Affine<3>>>();
  using Channels = Sequential<Input<2, 3>, Concat<Square, Identity>>;
  STATIC_REQUIRE(std::is_same_v<output_shape<Channels>, Shape<4, 3>>);
  check_network<Channels>();
}

TEST_CASE("repeated blocks have parameters of their own") {
  Rig<Repeat<3, Affine<1, 1>>> rig{1};
  for (std::size_t copy = 0; copy < 3; ++copy) {
    rig.parameters[2 * alignment * copy] = static_cast<double>(copy + 1);  // weights 1, 2, 3
    rig.parameters[2 * alignment * copy + alignment] = 1;
  }
  rig.x = {5};
  rig.forward(Training{});
  CHECK(rig.y[0] == ((5 * 1 + 1) * 2 + 1) * 3 + 1);

  check_network<Repeat<1, Affine<3, 3>>>();
  check_network<Repeat<2, Sequential<Affine<3, 3>, HyperTan>>>();
  check_network<Sequential<Input<3>, Repeat<5, Residual<Scale, Affine<3>, HyperTan>>, Affine<2>>>();
  check_network<Sequential<Input<3>, Repeat<3, Repeat<2, Sequential<HyperTan, Scale>>>>>();
  check_network<Sequential<Input<3>, Affine<3>, Repeat<3, Add<Identity, Square>>>>();
}

TEST_CASE("the first layer that a way of running refuses is found, with its path") {
  STATIC_REQUIRE(std::is_void_v<Refused<Sequential<Input<3>, Scale, Residual<Affine<3>, Scale>, Add<Square>>>>);
  STATIC_REQUIRE(std::is_same_v<Refused<Sequential<Input<3>, Scale, HyperTan, Concat<Scale>>>, RefusedAt<HyperTan, 1>>);
  STATIC_REQUIRE(std::is_same_v<Refused<Sequential<Input<3>, Named<"a", Residual<Scale, HyperTan>>>>,
                                RefusedAt<HyperTan, fixed_string("a"), 1>>);
  STATIC_REQUIRE(std::is_same_v<Refused<Sequential<Input<3>, Repeat<4, Add<Square, Sequential<Scale>>>>>,
                                RefusedAt<Scale, 0, 0, 1, 0>>);
  using Joined = Concat<Scale, HyperTan>;  // itself, before what it is made of
  STATIC_REQUIRE(std::is_same_v<Refused<Sequential<Input<3>, Identity, Joined>>, RefusedAt<Joined, 1>>);
}

TEST_CASE("without dx nobody works for it") {
  Rig<Sequential<Input<3>, Idle, Square, Learning, Residual<Idle>, Learning>> rig{2};
  rig.forward(Training{});
  for (const bool with_dx : {true, false}) {
    Idle::forget();
    Learning::forget();
    rig.backward(with_dx);
    CHECK(Idle::with_dx == (with_dx ? 2 : 1));  // the first is left out
    CHECK(Idle::without_dx == 0);
    CHECK(Learning::with_dx == (with_dx ? 2 : 1));
    CHECK(Learning::without_dx == (with_dx ? 0 : 1));
  }

  Rig<Sequential<Input<3>, Idle, Sequential<Idle>, Repeat<2, Idle>, Add<Idle>>> idle{1};
  idle.forward(Training{});
  Idle::forget();
  idle.backward(false);
  CHECK(Idle::with_dx + Idle::without_dx == 0);
  idle.backward();
  CHECK(Idle::with_dx == 5);

  Rig<Repeat<3, Sequential<Input<2>, Idle>>> loop{1};
  loop.forward(Training{});
  Idle::forget();
  loop.backward(false);
  CHECK(Idle::with_dx + Idle::without_dx == 0);
}

TEST_CASE("gradients add up until somebody overwrites them") {
  using Net = Sequential<Affine<3, 3>, Residual<Scale, Affine<3>>, Concat<Affine<2>, Identity>>;
  Rig<Net> rig{2};
  rig.forward(Training{});
  rig.backward();
  const auto once = rig.gradients;
  rig.context.overwrite_gradients = false;
  rig.backward();
  for (const auto& entry : parameter_table<Net>) {
    if (entry.trainable) CHECK(rig.gradients[entry.offset] == Approx(2 * once[entry.offset]));
  }
}

TEST_CASE("the trace sees every unit in order") {
  using Net = Sequential<Input<3>, Flatten, Affine<2>, Residual<Scale, HyperTan>, Repeat<2, Sequential<Square, Scale>>,
                         Concat<Identity, Affine<1>>>;
  STATIC_REQUIRE(workspace<Net>.units == 8);
  Rig<Net> rig{2};
  std::vector<std::uint32_t> units;
  std::vector<std::size_t> sizes;
  rig.context.trace = [&](std::uint32_t unit, Rows<const double> rows, std::size_t size) {
    units.push_back(unit);
    sizes.push_back(size);
    CHECK(rows.count == 2);
    for (std::size_t i = 0; i < size; ++i) CHECK(std::isfinite(rows[1][i]));
  };
  rig.forward(Training{});
  CHECK(units == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(sizes == std::vector<std::size_t>{2, 2, 2, 2, 2, 2, 2, 1});
}
