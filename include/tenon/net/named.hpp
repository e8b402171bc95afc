#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <tenon/fixed_string.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/mistakes.hpp>

namespace tenon {

/// Gives a part of a network a name, which stands where its index would: the parameters of
/// `Named<"encoder", Net>` are `encoder.0.weight`, ... It still counts as one element.
/// PyTorch: the attribute's name in an nn.Module.
///
///     using Net = Sequential<Input<30>, Named<"encoder", Sequential<Dense<64>, ReLU>>, Named<"head", Dense<10>>>;
template <fixed_string Name, class Net>
struct Named {
  template <class In>
  using at = typename Net::template at<In>;
};

/// A part whose own parts are named as if they stood in the whole, for the names that other frameworks give: the
/// parameters of `Sequential<Inline<Residual<Named<"norm1", LayerNorm<>>, ...>>>` are `norm1.weight`, ... It has to
/// have names that the whole does not have.
template <class Net>
using Inline = Named<".", Net>;

namespace detail {

/// Whether a step of a path is the number of a part.
constexpr bool is_index(std::string_view word, size_t index) {
  size_t value = 0;
  for (const char c : word) {
    if (c < '0' || c > '9') return false;
    value = 10 * value + static_cast<size_t>(c - '0');
  }
  return !word.empty() && value == index;
}
/// Parameters are named with dots between the parts, and a number is the index of a part.
constexpr bool can_be_a_name(std::string_view name) {
  if (name == ".") return true;
  bool is_number = true;
  for (const char c : name) {
    if (c == '.') return false;
    is_number = is_number && c >= '0' && c <= '9';
  }
  return !is_number;
}

template <size_t Size>
constexpr fixed_string<Size + 1> to_fixed_string(std::string_view view) {
  fixed_string<Size + 1> text;
  std::copy(view.begin(), view.end(), text.text);
  text.text[Size] = '\0';  // clang prints numbers where nobody wrote the end
  return text;
}

/// "encoder" and "mean" as "encoder.mean".
template <fixed_string A, fixed_string B>
constexpr auto join_paths() {
  fixed_string<A.view().size() + B.view().size() + 2> path;
  std::copy(A.view().begin(), A.view().end(), path.text);
  path.text[A.view().size()] = '.';
  std::copy(B.view().begin(), B.view().end(), path.text + A.view().size() + 1);
  path.text[A.view().size() + B.view().size() + 1] = '\0';
  return path;
}

/// An element of a composition as written: the layer, and the step to it in a path.
template <class L>
struct element {
  using layer = L;
  static constexpr bool named = false;
  static constexpr std::string_view name{};
  using own_path = path<>;
  template <size_t Index>
  using path_at = path<static_cast<int>(Index)>;
};
template <fixed_string Name, class L>
struct element<Named<Name, L>> {
  using layer = typename element<L>::layer;
  static constexpr bool named = true;
  static constexpr std::string_view name = Name.view();
  using own_path = path<Name>;
  template <size_t Index>
  using path_at = path<Name>;
};

/// The layer without its name.
template <class L>
using unnamed = typename element<L>::layer;

}  // namespace detail

template <fixed_string Name, class Net>
struct composition<Named<Name, Net>> : detail::described<Structure::named, Net> {
  template <class... Part>
  using with = Named<Name, Part...>;
};

}  // namespace tenon
