#pragma once

#include <algorithm>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenon/losses/joint.hpp>
#include <tenon/losses/mean_squared_error.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/ports.hpp>
#include <tenon/optim/adam.hpp>
#include <tenon/report/table.hpp>
#include <tenon/train/arguments.hpp>
#include <tenon/train/trainer.hpp>

namespace tenon {

namespace detail {

/// In the library: the text from the network's tables.
std::string summary_text(std::string_view title, std::span<const LayerRow> layers, const SummaryTotals& totals);

/// A loss that a network may be trained with, whatever it is for: of several outputs, the sum of one for each. Void
/// where a graph within a network gives several outputs, which have no names outside it.
template <class Net, size_t... K>
auto choose_loss(std::index_sequence<K...>) {
  constexpr const auto& names = port_names<Net>::outputs;
  if constexpr (sizeof...(K) == 1) return std::type_identity<MeanSquaredError>{};
  else if constexpr (sizeof...(K) != names.size()) return std::type_identity<void>{};
  else
    return std::type_identity<
        JointLoss<OutputLoss<to_fixed_string<names[K].size()>(names[K]), "", MeanSquaredError>...>>{};
}
template <class Net>
using any_loss = typename decltype(choose_loss<Net>(std::make_index_sequence<number_of_outputs<Net>>{}))::type;

template <class Net, class O, class T>
constexpr size_t shown_training_bytes(size_t batch);

}  // namespace detail

/// What training takes beside the data, in bytes: parameters, gradients, optimizer state, and the
/// activations of a batch. A loss that joins the network's last layer takes a little less; with
/// `Loss` given the figure is exact.
template <class Net, NetworkOptimizer O, class Scalar = float, Loss L = detail::any_loss<Net>>
constexpr size_t training_bytes(size_t batch) {
  constexpr Layout l = workspace<Net>;
  return sizeof(Scalar) * (l.trainable_size + l.buffer_size) + Trainer<Model<Net, Scalar>, L, O>::bytes(batch);
}

template <class Net, class O, class T>
constexpr size_t detail::shown_training_bytes(size_t batch) {
  if constexpr (std::is_void_v<any_loss<Net>>) return 0;
  else return training_bytes<Net, O, T>(batch);
}

/// The same on one of several ranks that split the optimizer's arrays (`Distributed world{{.zero = 1}}`), where a batch
/// is cut into so many shards.
template <class Net, NetworkOptimizer O, class Scalar = float, Loss L = detail::any_loss<Net>>
constexpr size_t training_bytes(size_t batch, size_t ranks, size_t shards = 8) {
  constexpr Layout l = workspace<Net>;
  return sizeof(Scalar) * (l.trainable_size + l.buffer_size) +
         Trainer<Model<Net, Scalar>, L, O>::bytes_on_ranks(batch, ranks, shards);
}

/// What prediction takes beside input and output, in bytes: parameters, and the activations of a
/// batch, of which no more than `prediction_chunk` samples are worked on at a time.
template <class Net, class Scalar = float>
constexpr size_t inference_bytes(size_t batch) {
  constexpr Layout l = workspace<Net>;
  const size_t samples = std::min(batch, prediction_chunk);
  const size_t scratch = l.needs.inference.fixed + samples * l.needs.inference.sample;
  return sizeof(Scalar) * (l.trainable_size + l.buffer_size + scratch);
}

/// The network as a table: layers, output shapes, parameters, and the bytes it takes to train with
/// this optimizer, and to predict, at this batch size.
template <NetworkOptimizer O = Adam, class M>
std::string summary_text(const M&, size_t batch = 64) {
  using Net = typename M::network;
  using T = typename M::scalar;
  size_t all = 0;
  for (const ParameterEntry& entry : parameter_table<Net>) all += entry.size;
  return detail::summary_text("Model", port_table<Net>,
                              {.trainable = parameter_count<Net>,
                               .frozen = all - parameter_count<Net>,
                               .parameter_bytes = sizeof(T) * all,
                               .training_bytes = detail::shown_training_bytes<Net, O, T>(batch),
                               .inference_bytes = inference_bytes<Net, T>(batch),
                               .batch = batch});
}

/// Prints that table.
template <NetworkOptimizer O = Adam, class M>
void summary(const M& model, size_t batch = 64) {
  using Mistake = typename decltype(detail::judge_model<"summary", M>())::type;
  if constexpr (!std::is_void_v<Mistake>) detail::refuse<Mistake>();
  else std::fputs(summary_text<O>(model, batch).c_str(), stdout);
}

}  // namespace tenon
