#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/kernels/blas_gemm.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/model/context.hpp>
#include <tenon/model/results.hpp>
#include <tenon/model/tensors.hpp>
#include <tenon/model/workspace_pool.hpp>
#include <tenon/net/checked.hpp>
#include <tenon/net/parameters.hpp>
#include <tenon/net/run.hpp>
#include <tenon/net/summary.hpp>

namespace tenon {

struct a_name_known_when_compiling;
struct a_whole_number;

/// Prediction runs at most this many samples at a time, so that a large batch needs no more memory than they do.
inline constexpr size_t prediction_chunk = 256;

/// A network with its numbers. `Scalar` is float or double; `Gemm` computes the matrix products.
///
///     Model<Net> model{seed};                       // initial weights follow from the seed
///     auto probabilities = model(images);           // a batch, or one sample
///     model.get<"0.weight">()(0, 3) = 0.5f;         // an xtensor view
///     model.save("digits.safetensors");
///
/// A const model predicts from many threads at once.
template <class Net, class Scalar = float, class Gemm = BlasGemm>
class Model {
  using Bound = typename Checked<Net>::bound;  // a line less in errors than bound_network<Net>
  static constexpr const auto& layout = workspace<Net>;

public:
  using network = Net;
  using scalar = Scalar;
  using gemm = Gemm;
  using input = input_shape<Net>;
  using output = output_shape<Net>;
  using context = HostContext<Scalar, Gemm>;
  static constexpr size_t parameter_count = tenon::parameter_count<Net>;

  // not `requires`: of a network that is refused, g++ takes both for satisfied where it instantiates a user's template
  template <class N = Net, std::enable_if_t<!detail::is_doubted<N>, int> = 0>
  explicit Model(std::uint64_t seed = 0) : parameters_(layout.trainable_size), buffers_(layout.buffer_size) {
    initialize(seed);
  }
  template <class N = Net, std::enable_if_t<detail::is_doubted<N>, int> = 0>
  [[deprecated("a Softmax reads a Softmax or is added to a Residual's input (TENON_STRICT: an error that says "
               "where)")]] explicit Model(std::uint64_t seed = 0)
      : parameters_(layout.trainable_size), buffers_(layout.buffer_size) {
    initialize(seed);
  }
  template <std::convertible_to<std::string_view> Path>
  explicit Model(const Path&) {
    detail::refuse<wrong_argument<argument<"Model", "seed">, takes<a_whole_number>, but_gets<Path>,
                                  write<"Model<Net> model; model.load(path);">>>();
  }
  Model(const Model& other) : parameters_(other.parameters_), buffers_(other.buffers_) {}
  Model(Model&& other) noexcept : parameters_(std::move(other.parameters_)), buffers_(std::move(other.buffers_)) {}
  Model& operator=(Model other) noexcept {
    parameters_ = std::move(other.parameters_);
    buffers_ = std::move(other.buffers_);
    return *this;
  }
  /// A part of another model, whose numbers it uses (model/part.hpp).
  struct Borrowed {
    Scalar *parameters, *buffers;
  };
  explicit Model(const Borrowed& from)
      : parameters_(Arena<Scalar>::borrowed(from.parameters, layout.trainable_size)),
        buffers_(Arena<Scalar>::borrowed(from.buffers, layout.buffer_size)) {}

  /// Draws all parameters anew.
  void initialize(std::uint64_t seed) {
    std::uint32_t number = 0;
    visit_parameters<Net>([&](const ParameterEntry& entry, auto initializer) {
      Stream stream(seed, Purpose::initial_weights, number++);
      ParameterSpec spec{.name = entry.name, .rank = entry.rank, .fan_in = entry.fan_in, .fan_out = entry.fan_out};
      std::copy_n(entry.dims, entry.rank, spec.dims);
      decltype(initializer)::fill(values(entry), spec, stream);
    });
  }

  /// The network's output for a batch (`xt::xtensor` of one axis more than a sample; vectors of any
  /// sample may also come as rows) or for one sample, in evaluation mode: dropout is off. An `xt::xarray`,
  /// whose type does not know its rank, is taken as a batch. Numbers in another container, or in braces,
  /// are one sample; containers of containers are a batch.
  template <class Images>
  auto operator()(const Images& images) const {
    const auto compute = [&]<bool Batched>(std::bool_constant<Batched>, const Scalar* samples, size_t count) {
      auto result = detail::make_result<Net, Scalar, Batched>(count);
      predict(std::span<const Scalar>(samples, count * input::size),
              std::span<Scalar>(result.data(), count * output::size));
      return result;
    };
    using Mistake = typename detail::judge_samples<input, Images>::type;
    if constexpr (!Checked<Net>::valid) {
      return compute(std::true_type{}, nullptr, 0);  // refused: an error has said why
    } else if constexpr (!std::is_void_v<Mistake>) {
      detail::refuse<Mistake>();
      return compute(std::true_type{}, nullptr, 0);
    } else if constexpr (detail::FixedRank<Images>) {
      return detail::with_samples<input, Scalar>(images, compute, {detail::port_names<Net>::inputs});
    } else {
      return detail::with_copied_samples<input, Scalar>(images, compute, {detail::port_names<Net>::inputs});
    }
  }
  /// Of a network with several inputs: all in the order of its In<...>, or each by its name,
  /// `model(in<"image">(images), in<"table">(tables))`. Several outputs come as `Results` (model/results.hpp).
  template <class First, class Second, class... More>
  auto operator()(const First& first, const Second& second, const More&... more) const {
    return detail::call_with_inputs<Net, Scalar>(*this, std::make_index_sequence<2 + sizeof...(More)>{}, first, second,
                                                 more...);
  }
  auto operator()(std::initializer_list<Scalar> sample) const { return (*this)(std::span<const Scalar>(sample)); }
  auto operator()(std::initializer_list<std::initializer_list<Scalar>> samples) const {
    return (*this)(std::span<const std::initializer_list<Scalar>>(samples));
  }
  template <class Images>
  auto predict(const Images& images) const {
    return (*this)(images);
  }

  /// The same on plain memory, sample after sample. Allocates nothing once it has been called with as
  /// many samples.
  void predict(std::span<const Scalar> samples, std::span<Scalar> y) const {
    const size_t count = input::size == 0 ? 0 : samples.size() / input::size;
    if (samples.size() != count * input::size || y.size() != count * output::size)
      throw Error("predict: expected whole samples of " + std::to_string(input::size) + " numbers and room for " +
                  std::to_string(output::size) + " each, got " + std::to_string(samples.size()) + " and " +
                  std::to_string(y.size()));
    if (count == 0) return;
    auto space = pool_.take(std::min(prediction_chunk, count));
    context ctx;
    for (size_t first = 0; first < count; first += prediction_chunk) {
      const size_t n = std::min(prediction_chunk, count - first);
      run_forward<Bound>(ctx, memory(*space), Rows<const Scalar>{samples.data() + first * input::size, n, input::size},
                         Rows<Scalar>{y.data() + first * output::size, n, output::size}, Evaluation{});
    }
    pool_.give(std::move(space));
  }

  /// With other spans or containers: refused.
  template <class X, class Y>
    requires(!(std::convertible_to<const X&, std::span<const Scalar>> && std::convertible_to<Y&, std::span<Scalar>>))
  void predict(const X&, Y&&) const {
    detail::refuse<wrong_argument<argument<"predict", "x, y">, takes<std::span<const Scalar>, std::span<Scalar>>,
                                  but_gets<X, Y>>>();
  }

  /// A parameter or running statistic by its name, as an xtensor view of its shape: PyTorch's, (out, in).
  template <fixed_string Name>
  auto get() {
    constexpr const ParameterEntry& entry = parameter_entry<Net, Name>;
    return detail::parameter_view<entry.rank>(values(entry).data(), entry.dims);
  }
  template <fixed_string Name>
  auto get() const {
    constexpr const ParameterEntry& entry = parameter_entry<Net, Name>;
    return detail::parameter_view<entry.rank>(values(entry).data(), entry.dims);
  }

  /// The type of the view depends on the name, so that has to be known when the program is compiled.
  template <std::convertible_to<std::string_view> Name>
  auto get(const Name&) const {
    detail::refuse<wrong_argument<argument<"get", "name">, takes<a_name_known_when_compiling>, but_gets<Name>,
                                  write<"model.get<\"0.weight\">()">>>();
    return detail::parameter_view<1>(parameters_.data(), parameter_table<Net>[0].dims);
  }

  /// Calls f(name, value) for each, values as spans.
  template <class F>
  void for_each_parameter(F f) {
    for (const ParameterEntry& entry : parameter_table<Net>) f(entry.name, values(entry));
  }
  template <class F>
  void for_each_parameter(F f) const {
    for (const ParameterEntry& entry : parameter_table<Net>) f(entry.name, values(entry));
  }

  std::span<Scalar> values(const ParameterEntry& entry) {
    return {(entry.trainable ? parameters_ : buffers_).data() + entry.offset, entry.size};
  }
  std::span<const Scalar> values(const ParameterEntry& entry) const {
    return {(entry.trainable ? parameters_ : buffers_).data() + entry.offset, entry.size};
  }

  /// All trainable parameters, and all running statistics, each in one aligned block.
  Arena<Scalar>& parameters() { return parameters_; }
  const Arena<Scalar>& parameters() const { return parameters_; }
  Arena<Scalar>& buffers() { return buffers_; }
  const Arena<Scalar>& buffers() const { return buffers_; }

  /// Safetensors with PyTorch's names and layouts. `load` changes nothing unless the file has exactly
  /// the network's tensors; otherwise it throws an Error that lists what is missing, left over or of
  /// another shape. `save` writes atomically.
  void save(const std::string& path) const { detail::save_model(*this, path); }
  void load(const std::string& path) { detail::load_model(*this, path); }
  /// Part of a file, under other names, or part of what there is; says what was loaded, what is missing and what is
  /// left over.
  Loaded load(const std::string& path, const LoadOptions& options) { return detail::load_model(*this, path, options); }
  template <class... Given>
    requires(sizeof...(Given) != 1 || !(... && std::convertible_to<const Given&, std::string>))
  void save(const Given&...) const {
    detail::refuse<wrong_argument<argument<"save", "path">, takes<std::string>, but_gets<Given...>,
                                  write<"model.save(\"net.safetensors\")">>>();
  }
  template <class Given>
    requires(!std::convertible_to<const Given&, std::string>)
  void load(const Given&) {
    detail::refuse<wrong_argument<argument<"load", "path">, takes<std::string>, but_gets<Given>,
                                  write<"model.load(\"net.safetensors\")">>>();
  }

private:
  Memory<Scalar> memory(detail::RunSpace<Scalar>& space) const {
    // evaluation reads buffers and writes none
    return {.parameters = {.values = parameters_.data(), .constants = buffers_.data()},
            .workspace = {.scratch = space.scratch.data(), .scratch_fixed = space.fixed.data()}};
  }

  Arena<Scalar> parameters_;
  Arena<Scalar> buffers_;
  mutable detail::WorkspacePool<Scalar> pool_{layout.needs.inference.sample, layout.needs.inference.fixed};
};

}  // namespace tenon
