#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <vector>

#include <tenon/edge/quantized.hpp>
#include <tenon/train/evaluate.hpp>

namespace tenon {

namespace detail {

/// What a loss that takes scores is given for probabilities: numbers of which the last layer makes these again. In int8
/// a probability of 0 stands for less than half a step.
template <class Last>
void scores_of_probabilities(std::span<float> y, float step) {
  for (float& p : y) {
    const float kept = std::clamp(p, step / 2, 1 - step / 2);
    if constexpr (std::is_same_v<Last, Softmax>) p = std::log(std::max(p, step / 2));
    else p = std::log(kept / (1 - kept));
  }
}

}  // namespace detail

/// Loss and accuracy of a network in int8 on a data set, as `evaluate` of the float model says them:
///
///     const auto numbers = quantize(model, calibration);
///     std::cout << evaluate(model, test).accuracy << " and in int8 " << evaluate(*numbers, test).accuracy << '\n';
///
/// Errors: those of `evaluate`; a row's weights are so large that its sum may exceed 32 bits.
template <class Net, class D, class L = CrossEntropy<>>
Scores evaluate(const QuantizedNumbers<Net>& numbers, const D& data, const L& loss = {}) {
  using M = Model<Net>;
  using Mistake = typename detail::judge_evaluate<M, D, L>::type;
  if constexpr (!std::is_void_v<Mistake>) {
    detail::refuse<Mistake>();
    return {};
  } else {
    using Aim = detail::Objective<Net, L>;
    using Out = output_shape<typename Aim::trained>;
    if constexpr (!std::is_same_v<typename D::value_type, float>) {
      return evaluate(numbers, data.template as<float>(), loss);
    } else {
      const Dataset<float>& samples_given = data;
      check_options(loss);
      if (samples_given.augmentation()) return evaluate(numbers, samples_given.prepared(), loss);
      Aim::template check<input_shape<Net>, Out>("evaluate", loss, detail::offer_of(samples_given));
      detail::check_counts("evaluate", loss, samples_given);
      const auto tables = std::make_unique<edge::QuantizedTables<Net>>(edge::make_tables(numbers));
      if (!tables->sums_fit) throw Error("evaluate: a row's weights are so large that its sum may exceed 32 bits");
      const auto net = std::make_unique<Quantized<Net>>(*tables);
      constexpr size_t batch = 64, in = input_shape<Net>::size, out = output_shape<Net>::size;
      std::vector<float> y(batch * out), scratch(batch * Aim::template scratch<Out> + 1);
      detail::LossSum sum;
      detail::ClassCount classes;
      for (size_t first = 0; first < samples_given.size(); first += batch) {
        const size_t count = std::min(batch, samples_given.size() - first);
        const detail::Samples<float> samples = detail::samples_of(samples_given, first, count);
        for (size_t i = 0; i < count; ++i)
          (*net)(std::span<const float, in>(samples.features[i], in), std::span<float, out>(y.data() + i * out, out));
        static_assert(number_of_outputs<Net> == 1 || std::is_same_v<typename Aim::trained, Net>,
                      "of several outputs in int8, evaluate takes losses of what the network gives, not of scores");
        if constexpr (number_of_outputs<Net> == 1 && !std::is_same_v<typename Aim::trained, Net>)
          detail::scores_of_probabilities<last_layer<Net>>(std::span<float>(y).first(count * out), net->output_scale());
        detail::TermValues values;
        Aim::template evaluate<Out>(loss, Rows<const float>{y.data(), count, out}, samples, std::span<float>(scratch),
                                    Rows<float>{}, values);
        sum.add<Aim>(loss, values);
        Aim::template count<Out>(loss, Rows<const float>{y.data(), count, out}, samples, classes);
      }
      return {sum.value<Aim>(loss), classes.accuracy(), {}};
    }
  }
}

}  // namespace tenon
