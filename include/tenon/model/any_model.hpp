#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/fixed_string.hpp>
#include <tenon/io/safetensors.hpp>
#include <tenon/model/model.hpp>

namespace tenon {

/// A network that a program may choose, by this name.
template <fixed_string Name, class Net>
struct Choice {
  using network = Net;
  static constexpr std::string_view name = Name.view();
};

/// A model of one of several networks, all compiled; which one is known when the program runs:
///
///     using Any = AnyModel<Choice<"small", Small>, Choice<"large", Large>>;
///     Any model("large", seed);                        // by its name
///     Any loaded = Any::load("weights.safetensors");   // the one whose tensors the file has
///     loaded.predict(x, y);
///     loaded.visit([&](auto& m) { fit(m, data, Fit{}); });
///
/// All take samples of one size and give as many numbers. What is chosen is chosen once a call: inside, the network is
/// as static as any.
template <class Scalar, class... C>
class AnyModelOf {
public:
  using scalar = Scalar;
  using variant = std::variant<Model<typename C::network, Scalar>...>;

private:
  template <class First, class...>
  struct first {
    using type = First;
  };
  using First = typename first<typename C::network...>::type;

public:
  using input = input_shape<First>;
  using output = output_shape<First>;
  static_assert(((input_shape<typename C::network>::size == input::size) && ...),
                "the networks of an AnyModel take samples of one size");
  static_assert(((output_shape<typename C::network>::size == output::size) && ...),
                "the networks of an AnyModel give as many numbers each");

  /// Throws an Error that lists the names where none is called so.
  explicit AnyModelOf(std::string_view name, std::uint64_t seed = 0)
      : AnyModelOf(number_of(name), [seed](auto& m) { m.initialize(seed); }) {}

  /// Throws an Error where the file's tensors are those of none of the networks, or of several: then say which,
  /// `load(path, "small")`.
  static AnyModelOf load(const std::string& path) {
    const SafeTensors file = read_tensors(path);
    std::vector<size_t> fitting;
    std::string fits, reasons;
    for (size_t k = 0; k < sizeof...(C); ++k) try {
        AnyModelOf model(k, [&](auto& m) { load_exact(file, detail::expected_by(m)); });
        fitting.push_back(k);
        fits += (fits.empty() ? "" : ", ") + std::string(names[k]);
      } catch (const Error& error) {
        reasons += "\n  " + std::string(names[k]) + ": " + error.what();
      }
    if (fitting.size() == 1) return AnyModelOf(fitting[0], [&](auto& m) { load_exact(file, detail::expected_by(m)); });
    if (fitting.empty())
      throw Error(path + ": expected the tensors of one of the networks " + known() + ", got those of none:" + reasons);
    throw Error(path + ": expected the tensors of one network, got those of " + fits + ": say which, load(path, name)");
  }
  static AnyModelOf load(const std::string& path, std::string_view name) {
    return AnyModelOf(number_of(name), [&](auto& m) { m.load(path); });
  }
  void save(const std::string& path) const {
    visit([&](const auto& m) { m.save(path); });
  }

  /// Which of them it is.
  std::string_view name() const { return names[model_.index()]; }
  size_t index() const { return model_.index(); }
  size_t parameter_count() const {
    return visit([](const auto& m) { return m.parameter_count; });
  }

  /// Calls f(model) with the Model<Net> that it is.
  template <class F>
  decltype(auto) visit(F&& f) {
    return std::visit(std::forward<F>(f), model_);
  }
  template <class F>
  decltype(auto) visit(F&& f) const {
    return std::visit(std::forward<F>(f), model_);
  }
  /// Model::predict on plain memory.
  void predict(std::span<const Scalar> samples, std::span<Scalar> y) const {
    visit([&](const auto& m) { m.predict(samples, y); });
  }

private:
  static constexpr std::string_view names[]{C::name...};

  template <class Prepare>
  AnyModelOf(size_t number, Prepare prepare) : model_(make(number, std::index_sequence_for<C...>{})) {
    visit([&](auto& m) { prepare(m); });
  }
  template <size_t... I>
  static variant make(size_t number, std::index_sequence<I...>) {
    variant made(std::in_place_index<0>, 0);
    static_cast<void>(((I == number ? (static_cast<void>(made.template emplace<I>(0)), true) : false) || ...));
    return made;
  }
  static std::string known() {
    std::string all;
    for (const std::string_view name : names) all += (all.empty() ? "" : ", ") + std::string(name);
    return all;
  }
  static size_t number_of(std::string_view name) {
    for (size_t k = 0; k < sizeof...(C); ++k)
      if (names[k] == name) return k;
    throw Error("AnyModel: expected the name of one of its networks, " + known() + ", got " + std::string(name));
  }

  variant model_;
};
template <class... C>
using AnyModel = AnyModelOf<float, C...>;

}  // namespace tenon
