#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/data/dataset.hpp>
#include <tenon/error.hpp>
#include <tenon/model/arguments.hpp>
#include <tenon/net/parameters.hpp>

/// Numbers of very different sizes brought to a common one.
namespace tenon {

enum class Scaling {
  standard,  ///< mean 0, standard deviation 1 (of the samples, not of a population they stand for)
  min_max,   ///< from 0 to 1
  robust     ///< median 0, quartiles 1 apart: outliers do not matter. Quartiles are numpy.percentile's
};

/// What Scaling finds in numbers: (x - center) / scale is of a common size. A scale of 0, where all are equal or
/// nearly so (less than the least normal number), is 1 instead.
struct Scales {
  std::vector<double> center, scale;
};

/// Measures each of `features` features, which are the first axis of samples of {channels, height, width}, and of
/// others the last axis. Throws an Error that begins with `who` where there is no sample, a number is not finite, or
/// the shape has other features.
template <class T>
Scales measure_scales(ColumnView<const T> values, size_t samples, const std::vector<size_t>& shape, size_t features,
                      Scaling how, const std::string& who);
extern template Scales measure_scales(ColumnView<const float>, size_t, const std::vector<size_t>&, size_t, Scaling,
                                      const std::string&);
extern template Scales measure_scales(ColumnView<const double>, size_t, const std::vector<size_t>&, size_t, Scaling,
                                      const std::string&);

struct StandardizeOptions {
  Scaling how = Scaling::standard;
  /// The column of features, or of targets, where there are several.
  std::string_view column{};
  /// The layer, by the path of its parameters ("0", "table.input"), where there are several.
  std::string_view layer{};
};

namespace detail {

struct ScalingLayer {
  const ParameterEntry* first = nullptr;
  const ParameterEntry* second = nullptr;
};
/// The layer's two parameters, `a` and `b`, in a model.
template <class Model>
ScalingLayer scaling_layer(std::string_view path, std::string_view a, std::string_view b, const char* who,
                           const char* layer) {
  const auto is = [](const ParameterEntry& e, std::string_view prefix, std::string_view name) {
    return !e.trainable && !e.running && e.name.size() == prefix.size() + name.size() && e.name.starts_with(prefix) &&
           e.name.ends_with(name);
  };
  ScalingLayer found{};
  for (const ParameterEntry& e : parameter_table<typename Model::network>) {
    const std::string_view prefix = e.name.substr(0, e.name.rfind('.') + 1);
    if (!is(e, prefix, a) || (!path.empty() && prefix.substr(0, prefix.size() - !prefix.empty()) != path)) continue;
    for (const ParameterEntry& other : parameter_table<typename Model::network>) {
      if (!is(other, prefix, b)) continue;
      if (found.first)
        throw Error(std::string(who) + ": expected the name of the layer, got none; there are " +
                    std::string(found.first->name) + " and " + std::string(e.name));
      found = {&e, &other};
    }
  }
  if (!found.first)
    throw Error(std::string(who) + ": expected a network with a layer " + layer +
                (path.empty() ? "" : " called " + std::string(path)) + ", got none");
  return found;
}

template <class Model>
void set_scales(Model& model, const ParameterEntry& center, const ParameterEntry& scale, const Scales& scales) {
  using Number = typename Model::scalar;
  const auto number = [](double v) { return static_cast<Number>(v); };
  std::ranges::transform(scales.center, model.values(center).begin(), number);
  std::ranges::transform(scales.scale, model.values(scale).begin(), number);
}

/// A layer that scales: who sets it, what it is called, its two parameters, and the columns they are measured on.
struct ScalingWords {
  const char* who;
  const char* layer;
  std::string_view center, scale;
  ColumnKind kind;
};
template <class Model, class T>
void measure_layer(Model& model, const Dataset<T>& data, const StandardizeOptions& options, const ScalingWords& words) {
  const auto [center, scale] = scaling_layer<Model>(options.layer, words.center, words.scale, words.who, words.layer);
  const WhichColumn which = options.column.empty() ? WhichColumn(0) : WhichColumn(options.column);
  const ColumnInfo& info = find_column(data.columns(), words.kind, which);
  const ColumnView<const T> column = words.kind == ColumnKind::features ? data.feature_column(which)
                                                                        : data.target_column(which);
  set_scales(model, *center, *scale,
             measure_scales<T>(column, data.size(), info.shape, center->size, options.how,
                               std::string(words.who) + ", column \"" + info.name + "\""));
}

}  // namespace detail

/// Sets the Standardize layer (layers/standardize.hpp) in a model to what the features of these samples are: those to
/// train with, before training.
///
///     standardize(model, train);
///     standardize(model, train, {.how = Scaling::robust});
template <detail::IsModel Model, std::floating_point T>
  requires(!std::is_const_v<Model>)
void standardize(Model& model, const Dataset<T>& data, const StandardizeOptions& options = {}) {
  detail::measure_layer(model, data, options, {"standardize", "Standardize", "center", "scale", ColumnKind::features});
}
template <class M, class D, class Options = StandardizeOptions>
  requires detail::NotTrainable<"standardize", M>
void standardize(M&&, const D&, const Options& = {}) { detail::refuse_not_trainable<"standardize", M>(); }

/// Sets the Unstandardize layer, the last of a network, to what the targets are: its answers begin in their range.
template <detail::IsModel Model, std::floating_point T>
  requires(!std::is_const_v<Model>)
void unstandardize(Model& model, const Dataset<T>& data, const StandardizeOptions& options = {}) {
  detail::measure_layer(model, data, options,
                        {"unstandardize", "Unstandardize", "offset", "unit", ColumnKind::targets});
}
template <class M, class D, class Options = StandardizeOptions>
  requires detail::NotTrainable<"unstandardize", M>
void unstandardize(M&&, const D&, const Options& = {}) { detail::refuse_not_trainable<"unstandardize", M>(); }

/// Targets of a common size to learn, and answers in the user's unit:
///
///     const TargetScaler scaler{train};
///     fit(model, scaler.scaled(train), Fit{.loss = MeanSquaredError{}});
///     const auto prices = scaler.in_units(model(homes));
class TargetScaler {
public:
  /// Measures each number of the targets, or of the column of several.
  template <std::floating_point T>
  explicit TargetScaler(const Dataset<T>& data, Scaling how = Scaling::standard, std::string_view column = {}) {
    const WhichColumn which = column.empty() ? WhichColumn(0) : WhichColumn(column);
    const ColumnInfo& info = find_column(data.columns(), ColumnKind::targets, which);
    column_ = info.name;
    scales_ = measure_scales<T>(data.target_column(which), data.size(), {info.size}, info.size, how,
                                "TargetScaler, column \"" + info.name + "\"");
  }

  const Scales& scales() const noexcept { return scales_; }

  /// The same samples with targets of a common size.
  template <std::floating_point T>
  Dataset<T> scaled(Dataset<T> data) const {
    const ColumnInfo& info = find_column(data.columns(), ColumnKind::targets, column_);
    require(info.size);
    for (size_t i = 0; i < data.size(); ++i)
      for (size_t k = 0; k < info.size; ++k) {
        T& value = data.targets()[i * data.target_size() + info.offset + k];
        value = static_cast<T>((static_cast<double>(value) - scales_.center[k]) / scales_.scale[k]);
      }
    return data;
  }
  /// Answers of the network, one sample's after the other's, in the unit of the targets: a tensor, or any range of
  /// numbers.
  template <class Answers>
  Answers in_units(Answers answers) const {
    size_t k = 0;
    for (auto& value : answers) {
      value = static_cast<std::remove_reference_t<decltype(value)>>(static_cast<double>(value) * scales_.scale[k] +
                                                                    scales_.center[k]);
      k = k + 1 == scales_.scale.size() ? 0 : k + 1;
    }
    if (k != 0)
      throw Error("TargetScaler: expected answers of " + std::to_string(scales_.scale.size()) + " numbers each");
    return answers;
  }

private:
  void require(size_t size) const {
    if (size != scales_.scale.size())
      throw Error("TargetScaler: expected targets of " + std::to_string(scales_.scale.size()) + " numbers, got " +
                  std::to_string(size));
  }

  std::string column_;
  Scales scales_;
};

}  // namespace tenon
