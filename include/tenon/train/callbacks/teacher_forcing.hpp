#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include <tenon/options.hpp>
#include <tenon/random.hpp>

namespace tenon {

/// Decoders are trained on the right tokens and have to go on from their own when they are used. With a rate below 1 a
/// part of the tokens that a decoder is given in training are what the model says itself (scheduled sampling, Bengio et
/// al. 2015, for all steps of a batch at once as Mihaylova and Martins 2019 do): before each step the model predicts
/// the batch, and each token but the first becomes, with probability 1 - rate, the most probable one of the step
/// before.
///
///     TeacherForcing<Source> forcing{.rate = 0.9};        // of samples of Source tokens, then the decoder's
///     fit(model, data, Fit{..., .callbacks = callbacks(forcing)});
///
/// Steps without a label are left as they are. A step costs one more forward pass; which tokens are replaced follows
/// from the run's seed and step. Throws an Error where the rate is not from 0 to 1 or samples have another size.
/// PyTorch: none. Keras: none.
template <size_t Source, class Scalar = float>
struct TeacherForcing {
  double rate = 1;
  std::vector<double> replaced{};  // of each batch so far, the share of tokens replaced

  static constexpr void each_option(auto& o, auto visit) { visit("rate", o.rate, from_to(0, 1)); }
  void on_train_begin(auto& run) {
    constexpr size_t most = size_t{1} << 20;  // beyond that a vector grows by itself
    const size_t batches = (run.data().size() - 1) / run.settings().batch_size + 1;
    replaced.reserve(run.epochs() < most / batches ? run.epochs() * batches : most);
  }

  void on_batch(auto& run, auto& batch) {
    using Run = std::remove_reference_t<decltype(run)>;
    using M = typename Run::model_type;
    using T = typename Run::scalar;
    constexpr size_t steps = M::output::front, tokens = M::output::inner, length = M::input::size;
    static_assert(
        M::output::rank == 2 && length == Source + steps,
        "TeacherForcing<Source> takes a network from Source tokens and the decoder's to a score for each token");
    if (rate == 1) return;
    outputs_.resize(batch.count * M::output::size);
    run.model().predict(batch.features, outputs_);
    Stream stream(run.settings().seed, Purpose::sampling, 0, run.step());
    size_t count = 0;
    for (size_t i = 0; i < batch.count; ++i)
      for (size_t t = 1; t < steps; ++t) {
        const bool own = stream.uniform() >= rate;  // drawn for every step, so that others do not depend on labels
        if (!own || (!batch.labels.empty() && batch.labels[i * steps + t] < 0)) continue;
        const T* const scores = outputs_.data() + (i * steps + t - 1) * tokens;
        batch.features[i * length + Source + t] = static_cast<T>(std::max_element(scores, scores + tokens) - scores);
        ++count;
      }
    replaced.push_back(static_cast<double>(count) / static_cast<double>(batch.count * (steps - 1)));
  }

  std::vector<Scalar> outputs_{};
};

}  // namespace tenon
