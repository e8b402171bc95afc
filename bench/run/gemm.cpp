// native_gemm against cblas_sgemm: the products of training one by one, and those of whole steps in
// their order.

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/kernels/native_gemm.hpp>

#include "support/timing.hpp"

extern "C" void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float* a, int lda,
                            const float* b, int ldb, float beta, float* c, int ldc);

namespace {

using tenon::kernels::Transpose;

struct Buffer {
  explicit Buffer(std::size_t n) : size(n), data(allocate(n), std::free) {}
  static float* allocate(std::size_t n) {
    return static_cast<float*>(std::aligned_alloc(64, (n * sizeof(float) + 63) / 64 * 64));
  }
  std::size_t size;
  std::unique_ptr<float, decltype(&std::free)> data;
};

struct Product {
  Transpose ta, tb;
  std::size_t m, n, k;
  const float *a, *b;
  float* c;

  std::size_t lda() const { return ta == Transpose::yes ? m : k; }
  std::size_t ldb() const { return tb == Transpose::yes ? k : n; }
  double flops() const { return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k); }
};

void by_native(const Product& p) {
  tenon::kernels::native_gemm(p.ta, p.tb, p.m, p.n, p.k, 1.0f, p.a, p.lda(), p.b, p.ldb(), 0.0f, p.c, p.n);
}

void by_blas(const Product& p) {
  constexpr int row_major = 101, plain = 111, transposed = 112;
  const auto flag = [](Transpose t) { return t == Transpose::yes ? transposed : plain; };
  const auto number = [](std::size_t n) { return static_cast<int>(n); };
  cblas_sgemm(row_major, flag(p.ta), flag(p.tb), number(p.m), number(p.n), number(p.k), 1.0f, p.a, number(p.lda()), p.b,
              number(p.ldb()), 0.0f, p.c, number(p.n));
}

// What is timed: some products in a row, which make up `steps` steps.
struct Work {
  std::string name, form, shape;
  std::vector<Product> products;
  long steps = 1;
  std::deque<Buffer> buffers;

  float* matrix(std::size_t rows, std::size_t columns, double scale) {
    static std::mt19937 random{1};
    Buffer& buffer = buffers.emplace_back(rows * columns);
    std::uniform_real_distribution<float> values(static_cast<float>(-scale), static_cast<float>(scale));
    for (std::size_t i = 0; i < buffer.size; ++i) buffer.data.get()[i] = values(random);
    return buffer.data.get();
  }

  double flops_per_step() const {
    double sum = 0;
    for (const Product& product : products) sum += product.flops();
    return sum / static_cast<double>(steps);
  }
};

constexpr Transpose no = Transpose::no, yes = Transpose::yes;

Work single(std::string name, Transpose ta, Transpose tb, std::size_t m, std::size_t n, std::size_t k) {
  Work work;
  work.name = std::move(name);
  work.form = std::string(ta == yes ? "T" : "N") + (tb == yes ? "T" : "N");
  work.shape = std::to_string(m) + " x " + std::to_string(n) + " x " + std::to_string(k);
  work.products.push_back({ta, tb, m, n, k, work.matrix(m, k, 1), work.matrix(k, n, 1), work.matrix(m, n, 1)});
  return work;
}

// Dense layers of these widths: y = x W^T, dW = dy^T x and, but for the first layer, dx = dy W.
Work step(std::string name, const std::vector<std::size_t>& widths, std::size_t batch, bool train) {
  constexpr std::size_t rotating_batches = 8;
  Work work;
  work.name = std::move(name);
  work.form = train ? "step" : "forward";
  for (const std::size_t width : widths) work.shape += std::to_string(width) + '-';
  work.shape.back() = ',';
  work.shape += " batch " + std::to_string(batch);
  work.steps = rotating_batches;

  const std::size_t layers = widths.size() - 1;
  std::vector<float*> weights, gradients, outputs, deltas;
  for (std::size_t i = 0; i < layers; ++i) {
    const std::size_t in = widths[i], out = widths[i + 1];
    weights.push_back(work.matrix(out, in, 1 / std::sqrt(static_cast<double>(in))));
    gradients.push_back(work.matrix(out, in, 1));
    outputs.push_back(work.matrix(batch, out, 1));
    deltas.push_back(work.matrix(batch, out, 1));
  }
  for (std::size_t turn = 0; turn < rotating_batches; ++turn) {
    const float* inputs = work.matrix(batch, widths[0], 1);
    const auto below = [&](std::size_t i) { return i == 0 ? inputs : outputs[i - 1]; };
    for (std::size_t i = 0; i < layers; ++i)
      work.products.push_back({no, yes, batch, widths[i + 1], widths[i], below(i), weights[i], outputs[i]});
    for (std::size_t i = layers; train && i-- > 0;) {
      const std::size_t in = widths[i], out = widths[i + 1];
      work.products.push_back({yes, no, out, in, batch, deltas[i], below(i), gradients[i]});
      if (i > 0) work.products.push_back({no, no, batch, in, out, deltas[i], weights[i], deltas[i - 1]});
    }
  }
  return work;
}

std::vector<std::function<Work()>> all_work() {
  std::vector<std::function<Work()>> all;
  const auto one = [&](const char* name, Transpose ta, Transpose tb, std::size_t m, std::size_t n, std::size_t k) {
    all.emplace_back([=] { return single(name, ta, tb, m, n, k); });
  };
  const auto dense = [&](const std::string& name, std::size_t batch, std::size_t in, std::size_t out, bool train) {
    all.emplace_back([=] { return single(name + " forward", no, yes, batch, out, in); });
    if (!train) return;
    all.emplace_back([=] { return single(name + " dW", yes, no, out, in, batch); });
    all.emplace_back([=] { return single(name + " dx", no, no, batch, in, out); });
  };
  const auto steps = [&](const char* name, std::vector<std::size_t> widths, std::size_t batch, bool train) {
    all.emplace_back([=] { return step(name, widths, batch, train); });
  };
  dense("W1 784-128", 64, 784, 128, true);
  dense("W1 128-10", 64, 128, 10, true);
  dense("W1 784-128", 256, 784, 128, true);
  dense("W2 784-512", 128, 784, 512, true);
  dense("W2 512-512", 128, 512, 512, true);
  dense("W2 512-10", 128, 512, 10, true);
  dense("W7 784-512", 256, 784, 512, false);
  dense("W7 512-512", 256, 512, 512, false);
  dense("LSTM input", 1600, 32, 512, true);
  dense("LSTM state", 32, 128, 512, true);
  dense("transformer attention", 1024, 128, 128, true);
  dense("transformer feed-forward", 1024, 128, 512, true);
  dense("batch 1", 1, 784, 128, true);
  dense("batch 1", 1, 128, 10, false);
  one("square", no, no, 100, 100, 100);
  one("square", no, no, 512, 512, 512);
  one("square", no, no, 1024, 1024, 1024);
  steps("W1", {784, 128, 10}, 64, true);
  steps("W1", {784, 128, 10}, 256, true);
  steps("W2", {784, 512, 512, 10}, 128, true);
  steps("W7", {784, 512, 512, 10}, 256, false);
  return all;
}

// Both sides get the same matrices, so the last product's result must agree.
bool agree(const Work& work) {
  for (const Product& p : work.products) by_blas(p);
  const Product& last = work.products.back();
  const std::vector<float> expected(last.c, last.c + last.m * last.n);
  for (const Product& p : work.products) by_native(p);
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference += std::abs(static_cast<double>(expected[i]) - static_cast<double>(last.c[i]));
    size += std::abs(static_cast<double>(expected[i]));
  }
  return difference <= 1e-5 * size;
}

struct Timing {
  double native, blas;  // seconds a step
  bool quiet = true;
};

// The median of the repeats that nothing disturbed. On a busy machine there are too few; then the
// fastest ones stand in.
double typical_seconds(const std::vector<bench::Repeat>& repeats, double best_probe, std::size_t wanted, bool& quiet) {
  std::vector<double> clean, all;
  for (const bench::Repeat& repeat : repeats) {
    all.push_back(repeat.seconds_per_step);
    if (bench::is_clean(repeat, best_probe)) clean.push_back(repeat.seconds_per_step);
  }
  if (clean.size() >= wanted) return bench::median(clean);
  quiet = false;
  std::sort(all.begin(), all.end());
  all.resize(std::min(all.size(), wanted));
  return bench::median(all);
}

Timing compare(const Work& work) {
  constexpr std::size_t wanted = 7, most = 40;
  const auto runner = [&work](void (*multiply)(const Product&)) {
    return [&work, multiply](long rounds) {
      for (; rounds > 0; --rounds) {
        for (const Product& p : work.products) multiply(p);
        bench::keep(work.products.data());
      }
    };
  };
  const bench::Run runs[] = {runner(by_native), runner(by_blas)};
  long rounds[2];
  for (int side = 0; side < 2; ++side) rounds[side] = bench::steps_per_repeat(runs[side]);

  std::vector<bench::Repeat> repeats[2];
  double best_probe = 0;
  const auto enough = [&](const std::vector<bench::Repeat>& side) {
    return static_cast<std::size_t>(std::count_if(side.begin(), side.end(), [&](const bench::Repeat& r) {
             return bench::is_clean(r, best_probe);
           })) >= wanted;
  };
  while (repeats[0].size() < most && !(enough(repeats[0]) && enough(repeats[1])))
    for (int side = 0; side < 2; ++side) {
      repeats[side].push_back(bench::time_repeat(runs[side], rounds[side]));
      best_probe = std::max(best_probe, repeats[side].back().probe);
    }
  Timing timing{};
  const double steps = static_cast<double>(work.steps);
  timing.native = typical_seconds(repeats[0], best_probe, wanted, timing.quiet) / steps;
  timing.blas = typical_seconds(repeats[1], best_probe, wanted, timing.quiet) / steps;
  return timing;
}

template <class Function>
Function* found(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

// OpenBLAS chooses its kernels when it is loaded, by the processor unless these variables say
// otherwise, so the program starts again when they have to change. A lesser target of ours is
// compared with the kernels OpenBLAS has for the same instructions.
void start_with_equal_kernels(char** argv, std::string_view target) {
  const char* wanted = target == "avx2" ? "Haswell" : target == "portable" ? "Nehalem" : nullptr;
  const char* set = std::getenv("OPENBLAS_CORETYPE");
  const bool right = wanted == nullptr ? set == nullptr : set != nullptr && std::string(set) == wanted;
  if (right && std::getenv("OPENBLAS_L2_SIZE") == nullptr) return;
  unsetenv("OPENBLAS_L2_SIZE");
  if (wanted == nullptr) unsetenv("OPENBLAS_CORETYPE");
  else setenv("OPENBLAS_CORETYPE", wanted, 1);
  execv("/proc/self/exe", argv);
}

struct Options {
  std::string json, only;
};

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option = argv[i];
    if (i + 1 == argc) return false;
    if (option == "--json") options.json = argv[i + 1];
    else if (option == "--only") options.only = argv[i + 1];
    else if (option == "--target") tenon::kernels::detail::use_native_gemm_target(argv[i + 1]);
    else return false;
  }
  return true;
}

std::string json_row(const Work& work, const Timing& timing) {
  const double flops = work.flops_per_step();
  char row[512];
  std::snprintf(row, sizeof row,
                R"({"name": "%s", "form": "%s", "shape": "%s", "native_us": %.3f, "blas_us": %.3f, )"
                R"("native_gflops": %.1f, "blas_gflops": %.1f, "ratio": %.3f, "quiet": %s})",
                work.name.c_str(), work.form.c_str(), work.shape.c_str(), timing.native * 1e6, timing.blas * 1e6,
                flops / timing.native * 1e-9, flops / timing.blas * 1e-9, timing.blas / timing.native,
                timing.quiet ? "true" : "false");
  return row;
}

void print_row(const Work& work, const Timing& timing) {
  const double flops = work.flops_per_step();
  std::printf("%-34s %-7s %-27s %9.2f us %5.0f %9.2f us %5.0f %6.2f%s\n", work.name.c_str(), work.form.c_str(),
              work.shape.c_str(), timing.native * 1e6, flops / timing.native * 1e-9, timing.blas * 1e6,
              flops / timing.blas * 1e-9, timing.blas / timing.native, timing.quiet ? "" : " ~");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) try {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fputs("usage: bench_gemm [--json FILE] [--only TEXT] [--target avx512|avx2|portable]\n", stderr);
    return 2;
  }
  const std::string target(tenon::kernels::native_gemm_target());
  start_with_equal_kernels(argv, target);
  if (auto* set_threads = found<void(int)>("openblas_set_num_threads")) set_threads(1);
  auto* core = found<char*()>("openblas_get_corename");
  const std::string blas = core == nullptr ? "no OpenBLAS" : core();
  std::printf("native_gemm: %s, cblas_sgemm: %s, one thread; median of at least 7 repeats of 20 ms\n\n", target.c_str(),
              blas.c_str());
  std::printf("%-34s %-7s %-27s %18s %18s %6s\n", "", "", "m x n x k", "native_gemm", "cblas_sgemm", "ratio");

  std::string rows;
  for (const auto& make : all_work()) {
    const Work work = make();
    if (work.name.find(options.only) == std::string::npos) continue;
    if (!agree(work)) throw tenon::Error(work.name + ", " + work.shape + ": native_gemm and cblas_sgemm disagree.");
    const Timing timing = compare(work);
    print_row(work, timing);
    rows += (rows.empty() ? "    " : ",\n    ") + json_row(work, timing);
  }
  std::puts("\nBehind each time: GFLOP/s. A ratio above 1 is in favour of native_gemm; ~ marks a "
            "busy machine.");

  if (!options.json.empty()) {
    std::ofstream json(options.json);
    json << "{\n  \"target\": \"" << target << "\",\n  \"openblas_core\": \"" << blas << "\",\n  \"results\": [\n"
         << rows << "\n  ]\n}\n";
    if (!json.flush()) throw tenon::Error("Cannot write " + options.json + ".");
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
