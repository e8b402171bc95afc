// What training and prediction take from the heap: what the formulas say, once, and then nothing.
#include "support/counting_new.hpp"

#include <tenon/dist/thread_ranks.hpp>
#include <tenon/kernels/native_gemm_policy.hpp>
#include <tenon/tenon.hpp>

#include <memory>
#include <vector>

#include <catch2/catch.hpp>

using namespace tenon;
using test::heap_use;
using test::HeapUse;

namespace {

using Net = Sequential<Dense<64, 48>, ReLU, Dropout<0.5>, Residual<Dense<48>, Tanh>,
                       Concat<Dense<6>, Sequential<Dense<8>, Sigmoid, Dense<4>>>, Softmax>;
using Plain = Sequential<Dense<784, 128>, ReLU, Dropout<0.5>, Dense<128, 10>, Softmax>;
using Images = Sequential<Input<1, 8, 8>, Conv2D<4, 3, padding<1>, stride<2>>, ReLU, Conv2D<6, 3>, MaxPool2D<2>,
                          Conv2D<5, 1>, Tanh, ConvTranspose2D<10, 3>, Flatten, Dense<10>, Softmax>;
using Layered = Sequential<Dense<64, 20>, Tanh, Repeat<3, Residual<Dense<20>, Sigmoid>>, Dense<5>>;

template <class T>
Dataset<T> samples(std::size_t count) {
  return digits().as<T>().take(count);
}

template <class T>
Dataset<T> pairs(std::size_t count) {
  const Dataset<T> data = samples<T>(count);
  return {{64}, {data.features().begin(), data.features().end()}, Targets<T>{std::vector<T>(5 * count, T(0.5)), 5}};
}

#define CHECK_NOTHING(use)                                                                                             \
  do {                                                                                                                 \
    const HeapUse used = use;                                                                                          \
    CHECK(used.news == 0);                                                                                             \
    CHECK(used.mallocs == 0);                                                                                          \
  } while (false)

template <class Network, class Gemm, class T, class L, class O>
HeapUse steady_epoch(const Dataset<T>& data, L loss, O optimizer) {
  Model<Network, T, Gemm> model{1};
  Trainer trainer{model, loss, optimizer, 32, 1};
  DataLoader<T> loader{data, 32, 1};
  Batch<T> batch;
  const auto epoch = [&](std::uint64_t number) {
    loader.start_epoch(number);
    while (loader.next(batch)) {
      trainer.zero_grad();
      trainer.forward(batch);
      static_cast<void>(trainer.loss());
      trainer.backward();
      trainer.clip_grad_norm(1.0);
      trainer.step();
    }
  };
  // The BLAS may take its memory in the first call.
  epoch(0);
  return heap_use([&] { epoch(1); });
}

// What Tenon takes shows with both policies. OpenBLAS itself calls malloc in some of its kernels for
// small matrices, depending on the processor; with our own products there is nobody else to take any.
template <class Network, class T, class L, class O>
void check_steady_step(const Dataset<T>& data, L loss, O optimizer) {
  CHECK(steady_epoch<Network, BlasGemm>(data, loss, optimizer).news == 0);
  CHECK_NOTHING((steady_epoch<Network, NativeGemm>(data, loss, optimizer)));
}

}  // namespace

TEST_CASE("the counting is right") {
  const HeapUse used = heap_use([] {
    const std::vector<int> numbers(100);
    const Arena<double> arena(10);
    const std::unique_ptr<int> one(new (std::nothrow) int);
    // seen from outside, or clang leaves the allocations out
    asm volatile("" : : "r"(numbers.data()), "r"(arena.data()), "r"(one.get()) : "memory");
  });
  CHECK(used.news == 3);
  CHECK(used.arena_bytes == 80);
#if defined(__GLIBC__) && !defined(TENON_SANITIZED)
  CHECK(used.mallocs == 3);
#endif
}

TEMPLATE_TEST_CASE("a steady training step takes nothing from the heap", "", float, double) {
  const auto labelled = samples<TestType>(80);
  check_steady_step<Net>(labelled, CrossEntropy{}, Adam{});
  check_steady_step<Net>(labelled, CrossEntropy{}, SGD{.lr = 0.1, .momentum = 0.9, .nesterov = true});
  check_steady_step<Net>(labelled, CrossEntropy{.label_smoothing = 0.1, .class_weight = std::vector<double>(10, 0.5)},
                         Adam{});
  check_steady_step<Sequential<Dense<64, 10>, Sigmoid>>(labelled, BinaryCrossEntropy{}, Lamb{});
  check_steady_step<Layered>(pairs<TestType>(80), MeanSquaredError{}, Adam{});
  check_steady_step<Images>(labelled, CrossEntropy{}, Adam{});
}

TEST_CASE("fit takes no more for many epochs than for one") {
  const auto data = samples<float>(80);
  Model<Net> model{1};
  const auto news = [&](std::size_t epochs) {
    return heap_use([&] {
             fit(model, data,
                 Fit{.loss = CrossEntropy{}, .epochs = epochs, .batch_size = 16, .progress = Progress::Mode::quiet});
           })
        .news;
  };
  news(1);
  const std::size_t one = news(1), many = news(9);
  CHECK(many <= one + 4);  // the history grows, 1, 2, 4, ... epochs at a time
}

TEST_CASE("evaluation takes no more for many samples than for few") {
  const auto few = samples<float>(40), many = samples<float>(1000);
  const Model<Net> model{1};
  const auto use = [&](const Dataset<float>& data) {
    return heap_use([&] { evaluate(model, data, CrossEntropy{}, 32); });
  };
  use(few);
  const HeapUse first = use(few), second = use(many);
  CHECK(first.news == second.news);
  CHECK(first.arena_bytes == second.arena_bytes);
  CHECK(first.mallocs == second.mallocs);
}

TEST_CASE("prediction into spans takes nothing after the first call") {
  const auto data = samples<float>(700);
  const Model<Net> model{1};
  std::vector<float> y(700 * 10);
  model.predict(data.features(), y);
  CHECK_NOTHING(heap_use([&] { model.predict(data.features(), y); }));
  CHECK_NOTHING(heap_use([&] { model.predict(data.sample(3), std::span(y).first(10)); }));
  const Model<Images> images{1};
  images.predict(data.features(), y);
  CHECK_NOTHING(heap_use([&] { images.predict(data.features(), y); }));
}

TEST_CASE("gradients of one's own are clipped for nothing") {
  std::vector<float> gradients(1000, 2.0F);
  CHECK_NOTHING(heap_use([&] { CHECK(clip_grad_norm(std::span(gradients), 1.0) > 1); }));
}

TEST_CASE("the parameters can be visited for nothing") {
  Model<Net> model{1};
  Trainer trainer{model, CrossEntropy{}, Adam{}, 8};
  float sum = 0;
  CHECK_NOTHING(heap_use([&] {
    model.for_each_parameter([&](std::string_view, std::span<float> values) { sum += values[0]; });
    trainer.for_each_parameter(
        [&](std::string_view, std::span<float> values, std::span<float> gradient) { sum += values[0] + gradient[0]; });
    sum += model.get<"0.weight">()(1, 2);
  }));
  CHECK(sum != 0);
}

TEMPLATE_TEST_CASE("training takes the bytes it says", "", float, double) {
  using T = TestType;
  const auto check = [&]<class Network, class L, class O>(std::type_identity<Network>, L loss, O optimizer) {
    for (const std::size_t batch : {std::size_t{1}, std::size_t{33}}) {
      const HeapUse used = heap_use([&] {
        Model<Network, T> model{1};
        const Trainer trainer{model, loss, optimizer, batch, 1};
      });
      CHECK(used.arena_bytes == training_bytes<Network, O, T, L>(batch));
      CHECK(used.arena_bytes <= training_bytes<Network, O, T>(batch));
    }
  };
  check(std::type_identity<Net>{}, CrossEntropy{}, Adam{});
  check(std::type_identity<Net>{}, CrossEntropy{}, SGD{});
  check(std::type_identity<Plain>{}, CrossEntropy{}, Adam{});
  check(std::type_identity<Layered>{}, MeanSquaredError{}, Adam{});
}

TEST_CASE("ranks take the bytes they say") {
  using Large = Sequential<Dense<64, 1024>, ReLU, Dense<512>, ReLU, Dense<10>, Softmax>;
  for (const int zero : {0, 1})
    for (const std::size_t ranks : {2U, 3U, 4U, 8U}) {
      INFO(ranks << " ranks, zero " << zero);
      const auto data = samples<float>(128);
      const HeapUse used = heap_use([&] {
        const auto train = [&](Communicator&) {
          Model<Large> model{1};
          Trainer trainer{model, CrossEntropy{}, Adam{}, 128, 1, 8};
          DataLoader<float> loader{data, 128, 1};
          Batch<float> batch;
          loader.next(batch);
          trainer.forward(batch);
          trainer.backward();
          trainer.step();
        };
        run_ranks(ranks, train, {.zero = zero});
      });
      using LargeTrainer = Trainer<Model<Large>, CrossEntropy<>, Adam>;
      const std::size_t predicted = 4 * (workspace<Large>.trainable_size + workspace<Large>.buffer_size) +
                                    LargeTrainer::bytes_on_ranks(128, ranks, 8, zero);
      if (zero == 1) CHECK(predicted == training_bytes<Large, Adam, float, CrossEntropy<>>(128, ranks));
      CHECK(used.arena_bytes <= ranks * predicted);
      // with three ranks two have three shards and one has two; of any number, one receives more than the others
      CHECK(static_cast<double>(used.arena_bytes) >
            (ranks == 3 ? 0.85 : 0.97) * static_cast<double>(ranks * predicted));
    }
}

TEMPLATE_TEST_CASE("prediction takes the bytes it says", "", float, double) {
  for (const std::size_t batch : {std::size_t{1}, std::size_t{100}, prediction_chunk, std::size_t{1000}}) {
    std::vector<TestType> x(batch * 64), y(batch * 10);
    const HeapUse used = heap_use([&] {
      const Model<Net, TestType> model{1};
      model.predict(x, y);
    });
    CHECK(used.arena_bytes == inference_bytes<Net, TestType>(batch));
  }
}

TEST_CASE("the figures are known to the compiler") {
  static_assert(training_bytes<Plain, Adam>(64) >= 4 * 4 * 101'770);
  static_assert(inference_bytes<Plain>(1) >= 4 * 101'770);
  static_assert(training_bytes<Plain, Adam, double>(64) == 2 * training_bytes<Plain, Adam>(64));
  static_assert(inference_bytes<Plain>(1000) == inference_bytes<Plain>(prediction_chunk));
  static_assert(training_bytes<Plain, Adam, float, CrossEntropy<>>(64) <= training_bytes<Plain, Adam>(64));
  SUCCEED();
}
