#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/tenon.hpp>

/// What all columns of the zoo work with: a network and its name, numbers for it, a lesson in double, samples in float.
namespace tenon::zoo {

/// A row of the zoo's table. `Tokens`: how many there are, where the input is tokens.
template <fixed_string Name, class N, std::size_t Tokens = 0>
struct Network {
  static constexpr std::string_view name = Name.view();
  using Net = N;
  static constexpr std::size_t tokens = Tokens;
};

template <class T>
std::vector<T> inputs(std::size_t count, std::size_t tokens, std::uint64_t seed) {
  Stream random(seed, Purpose::user);
  std::vector<T> x(count);
  for (T& v : x)
    v = tokens > 0 ? std::floor(random.uniform<T>(0, static_cast<T>(tokens) - T(0.001))) : random.uniform<T>(-1, 1);
  return x;
}

/// The largest difference, by the size of what is expected.
template <class A, class B>
double distance(const A& got, const B& expected) {
  REQUIRE(std::size(got) == std::size(expected));
  double most = 0;
  auto b = std::begin(expected);
  for (const auto v : got) {
    const double want = static_cast<double>(*b++), d = std::abs(static_cast<double>(v) - want) / (1 + std::abs(want));
    most = d <= most ? most : d;  // NaN is far away
    if (d != d) return d;
  }
  return most;
}
/// What every network's numbers are rounded by on the way through its layers, in float.
inline constexpr double rounding = 2e-5;

inline std::string yes_within(double d, double bound) {
  CHECK(d <= bound);
  return d <= bound ? "yes" : "WRONG";
}
inline std::string yes_if(bool right) {
  CHECK(right);
  return right ? "yes" : "WRONG";
}

template <class Net>
constexpr bool has_running_statistics = detail::running_statistics<Net>.count > 0;

/// All numbers are moved a little from where they begin: zeros and ones would hide much.
template <class M>
void stir(M& model, std::uint64_t seed) {
  Stream random(seed, Purpose::user);
  using T = typename M::scalar;
  for (const ParameterEntry& entry : parameter_table<typename M::network>)
    for (T& v : model.values(entry)) {
      v += random.uniform<T>(entry.name.ends_with("running_var") ? T(0) : T(-0.2), T(0.2));
      // a range wide enough for gradients to pass
      if (entry.name.ends_with("min_val")) v -= T(1);
      if (entry.name.ends_with("max_val")) v += T(1);
    }
}

/// Squared errors of all outputs.
template <class Net, std::size_t... K>
auto loss_of(std::index_sequence<K...>) {
  constexpr const auto& names = detail::port_names<Net>::outputs;
  if constexpr (sizeof...(K) == 1) return MeanSquaredError{};
  else return (on<detail::to_fixed_string<names[K].size()>(names[K])>(MeanSquaredError{}) + ...);
}
template <class Net>
auto loss_of() {
  return loss_of<Net>(std::make_index_sequence<number_of_outputs<Net>>{});
}
/// What a batch says of its targets where there are several outputs.
template <class Net>
std::vector<ColumnInfo> columns_of() {
  std::vector<ColumnInfo> all;
  [&]<std::size_t... K>(std::index_sequence<K...>) {
    (all.push_back({std::string(detail::port_names<Net>::outputs[K]),
                    ColumnKind::targets,
                    {output_shape_at<Net, K>::size},
                    detail::port_offset<output_shape<Net>>(K),
                    output_shape_at<Net, K>::size,
                    0}),
     ...);
  }
  (std::make_index_sequence<number_of_outputs<Net>>{});
  return all;
}

/// Training in double, a batch and what comes of it.
template <class Net>
struct Lesson {
  using M = Model<Net, double>;
  M model{1};
  std::vector<double> x, target;
  std::vector<ColumnInfo> columns{};
  Trainer<M, decltype(loss_of<Net>()), SGD> trainer;
  Batch<double> batch{};

  Lesson(std::size_t count, std::size_t tokens, std::size_t shards = 0)
      : x(inputs<double>(count * M::input::size, tokens, 2)),
        target(inputs<double>(count * M::output::size, 0, 3)),
        trainer(model, loss_of<Net>(), SGD{.lr = 0.1}, count, 4, shards) {
    if constexpr ((number_of_outputs<Net>) > 1) batch.columns = columns = columns_of<Net>();
    stir(model, 5);
    batch.features = x;
    batch.targets = target;
    batch.count = count;
  }
  double loss() {
    trainer.reset_states();
    trainer.zero_grad();
    trainer.forward(batch);
    return trainer.loss();
  }
  std::vector<double> gradients() {
    loss();
    trainer.backward();
    const auto all = trainer.gradients();
    return {all.begin(), all.end()};
  }
};

/// Samples and what the model makes of them, in float.
template <class A>
struct Sampled {
  using Net = typename A::Net;
  using M = Model<Net>;
  static constexpr std::size_t count = 9, in = M::input::size, out = M::output::size;
  M model{1};
  std::vector<float> x = inputs<float>(count * in, A::tokens, 2), y = std::vector<float>(count * out);

  Sampled() {
    stir(model, 5);
    model.predict(x, y);
  }
  std::span<const float, in> sample(std::size_t i) const { return std::span<const float, in>(x.data() + i * in, in); }
  template <class Other>
  double distance_of(const Other& other) const {
    std::vector<float> got(y.size());
    other.predict(std::span<const float>(x), std::span<float>(got));
    return distance(got, y);
  }
  /// Of what is called sample by sample.
  template <class F>
  double distance_by_sample(F&& run) const {
    std::vector<float> got(y.size());
    for (std::size_t i = 0; i < count; ++i) run(sample(i), std::span<float, out>(got.data() + i * out, out));
    return distance(got, y);
  }
};

/// The bits of what neither learns nor runs.
template <class M>
auto constants_of(const M& model) {
  std::vector<typename M::scalar> all;
  for (const ParameterEntry& entry : parameter_table<typename M::network>)
    if (!entry.trainable && !entry.running)
      all.insert(all.end(), model.values(entry).begin(), model.values(entry).end());
  return all;
}

/// A file that goes with the test.
struct File {
  std::string path = (std::filesystem::temp_directory_path() / ("tenon_zoo_" + std::to_string(std::random_device{}())))
                         .string();
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove(path); }
};

}  // namespace tenon::zoo
