#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <tenon/layers/softmax.hpp>
#include <tenon/model/arguments.hpp>
#include <tenon/model/model.hpp>
#include <tenon/model/session_memory.hpp>
#include <tenon/networks/last_layer.hpp>
#include <tenon/networks/stepwise.hpp>
#include <tenon/text/sampling.hpp>

namespace tenon {

/// What a generator is made of: a network from `Input<Context>` tokens to a distribution at each step, in which every
/// step sees those before alone.
template <class Net, class Takes>
struct not_a_language_model;
struct a_causal_network_from_tokens_to_scores_of_the_next;

namespace detail {

/// A network that gives as many rows as it takes tokens.
template <class In, class Out>
inline constexpr bool scores_tokens = In::rank == 1 && Out::rank == 2 && Out::front == In::size;

template <class Net>
struct refusal_of<token_by_token, Net> {
  static constexpr auto judge() {
    if constexpr (!Checked<Net>::valid) return std::type_identity<void>{};
    else if constexpr (!scores_tokens<input_shape<Net>, output_shape<Net>>)
      return std::type_identity<not_a_language_model<Net, takes<a_causal_network_from_tokens_to_scores_of_the_next>>>{};
    else return std::type_identity<refusal<step_by_step, Net>>{};
  }
  using type = typename decltype(judge())::type;
};

/// As samplers take them: logarithms of what Softmax gives.
template <class Net, class T>
void take_scores(std::span<T> outputs) {
  if constexpr (std::is_same_v<last_layer<Net>, Softmax>)
    for (T& score : outputs) score = std::log(std::max(score, std::numeric_limits<T>::min()));
}

}  // namespace detail

/// Writes with a language model, token by token:
///
///     Model<GPT<65, 64, 4, 4, 128>> model{seed};
///     ...
///     Session writer{model, session::generating};
///     auto tokens = writer(tokenizer.encode("ROMEO:"), 200, Sampler{.temperature = 0.8, .top_k = 20}, seed);
///
/// Keys and values of the steps before are remembered, so that a token costs one step and not Context of them; the
/// tokens are those that the whole network would give (`generate_plainly`). Where the context is full, its later half
/// is read anew and goes on. The model must outlive it. Allocates nothing but the tokens it returns.
template <class M>
class Session<M, session::Generating> {
  using T = typename M::scalar;
  using Net = typename M::network;
  static_assert(detail::check_execution<token_by_token, Net>());
  static_assert(detail::keeps_parameters<Net>(), "a step has the network's own parameters");
  using Bound = bound_network<Stepwise<Net>>;

public:
  static constexpr size_t context = M::input::size;
  static constexpr size_t tokens = M::output::inner;

  explicit Session(const M& model, session::Generating = {})
      : model_(&model), memory_(layout_of<Bound>.needs), scores_(tokens) {
    read_.reserve(context);
  }
  explicit Session(const M&&, session::Generating = {}) = delete;  // it refers to the model

  /// `count` tokens that follow the prompt, which has at least one. Throws an Error where one of its tokens is not in
  /// the vocabulary.
  std::vector<std::int32_t> operator()(std::span<const std::int32_t> prompt, size_t count,
                                       Sampler sampler,  // NOLINT(performance-unnecessary-value-param)
                                       std::uint64_t seed) {
    if (prompt.empty()) throw Error("generating session: expected a prompt of at least one token, got none");
    reset();
    for (const std::int32_t token : prompt.last(std::min(prompt.size(), context))) step(token);
    Stream stream(seed, Purpose::sampling);
    std::vector<std::int32_t> result;
    detail::reserve_tokens(result, count);
    while (result.size() < count) {
      result.push_back(static_cast<std::int32_t>(sampler(scores(), stream)));
      if (result.size() < count) step(result.back());
    }
    return result;
  }

  template <class Prompt, class... A>
    requires(!detail::Tokens<Prompt>)
  std::vector<std::int32_t>
  operator()(const Prompt&, const A&...) {
    detail::refuse_tokens<"Session", "prompt", Prompt>();
    return {};
  }

  /// Reads one more token; `scores` says what may follow.
  void step(std::int32_t token) {
    if (read_.size() == context) {
      const std::vector<std::int32_t>::iterator later = read_.begin() +
                                                        static_cast<std::ptrdiff_t>(context - context / 2);
      half_.assign(later, read_.end());
      reset();
      for (const std::int32_t t : half_) run(t);
    }
    run(token);
  }
  /// For each token that may follow the last one read: the network's output, or its logarithm where the network ends
  /// with Softmax.
  std::span<const T> scores() const { return {scores_.data(), tokens}; }
  /// The next token is the first.
  void reset() {
    memory_.reset();
    read_.clear();
  }
  [[deprecated("called reset")]] void forget() { reset(); }

private:
  void run(std::int32_t token) {
    const T value = static_cast<T>(token);
    typename M::context context_of_run;
    run_forward<Bound>(context_of_run, memory_.with(model_->parameters().data(), model_->buffers().data()),
                       Rows<const T>{&value, 1, 1}, Rows<T>{scores_.data(), 1, tokens}, Evaluation{});
    detail::take_scores<Net>(std::span<T>(scores_.data(), tokens));
    read_.push_back(token);
  }

  const M* model_;
  detail::SessionMemory<T> memory_;
  Arena<T> scores_;
  std::vector<std::int32_t> read_{};  // what the state remembers
  std::vector<std::int32_t> half_{};
};

/// Its former name.
template <class M>
class Generator : public Session<M, session::Generating> {
public:
  [[deprecated("write Session writer{model, session::generating}")]] explicit Generator(const M& model)
      : Session<M, session::Generating>(model) {}
};

/// The same tokens by running the whole network for each of them.
template <class M>
std::vector<std::int32_t> generate_plainly(const M& model, std::span<const std::int32_t> prompt, size_t count,
                                           Sampler sampler,  // NOLINT(performance-unnecessary-value-param)
                                           std::uint64_t seed) {
  using T = typename M::scalar;
  constexpr size_t context = M::input::size, tokens = M::output::inner;
  if (prompt.empty()) throw Error("generate_plainly: expected a prompt of at least one token, got none");
  const auto kept = prompt.last(std::min(prompt.size(), context));
  std::vector<std::int32_t> seen(kept.begin(), kept.end()), result;
  size_t first = 0;  // of those that are still read
  std::vector<T> padded(context), y(M::output::size);
  Stream stream(seed, Purpose::sampling);
  while (result.size() < count) {
    const size_t read = seen.size() - first;
    std::fill(padded.begin(), padded.end(), T(0));
    for (size_t i = 0; i < read; ++i) padded[i] = static_cast<T>(seen[first + i]);
    model.predict(padded, y);
    const std::span<T> scores = std::span<T>(y).subspan((read - 1) * tokens, tokens);
    detail::take_scores<typename M::network>(scores);
    result.push_back(static_cast<std::int32_t>(sampler(std::span<const T>(scores), stream)));
    if (read == context) first += context - context / 2;
    seen.push_back(result.back());
  }
  return result;
}

}  // namespace tenon
