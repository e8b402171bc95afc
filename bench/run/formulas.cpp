// Layers and optimizers as formulas against loops written by hand: 64 rows of 128 numbers, forward and
// backward, with AVX2 and with AVX-512. The loops by hand call the same functions (exp, tanh, ...), take
// the cheapest form of each derivative that needs no further array, and are compiled for the same
// instruction sets.
//
//     bench_formulas [--json FILE] [--seconds S] [--portable PROGRAM]
//
// With --portable, PROGRAM is this bench built for any x86-64: its formulas against those of this build.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <tenon/expr/math.hpp>
#include <tenon/kernels/dispatch.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/model/context.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/tenon.hpp>

#include "support/ratios.hpp"

namespace {

using namespace tenon;

constexpr std::size_t rows = 64, width = 128, size = rows * width;

/// What both sides work on; `parameters` are a weight and a bias per feature.
struct Data {
  Arena<float> x{size}, y{size}, dy{size}, dx{size};
  Arena<float> parameters{2 * width}, gradients{2 * width};
  Arena<float> saved{8 * size}, scratch{8 * size};

  Data() {
    Stream stream{1};
    for (Arena<float>* a : {&x, &dy, &parameters})
      for (float& v : a->span()) v = static_cast<float>(stream.uniform(-2.0, 2.0));
  }
};

/// The arrays as plain pointers and their sizes, which is what a loop by hand would be given.
struct Raw {
  std::size_t rows = 64, width = 128;
  const float *x, *y_read, *dy, *weight, *bias;
  float *y, *dx, *dweight, *dbias, *mean, *scale;

  explicit Raw(Data& d)
      : x(d.x.data()),
        y_read(d.y.data()),
        dy(d.dy.data()),
        weight(d.parameters.data()),
        bias(d.parameters.data() + width),
        y(d.y.data()),
        dx(d.dx.data()),
        dweight(d.gradients.data()),
        dbias(d.gradients.data() + width),
        mean(d.saved.data()),
        scale(d.saved.data() + rows) {
    asm volatile("" : "+r"(rows), "+r"(width));  // as unknown to the compiler as in a library
  }
};

constexpr float root_half = 0.70710678118654752f, density = 0.39894228040143268f;

struct HandRelu {
  TENON_INLINE static float value(float x) { return x > 0 ? x : 0; }
  TENON_INLINE static float slope(float, float y) { return y > 0 ? 1.0f : 0.0f; }
};
struct HandSigmoid {
  TENON_INLINE static float value(float x) { return math::sigmoid(x); }
  TENON_INLINE static float slope(float, float y) { return y * (1 - y); }
};
struct HandTanh {
  TENON_INLINE static float value(float x) { return math::tanh(x); }
  TENON_INLINE static float slope(float, float y) { return 1 - y * y; }
};
struct HandGelu {
  TENON_INLINE static float value(float x) { return 0.5f * x * (1 + math::erf(x * root_half)); }
  TENON_INLINE static float slope(float x, float) {
    return 0.5f * (1 + math::erf(x * root_half)) + x * density * math::exp(-0.5f * x * x);
  }
};
struct HandSwish {
  TENON_INLINE static float value(float x) { return x * math::sigmoid(x); }
  TENON_INLINE static float slope(float x, float y) {
    const float s = math::sigmoid(x);
    return s + y * (1 - s);
  }
};
struct HandMish {
  TENON_INLINE static float value(float x) { return x * math::tanh(math::softplus(x)); }
  TENON_INLINE static float slope(float x, float) {
    const float t = math::tanh(math::softplus(x));
    return t + x * (1 - t * t) * math::sigmoid(x);
  }
};

template <class F>
TENON_INLINE void map_forward(Raw r) {
  const std::size_t n = r.rows * r.width;
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) r.y[i] = F::value(r.x[i]);
}
template <class F>
TENON_INLINE void map_backward(Raw r) {
  const std::size_t n = r.rows * r.width;
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) r.dx[i] = r.dy[i] * F::slope(r.x[i], r.y_read[i]);
}

TENON_INLINE void bias_forward(Raw r) {
  const std::size_t rows = r.rows, width = r.width;
  for (std::size_t s = 0; s < rows; ++s) {
    const float* x = r.x + s * width;
    float* y = r.y + s * width;
#pragma omp simd
    for (std::size_t j = 0; j < width; ++j) {
      const float v = x[j] + r.weight[j];
      y[j] = v > 0 ? v : 0;
    }
  }
}
TENON_INLINE void bias_backward(Raw r) {
  const std::size_t rows = r.rows, width = r.width;
#pragma omp simd
  for (std::size_t j = 0; j < width; ++j) r.dweight[j] = 0;
  for (std::size_t s = 0; s < rows; ++s) {
    const float *y = r.y_read + s * width, *dy = r.dy + s * width;
    float* dx = r.dx + s * width;
#pragma omp simd
    for (std::size_t j = 0; j < width; ++j) {
      const float g = y[j] > 0 ? dy[j] : 0;
      dx[j] = g;
      r.dweight[j] += g;
    }
  }
}

/// Mean and variance in one pass of sums each, then the result.
TENON_INLINE void norm_forward(Raw r) {
  const std::size_t rows = r.rows, width = r.width;
  const auto total = static_cast<float>(width);
  for (std::size_t s = 0; s < rows; ++s) {
    const float* x = r.x + s * width;
    float* y = r.y + s * width;
    float sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
    for (std::size_t j = 0; j < width; ++j) sum += x[j];
    const float mean = sum / total;
#pragma omp simd reduction(+ : squares)
    for (std::size_t j = 0; j < width; ++j) squares += (x[j] - mean) * (x[j] - mean);
    const float scale = 1 / std::sqrt(squares / total + 1e-5f);
    r.mean[s] = mean;
    r.scale[s] = scale;
#pragma omp simd
    for (std::size_t j = 0; j < width; ++j) y[j] = (x[j] - mean) * scale * r.weight[j] + r.bias[j];
  }
}
TENON_INLINE void norm_backward(Raw r) {
  const std::size_t rows = r.rows, width = r.width;
  const auto total = static_cast<float>(width);
#pragma omp simd
  for (std::size_t j = 0; j < 2 * width; ++j) r.dweight[j] = 0;
  for (std::size_t s = 0; s < rows; ++s) {
    const float *x = r.x + s * width, *dy = r.dy + s * width;
    float* dx = r.dx + s * width;
    const float mean = r.mean[s], scale = r.scale[s];
    float sum = 0, product = 0;
#pragma omp simd reduction(+ : sum, product)
    for (std::size_t j = 0; j < width; ++j) {
      const float n = (x[j] - mean) * scale, g = dy[j] * r.weight[j];
      sum += g;
      product += g * n;
      r.dweight[j] += dy[j] * n;
      r.dbias[j] += dy[j];
    }
    const float a = sum / total, b = product / total;
#pragma omp simd
    for (std::size_t j = 0; j < width; ++j) dx[j] = scale * (dy[j] * r.weight[j] - a - (x[j] - mean) * scale * b);
  }
}

TENON_INLINE void softmax_forward(Raw r) {
  const std::size_t rows = r.rows, width = r.width;
  for (std::size_t s = 0; s < rows; ++s) {
    const float* x = r.x + s * width;
    float* y = r.y + s * width;
    float largest = x[0], sum = 0;
#pragma omp simd reduction(max : largest)
    for (std::size_t j = 0; j < width; ++j) largest = largest < x[j] ? x[j] : largest;
#pragma omp simd reduction(+ : sum)
    for (std::size_t j = 0; j < width; ++j) {
      const float e = math::exp(x[j] - largest);
      y[j] = e;
      sum += e;
    }
    const float scale = 1 / sum;
#pragma omp simd
    for (std::size_t j = 0; j < width; ++j) y[j] *= scale;
  }
}
TENON_INLINE void softmax_backward(Raw r) {
  const std::size_t rows = r.rows, width = r.width;
  for (std::size_t s = 0; s < rows; ++s) {
    const float *y = r.y_read + s * width, *dy = r.dy + s * width;
    float* dx = r.dx + s * width;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::size_t j = 0; j < width; ++j) sum += y[j] * dy[j];
#pragma omp simd
    for (std::size_t j = 0; j < width; ++j) dx[j] = y[j] * (dy[j] - sum);
  }
}

/// A network's forward and backward on the data, as a training step calls them.
template <class Net>
struct Formula {
  using Bound = bound_network<Net>;
  static_assert(workspace<Net>.needs.saved.sample <= 8 * width && workspace<Net>.needs.forward.sample <= 8 * width);
  Data* d;
  HostContext<float, BlasGemm> context{.overwrite_gradients = true};

  explicit Formula(Data& data) : d(&data) {}
  Memory<float> memory() {
    return {.parameters = {.values = d->parameters.data(), .gradients = d->gradients.data()},
            .workspace = {.saved = d->saved.data(), .scratch = d->scratch.data()}};
  }
  void forward() {
    run_forward<Bound>(context, memory(), Rows<const float>{d->x.data(), rows, width},
                       Rows<float>{d->y.data(), rows, width}, Training{});
  }
  void backward() {
    run_backward<Bound>(context, memory(), Rows<const float>{d->x.data(), rows, width},
                        Rows<const float>{d->y.data(), rows, width}, Rows<const float>{d->dy.data(), rows, width},
                        Rows<float>{d->dx.data(), rows, width});
  }
};

/// The largest difference relative to the largest number, or 1.
double difference(const Arena<float>& a, const Arena<float>& b) {
  double worst = 0, largest = 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    worst = std::max(worst, static_cast<double>(std::abs(a.data()[i] - b.data()[i])));
    largest = std::max(largest, static_cast<double>(std::abs(b.data()[i])));
  }
  return worst / largest;
}

class Bench {
public:
  Bench(double seconds, bench::Ratios& table) : seconds_(seconds), table_(table) {}

  template <class Net, class Forward, class Backward>
  void layer(const std::string& name, double goal, Forward hand_forward, Backward hand_backward) {
    Data ours, theirs;
    Formula<Net> formula{ours};
    const Raw raw{theirs};
    table_.add(bench::compare(
        name + " forward", goal, seconds_, [&] { formula.forward(); }, [&] { kernels::dispatch(hand_forward, raw); }));
    table_.add(bench::compare(
        name + " backward", goal, seconds_, [&] { formula.backward(); },
        [&] { kernels::dispatch(hand_backward, raw); }));
    for (const auto& [a, b] : {std::pair(&ours.y, &theirs.y), std::pair(&ours.dx, &theirs.dx),
                               std::pair(&ours.gradients, &theirs.gradients)})
      if (difference(*a, *b) > 1e-5)
        throw std::runtime_error(name + ": the formula and the loop by hand do not compute the same");
  }
  template <class L, class Hand>
  void activation(const std::string& name) {
    layer<Sequential<Input<width>, L>>(
        name, 1.10, [](Raw r) TENON_INLINE_LAMBDA { map_forward<Hand>(r); },
        [](Raw r) TENON_INLINE_LAMBDA { map_backward<Hand>(r); });
  }
  void adam() {
    static constexpr std::size_t count = 100'000;
    Arena<float> ours[4]{Arena<float>(count), Arena<float>(count), Arena<float>(count), Arena<float>(count)};
    Stream stream{2};
    for (float& v : ours[0].span()) v = static_cast<float>(stream.uniform(-1.0, 1.0));
    for (float& v : ours[1].span()) v = static_cast<float>(stream.uniform(-1.0, 1.0));
    Arena<float> theirs[4]{ours[0], ours[1], ours[2], ours[3]};
    const Adam adam;
    std::uint64_t step = 0, hand_step = 0;
    const auto by_hand = [](float* p, const float* g, float* m, float* v, float rate, float root) TENON_INLINE_LAMBDA {
#pragma omp simd
      for (std::size_t i = 0; i < count; ++i) {
        m[i] = 0.9f * m[i] + 0.1f * g[i];
        v[i] = 0.999f * v[i] + 0.001f * g[i] * g[i];
        p[i] -= rate * m[i] / (std::sqrt(v[i]) * root + 1e-8f);
      }
    };
    table_.add(bench::compare(
        "Adam, 100,000 parameters", 1.10, seconds_,
        [&] {
          adam.update(
              OptimizerArrays<float, 2>{ours[0].data(), ours[1].data(), {ours[2].data(), ours[3].data()}, count},
              ++step);
        },
        [&] {
          const double t = static_cast<double>(++hand_step);
          const auto rate = static_cast<float>(1e-3 / (1 - std::pow(0.9, t)));
          const auto root = static_cast<float>(1 / std::sqrt(1 - std::pow(0.999, t)));
          kernels::dispatch(by_hand, theirs[0].data(), static_cast<const float*>(theirs[1].data()), theirs[2].data(),
                            theirs[3].data(), rate, root);
        }));
  }

  void all() {
    activation<ReLU, HandRelu>("relu");
    activation<Sigmoid, HandSigmoid>("sigmoid");
    activation<Tanh, HandTanh>("tanh");
    activation<GELU, HandGelu>("gelu");
    activation<SiLU, HandSwish>("swish");
    activation<Mish, HandMish>("mish");
    layer<Sequential<Input<width>, Map<x + param<"bias", PerFeature>>, ReLU>>(
        "bias and relu", 1.10, [](Raw r) TENON_INLINE_LAMBDA { bias_forward(r); },
        [](Raw r) TENON_INLINE_LAMBDA { bias_backward(r); });
    layer<Sequential<Input<width>, LayerNorm<>>>(
        "layer norm", 1.25, [](Raw r) TENON_INLINE_LAMBDA { norm_forward(r); },
        [](Raw r) TENON_INLINE_LAMBDA { norm_backward(r); });
    layer<Sequential<Input<width>, Softmax>>(
        "softmax", 1.25, [](Raw r) TENON_INLINE_LAMBDA { softmax_forward(r); },
        [](Raw r) TENON_INLINE_LAMBDA { softmax_backward(r); });
    adam();
  }

private:
  double seconds_;
  bench::Ratios& table_;
};

// Group and name, with the microseconds of the formula.
using Times = std::map<std::pair<std::string, std::string>, double>;

Times times_of(const std::string& program) {
  const std::string file = fmt::format("{}/tenon_formulas_{}.json", std::filesystem::temp_directory_path().string(),
                                       getpid());
  const std::string command = fmt::format("'{}' --seconds 0.05 --json '{}' > /dev/null", program, file);
  if (std::system(command.c_str()) != 0) throw std::runtime_error("this failed: " + command);
  Times times;
  for (const auto& row : nlohmann::json::parse(std::ifstream(file)))
    times[{row["group"], row["name"]}] = row["ours_us"];
  std::filesystem::remove(file);
  return times;
}

void compare_builds(const std::string& portable, bench::Ratios& table) {
  constexpr int rounds = 7;
  std::map<Times::key_type, std::vector<double>> ours, theirs, ratio;
  for (int round = 0; round < rounds; ++round) {
    const Times native = times_of(std::filesystem::read_symlink("/proc/self/exe").string());
    for (const auto& [key, time] : times_of(portable)) {
      if (!native.contains(key)) continue;
      ours[key].push_back(time);
      theirs[key].push_back(native.at(key));
      ratio[key].push_back(time / native.at(key));
    }
  }
  std::string group;
  for (const auto& [key, ratios] : ratio) {
    if (key.first != group) table.heading(group = key.first);
    table.add({key.second, bench::median(ours[key]), bench::median(theirs[key]), bench::median(ratios), 1.15});
  }
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{"Formulas against loops written by hand"};
  std::string json_file, portable;
  double seconds = 0.3;
  app.add_option("--json", json_file, "also write the results here");
  app.add_option("--seconds", seconds, "for each row")->check(CLI::PositiveNumber);
  app.add_option("--portable", portable, "this bench, built for any x86-64")->check(CLI::ExistingFile);
  CLI11_PARSE(app, argc, argv);

  if (!portable.empty()) {
    bench::Ratios table{"portable", "native"};
    compare_builds(portable, table);
    table.write(json_file);
    return 0;
  }
  bench::Ratios table{"formula", "by hand"};
  Bench bench{seconds, table};
  const std::array<const char*, 3> names{"plain x86-64", "AVX2", "AVX-512"};
  // Below what the file was compiled for, there is nothing to choose.
  for (int level = std::max(1, kernels::detail::compiled_level); level <= 2; ++level) {
    if (kernels::limit_cpu_level(level) != level) break;
    table.heading(names[static_cast<std::size_t>(level)]);
    bench.all();
  }
  table.write(json_file);
} catch (const std::exception& error) {
  fmt::print(stderr, "bench_formulas: {}\n", error.what());
  return 1;
}
