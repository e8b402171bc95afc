#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tenon/init/initializer.hpp>
#include <tenon/kernels/gemm_types.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/random.hpp>

#include "support/guarded.hpp"

namespace tenon::test {

/// The context a network runs in, as plain as it can be: one thread, fixed streams, products by
/// three loops.
template <class T>
struct PlainContext {
  bool overwrite_gradients = true;
  std::size_t first_sample = 0;
  std::uint64_t seed = 1;
  std::uint64_t step = 0;
  void (*trace)(std::uint32_t, Rows<const T>, std::size_t) = nullptr;

  Stream stream(std::uint32_t id) const { return Stream{seed, Purpose::dropout, id, step}; }

  /// As in BLAS, a beta of zero means that c is not read.
  void gemm(kernels::Transpose ta, kernels::Transpose tb, std::size_t m, std::size_t n, std::size_t k, T alpha,
            const T* a, std::size_t lda, const T* b, std::size_t ldb, T beta, T* c, std::size_t ldc) const {
    const bool flip_a = ta == kernels::Transpose::yes, flip_b = tb == kernels::Transpose::yes;
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        T sum = 0;
        for (std::size_t p = 0; p < k; ++p) {
          sum += (flip_a ? a[p * lda + i] : a[i * lda + p]) * (flip_b ? b[j * ldb + p] : b[p * ldb + j]);
        }
        c[i * ldc + j] = alpha * sum + (beta == T(0) ? T(0) : beta * c[i * ldc + j]);
      }
    }
  }
};

/// A network with memory of exactly the size its plan asks for. Everything that a pass has to write
/// is spoiled before it, and every array it was lent is guarded.
template <class Net, class T>
struct NetworkRun {
  using Bound = bound_network<Net>;
  static constexpr Layout layout = workspace<Net>;
  static constexpr Needs needs = layout.needs;

  std::size_t batch;
  Guarded<T> parameters{layout.trainable_size}, gradients{layout.trainable_size};
  Guarded<T> buffers{layout.buffer_size};
  Guarded<T> saved, saved_fixed{needs.saved.fixed};
  GuardedRows<T> x, y, dy, dx;
  PlainContext<T> context{};
  std::vector<std::string> faults{};

  /// With a `gap`, the rows of x, y, dy and dx stand apart, each by another distance.
  explicit NetworkRun(std::size_t batch_size, std::size_t gap = 0)
      : batch{batch_size},
        saved{needs.saved.sample * batch},
        x{batch, Bound::input::size, gap},
        y{batch, Bound::output::size, 2 * gap},
        dy{batch, Bound::output::size, 3 * gap},
        dx{batch, Bound::input::size, 4 * gap} {
    visit_parameters<Net>([&]<class I>(const ParameterEntry& entry, I) {
      if (entry.trainable) return;
      const std::span<T> values{buffers.data() + entry.offset, entry.size};
      std::fill(values.begin(), values.end(), T(0));
      Stream stream{1};
      if constexpr (Initializer<I>) I::fill(values, ParameterSpec{}, stream);
    });
  }

  template <class Mode>
  void forward(Mode mode) {
    constexpr bool training = Mode::training;
    Guarded<T> scratch{(training ? needs.forward.sample : needs.inference.sample) * batch};
    Guarded<T> scratch_fixed{training ? needs.forward.fixed : needs.inference.fixed};
    y.spoil();
    Memory<T> memory{};
    memory.parameters.values = parameters.data();
    memory.parameters.constants = buffers.data();
    if (training) {
      saved.spoil();
      saved_fixed.spoil();
      memory.parameters.buffers = buffers.data();
      memory.workspace.saved = saved.data();
      memory.workspace.saved_fixed = saved_fixed.data();
    }
    memory.workspace.scratch = scratch.data();
    memory.workspace.scratch_fixed = scratch_fixed.data();
    run_forward<Bound>(context, memory, Rows<const T>(x), Rows<T>(y), mode);
    inspect(training ? "forward" : "evaluation", scratch, scratch_fixed);
  }

  /// Arrays that backward says it does not read are not there.
  void backward(bool with_dx = true) {
    Guarded<T> scratch{needs.backward.sample * batch};
    Guarded<T> scratch_fixed{needs.backward.fixed};
    dx.spoil();
    const Memory<T> memory{.parameters = {parameters.data(), gradients.data(), buffers.data(), buffers.data()},
                           .workspace = {saved.data(), saved_fixed.data(), scratch.data(), scratch_fixed.data()}};
    Rows<const T> input = x, output = y;
    Rows<T> input_gradient = dx;
    if (!needs.backward_reads_input) input.data = nullptr;
    if (!needs.backward_reads_output) output.data = nullptr;
    if (!with_dx) input_gradient.data = nullptr;
    run_backward<Bound>(context, memory, input, output, Rows<const T>(dy), input_gradient);
    inspect("backward", scratch, scratch_fixed);
  }

  std::span<T> parameter(const ParameterEntry& entry) { return {parameters.data() + entry.offset, entry.size}; }
  std::span<T> gradient(const ParameterEntry& entry) { return {gradients.data() + entry.offset, entry.size}; }
  /// All gradients of parameters, without the gaps between them.
  std::vector<T> parameter_gradients() const {
    std::vector<T> all;
    for (const ParameterEntry& entry : parameter_table<Net>) {
      if (!entry.trainable) continue;
      all.insert(all.end(), gradients.data() + entry.offset, gradients.data() + entry.offset + entry.size);
    }
    return all;
  }

private:
  void inspect(const std::string& pass, const Guarded<T>& scratch, const Guarded<T>& scratch_fixed) {
    const auto demand = [&](bool intact, const char* what) {
      if (!intact) faults.push_back(pass + " wrote beyond " + what);
    };
    demand(parameters.intact(), "the parameters");
    demand(gradients.intact(), "the gradients");
    demand(buffers.intact(), "the buffers");
    demand(saved.intact() && saved_fixed.intact(), "its saved numbers");
    demand(scratch.intact() && scratch_fixed.intact(), "its scratch");
    demand(x.intact(), "x");
    demand(y.intact(), "y");
    demand(dy.intact(), "dy");
    demand(dx.intact(), "dx");
  }
};

}  // namespace tenon::test
