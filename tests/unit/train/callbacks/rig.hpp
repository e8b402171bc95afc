#pragma once

#include <tenon/tenon.hpp>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/folder.hpp"
#include "support/message_of.hpp"

/// What the tests of callbacks train: a small network on a few digits.
namespace tenon::test {

using Net = Sequential<Dense<64, 24>, ReLU, Dropout<0.3>, Dense<10>, Softmax>;
constexpr auto quiet = Progress::Mode::quiet;

struct Data {
  Dataset<float> train = digits().take(150), test = digits().take(300);
};
inline const Data& data() {
  static const Data kept;
  return kept;
}

template <class M>
bool same_bits(const M& a, const M& b) {
  const auto x = a.parameters().span(), y = b.parameters().span();
  return std::memcmp(x.data(), y.data(), x.size_bytes()) == 0;
}

/// Training in which everything that a checkpoint has to remember is used.
template <class... C>
auto settings(std::size_t epochs, C&&... callback) {
  return Fit{.optimizer = AdamW{.lr = 3e-3},
             .epochs = epochs,
             .batch_size = 16,
             .validation = data().test,
             .seed = 5,
             .schedule = CosineAnnealingLR{.T_max = 8},
             .progress = quiet,
             .callbacks = callbacks(std::forward<C>(callback)...),
             .regularizer = L1{1e-4}};
}

/// Notes what it is called with.
struct Calls {
  std::vector<std::string> list;
  void on_train_begin(auto& run) { list.push_back("training begins at step " + std::to_string(run.step())); }
  void on_epoch_begin(auto& run) { list.push_back("epoch " + std::to_string(run.epoch()) + " begins"); }
  void on_gradients(auto&) { list.push_back("gradients"); }
  void on_step_end(auto& run) { list.push_back("step " + std::to_string(run.step())); }
  void on_epoch_end(auto& run) {
    const bool right = run.record().epoch == run.epoch() && !std::isnan(run.batch_loss());
    list.push_back(right ? "epoch ends" : "epoch ends without its record");
  }
  void on_train_end(auto& run) { list.push_back(run.stopped() ? "training is stopped" : "training ends"); }
};

}  // namespace tenon::test
