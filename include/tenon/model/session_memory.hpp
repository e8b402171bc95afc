#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>

#include <tenon/error.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/model/arguments.hpp>
#include <tenon/model/model.hpp>

/// Ways of running a model on a host beside `Model` itself. All are called Session; a tag says which way is meant.
namespace tenon {

namespace session {

/// How a Session runs.
struct Single {};
struct Stateful {};
struct Stepped {};
struct Generating {};
/// One sample a call.
inline constexpr Single single{};
/// Pieces of sequences: each call goes on where the one before ended. For networks with `stateful` layers.
inline constexpr Stateful stateful{};
/// One step of a sequence a call, whatever the network has been trained on. For networks that see no later steps.
inline constexpr Stepped stepped{};
/// Token by token, with the steps so far remembered (model/generate.hpp). For language models.
inline constexpr Generating generating{};

}  // namespace session

/// A model that is run in one of these ways:
///
///     Session net{model};                                   // session::single: model/session.hpp
///     net(sample, output);
///     Session net{model, session::stepped};
///     net.step(sample, output);
///     Session run{model, session::stateful, sequences};
///     run(pieces, outputs);
///     Session writer{model, session::generating};           // model/generate.hpp
///     auto tokens = writer(prompt, 200, Sampler{.temperature = 0.8}, seed);
///
/// `reset()` forgets what came before. After construction nothing allocates but what a call returns. Several sessions
/// of one model do not disturb each other; one session serves one thread.
template <class M, class How = session::Single>
class Session {  // of which the compiler has not seen what it is
public:
  template <class... A>
  explicit Session(const std::type_identity_t<M>&, const A&...) {}
  template <class... A>
  void operator()(A&&...) {}
  template <class... A>
  void step(A&&...) {}
  void reset() {}

private:
  static constexpr bool is_included = !std::is_same_v<M, M>;
  static_assert(is_included, "a Session needs #include <tenon/model/session.hpp>, with session::generating "
                             "<tenon/model/generate.hpp>; single samples and steps are those of a Model of float");
};

namespace detail {

/// What says how a Session runs: a tag, and with `stateful` maybe a number of sequences.
template <class... How>
inline constexpr bool is_way_to_run = false;
template <class How>
inline constexpr bool is_way_to_run<How> = std::is_same_v<How, session::Single> ||
                                           std::is_same_v<How, session::Stateful> ||
                                           std::is_same_v<How, session::Stepped> ||
                                           std::is_same_v<How, session::Generating>;
template <class N>
inline constexpr bool is_way_to_run<session::Stateful, N> = std::is_convertible_v<N, size_t>;

}  // namespace detail

/// A Session of a model, as it is written.
template <class Net, class Scalar, class Gemm>
Session(const Model<Net, Scalar, Gemm>&) -> Session<Model<Net, Scalar, Gemm>>;
template <class Net, class Scalar, class Gemm, class How>
  requires(detail::is_way_to_run<How>)
Session(const Model<Net, Scalar, Gemm>&, How)
->Session<Model<Net, Scalar, Gemm>, How>;
template <class Net, class Scalar, class Gemm>
Session(const Model<Net, Scalar, Gemm>&, session::Stateful, size_t)
    -> Session<Model<Net, Scalar, Gemm>, session::Stateful>;

namespace detail {

/// A Session of something else, which is refused.
template <class T>
struct NotAModel;

}  // namespace detail

template <detail::NoModel M, class... How>
Session(const M&, const How&...) -> Session<detail::NotAModel<M>>;

template <class M>
class Session<detail::NotAModel<M>> {
public:
  template <class... How>
  explicit Session(const M&, const How&...) {
    detail::refuse_no_model<"Session", M>();
  }
  template <class... A>
  void operator()(A&&...) {}
  template <class... A>
  void step(A&&...) {}
  void reset() {}
};

/// One of the ways above, and no two of them.
struct a_way_to_run;

namespace detail {

/// A Session that is run in another way, which is refused.
template <class... How>
struct NoWayToRun;

}  // namespace detail

template <class Net, class Scalar, class Gemm, class... How>
  requires(sizeof...(How) > 0 && !detail::is_way_to_run<How...>)
Session(const Model<Net, Scalar, Gemm>&, const How&...)
->Session<detail::NoWayToRun<How...>>;

template <class... How>
class Session<detail::NoWayToRun<How...>> {
public:
  template <class M>
  explicit Session(const M&, const How&...) {
    detail::refuse<wrong_argument<argument<"Session", "how">, takes<a_way_to_run>, but_gets<How...>,
                                  write<"Session{model, session::stepped}">>>();
  }
  template <class... A>
  void operator()(A&&...) {}
  template <class... A>
  void step(A&&...) {}
  void reset() {}
};

namespace detail {

/// The memory a session works in: what layers remember, and scratch, for so many samples side by side.
template <class T>
class SessionMemory {
public:
  SessionMemory(const Needs& needs, size_t samples = 1)
      : stride_(needs.state),
        state_(numbers(needs.state, samples)),
        scratch_(numbers(needs.inference.sample, samples)),
        fixed_(needs.inference.fixed) {
    reset();
  }
  void reset() { std::fill_n(state_.data(), state_.size(), T(0)); }

  /// With these parameters, which evaluation only reads.
  TENON_INLINE Memory<T> with(const T* parameters, const T* buffers) {
    const bool remembers = state_.size() > 0;  // if not, every sequence is the first
    return {.parameters = {.values = parameters, .constants = buffers},
            .workspace = {.scratch = scratch_.data(), .scratch_fixed = fixed_.data()},
            .state = {remembers ? state_.data() : nullptr, stride_}};
  }

private:
  static size_t numbers(size_t of_one, size_t samples) {
    if (of_one > 0 && samples > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(T) / of_one)
      throw Error("session: expected sequences that fit in memory, got " + std::to_string(samples) + " of " +
                  std::to_string(of_one) + " numbers each");
    return of_one * samples;
  }

  size_t stride_;
  Arena<T> state_, scratch_, fixed_;
};

}  // namespace detail
}  // namespace tenon
