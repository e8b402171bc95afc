// Transfer learning: features learned from one question about digits serve another, for which there are few answers.
// Freeze them and train a new head; fine-tune; or learn all from nothing. Compared by how many answers there are.
// prints: 40 answers: .* helps\n80 answers: .* helps\n160 answers: .*parameters frozen: 6240 of 6306
#include "lesson.hpp"

using namespace tenon;

using Trunk = Sequential<Dense<64, 64>, ReLU, Dropout<0.2>, Dense<32>, ReLU>;
template <std::size_t Classes>
using Net = Sequential<Named<"features", Trunk>, Named<"head", Dense<Classes>>, Softmax>;

Dataset<float> below_five(const Dataset<float>& data) {
  std::vector<std::int32_t> labels;
  for (const std::int32_t digit : data.labels()) labels.push_back(digit < 5 ? 1 : 0);
  return {{64}, {data.features().begin(), data.features().end()}, Labels{labels, 2}};
}

template <class N>
Model<N> tuned(const auto& pretrained, const Dataset<float>& data, double rate) {
  Model<N> model{2};
  if constexpr (!std::is_same_v<std::remove_cvref_t<decltype(pretrained)>, std::nullptr_t>)
    copy_parameters<by_name<"features.*">>(pretrained, model);
  fit(model, data,
      Fit{.optimizer = Groups{Adam{.lr = rate}, group<by_name<"head.*">>(Adam{.lr = 1e-2})},
          .epochs = 60,
          .batch_size = 10,
          .progress = lesson::quiet});
  return model;
}

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "Transfer learning: freeze, fine-tune, compare");
  const auto [first, second] = digits().stratified_split(0.7, 1);
  Model<Net<10>> pretrained{1};
  fit(pretrained, first, Fit{.optimizer = Adam{.lr = 2e-3}, .epochs = 25, .batch_size = 32, .progress = lesson::quiet});

  std::vector<double> answers, nothing, frozen, fine;
  for (const double part : {20.0, 40.0, 80.0, 160.0}) {
    const auto [few, others] = below_five(second).stratified_split(part / static_cast<double>(second.size()), 3);
    const auto score = [&others](const auto& model) { return evaluate(model, others, CrossEntropy{}).accuracy; };
    answers.push_back(part);
    nothing.push_back(score(tuned<Net<2>>(nullptr, few, 2e-3)));
    frozen.push_back(score(tuned<freeze<Net<2>, "features">>(pretrained, few, 2e-3)));
    fine.push_back(score(tuned<Net<2>>(pretrained, few, 3e-4)));
    std::printf("%.0f answers: from nothing %.4f, frozen %.4f, fine-tuned %.4f%s\n", part, nothing.back(),
                frozen.back(), fine.back(), fine.back() > nothing.back() ? ", what was learned before helps" : "");
  }
  std::printf("parameters frozen: %zu of %zu\n", parameter_count<Net<2>> - parameter_count<freeze<Net<2>, "features">>,
              parameter_count<Net<2>>);
  Plot plot{.title = "is the digit below five?", .x_label = "answers to learn from", .y_label = "accuracy"};
  plot.line("from nothing", answers, nothing)
      .line("frozen features", answers, frozen)
      .line("fine-tuned", answers, fine)
      .save(out + "transfer.svg");
}
