#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <tenon/model/generate.hpp>
#include <tenon/model/session.hpp>
#include <tenon/tenon.hpp>

#include "unit/zoo/refusal_text.hpp"
#include "unit/zoo/rig.hpp"

/// The columns of networks that run one step, or one token, at a time.
namespace tenon::zoo {

/// Step t of sequences that lie one behind the other.
template <class... S>
std::vector<float> step_of(detail::list<S...>, std::span<const float> rows, bool signal, std::size_t t) {
  std::vector<float> step;
  [[maybe_unused]] const auto take = [&]<class Shape>(std::type_identity<Shape>) {
    const std::size_t steps = signal ? Shape::inner : Shape::front, width = Shape::size / steps;
    for (std::size_t f = 0; f < width; ++f) step.push_back(rows[signal ? f * steps + t : t * width + f]);
    rows = rows.subspan(Shape::size);
  };
  (take(std::type_identity<S>{}), ...);
  return step;
}
template <class S>
struct listed_shapes {
  using type = detail::list<S>;
};
template <class... S>
struct listed_shapes<Inputs<S...>> {
  using type = detail::list<S...>;
};
template <class... S>
struct listed_shapes<Outputs<S...>> {
  using type = detail::list<S...>;
};
template <class S, class... Rest>
constexpr std::size_t steps_of(detail::list<S, Rest...>, bool signal) {
  return signal ? S::inner : S::front;
}

template <class A>
std::string check_steps(const Sampled<A>& s) {
  using Net = typename A::Net;
  if constexpr (!runs_as<step_by_step, Net>) {
    return RefusalText<refusal<step_by_step, Net>>::text();
  } else {
    using Step = typename Frozen<Net>::Stepped;
    constexpr bool signal = detail::takes_signals<Net>();
    constexpr typename listed_shapes<input_shape<Net>>::type in_shapes{};
    constexpr typename listed_shapes<output_shape<Net>>::type out_shapes{};
    constexpr std::size_t steps = steps_of(in_shapes, signal), given = steps_of(out_shapes, signal),
                          late = steps - given;
    const auto weights = frozen_weights(s.model);
    const auto net = std::make_unique<Step>(*weights);
    Session host{s.model, session::stepped};
    double most = 0;
    for (std::size_t i = 0; i < s.count; ++i) {
      net->reset();
      host.reset();
      std::vector<float> out(Step::output::size), on_host(out.size());
      for (std::size_t t = 0; t < steps; ++t) {
        const std::vector<float> in = step_of(in_shapes, std::span(s.x).subspan(i * s.in, s.in), signal, t);
        net->step(std::span<const float, Step::input::size>(in), std::span<float, Step::output::size>(out));
        host.step(std::span<const float, Step::input::size>(in), std::span<float, Step::output::size>(on_host));
        if (t < late) continue;
        const std::vector<float> expected = step_of(out_shapes, std::span(s.y).subspan(i * s.out, s.out), signal,
                                                    t - late);
        most = std::max({most, distance(out, expected), distance(on_host, expected)});
      }
    }
    return yes_within(most, rounding);
  }
}

template <class A>
std::string check_generator(const Sampled<A>& s) {
  using Net = typename A::Net;
  if constexpr (!runs_as<token_by_token, Net>) {
    return RefusalText<refusal<token_by_token, Net>>::text();
  } else {
    Session generator{s.model, session::generating};
    constexpr std::size_t tokens = decltype(generator)::tokens;
    double most = 0;
    for (std::size_t i = 0; i < s.count; ++i) {
      generator.reset();
      for (std::size_t t = 0; t < s.in; ++t) {
        generator.step(static_cast<std::int32_t>(s.x[i * s.in + t]));
        std::vector<float> expected(s.y.begin() + static_cast<std::ptrdiff_t>(i * s.out + t * tokens),
                                    s.y.begin() + static_cast<std::ptrdiff_t>(i * s.out + (t + 1) * tokens));
        detail::take_scores<Net>(std::span<float>(expected));
        most = std::max(most, distance(generator.scores(), expected));
      }
    }
    return yes_within(most, rounding);
  }
}

}  // namespace tenon::zoo
