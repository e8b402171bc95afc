// Nanoseconds per element of tenon::math against the C library's functions, in and out of the
// first-level cache.
//
//     bench_math [--json FILE] [--level 0|1|2]
//
// Level: 0 plain x86-64, 1 AVX2, 2 AVX-512; by default the best this processor has.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/expr/math.hpp>
#include <tenon/kernels/dispatch.hpp>

namespace {

namespace math = tenon::math;

constexpr std::size_t elements = 2048;

struct Exp {
  static constexpr const char* name = "exp";
  static constexpr double lowest = -20, highest = 20;
  template <class T>
  TENON_INLINE static T ours(T x) {
    return math::exp(x);
  }
  template <class T>
  static T libm(T x) {
    return std::exp(x);
  }
};

struct Expm1 {
  static constexpr const char* name = "expm1";
  static constexpr double lowest = -5, highest = 5;
  template <class T>
  TENON_INLINE static T ours(T x) {
    return math::expm1(x);
  }
  template <class T>
  static T libm(T x) {
    return std::expm1(x);
  }
};

struct Log {
  static constexpr const char* name = "log";
  static constexpr double lowest = 0.001, highest = 100;
  template <class T>
  TENON_INLINE static T ours(T x) {
    return math::log(x);
  }
  template <class T>
  static T libm(T x) {
    return std::log(x);
  }
};

struct Log1p {
  static constexpr const char* name = "log1p";
  static constexpr double lowest = -0.9, highest = 10;
  template <class T>
  TENON_INLINE static T ours(T x) {
    return math::log1p(x);
  }
  template <class T>
  static T libm(T x) {
    return std::log1p(x);
  }
};

struct Sqrt {
  static constexpr const char* name = "sqrt";
  static constexpr double lowest = 0, highest = 100;
  template <class T>
  TENON_INLINE static T ours(T x) {
    return math::sqrt(x);
  }
  template <class T>
  static T libm(T x) {
    return std::sqrt(x);
  }
};

struct Pow {
  static constexpr const char* name = "pow(x, 1.7)";
  static constexpr double lowest = 0.001, highest = 100;
  template <class T>
  TENON_INLINE static T ours(T x) {
    return math::pow(x, T(1.7));
  }
  template <class T>
  static T libm(T x) {
    return std::pow(x, T(1.7));
  }
};

struct Tanh {
  static constexpr const char* name = "tanh";
  static constexpr double lowest = -4, highest = 4;
  template <class T>
  TENON_INLINE static T ours(T x) {
    return math::tanh(x);
  }
  template <class T>
  static T libm(T x) {
    return std::tanh(x);
  }
};

struct Sigmoid {
  static constexpr const char* name = "sigmoid";
  static constexpr double lowest = -8, highest = 8;
  template <class T>
  TENON_INLINE static T ours(T x) {
    return math::sigmoid(x);
  }
  template <class T>
  static T libm(T x) {
    return T(1) / (T(1) + std::exp(-x));
  }
};

struct Swish {
  static constexpr const char* name = "x sigmoid(x)";
  static constexpr double lowest = -8, highest = 8;
  template <class T>
  TENON_INLINE static T ours(T x) {
    return x * math::sigmoid(x);
  }
  template <class T>
  static T libm(T x) {
    return x / (T(1) + std::exp(-x));
  }
};

struct Erf {
  static constexpr const char* name = "erf";
  static constexpr double lowest = -3, highest = 3;
  template <class T>
  TENON_INLINE static T ours(T x) {
    return math::erf(x);
  }
  template <class T>
  static T libm(T x) {
    return std::erf(x);
  }
};

struct Softplus {
  static constexpr const char* name = "softplus";
  static constexpr double lowest = -8, highest = 8;
  template <class T>
  TENON_INLINE static T ours(T x) {
    return math::softplus(x);
  }
  template <class T>
  static T libm(T x) {
    return std::fmax(x, T(0)) + std::log1p(std::exp(-std::fabs(x)));
  }
};

struct Sin {
  static constexpr const char* name = "sin";
  static constexpr double lowest = -100, highest = 100;
  template <class T>
  TENON_INLINE static T ours(T x) {
    return math::sin(x);
  }
  template <class T>
  static T libm(T x) {
    return std::sin(x);
  }
};

struct Cos {
  static constexpr const char* name = "cos";
  static constexpr double lowest = -100, highest = 100;
  template <class T>
  TENON_INLINE static T ours(T x) {
    return math::cos(x);
  }
  template <class T>
  static T libm(T x) {
    return std::cos(x);
  }
};

template <class F, class T>
void run_ours(const T* x, T* y) {
  tenon::kernels::dispatch([=]() TENON_INLINE_LAMBDA {
#pragma omp simd
    for (std::size_t i = 0; i < elements; ++i) y[i] = F::ours(x[i]);
  });
}

template <class F, class T>
void run_libm(const T* x, T* y) {
  for (std::size_t i = 0; i < elements; ++i) y[i] = F::libm(x[i]);
}

// The best of many short repeats: what other processes take only adds.
template <class T>
double ns_per_element(void (*run)(const T*, T*), const std::vector<T>& x, std::vector<T>& y) {
  using Clock = std::chrono::steady_clock;
  constexpr int calls = 16, repeats = 400;
  double best = 1e300;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const auto start = Clock::now();
    for (int call = 0; call < calls; ++call) {
      run(x.data(), y.data());
      asm volatile("" : : "r"(y.data()) : "memory");
    }
    best = std::min(best, std::chrono::duration<double, std::nano>(Clock::now() - start).count());
  }
  return best / (calls * static_cast<double>(elements));
}

struct Row {
  const char* name;
  double ours_float, libm_float, ours_double, libm_double;
};

template <class T>
std::vector<T> spread(double lowest, double highest) {
  std::vector<T> x(elements);
  for (std::size_t i = 0; i < elements; ++i) {
    // Mixed, so that libm's branches cannot be learnt by heart.
    const auto mixed = static_cast<double>(i * 797 % elements);
    x[i] = static_cast<T>(lowest + (highest - lowest) * mixed / static_cast<double>(elements));
  }
  return x;
}

template <class F, class T>
void measure(double& ours, double& libm) {
  const auto x = spread<T>(F::lowest, F::highest);
  std::vector<T> y(elements);
  ours = ns_per_element<T>(run_ours<F, T>, x, y);
  libm = ns_per_element<T>(run_libm<F, T>, x, y);
}

template <class F>
Row measure() {
  Row row{F::name, 0, 0, 0, 0};
  measure<F, float>(row.ours_float, row.libm_float);
  measure<F, double>(row.ours_double, row.libm_double);
  std::printf("%-14s %8.3f %8.2f %7.1fx %9.3f %8.2f %7.1fx\n", row.name, row.ours_float, row.libm_float,
              row.libm_float / row.ours_float, row.ours_double, row.libm_double, row.libm_double / row.ours_double);
  return row;
}

template <class... F>
std::vector<Row> measure_all() {
  return {measure<F>()...};
}

bool write_json(const char* path, int level, const std::vector<Row>& rows) {
  std::FILE* file = std::fopen(path, "w");
  if (file == nullptr) return false;
  std::fprintf(file, "{\"unit\": \"ns per element\", \"level\": %d, \"functions\": [", level);
  const char* separator = "\n";
  for (const Row& row : rows) {
    std::fprintf(file,
                 "%s  {\"name\": \"%s\", \"float\": {\"ours\": %.4f, \"libm\": %.4f}, "
                 "\"double\": {\"ours\": %.4f, \"libm\": %.4f}}",
                 separator, row.name, row.ours_float, row.libm_float, row.ours_double, row.libm_double);
    separator = ",\n";
  }
  std::fprintf(file, "\n]}\n");
  return std::fclose(file) == 0;
}

}  // namespace

int main(int count, char** arguments) {
  const char* json = nullptr;
  int level = 2;
  for (int i = 1; i < count; ++i) {
    const std::string_view option = arguments[i];
    if (option == "--json" && i + 1 < count) {
      json = arguments[++i];
    } else if (option == "--level" && i + 1 < count) {
      level = std::atoi(arguments[++i]);
    } else {
      std::fprintf(stderr, "usage: %s [--json FILE] [--level 0|1|2]\n", arguments[0]);
      return 2;
    }
  }
  level = tenon::kernels::limit_cpu_level(level);
  std::printf("ns per element, %zu in the cache, level %d\n", elements, level);
  std::printf("%-14s %8s %8s %8s %9s %8s %8s\n", "", "float", "libm", "", "double", "libm", "");
  const auto rows = measure_all<Exp, Expm1, Log, Log1p, Sqrt, Pow, Tanh, Sigmoid, Swish, Erf, Softplus, Sin, Cos>();
  if (json != nullptr && !write_json(json, level, rows)) {
    std::fprintf(stderr, "cannot write %s\n", json);
    return 1;
  }
}
