#pragma once

#include <tenon/networks/quantization_aware.hpp>
#include <tenon/tenon.hpp>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

/// Runs of training whose bits have to be the same for any number of ranks and threads, with what there is between the
/// input and the weights: layers, dropout, augmentation, optimizers, accumulation, clipping, uneven and partial
/// batches.
namespace tenon::alike {

using Plain = Sequential<Dense<64, 24>, ReLU, Dropout<0.3>, Dense<10>, Softmax>;
using Normed = Sequential<Input<64>, Reshape<1, 8, 8>, Conv2D<4, 3, bias<false>>, BatchNorm2D<>, ReLU,
                          Residual<Conv2D<4, 3, padding<same>>, BatchNorm2D<>>, Flatten, Dense<10>, Softmax>;
using Recurrent = Sequential<Input<1, 8, 8>, Reshape<8, 8>, GRU<12>, Dropout<0.2>, MultiheadAttention<2>, Last,
                             Dense<10>, Softmax>;
using Aware = QuantizationAware<Sequential<Input<64>, Dense<12>, ReLU, Dense<10>>>;

/// All numbers that a run leaves.
class Bits {
public:
  template <class T>
  void add(std::span<const T> numbers) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(numbers.data());
    bytes_.insert(bytes_.end(), bytes, bytes + numbers.size_bytes());
  }
  void add(const History& history) {
    for (const EpochRecord& e : history.epochs) {
      const double numbers[]{e.training.loss, e.training.accuracy, e.validation.loss, e.validation.accuracy, e.lr};
      add(std::span<const double>(numbers));
      for (const EpochRecord::Metric& m : e.metrics) add(std::span<const double>(&m.value, 1));
    }
  }
  template <class M>
  void add_model(const M& model) {
    add(model.parameters().span());
    add(model.buffers().span());
  }
  std::uint64_t hash() const {
    std::uint64_t sum = 14695981039346656037U;
    for (const unsigned char b : bytes_) sum = (sum ^ b) * 1099511628211U;
    return sum;
  }
  std::size_t size() const { return bytes_.size(); }

private:
  std::vector<unsigned char> bytes_{};
};

inline const Dataset<float>& some_digits() {
  static const Dataset<float> data = digits().take(203);  // the last batch is smaller, and its shards are uneven
  return data;
}

template <class Net, class How, class Data = Dataset<float>>
std::uint64_t bits_of(const How& how, const Data& data = some_digits()) {
  Model<Net> model{1};
  Bits bits;
  bits.add(fit(model, data, how));
  bits.add_model(model);
  return bits.hash();
}

/// The same runs everywhere, each by its name.
struct Run {
  const char* name;
  std::uint64_t (*bits)();
};
inline std::vector<Run> runs() {
  constexpr auto quiet = Progress::Mode::quiet;
  return {
      {"a perceptron with dropout, Adam",
       [] {
         return bits_of<Plain>(Fit{
             .optimizer = Adam{.lr = 1e-3}, .epochs = 2, .batch_size = 96, .seed = 3, .progress = quiet, .shards = 8});
       }},
      {"accumulation, clipping, a regularizer, a schedule, SGD",
       [] {
         return bits_of<Plain>(Fit{.optimizer = SGD{.lr = 0.05, .momentum = 0.9},
                                   .epochs = 2,
                                   .batch_size = 48,
                                   .seed = 4,
                                   .schedule = StepLR{.step_size = 1, .gamma = 0.5},
                                   .clip_grad_norm = 0.5,
                                   .progress = quiet,
                                   .regularizer = L2{1e-3},
                                   .accumulate = 2,
                                   .shards = 8});
       }},
      {"batch normalisation, validation, metrics",
       [] {
         return bits_of<Normed>(Fit{.optimizer = Adam{.lr = 1e-3},
                                    .epochs = 2,
                                    .batch_size = 80,
                                    .validation_split = 0.2,
                                    .seed = 5,
                                    .progress = quiet,
                                    .metrics = metrics(F1{}),
                                    .shards = 8});
       }},
      {"a recurrent layer and attention, augmented by threads",
       [] {
         static const auto changed = augmented<Augment<GaussianNoise<0.1>>>(
             typed<Shape<1, 8, 8>, Classes<10>>(some_digits()), 2);
         return bits_of<Recurrent>(Fit{.optimizer = AdamW{.lr = 1e-3},
                                       .epochs = 1,
                                       .batch_size = 128,
                                       .seed = 6,
                                       .progress = quiet,
                                       .shards = 8},
                                   changed);
       }},
      {"groups of parameters beside a part that is frozen, data of two sources",
       [] {
         using Net = Sequential<Named<"first", Dense<64, 24>>, ReLU, Dense<16>, ReLU, Dense<10>, Softmax>;
         static const auto both = concat_data(some_digits(), digits().take(40));
         return bits_of<freeze<Net, "first">>(
             Fit{.optimizer = Groups{AdamW{.lr = 1e-3}, group<by_name<"*.bias">>(SGD{.lr = 1e-2})},
                 .epochs = 2,
                 .batch_size = 64,
                 .seed = 8,
                 .progress = quiet,
                 .shards = 8},
             both);
       }},
      {"ranges of activations",
       [] {
         return bits_of<Aware>(Fit{.loss = CrossEntropy<from_logits>{},
                                   .epochs = 1,
                                   .batch_size = 64,
                                   .seed = 7,
                                   .progress = quiet,
                                   .shards = 8});
       }},
  };
}

}  // namespace tenon::alike
