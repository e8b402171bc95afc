#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include <tenon/net/parameters.hpp>
#include <tenon/net/run.hpp>

/// A network with arenas of exactly the size its plan asks for, all of it poisoned with NaN before
/// every pass, so that a number read before it is written shows. Scalars are double.
namespace network_rig {

using tenon::Memory;
using tenon::Rows;

struct Context {
  bool overwrite_gradients = true;
  std::function<void(std::uint32_t, Rows<const double>, std::size_t)> trace{};
};

inline std::vector<double> random_numbers(std::size_t count, unsigned seed) {
  std::mt19937 engine{seed};
  std::uniform_real_distribution<double> uniform{-1, 1};
  std::vector<double> numbers(count);
  for (double& number : numbers) number = uniform(engine);
  return numbers;
}

template <class Net>
struct Rig {
  using Bound = tenon::bound_network<Net>;
  static constexpr tenon::Layout layout = tenon::layout_of<Bound>;
  static constexpr tenon::Needs needs = layout.needs;
  static constexpr std::size_t in_size = Bound::input::size;
  static constexpr std::size_t out_size = Bound::output::size;
  static constexpr double poison = std::numeric_limits<double>::quiet_NaN();

  std::size_t batch;
  std::vector<double> parameters, gradients, buffers, saved, saved_fixed, x, y, dy, dx;
  Context context{};

  explicit Rig(std::size_t batch_size, unsigned seed = 1)
      : batch{batch_size},
        parameters(layout.trainable_size, poison),
        gradients(layout.trainable_size, poison),
        buffers(layout.buffer_size),
        saved(needs.saved.sample * batch),
        saved_fixed(needs.saved.fixed),
        x(random_numbers(in_size * batch, seed)),
        y(out_size * batch, poison),
        dy(random_numbers(out_size * batch, seed + 1)),
        dx(in_size * batch, poison) {
    for (const auto& entry : tenon::parameter_table<Net>) {
      if (!entry.trainable) continue;
      const auto values = random_numbers(entry.size, ++seed + 100);
      std::copy(values.begin(), values.end(), parameters.begin() + static_cast<long>(entry.offset));
    }
  }

  template <class Mode>
  void forward(Mode mode) {
    std::vector<double> scratch, scratch_fixed;
    if constexpr (Mode::training) {
      scratch.assign(needs.forward.sample * batch, poison);
      scratch_fixed.assign(needs.forward.fixed, poison);
      saved.assign(saved.size(), poison);
      saved_fixed.assign(saved_fixed.size(), poison);
    } else {
      scratch.assign(needs.inference.sample * batch, poison);
      scratch_fixed.assign(needs.inference.fixed, poison);
    }
    y.assign(y.size(), poison);
    Memory<double> memory{};
    memory.parameters.values = parameters.data();
    memory.parameters.constants = buffers.data();
    if constexpr (Mode::training) {
      memory.parameters.buffers = buffers.data();
      memory.workspace.saved = saved.data();
      memory.workspace.saved_fixed = saved_fixed.data();
    }
    memory.workspace.scratch = scratch.data();
    memory.workspace.scratch_fixed = scratch_fixed.data();
    tenon::detail::run_forward<Bound>(context, memory, Rows<const double>{x.data(), batch, in_size},
                                      Rows<double>{y.data(), batch, out_size}, mode);
  }

  void backward(bool with_dx = true) {
    std::vector<double> scratch(needs.backward.sample * batch, poison);
    std::vector<double> scratch_fixed(needs.backward.fixed, poison);
    dx.assign(dx.size(), poison);
    Memory<double> memory{.parameters = {parameters.data(), gradients.data(), buffers.data(), buffers.data()},
                          .workspace = {saved.data(), saved_fixed.data(), scratch.data(), scratch_fixed.data()}};
    // Absent where backward says it does not read it.
    const auto given = [&](bool read, std::vector<double>& numbers, std::size_t size) {
      return Rows<const double>{read ? numbers.data() : nullptr, batch, size};
    };
    tenon::detail::run_backward<Bound>(
        context, memory, given(needs.backward_reads_input, x, in_size), given(needs.backward_reads_output, y, out_size),
        Rows<const double>{dy.data(), batch, out_size}, Rows<double>{with_dx ? dx.data() : nullptr, batch, in_size});
  }

  /// sum(dy * y), whose gradients backward gives.
  double objective() {
    forward(tenon::Training{});
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += dy[i] * y[i];
    return sum;
  }

  double slope(double& number) {
    const double kept = number, step = 1e-5;
    number = kept + step;
    const double above = objective();
    number = kept - step;
    const double below = objective();
    number = kept;
    return (above - below) / (2 * step);
  }

  /// The largest difference between a gradient and its central difference.
  double worst_gradient() {
    forward(tenon::Training{});
    backward();
    const auto d_input = dx;
    const auto d_parameters = gradients;
    double worst = 0;
    const auto compare = [&](double got, double wanted) {
      const double difference = std::abs(got - wanted);
      worst = difference <= worst ? worst : difference;  // a NaN stays
    };
    for (std::size_t i = 0; i < x.size(); ++i) compare(d_input[i], slope(x[i]));
    for (const auto& entry : tenon::parameter_table<Net>) {
      if (!entry.trainable) continue;
      for (std::size_t i = entry.offset; i < entry.offset + entry.size; ++i) {
        compare(d_parameters[i], slope(parameters[i]));
      }
    }
    return worst;
  }
};

}  // namespace network_rig
