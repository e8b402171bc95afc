// An optimizer with decoupled weight decay, a learning rate that warms up and then falls along a cosine,
// and gradients that are never too long.
// prints: test accuracy: (0\.9[6-9]|1\.)
#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

using Net = Sequential<Dense<64, 128>, ReLU, Dropout<0.2>, Dense<10>, Softmax>;

int main() {
  const auto [train, test] = digits().stratified_split(0.8, 1);

  const SequentialLR schedule{{5}, LinearLR{.start_factor = 0.1, .total_iters = 5}, CosineAnnealingLR{.T_max = 35}};
  Model<Net> model{1};
  const auto history = fit(model, train,
                           Fit{.loss = CrossEntropy{.label_smoothing = 0.05},
                               .optimizer = AdamW{.lr = 3e-3, .weight_decay = 1e-2},
                               .epochs = 40,
                               .batch_size = 64,
                               .seed = 1,
                               .schedule = schedule,
                               .clip_grad_norm = 1.0});

  std::printf("learning rate: %.2g in epoch 1, %.2g in epoch 6, %.2g in epoch 40\n", history.epochs[0].lr,
              history.epochs[5].lr, history.epochs[39].lr);
  std::printf("test accuracy: %.4f\n", evaluate(model, test, CrossEntropy{}).accuracy);
}
