#pragma once

#include <cstddef>
#include <span>

#include <tenon/data/loader.hpp>
#include <tenon/train/objective.hpp>
#include <tenon/train/sharding.hpp>
#include <tenon/train/training_space.hpp>
#include <tenon/train/workers.hpp>

namespace tenon::detail {

/// The loss of a batch that is cut into shards, from the outputs y; dy is the gradient at the rows of this rank. A mean
/// over the batch is the sum of the shards' means, each weighted by its part of what the batch's is a mean over: of the
/// samples, or labels, or weights.
template <class Aim, class Output, class L, class T>
double loss_in_shards(const L& loss, Sharding<T>& sharding, Workers& workers, Rows<const T> y, const Batch<T>& batch,
                      std::span<T> scratch, Rows<T> dy, TermValues& terms) {
  const Samples<T> whole = samples_of(batch);
  TermValues of_batch;
  Aim::template weigh<Output>(loss, whole, of_batch);
  sharding.start_loss(Aim::terms);
  sharding.for_each(workers, [&](size_t k) {
    const IndexRange range{sharding.first_of(k), sharding.count_of(k)};
    const Samples<T> samples = some_of(whole, range.first, range.count);
    TermValues values, factors;
    Aim::template weigh<Output>(loss, samples, factors);
    for (size_t i = 0; i < Aim::terms; ++i) {
      double& factor = factors.weight[i];
      if (!Aim::is_mean(loss, i)) factor = 1;
      else factor = of_batch.weight[i] == 0 ? 0 : factor / of_batch.weight[i];
    }
    constexpr size_t space = Aim::template scratch<Output>;
    const Rows<T> gradient = rows_of(dy, range);
    const auto evaluate = [&](const L& scaled) {
      Aim::template evaluate<Output>(scaled, rows_of(y, range), samples,
                                     scratch.subspan(range.first * space, range.count * space), gradient, values);
    };
    if constexpr (Aim::terms > 1) {
      evaluate(Aim::scaled(loss, factors));
    } else {
      evaluate(loss);
      if (const T factor = static_cast<T>(factors.weight[0]); factor != T(1))
        for (size_t i = 0; i < range.count * Output::size; ++i) gradient.data[i] *= factor;
    }
    for (size_t i = 0; i < Aim::terms; ++i)
      factors.value[i] = factors.weight[i] == 0 ? 0 : values.value[i] * factors.weight[i];
    ClassCount counted;
    Aim::template count<Output>(loss, rows_of(y, range), samples, counted);
    sharding.put_loss(k, factors.value.data(), counted);
  });
  terms.weight = of_batch.weight;
  sharding.finish_loss(terms);
  double total = 0;
  for (size_t i = 0; i < Aim::terms; ++i) total += Aim::factor(loss, i) * terms.value[i];
  return total;
}

}  // namespace tenon::detail
