#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/kernels/gemm_types.hpp>
#include <tenon/kernels/native_gemm.hpp>
#include <tenon/model/shard_slot.hpp>
#include <tenon/net/layer.hpp>
#include <tenon/random.hpp>

namespace tenon {

/// Finds the first unit of a forward pass whose output holds a NaN or an infinity.
template <class T>
struct NonFiniteTrace {
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  std::uint32_t first = none;

  void see(std::uint32_t unit, Rows<const T> y, size_t size) {
    for (size_t i = 0; i < y.count && first == none; ++i)
      for (size_t j = 0; j < size; ++j)
        if (!std::isfinite(y[i][j])) {
          first = unit;
          break;
        }
  }
};

/// Keeps what attentions look at in one forward pass; see model/attention_weights.hpp.
template <class T>
struct AttentionTrace {
  struct Weights {
    std::uint32_t unit;
    size_t heads, queries, keys;
    std::vector<T> weights;  // of the first sample
  };
  std::vector<Weights> seen{};

  void see(std::uint32_t unit, size_t heads, size_t queries, size_t keys, const T* weights) {
    seen.push_back({unit, heads, queries, keys, {weights, weights + heads * queries * keys}});
  }
};

/// What layers are given beside their numbers: the GEMM policy, the random streams, and how to treat
/// gradients that are already there.
template <class T, class Gemm>
struct HostContext {
  struct Trace {
    NonFiniteTrace<T>* watcher = nullptr;
    explicit operator bool() const { return watcher != nullptr; }
    void operator()(std::uint32_t unit, Rows<const T> y, size_t size) const { watcher->see(unit, y, size); }
  };

  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  size_t first_sample = 0;  // of this batch within the step, where a batch is split
  bool overwrite_gradients = false;
  Trace trace{};
  AttentionTrace<T>* attention = nullptr;
  detail::ShardPlace<T>*
      shard = nullptr;  // where a batch is run in shards: what a layer that looks at all samples asks
  const detail::GradientWatch<T>* watch = nullptr;  // where several ranks add up gradients while backward goes on

  [[noreturn]] static void refuse_token(T id, size_t tokens) {
    throw Error("Embedding: expected tokens from 0 to " + std::to_string(tokens - 1) + ", got " + std::to_string(id));
  }

  [[noreturn]] static void refuse_single_value() {
    throw Error("batch normalisation: expected more than one value per channel in training, got one, in a batch of one "
                "sample; take a "
                "batch_size that leaves no sample alone");
  }

  Stream stream(std::uint32_t id) const { return Stream(seed, Purpose::dropout, id, step); }

  static void gemm(kernels::Transpose ta, kernels::Transpose tb, size_t m, size_t n, size_t k, T alpha, const T* a,
                   size_t lda, const T* b, size_t ldb, T beta, T* c, size_t ldc) {
    Gemm::gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  }
  /// For products of few rows that come again and again, as the steps of recurrent layers: our own kernels pack less,
  /// and make a training step of an LSTM or a GRU 8 % faster (bench speed, W4). Without vectors the policy's are
  /// better.
  static void small_gemm(kernels::Transpose ta, kernels::Transpose tb, size_t m, size_t n, size_t k, T alpha,
                         const T* a, size_t lda, const T* b, size_t ldb, T beta, T* c, size_t ldc) {
    static const bool ours = kernels::native_gemm_target() != "portable";
    if (ours) kernels::native_gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    else gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  }
};

}  // namespace tenon
