#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <type_traits>

#include <tenon/net/layer.hpp>

/// Small layers by the contract, written out by hand, for tests of compositions.
namespace test_layers {

using tenon::Memory;
using tenon::Needs;
using tenon::ParameterSpec;
using tenon::Rows;
using tenon::Shape;

struct Uniform {};
struct Zeros {};

/// y = W x + b, W of shape (out, in).
template <std::size_t InSize, std::size_t OutSize>
struct AffineAt {
  using input = Shape<InSize>;
  using output = Shape<OutSize>;
  static constexpr std::array<ParameterSpec, 2> parameters{ParameterSpec{"weight", {OutSize, InSize}, 2},
                                                           ParameterSpec{"bias", {OutSize}, 1}};
  using initializers = tenon::Initializers<Uniform, Zeros>;
  static constexpr Needs needs{};

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, Memory<T> memory, Rows<const T> x, Rows<T> y, Mode) {
    const T* weight = memory.parameters.values;
    const T* bias = weight + tenon::aligned(InSize * OutSize);
    for (std::size_t s = 0; s < y.count; ++s) {
      for (std::size_t o = 0; o < OutSize; ++o) {
        T sum = bias[o];
        for (std::size_t i = 0; i < InSize; ++i) sum += weight[o * InSize + i] * x[s][i];
        y[s][o] = sum;
      }
    }
  }

  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<const T>, Rows<const T> dy,
                                 Rows<T> dx) {
    const T* weight = memory.parameters.values;
    T* d_weight = memory.parameters.gradients;
    T* d_bias = d_weight + tenon::aligned(InSize * OutSize);
    for (std::size_t o = 0; o < OutSize; ++o) {
      if (ctx.overwrite_gradients) {
        d_bias[o] = 0;
        for (std::size_t i = 0; i < InSize; ++i) d_weight[o * InSize + i] = 0;
      }
      for (std::size_t s = 0; s < dy.count; ++s) {
        d_bias[o] += dy[s][o];
        for (std::size_t i = 0; i < InSize; ++i) d_weight[o * InSize + i] += dy[s][o] * x[s][i];
      }
    }
    if (!dx) return;
    for (std::size_t s = 0; s < dy.count; ++s) {
      for (std::size_t i = 0; i < InSize; ++i) {
        T sum = 0;
        for (std::size_t o = 0; o < OutSize; ++o) sum += weight[o * InSize + i] * dy[s][o];
        dx[s][i] = sum;
      }
    }
  }
};

template <auto... N>
struct Affine;
template <auto In, auto Out>
struct Affine<In, Out> {
  using expects = Shape<In>;
  template <class>
  struct at : AffineAt<In, Out> {};
};
template <auto Out>
struct Affine<Out> {
  template <class In>
  struct at : AffineAt<In::size, Out> {};
};

/// y = x * x, for any shape; its backward reads the input.
struct Square {
  template <class In>
  struct at {
    using input = In;
    using output = In;
    static constexpr std::array<ParameterSpec, 0> parameters{};
    using initializers = tenon::Initializers<>;
    static constexpr Needs needs{};

    template <class Mode, class Ctx, class T>
    static constexpr void forward(Ctx&, Memory<T>, Rows<const T> x, Rows<T> y, Mode) {
      for (std::size_t s = 0; s < y.count; ++s) {
        for (std::size_t i = 0; i < In::size; ++i) y[s][i] = x[s][i] * x[s][i];
      }
    }
    template <class Ctx, class T>
    static constexpr void backward(Ctx&, Memory<T>, Rows<const T> x, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
      if (!dx) return;
      for (std::size_t s = 0; s < dy.count; ++s) {
        for (std::size_t i = 0; i < In::size; ++i) dx[s][i] = 2 * x[s][i] * dy[s][i];
      }
    }
  };
};

/// y = tanh(x); its backward reads the output only.
struct HyperTan {
  template <class In>
  struct at {
    using input = In;
    using output = In;
    static constexpr std::array<ParameterSpec, 0> parameters{};
    using initializers = tenon::Initializers<>;
    static constexpr Needs needs{.backward_reads_input = false, .backward_reads_output = true};

    template <class Mode, class Ctx, class T>
    static void forward(Ctx&, Memory<T>, Rows<const T> x, Rows<T> y, Mode) {
      for (std::size_t s = 0; s < y.count; ++s) {
        for (std::size_t i = 0; i < In::size; ++i) y[s][i] = std::tanh(x[s][i]);
      }
    }
    template <class Ctx, class T>
    static void backward(Ctx&, Memory<T>, Rows<const T>, Rows<const T> y, Rows<const T> dy, Rows<T> dx) {
      if (!dx) return;
      for (std::size_t s = 0; s < dy.count; ++s) {
        for (std::size_t i = 0; i < In::size; ++i) dx[s][i] = (1 - y[s][i] * y[s][i]) * dy[s][i];
      }
    }
  };
};

/// y = scale * x with one learnable factor, reading nothing but what it saved itself. Uses all
/// kinds of memory: a running count as buffer, scratch in both directions.
struct Scale {
  template <class In>
  struct at {
    using input = In;
    using output = In;
    static constexpr std::array<ParameterSpec, 2> parameters{ParameterSpec{"scale", {1}, 1},
                                                             ParameterSpec{"calls", {1}, 1, false}};
    using initializers = tenon::Initializers<Uniform, Zeros>;
    static constexpr Needs needs{.backward_reads_input = false,
                                 .saved = {In::size, 1},
                                 .forward = {In::size, 1},
                                 .backward = {In::size, 1},
                                 .inference = {.sample = In::size},
                                 .streams = 1};

    template <class Mode, class Ctx, class T>
    static constexpr void forward(Ctx&, Memory<T> memory, Rows<const T> x, Rows<T> y, Mode) {
      const T scale = memory.parameters.values[0];
      for (std::size_t s = 0; s < y.count; ++s) {
        for (std::size_t i = 0; i < In::size; ++i) {
          memory.workspace.scratch[s * In::size + i] = scale * x[s][i];
          if constexpr (Mode::training) memory.workspace.saved[s * In::size + i] = x[s][i];
        }
      }
      if constexpr (Mode::training) {
        memory.workspace.scratch_fixed[0] = scale;
        memory.workspace.saved_fixed[0] = scale;
        memory.parameters.buffers[0] += 1;
      }
      for (std::size_t s = 0; s < y.count; ++s) {
        for (std::size_t i = 0; i < In::size; ++i) y[s][i] = memory.workspace.scratch[s * In::size + i];
      }
    }
    template <class Ctx, class T>
    static constexpr void backward(Ctx& ctx, Memory<T> memory, Rows<const T>, Rows<const T>, Rows<const T> dy,
                                   Rows<T> dx) {
      if (ctx.overwrite_gradients) memory.parameters.gradients[0] = 0;
      memory.workspace.scratch_fixed[0] = memory.workspace.saved_fixed[0];
      for (std::size_t s = 0; s < dy.count; ++s) {
        for (std::size_t i = 0; i < In::size; ++i) {
          memory.workspace.scratch[s * In::size + i] = memory.workspace.scratch_fixed[0] * dy[s][i];
          memory.parameters.gradients[0] += memory.workspace.saved[s * In::size + i] * dy[s][i];
        }
      }
      if (!dx) return;
      for (std::size_t s = 0; s < dy.count; ++s) {
        for (std::size_t i = 0; i < In::size; ++i) dx[s][i] = memory.workspace.scratch[s * In::size + i];
      }
    }
  };
};

}  // namespace test_layers
