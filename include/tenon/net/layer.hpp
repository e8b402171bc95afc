#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include <tenon/shape.hpp>

/// The layer contract. A layer is a stateless description type; `L::template at<In>` binds it to
/// an input shape and declares everything the rest of Tenon needs to know:
///
///     struct Example {
///       template <class In> struct at {
///         using input  = In;
///         using output = Shape<...>;
///         static constexpr std::array<ParameterSpec, P> parameters{...};       // P may be 0
///         using initializers = Initializers<KaimingUniform<>, ...>;            // one each, in order
///         static constexpr Needs needs{...};
///         template <class Mode, class Ctx, class T>
///         static void forward(Ctx&, Memory<T>, Rows<const T> x, Rows<T> y, Mode);
///         template <class Ctx, class T>
///         static void backward(Ctx&, Memory<T>, Rows<const T> x, Rows<const T> y, Rows<const T> dy, Rows<T> dx);
///       };
///     };
///
/// What is missing of these is one compile error that names it (`BoundLayer`, net/bound_layer.hpp).
///
/// `backward` adds to the gradients (it overwrites them when `ctx.overwrite_gradients`), and fills
/// `dx` unless `dx` is absent: the first layer of a network has none to send. Where `gradients` are
/// absent the layer is frozen and only `dx` is wanted. A loop that makes parameters' gradients together with `dx` may
/// write all of them to `unused_gradient`, one over the other: it has room for any one parameter but matrices and the
/// kernels of images.
///
/// A layer of several inputs says `static constexpr bool many_inputs = true` beside `at`, and is bound to
/// `Inputs<A, B, ...>` (net/inputs.hpp). Its rows come in arrays:
///
///     static void forward(Ctx&, Memory<T>, const RowsOf<const T, N>& x, Rows<T> y, Mode);
///     static void backward(Ctx&, Memory<T>, const RowsOf<const T, N>& x, Rows<const T> y, Rows<const T> dy,
///                          const RowsOf<T, N>& dx);
///
/// any of `dx` may be absent, and bit k of `needs.backward_reads_input` is about input k. What gets no gradient, such
/// as a mask, it leaves out of `static constexpr std::uint32_t sends`, a bit for each input.
///
/// A layer of one input whose gradient is as easily added as written says `static constexpr bool adds_to_dx = true`;
/// where `memory.written.dx`, `dx` then holds what other readers of the input have sent.
///
/// Within Masked<...> (net/masked.hpp) `mask` has a number for every step of every sequence, 0 for those that are
/// there; a layer that reads it says `reads_mask = true` beside `at`, and is refused where the steps are no longer
/// those that the mask is of. One that does not read it is refused there unless it says that it works step by step
/// (`steps`, below), that it finds padding by itself (`knows_padding = true`) or that it only chooses steps
/// (`picks_steps = true`). It may say what to write instead of it: `using instead_of_mixing = write<"...">`.
///
/// A layer with `tied = true` has no parameters of its own and is given those of the first layer of the composition it
/// stands in (layers/tied.hpp); that layer learns it from `written.gradients`, and always adds to its gradients.
///
/// `at` takes any shape; what the layer itself does not take it says beside `at`, with `expects`,
/// `problem` or `invalid` (net/check.hpp), and the compiler shows it. A bound layer that only
/// gives its numbers another shape declares `passthrough = true` and costs nothing; one made of
/// several fused layers (net/fusion.hpp) says in `parameter_layers` which of them, counted from the
/// first, each parameter belongs to.
///
/// A layer that can be run one step of a sequence after the other says so beside `at` (networks/stepwise.hpp):
///
///     template <class In, Time Axis> static constexpr bool steps = ...;   // of sequences In with time along Axis
///     template <size_t Context> using stepping = ...;                // as what, if not as it is
///
/// which promises that a step of the output follows from the same step of the input, and from those before it only
/// through a state that `stepping` declares. One that cannot because an option lets it look at later steps says
/// `looks_ahead = true`, for the error.
namespace tenon {

/// Where time lies in a sequence: (time), (time, features), or in signals (channels, time).
enum class Time : unsigned char { first, last };

/// A batch of samples in memory: `count` rows, `stride` numbers from one to the next. Within a row
/// a sample is contiguous, so a branch of Concat writes its part of a wider row in place.
template <class T>
struct Rows {
  T* data = nullptr;
  size_t count = 0;
  size_t stride = 0;

  constexpr T* operator[](size_t sample) const { return data + sample * stride; }
  constexpr explicit operator bool() const { return data != nullptr; }
  constexpr operator Rows<const T>() const requires(!std::is_const_v<T>) { return {data, count, stride}; }
};

/// Numbers of each sample, `stride` apart: as Rows, where others say how many there are.
template <class T>
struct PerSample {
  T* data = nullptr;
  size_t stride = 0;

  constexpr T* operator[](size_t sample) const { return data + sample * stride; }
  constexpr explicit operator bool() const { return data != nullptr; }
};

/// Evaluation: dropout passes everything, normalisation uses running statistics, nothing is saved.
struct Evaluation {
  static constexpr bool training = false;
};
/// Training: random streams run, and what backward reads is saved.
struct Training {
  static constexpr bool training = true;
};

/// One parameter as its layer declares it. Buffers (running statistics) are parameters that no
/// optimizer touches.
struct ParameterSpec {
  static constexpr size_t max_rank = 4;
  std::string_view name;
  size_t dims[max_rank]{};
  size_t rank = 0;
  bool trainable = true;
  size_t fan_in = 1;  // how many inputs meet in one output; initialisers scale by it
  size_t fan_out = 1;

  constexpr size_t size() const {
    size_t product = 1;
    for (size_t i = 0; i < rank; ++i) product *= dims[i];
    return product;
  }
};

/// The initialisers of a layer's parameters, one each, in the order of `parameters`; see init/.
template <class... I>
struct Initializers {};

/// Space for numbers of the model's scalar type: for each sample of the batch, and once for all of them.
struct Space {
  size_t sample = 0;
  size_t fixed = 0;
};

/// What a bound layer reads again, wants kept and wants lent. `saved` lives from forward to backward, which may
/// overwrite it; a state from one forward to the next; the scratch of a phase only during the one call.
struct Needs {
  std::uint32_t backward_reads_input = ~std::uint32_t{0};  // bit k: input k (a layer of one input: true or false)
  bool backward_reads_output = false;
  Space saved{};
  Space forward{};            // scratch of forward in training,
  Space backward{};           // of backward,
  Space inference{};          // and of forward in evaluation
  size_t state = 0;           // for each sample
  std::uint32_t streams = 0;  // random stream ids it uses (dropout: 1)
};

/// Counts are rounded up to this many numbers, so that every block starts on a cache line (float).
inline constexpr size_t alignment = 16;
constexpr size_t aligned(size_t count) { return (count + alignment - 1) / alignment * alignment; }

/// Where one layer's numbers live. Parameters lie one after the other in the order declared, each block `aligned`;
/// trainable ones in `values` and `gradients`. The others, in an arena of their own, are `constants`: evaluation reads
/// them there, and so does training those that do not change. Running statistics do; training reads and writes them in
/// `buffers`. What is larger than 128 bytes is copied by slower instructions, once for each layer that runs.
template <class T>
struct Memory {
  struct Parameters {
    const T* values = nullptr;
    T* gradients = nullptr;
    T* buffers = nullptr;  // absent in evaluation
    const T* constants = nullptr;
    T* unused_gradient = nullptr;  // of a frozen layer, see above
  };
  struct Workspace {
    T* saved = nullptr;
    T* saved_fixed = nullptr;
    T* scratch = nullptr;  // of the phase that runs
    T* scratch_fixed = nullptr;
  };
  struct Ids {
    std::uint32_t stream = 0;  // the layer's first random stream
    std::uint32_t unit = 0;    // its first unit, for ctx.trace
  };
  /// What backward adds to, because others have written there.
  struct Written {
    bool gradients = false;  // a tied layer, which goes backward first
    bool dx = false;         // other readers of the input
  };

  Parameters parameters{};
  Workspace workspace{};
  Ids ids{};
  PerSample<T> state{};       // absent where every run starts anew
  PerSample<const T> mask{};  // see above
  Written written{};
};

}  // namespace tenon
