#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <tenon/data/dataset.hpp>
#include <tenon/shape.hpp>

namespace tenon {

/// What samples answer to: one of N classes, at each of so many steps one of N classes, or N numbers.
template <size_t N>
struct Classes {
  static constexpr size_t classes = N, labels = 1, numbers = 0;
};
template <size_t N, size_t Steps>
struct StepClasses {
  static constexpr size_t classes = N, labels = Steps, numbers = 0;
};
template <size_t N>
struct Values {
  static constexpr size_t classes = 0, labels = 0, numbers = N;
};
/// Or to nothing: for a network that reproduces its input.
struct NoAnswers {
  static constexpr size_t classes = 0, labels = 0, numbers = 0;
};

/// Whether samples of shape A serve where B is taken: the same shape, or as many numbers where one of
/// the two is a plain vector. (28, 28, 1) is no (1, 28, 28).
template <AnyShape A, AnyShape B>
inline constexpr bool serves_as = std::same_as<A, B> || (A::size == B::size && (A::rank == 1 || B::rank == 1));

namespace detail {

/// Brings a data set to the given shape, or throws an Error where shape or answers are others.
template <class T>
void give_type(Dataset<T>& data, std::span<const size_t> shape, size_t classes, size_t labels, size_t numbers);
extern template void give_type(Dataset<float>&, std::span<const size_t>, size_t, size_t, size_t);
extern template void give_type(Dataset<double>&, std::span<const size_t>, size_t, size_t, size_t);

}  // namespace detail

template <AnyShape S, class Answer, std::floating_point T>
struct TypedSplit;

/// A data set whose type says what it holds. To train a network with it that takes other samples, or
/// has another number of classes, does not compile. Made by `typed`:
///
///     auto flowers = typed<Shape<4>, Classes<3>>(read_csv("iris.csv"));
///     auto [train, test] = flowers.stratified_split(0.8, seed);        // typed too
///
/// Everywhere else it is a plain Dataset, as which it is passed where the types are not to be compared.
template <AnyShape S, class Answer, std::floating_point T = float>
class TypedDataset : public Dataset<T> {
public:
  using shape = S;
  using answer = Answer;

  /// Throws an Error where the data are something else; see `serves_as` for their shape.
  explicit TypedDataset(Dataset<T> data) : Dataset<T>(std::move(data)) {
    detail::give_type<T>(*this, S::dims, Answer::classes, Answer::labels, Answer::numbers);
  }

  TypedDataset subset(std::span<const size_t> indices) const { return TypedDataset(Dataset<T>::subset(indices)); }
  TypedDataset take(size_t count) const { return TypedDataset(Dataset<T>::take(count)); }
  TypedSplit<S, Answer, T> split(double fraction, std::uint64_t seed) const {
    return Dataset<T>::split(fraction, seed);
  }
  TypedSplit<S, Answer, T> stratified_split(double fraction, std::uint64_t seed) const {
    return Dataset<T>::stratified_split(fraction, seed);
  }
  template <std::floating_point U>
  TypedDataset<S, Answer, U> as() const {
    return TypedDataset<S, Answer, U>(Dataset<T>::template as<U>());
  }

  /// The same numbers as plain vectors.
  TypedDataset<flatten<S>, Answer, T> flat() const { return TypedDataset<flatten<S>, Answer, T>(*this); }
  /// The shape is part of the type: `flat`, or `typed<Shape<...>>(data)`.
  void reshape(std::vector<size_t>) = delete;
};

/// What split() returns.
template <AnyShape S, class Answer, std::floating_point T = float>
struct TypedSplit {
  TypedDataset<S, Answer, T> train;
  TypedDataset<S, Answer, T> test;

  TypedSplit(DatasetSplit<T> parts) : train(std::move(parts.train)), test(std::move(parts.test)) {}
  operator DatasetSplit<T>() const { return {train, test}; }
};

/// Samples of this shape with these answers, checked: `typed<Shape<64>, Classes<10>>(data)`.
template <AnyShape S, class Answer, std::floating_point T>
TypedDataset<S, Answer, T> typed(Dataset<T> data) {
  return TypedDataset<S, Answer, T>(std::move(data));
}

}  // namespace tenon
