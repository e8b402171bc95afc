#pragma once

#include <tenon/expr/program.hpp>
#include <tenon/shape.hpp>

/// Cutting a formula at its matrix products. `sigmoid(matmul(x, W) + b)` becomes the product
/// `x W`, whose result is one more input, and the element-wise rest `sigmoid(x1 + b)`.
namespace tenon::detail {

using expr::Op;
using expr::Operation;

template <class E, class Found>
struct find_products {
  using type = Found;
};
template <Op O, class A, class F>
struct find_products<Operation<O, A>, F> : find_products<A, F> {};
template <Op O, class A, class B, class F>
struct find_products<Operation<O, A, B>, F> : find_products<B, typename find_products<A, F>::type> {};
template <Op O, class A, class B, class C, class F>
struct find_products<Operation<O, A, B, C>, F>
    : find_products<C, typename find_products<B, typename find_products<A, F>::type>::type> {};

template <class T, class List>
struct append_once;
template <class T, class... U>
struct append_once<T, list<U...>> {
  using type = std::conditional_t<(std::is_same_v<T, U> || ...), list<U...>, list<U..., T>>;
};
template <class A, class W, class F>
struct find_products<Operation<Op::matmul, A, W>, F>
    : append_once<Operation<Op::matmul, A, W>, typename find_products<A, F>::type> {};

/// Asked before a list of them is made: most formulas have none, and this makes no types.
template <class E>
inline constexpr bool has_products = false;
template <Op O, class... A>
inline constexpr bool has_products<Operation<O, A...>> = O == Op::matmul || (has_products<A> || ...);
template <class E, bool Any = has_products<E>>
struct products_in {
  using type = list<>;
};
template <class E>
struct products_in<E, true> : find_products<E, list<>> {};

/// The matrix products of a formula, inner ones first, each once.
template <class E>
using products_of = typename products_in<E>::type;

/// The formula with its products replaced by inputs 1, 2, ... and chunks of x by the inputs after.
template <class E, class Products, int First = 1>
struct substitute {
  using type = E;
};
template <Op O, class... A, class P, int First>
struct substitute<Operation<O, A...>, P, First> {
  using type = Operation<O, typename substitute<A, P, First>::type...>;
};
template <class A, class W, class P, int First>
struct substitute<Operation<Op::matmul, A, W>, P, First> {
  using type = expr::Input<First + expr::detail::position<Operation<Op::matmul, A, W>>(P{})>;
};
template <class A, auto K, auto N, class P, int First>
struct substitute<Operation<Op::chunk, A, expr::Number<K>, expr::Number<N>>, P, First> {
  using type = expr::Input<First + static_cast<int>(P::size) + K>;
};
template <class E>
inline constexpr bool is_cut = false;
template <Op O, class... A>
inline constexpr bool is_cut<Operation<O, A...>> = O == Op::matmul || O == Op::chunk || (is_cut<A> || ...);
template <Op O, class... A, int First>
  requires(!is_cut<Operation<O, A...>>)
struct substitute<Operation<O, A...>, list<>, First> {
  using type = Operation<O, A...>;
};
/// What a product is taken of: the formula before it, products inside it replaced.
template <class Product, class Products>
struct operand_of;
template <class A, class W, class P>
struct operand_of<Operation<Op::matmul, A, W>, P> : substitute<A, P> {};

/// Into how many parts a formula cuts x; 1 where it does not.
template <class E>
inline constexpr int chunks_of = 1;
template <Op O, class... A>
inline constexpr int chunks_of<Operation<O, A...>> = [] {
  int most = 1;
  ((chunks_of<A> > most ? void(most = chunks_of<A>) : void()), ...);
  return most;
}();
template <class A, auto K, auto N>
inline constexpr int chunks_of<Operation<Op::chunk, A, expr::Number<K>, expr::Number<N>>> = N;

/// A parameter's declared shape; `void` for scalars and per-feature ones.
template <class... O>
struct declared_shape {
  using type = void;
};
template <class First, class... O>
struct declared_shape<First, O...> : declared_shape<O...> {};
template <size_t... D, class... O>
struct declared_shape<Shape<D...>, O...> {
  using type = Shape<D...>;
};

template <class... O>
inline constexpr bool is_per_feature = (std::is_same_v<O, PerFeature> || ...);
template <class... O>
inline constexpr bool is_buffer = (std::is_same_v<O, expr::Buffer> || ...);

/// The parameter of a product, and whether it is stored (out, in).
template <class W>
struct weight_of {
  using parameter = W;
  static constexpr bool transposed = false;
};
template <class W>
struct weight_of<Operation<Op::transpose, W>> {
  using parameter = W;
  static constexpr bool transposed = true;
};

template <class P>
struct parameter_traits;
template <fixed_string N, class... O>
struct parameter_traits<expr::Parameter<N, O...>> {
  static constexpr std::string_view name = N.view();
  using shape = typename declared_shape<O...>::type;
  static constexpr bool per_feature = is_per_feature<O...>;
  static constexpr bool scalar = !per_feature && std::is_void_v<shape>;
  static constexpr bool trainable = !is_buffer<O...>;
  using options = list<O...>;
};

template <class Product>
struct operator_of;
template <class A, class W>
struct operator_of<Operation<Op::matmul, A, W>> : weight_of<W> {};

/// A shape with another last axis; of an image, which is one row as a whole, nothing else is left.
template <class S, size_t Last>
struct with_last {
  using type = Shape<Last>;
};
template <size_t D, size_t Last>
struct with_last<Shape<D>, Last> {
  using type = Shape<Last>;
};
template <size_t A, size_t B, size_t Last>
struct with_last<Shape<A, B>, Last> {
  using type = Shape<A, Last>;
};

/// How many numbers a formula sees as one row: the last axis of vectors and sequences, the whole
/// sample of an image.
template <class S>
inline constexpr size_t row_width = S::size;
template <size_t A, size_t B>
inline constexpr size_t row_width<Shape<A, B>> = B;

/// Whether a formula has reductions over the batch, and whether over a row.
template <class E>
inline constexpr bool reduces_batch = false;
template <Op O, class... A>
inline constexpr bool reduces_batch<Operation<O, A...>> = O == Op::batch_sum || O == Op::batch_variance ||
                                                          O == Op::tracked || (reduces_batch<A> || ...);
template <class E>
inline constexpr bool reduces_row = false;
template <Op O, class... A>
inline constexpr bool reduces_row<Operation<O, A...>> = expr::is_row_reduction(O) || O == Op::row_variance ||
                                                        (reduces_row<A> || ...);

template <class E>
inline constexpr bool has_per_feature = false;
template <fixed_string N, class... O>
inline constexpr bool has_per_feature<expr::Parameter<N, O...>> = is_per_feature<O...>;
template <Op O, class... A>
inline constexpr bool has_per_feature<Operation<O, A...>> = (has_per_feature<A> || ...);

/// Per-feature parameters are per channel for images, and per feature for all other shapes.
template <class In>
inline constexpr bool has_channels = In::rank >= 3;
template <class In>
inline constexpr size_t feature_count = has_channels<In> ? In::dims[0] : row_width<In>;

}  // namespace tenon::detail
