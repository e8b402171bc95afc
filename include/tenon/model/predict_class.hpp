#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>

#include <tenon/error.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/model/arguments.hpp>
#include <tenon/model/model.hpp>
#include <tenon/networks/last_layer.hpp>

namespace tenon {

/// The class that a model takes a sample for: its largest output, the first of equal ones. Of a network with one output
/// it is class 1 above one half behind Sigmoid, above 0 otherwise. A batch gives a tensor of classes.
///
///     size_t digit = predict_class(model, image);
///     xt::xtensor<size_t, 1> digits = predict_class(model, images);
///
/// Throws an Error if an output is not a number, since that sample has no largest one.
template <detail::IsModel M, class Images>
auto predict_class(const M& model, const Images& images) {
  using Out = typename M::output;
  static_assert(Out::rank == 1, "predict_class takes a model that gives one vector of scores for each sample");
  using T = typename M::scalar;
  const auto scores = model(images);
  const auto decide = [](const T* row, size_t sample) -> size_t {
    const T* const odd = std::find_if(row, row + Out::size, [](T score) { return std::isnan(score); });
    if (odd != row + Out::size)
      throw Error("predict_class: expected outputs that are numbers, got nan in output " + std::to_string(odd - row) +
                  " of sample " + std::to_string(sample));
    if constexpr (Out::size == 1)
      return row[0] > (std::is_same_v<last_layer<typename M::network>, Sigmoid> ? T(0.5) : T(0)) ? 1 : 0;
    else return static_cast<size_t>(std::max_element(row, row + Out::size) - row);
  };
  if constexpr (std::tuple_size_v<typename std::remove_cvref_t<decltype(scores)>::shape_type> == Out::rank) {
    return decide(scores.data(), 0);
  } else {
    xt::xtensor<size_t, 1> classes(std::array<size_t, 1>{scores.shape()[0]});
    for (size_t i = 0; i < classes.size(); ++i) classes(i) = decide(scores.data() + i * Out::size, i);
    return classes;
  }
}
template <detail::NoModel M, class Images>
size_t predict_class(const M&, const Images&) {
  detail::refuse_no_model<"predict_class", M>();
  return 0;
}

}  // namespace tenon
