#include <tenon/kernels/native_gemm.hpp>

#include <atomic>
#include <new>
#include <string>

#include <tenon/error.hpp>

#include "native_gemm_target.hpp"

namespace tenon::kernels {

namespace {

using detail::GemmArguments;
using detail::GemmTarget;

std::vector<const GemmTarget*> runnable_targets() {
  std::vector<const GemmTarget*> targets;
#ifdef __x86_64__
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  if (avx512) targets.push_back(&detail::avx512_gemm);
  if (avx2) targets.push_back(&detail::avx2_gemm);
#endif
  targets.push_back(&detail::portable_gemm);
  return targets;
}

std::atomic<const GemmTarget*>& target() {
  static std::atomic<const GemmTarget*> chosen = runnable_targets().front();
  return chosen;
}

struct Workspace {
  static constexpr std::align_val_t alignment{64};
  std::byte* bytes = static_cast<std::byte*>(::operator new(detail::gemm_workspace_bytes, alignment));
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() { ::operator delete(bytes, alignment); }
};

std::byte* workspace() {
  thread_local const Workspace of_this_thread;
  return of_this_thread.bytes;
}

}  // namespace

void native_gemm(Transpose ta, Transpose tb, std::size_t m, std::size_t n, std::size_t k, float alpha, const float* a,
                 std::size_t lda, const float* b, std::size_t ldb, float beta, float* c, std::size_t ldc) {
  target().load(std::memory_order_relaxed)->sgemm({ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc}, workspace());
}

void native_gemm(Transpose ta, Transpose tb, std::size_t m, std::size_t n, std::size_t k, double alpha, const double* a,
                 std::size_t lda, const double* b, std::size_t ldb, double beta, double* c, std::size_t ldc) {
  target().load(std::memory_order_relaxed)->dgemm({ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc}, workspace());
}

std::string_view native_gemm_target() { return target().load(std::memory_order_relaxed)->name; }

namespace detail {

std::vector<std::string_view> native_gemm_targets() {
  std::vector<std::string_view> names;
  for (const GemmTarget* each : runnable_targets()) names.emplace_back(each->name);
  return names;
}

void use_native_gemm_target(std::string_view name) {
  for (const GemmTarget* each : runnable_targets())
    if (each->name == name) return target().store(each, std::memory_order_relaxed);
  throw Error("native_gemm has no target '" + std::string(name) + "' that runs on this machine.");
}

}  // namespace detail

}  // namespace tenon::kernels
