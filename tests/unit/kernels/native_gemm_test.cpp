#include <tenon/kernels/native_gemm.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <tenon/error.hpp>

#include "support/counting_new.hpp"

namespace {

using tenon::kernels::native_gemm;
using tenon::kernels::Transpose;
using tenon::test::heap_use;

// Runs `check` once per instruction set of this machine.
template <class Check>
void on_every_target(Check check) {
  const auto targets = tenon::kernels::detail::native_gemm_targets();
  for (const auto target : targets) {
    tenon::kernels::detail::use_native_gemm_target(target);
    INFO("target " << target);
    check();
  }
  tenon::kernels::detail::use_native_gemm_target(targets.front());
}

// A matrix that ends with its last element and starts off any alignment. What lies between the rows
// is NaN.
template <class T>
struct Matrix {
  std::size_t rows, columns, stride;
  std::vector<T> memory;

  Matrix(std::size_t r, std::size_t c, std::size_t gap)
      : rows(r), columns(c), stride(c + gap), memory(r == 0 ? 1 : 1 + (r - 1) * stride + c, nan()) {}

  static T nan() { return std::numeric_limits<T>::quiet_NaN(); }
  T* data() { return memory.data() + 1; }
  T& operator()(std::size_t i, std::size_t j) { return memory[1 + i * stride + j]; }
  bool is_gap(std::size_t index) const { return index == 0 || (index - 1) % stride >= columns; }

  void fill(std::mt19937& random) {
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < columns; ++j)
        (*this)(i, j) = static_cast<T>(random() >> 8) * static_cast<T>(0x1p-23) - T(1);
  }
};

template <class T>
struct Case {
  Transpose ta, tb;
  std::size_t m, n, k;
  T alpha, beta;
  std::size_t gap;
};

template <class T>
void multiply(const Case<T>& c, Matrix<T>& a, Matrix<T>& b, Matrix<T>& result) {
  native_gemm(c.ta, c.tb, c.m, c.n, c.k, c.alpha, a.data(), a.stride, b.data(), b.stride, c.beta, result.data(),
              result.stride);
}

// Compares with sums in double, whose error is bounded by eps times k times the sum of magnitudes.
// Empty if right.
template <class T>
std::string mismatch(const Case<T>& c, std::mt19937& random) {
  const bool ta = c.ta == Transpose::yes, tb = c.tb == Transpose::yes;
  Matrix<T> a(ta ? c.k : c.m, ta ? c.m : c.k, c.gap), b(tb ? c.n : c.k, tb ? c.k : c.n, c.gap), result(c.m, c.n, c.gap);
  a.fill(random);
  b.fill(random);
  if (c.beta != T(0)) result.fill(random);
  const std::vector<T> before = result.memory;
  multiply(c, a, b, result);

  std::vector<double> right(c.k * c.n);  // op(B), read along k
  for (std::size_t j = 0; j < c.n; ++j)
    for (std::size_t p = 0; p < c.k; ++p) right[j * c.k + p] = static_cast<double>(tb ? b(j, p) : b(p, j));
  std::vector<double> left(c.k);
  const double eps = static_cast<double>(std::numeric_limits<T>::epsilon());
  for (std::size_t i = 0; i < c.m; ++i) {
    for (std::size_t p = 0; p < c.k; ++p) left[p] = static_cast<double>(ta ? a(p, i) : a(i, p));
    for (std::size_t j = 0; j < c.n; ++j) {
      double sum = 0, magnitude = 0;
      for (std::size_t p = 0; p < c.k; ++p) {
        const double term = left[p] * right[j * c.k + p];
        sum += term;
        magnitude += std::abs(term);
      }
      sum *= static_cast<double>(c.alpha);
      magnitude *= std::abs(static_cast<double>(c.alpha));
      if (c.beta != T(0)) {
        const double old = static_cast<double>(c.beta) * static_cast<double>(before[1 + i * result.stride + j]);
        sum += old;
        magnitude += std::abs(old);
      }
      const double got = static_cast<double>(result(i, j));
      if (!(std::abs(got - sum) <= (static_cast<double>(c.k) + 4) * eps * magnitude))
        return "at (" + std::to_string(i) + ", " + std::to_string(j) + ") expected " + std::to_string(sum) + ", got " +
               std::to_string(got);
    }
  }
  for (std::size_t i = 0; i < result.memory.size(); ++i)
    if (result.is_gap(i) && std::memcmp(&result.memory[i], &before[i], sizeof(T)) != 0)
      return "wrote between the rows, at " + std::to_string(i);
  return {};
}

template <class T>
void check(const Case<T>& c, std::mt19937& random) {
  const std::string wrong = mismatch(c, random);
  if (wrong.empty()) return;
  INFO("op(A) " << c.m << " x " << c.k << (c.ta == Transpose::yes ? " transposed" : "") << ", op(B) " << c.k << " x "
                << c.n << (c.tb == Transpose::yes ? " transposed" : "") << ", alpha " << c.alpha << ", beta " << c.beta
                << ", gap " << c.gap);
  FAIL(wrong);
}

constexpr Transpose both[] = {Transpose::no, Transpose::yes};

template <class T>
void check_shape(std::size_t m, std::size_t n, std::size_t k, std::size_t gap, std::mt19937& random) {
  constexpr T scales[][2] = {{1, 0}, {1, 1}, {T(-0.5), 0}, {2, T(-1.5)}, {0, T(0.5)}, {0, 0}, {T(0.25), 1}};
  static std::size_t turn = 0;
  for (const Transpose ta : both)
    for (const Transpose tb : both) {
      const auto& [alpha, beta] = scales[turn++ % std::size(scales)];
      check<T>({ta, tb, m, n, k, alpha, beta, gap}, random);
    }
}

template <class T>
void check_small_shapes() {
  std::mt19937 random{1};
  constexpr std::size_t sizes[] = {0, 1, 2, 3, 5, 7, 8, 13, 16, 17, 31, 32, 33};
  for (const std::size_t m : sizes)
    for (const std::size_t n : sizes)
      for (const std::size_t k : sizes) check_shape<T>(m, n, k, (m + n + k) % 3, random);
}

// Past the limits of tiles, panels and blocks: 128 rows, a depth of 1024, a megabyte of packed
// panels.
template <class T>
void check_large_shapes() {
  std::mt19937 random{2};
  constexpr std::size_t shapes[][3] = {
      {64, 128, 784}, {64, 10, 128}, {10, 128, 64},   {64, 128, 10},    {128, 784, 64}, {128, 10, 512}, {100, 100, 100},
      {1, 128, 784},  {128, 1, 784}, {1, 784, 128},   {3, 512, 64},     {6, 130, 1030}, {129, 65, 33},  {300, 17, 40},
      {300, 128, 64}, {257, 70, 64}, {20, 300, 1024}, {140, 300, 1030}, {30, 30, 2100}, {784, 3, 20}};
  for (const auto& [m, n, k] : shapes)
    for (const std::size_t gap : {std::size_t{0}, std::size_t{3}}) check_shape<T>(m, n, k, gap, random);
}

// Any shape, with rows as far apart as they come: dense, ragged, or so that they share sets of a
// cache.
template <class T>
void check_random_shapes() {
  std::mt19937 random{4};
  const auto size = [&random] { return random() % 2 == 0 ? random() % 40 : random() % 160; };
  for (int i = 0; i < 250; ++i) {
    const std::size_t m = size(), n = size(), k = size();
    const std::size_t gaps[] = {0, 5, 256 - n};
    check_shape<T>(m, n, k, gaps[random() % 3], random);
  }
}

}  // namespace

TEST_CASE("native_gemm agrees with sums in double for small shapes", "[kernels]") {
  on_every_target([] {
    check_small_shapes<float>();
    check_small_shapes<double>();
  });
}

TEST_CASE("native_gemm agrees with sums in double across its blocks", "[kernels]") {
  on_every_target([] {
    check_large_shapes<float>();
    check_large_shapes<double>();
  });
}

TEST_CASE("native_gemm agrees with sums in double for random shapes", "[kernels]") {
  on_every_target([] {
    check_random_shapes<float>();
    check_random_shapes<double>();
  });
}

TEST_CASE("native_gemm with beta 0 never reads C, with alpha 0 or k 0 neither A nor B", "[kernels]") {
  on_every_target([] {
    const float nan = Matrix<float>::nan();
    std::vector<float> poison(9, nan), c(9, nan);
    native_gemm(Transpose::no, Transpose::no, 3, 3, 3, 0.0f, poison.data(), 3, poison.data(), 3, 0.0f, c.data(), 3);
    CHECK(c == std::vector<float>(9, 0.0f));
    std::fill(c.begin(), c.end(), nan);
    native_gemm(Transpose::no, Transpose::yes, 3, 3, 0, 1.0f, nullptr, 3, nullptr, 3, 0.0f, c.data(), 3);
    CHECK(c == std::vector<float>(9, 0.0f));
    std::fill(c.begin(), c.end(), 3.0f);
    native_gemm(Transpose::yes, Transpose::no, 3, 3, 0, 1.0f, nullptr, 3, nullptr, 3, 2.0f, c.data(), 3);
    CHECK(c == std::vector<float>(9, 6.0f));
    native_gemm(Transpose::yes, Transpose::no, 0, 3, 3, 1.0f, nullptr, 3, poison.data(), 3, 2.0f, nullptr, 3);
    native_gemm(Transpose::yes, Transpose::no, 3, 0, 3, 1.0f, poison.data(), 3, nullptr, 3, 2.0f, nullptr, 3);
  });
}

TEST_CASE("a NaN or an infinity in one row of A stays in that row of C", "[kernels]") {
  on_every_target([] {
    for (const Transpose ta : both)
      for (const Transpose tb : both) {
        constexpr std::size_t m = 37, n = 35, k = 33;
        std::vector<float> a(m * k, 1.0f), b(k * n, 1.0f), c(m * n);
        const bool transposed = ta == Transpose::yes;
        a[transposed ? 5 * m + 20 : 20 * k + 5] = std::numeric_limits<float>::infinity();
        a[transposed ? 7 * m + 36 : 36 * k + 7] = Matrix<float>::nan();
        native_gemm(ta, tb, m, n, k, 1.0f, a.data(), transposed ? m : k, b.data(), tb == Transpose::yes ? k : n, 0.0f,
                    c.data(), n);
        for (std::size_t i = 0; i < m; ++i)
          for (std::size_t j = 0; j < n; ++j) {
            const float value = c[i * n + j];
            REQUIRE((i == 20 ? std::isinf(value) : i == 36 ? std::isnan(value) : value == 33.0f));
          }
      }
  });
}

TEST_CASE("native_gemm repeats bit for bit, on any thread, and allocates once a thread", "[kernels]") {
  on_every_target([] {
    std::mt19937 random{3};
    for (const Transpose ta : both)
      for (const Transpose tb : both) {
        const Case<float> c{ta, tb, 130, 70, 300, 1.0f, 0.0f, 0};
        const bool left = ta == Transpose::yes, right = tb == Transpose::yes;
        Matrix<float> a(left ? c.k : c.m, left ? c.m : c.k, 0), b(right ? c.n : c.k, right ? c.k : c.n, 0);
        a.fill(random);
        b.fill(random);
        Matrix<float> once(c.m, c.n, 0), again(c.m, c.n, 0), elsewhere(c.m, c.n, 0);
        multiply(c, a, b, once);
        check_shape<float>(33, 31, 17, 0, random);  // leaves other numbers in the workspace
        CHECK(heap_use([&] { multiply(c, a, b, again); }).news == 0);
        std::size_t first = 0, second = 1;
        std::thread other([&] {
          first = heap_use([&] { multiply(c, a, b, elsewhere); }).news;
          second = heap_use([&] { multiply(c, a, b, elsewhere); }).news;
        });
        multiply(c, a, b, again);
        other.join();
        CHECK(std::memcmp(once.data(), again.data(), c.m * c.n * sizeof(float)) == 0);
        CHECK(std::memcmp(once.data(), elsewhere.data(), c.m * c.n * sizeof(float)) == 0);
        CHECK(first == 1);
        CHECK(second == 0);
      }
  });
}

TEST_CASE("native_gemm names its targets", "[kernels]") {
  const auto targets = tenon::kernels::detail::native_gemm_targets();
  CHECK(tenon::kernels::native_gemm_target() == targets.front());
  CHECK(targets.back() == "portable");
  CHECK_THROWS_WITH(tenon::kernels::detail::use_native_gemm_target("avx1024"), Catch::Contains("'avx1024'"));
}
