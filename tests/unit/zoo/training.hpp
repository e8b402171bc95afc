#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/dist/thread_ranks.hpp>
#include <tenon/edge/learner.hpp>
#include <tenon/tenon.hpp>

#include "support/gradient_check.hpp"
#include "unit/zoo/refusal_text.hpp"
#include "unit/zoo/rig.hpp"

/// The columns of training: gradients, on threads, on ranks, and on a device.
namespace tenon::zoo {

template <class A>
std::string check_gradient() {
  using Net = typename A::Net;
  if constexpr (parameter_count<Net> == 0) return "nothing to learn";
  if (std::ranges::any_of(parameter_table<Net>,
                          [](const ParameterEntry& entry) { return entry.name.ends_with("min_val"); }))
    return "straight through";
  Lesson<Net> run(11, A::tokens);
  const std::vector<double> gradient = run.gradients();
  test::GradientComparison comparison{1e-5};
  for (const ParameterEntry& entry : parameter_table<Net>)
    if (entry.trainable)
      test::compare_gradient(
          comparison, [&] { return run.loss(); }, run.model.values(entry),
          std::span(gradient).subspan(entry.offset, entry.size), std::string(entry.name));
  for (const std::string& fault : comparison.faults) FAIL_CHECK(fault);
  return comparison.faults.empty() ? "yes" : "WRONG";
}

template <class A>
std::string check_threads() {
  using Net = typename A::Net;
  if constexpr (parameter_count<Net> == 0) return "nothing to learn";
  const auto with = [](std::size_t threads) {
    set_num_threads(threads);
    Lesson<Net> run(57, A::tokens);
    set_num_threads(1);
    return run.gradients();
  };
  const std::vector<double> one = with(1);
  return yes_within(std::max(distance(with(2), one), distance(with(7), one)), 1e-11);
}

/// Whether what `train` gives in one process has the same bits on threads, and on ranks, each of them a thread here.
inline std::string same_bits(const std::function<std::vector<double>()>& train) {
  try {
    const std::vector<double> alone = train();
    const auto right = [&alone](const std::vector<double>& got) {
      return std::memcmp(got.data(), alone.data(), alone.size() * sizeof(double)) == 0;
    };
    set_num_threads(3);
    bool all = std::ranges::all_of(alone, [](double v) { return std::isfinite(v); }) && right(train());
    for (const std::size_t ranks : {2U, 3U}) {
      set_num_threads(ranks == 2 ? 2 : 1);
      std::array<char, 3> on_rank{};
      run_ranks(ranks, [&](Communicator& rank) { on_rank[rank.rank()] = right(train()); }, {.piece_bytes = 64});
      all = all && static_cast<std::size_t>(std::ranges::count(on_rank, 1)) == ranks;
    }
    set_num_threads(1);
    return yes_if(all);
  } catch (const Error& error) {
    set_num_threads(1);
    const std::string_view text = error.what();
    if (text.find("without layers that are stateful") != text.npos) return "no: stateful";
    FAIL_CHECK(text);
    return "WRONG";
  }
}

/// Two steps of training, whose batch is cut into four shards of different sizes: the loss, and all numbers of the
/// model.
template <class A>
std::vector<double> trained_in_shards() {
  Lesson<typename A::Net> run(67, A::tokens, 4);
  std::vector<double> all;
  for (int step = 0; step < 2; ++step) {
    all.push_back(run.loss());
    run.trainer.backward();
    run.trainer.step();
  }
  for (const auto numbers : {run.model.parameters().span(), run.model.buffers().span()})
    all.insert(all.end(), numbers.begin(), numbers.end());
  return all;
}

template <class A>
std::string check_ranks() {
  if constexpr (parameter_count<typename A::Net> == 0) return "nothing to learn";
  else return same_bits(trained_in_shards<A>);
}

/// A line for tests/mpi, which compares them for any number of processes: what training leaves, or why it is refused.
template <class A>
std::string trained_bits() {
  std::string text = std::string(A::name) + ": ";
  if constexpr (parameter_count<typename A::Net> == 0) {
    text += "nothing to learn";
  } else {
    try {
      const std::vector<double> all = trained_in_shards<A>();
      std::uint64_t sum = 14695981039346656037U;
      for (const double number : all) sum = (sum ^ std::bit_cast<std::uint64_t>(number)) * 1099511628211U;
      if (const World* world = detail::current_world()) {
        std::vector<std::uint64_t> sums(world->ranks->size());
        world->ranks->all_gather(&sum, sums.data(), sizeof sum);
        if (std::ranges::count(sums, sum) != std::ssize(sums)) text += "not on every rank ";
      }
      std::array<char, 17> digits{};
      std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(sum));
      text += digits.data();
    } catch (const Error& error) {
      text += error.what();
    }
  }
  return text + "\n";
}

/// What a device makes of a sample, and the gradients of one, beside those of training in double. Where statistics are
/// those of a batch there, they are fixed on the device: tests/unit/edge looks at the gradients.
template <class A>
std::string check_learner(const Sampled<A>& s) {
  using Net = typename A::Net;
  if constexpr (!runs_as<learning_on_device, Net>) {
    return RefusalText<refusal<learning_on_device, Net>>::text();
  } else if constexpr (number_of_outputs<Net> > 1) {
    return "no: several outputs";
  } else if constexpr (parameter_count<Net> == 0) {
    return "nothing to learn";
  } else {
    using Learner = edge::Learner<Net, MeanSquaredError, PlainSGD>;
    const auto weights = frozen_weights(s.model);
    const auto net = std::make_unique<Learner>(*weights, PlainSGD{.lr = 0}, 4);
    double most = s.distance_by_sample([&net](auto x, auto y) {
      net->reset_states();
      (*net)(x, y);
    });
    if constexpr (!has_running_statistics<Net>) {
      Lesson<Net> run(1, A::tokens);
      for (const ParameterEntry& entry : parameter_table<Net>)
        std::copy_n(s.model.values(entry).begin(), entry.size, run.model.values(entry).begin());
      const std::vector<float> x(run.x.begin(), run.x.end()), target(run.target.begin(), run.target.end());
      net->reset_states();
      net->learn(std::span<const float, Learner::input::size>(x),
                 std::span<const float, Learner::output::size>(target));
      most = std::max(most, distance(net->gradients(), run.gradients()));
    }
    return yes_within(most, rounding);
  }
}

}  // namespace tenon::zoo
