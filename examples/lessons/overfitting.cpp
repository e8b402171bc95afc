// Overfitting: a large network learns 120 digits by heart. Dropout, L1, L2 and early stopping each end with a lower
// validation loss.
// prints: nothing.*\ndropout.*better\nL1.*better\nL2.*better\nearly stopping.*better\n$
#include "lesson.hpp"

#include <tuple>

using namespace tenon;

using Plain = Sequential<Dense<64, 256>, ReLU, Dense<256>, ReLU, Dense<10>, Softmax>;
using Dropped = Sequential<Dense<64, 256>, ReLU, Dropout<0.5>, Dense<256>, ReLU, Dropout<0.5>, Dense<10>, Softmax>;

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "Overfitting, and what helps");
  const auto [train, test] = digits().stratified_split(120.0 / 1797, 1);
  Plot plot{.title = "validation loss on 120 training digits", .x_label = "epoch", .log_y = true};
  double unhelped = 0;

  const auto run = [&]<class Net, class R, class... C>(std::type_identity<Net>, const char* name, R regularizer,
                                                       C&... more) {
    Model<Net> model{1};
    std::vector<double> losses;
    fit(model, train,
        Fit{.optimizer = Adam{.lr = 3e-3},
            .epochs = 150,
            .batch_size = 20,
            .validation = test,
            .seed = 2,
            .progress = lesson::quiet,
            .callbacks = callbacks(more..., OnEpochEnd{[&](auto& r) { losses.push_back(r.record().validation.loss); }}),
            .regularizer = regularizer});
    const double loss = evaluate(model, test, CrossEntropy{}).loss;
    if (unhelped == 0) unhelped = loss;
    std::printf("%-15s training loss %.4f, validation loss %.4f, weights at zero %.0f %%%s\n", name,
                evaluate(model, train, CrossEntropy{}).loss, loss, 100 * sparsity(model),
                loss < unhelped ? ", better" : "");
    plot.line(name, losses, 1);
  };
  const std::type_identity<Plain> plain{};
  run(plain, "nothing", Regularizers{});
  run(std::type_identity<Dropped>{}, "dropout", Regularizers{});
  run(plain, "L1", L1{1e-3});
  run(plain, "L2", L2{1e-2});
  EarlyStopping stopping{.patience = 10, .restore_best_weights = true};
  run(plain, "early stopping", Regularizers{}, stopping);
  plot.save(out + "overfitting.svg");
}
