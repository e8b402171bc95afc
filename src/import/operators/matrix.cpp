#include <algorithm>
#include <map>

#include "matrix.hpp"

namespace tenon::importing {

namespace {

/// c += a b, of m x k and k x n, row by row.
void multiply(const double* a, const double* b, double* c, Index m, Index k, Index n) {
  for (Index i = 0; i < m; ++i)
    for (Index l = 0; l < k; ++l) {
      const double factor = a[i * k + l];
      for (Index j = 0; j < n; ++j) c[i * n + j] += factor * b[l * n + j];
    }
}

}  // namespace

/// The last two axes are matrices, those in front broadcast; one axis alone is a row on the left, a column on the
/// right.
Array matrix_product(const Call& call, const Array& a, const Array& b, Type type) {
  call.require(!a.dims.empty() && !b.dims.empty(), "cannot multiply {} by {}", axes_text(a.dims), axes_text(b.dims));
  Dims left = a.dims, right = b.dims;
  if (a.dims.size() == 1) left.insert(left.begin(), 1);
  if (b.dims.size() == 1) right.push_back(1);
  const Index m = left[left.size() - 2], k = left.back(), n = right.back();
  call.require(right[right.size() - 2] == k, "cannot multiply {} by {}", axes_text(a.dims), axes_text(b.dims));
  left.resize(left.size() - 2);
  right.resize(right.size() - 2);
  const Dims batch = broadcast(call, left, right);
  Dims dims = batch;
  if (a.dims.size() > 1) dims.push_back(m);
  if (b.dims.size() > 1) dims.push_back(n);
  Array y = call.make(type, dims);
  if (y.values.empty()) return y;
  double* to = y.values.data();
  walk<2>(batch, {broadcast_strides(left, batch), broadcast_strides(right, batch)}, {0, 0}, [&](const auto& at) {
    multiply(a.values.data() + at[0] * m * k, b.values.data() + at[1] * k * n, to, m, k, n);
    to += m * n;
  });
  return y;
}

namespace {

std::vector<Array> matmul(const Call& call) {
  return {matrix_product(call, call.input(0), call.input(1), call.input(0).type)};
}

Array transposed(const Array& x) {
  Array y{x.type, {x.dims[1], x.dims[0]}, x.values};
  if (!y.values.empty())
    for (Index i = 0; i < x.dims[0]; ++i)
      for (Index j = 0; j < x.dims[1]; ++j) element(y, j * x.dims[0] + i) = element(x, i * x.dims[1] + j);
  return y;
}

/// a b' of matrices. The weights of a large layer are b: they are read where they lie.
Array product_with_transposed(const Call& call, const Array& a, const Array& b) {
  const Index m = a.dims[0], k = a.dims[1], n = b.dims[0];
  call.require(b.dims[1] == k, "cannot multiply {} by the transpose of {}", axes_text(a.dims), axes_text(b.dims));
  Array y = call.make(a.type, {m, n});
  if (y.values.empty()) return y;
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j)
      for (Index l = 0; l < k; ++l) element(y, i * n + j) += element(a, i * k + l) * element(b, j * k + l);
  return y;
}

/// alpha A' B' + beta C
std::vector<Array> gemm(const Call& call) {
  const Array &a = call.input(0), &b = call.input(1);
  call.require(a.dims.size() == 2 && b.dims.size() == 2, "multiplies matrices, not {} by {}", axes_text(a.dims),
               axes_text(b.dims));
  const double alpha = call.node.number("alpha", 1), beta = call.node.number("beta", 1);
  const bool transpose_a = call.node.integer("transA", 0) != 0, transpose_b = call.node.integer("transB", 0) != 0;
  const Array transposed_a = transpose_a ? transposed(a) : Array{};
  const Array& left = transpose_a ? transposed_a : a;
  Array y = transpose_b ? product_with_transposed(call, left, b) : matrix_product(call, left, b, a.type);
  const Array* c = call.optional(2);
  if (c != nullptr)
    call.require(broadcast(call, y.dims, c->dims) == y.dims, "{} does not broadcast to {}", axes_text(c->dims),
                 axes_text(y.dims));
  if (y.values.empty()) return {y};
  for (double& value : y.values) value *= alpha;
  auto next = y.values.begin();
  if (c != nullptr)
    walk<1>(y.dims, {broadcast_strides(c->dims, y.dims)}, {0},
            [&](const auto& at) { *next++ += beta * element(*c, at[0]); });
  return {y};
}

/// "bij,bjk->bik" as the names of the axes of every input and of the result, one character each.
struct Equation {
  std::vector<std::string> inputs{};
  std::string output;
};

/// "..." stands for as many axes as are left over; they are called by the codes ..., 2, 1, the last one always 1.
std::string without_dots(const Call& call, const std::string& term, std::size_t axes) {
  const std::size_t dots = term.find("...");
  if (dots == std::string::npos) return term;
  const std::size_t named = term.size() - 3;
  call.require(axes >= named && axes - named < 30, "'{}' does not name {} axes", term, axes);
  std::string left_over;
  for (std::size_t i = axes - named; i > 0; --i) left_over.push_back(static_cast<char>(i));
  return term.substr(0, dots) + left_over + term.substr(dots + 3);
}

Equation equation_of(const Call& call) {
  std::string text = call.node.text("equation", "");
  std::erase(text, ' ');
  const std::size_t arrow = text.find("->");
  Equation equation;
  std::string left = text.substr(0, arrow), dotted;
  for (std::size_t i = 0, start = 0; i < call.inputs.size(); ++i) {
    const std::size_t end = std::min(left.find(',', start), left.size());
    call.require(start <= left.size(), "'{}' speaks of fewer inputs than the {} there are", text, call.inputs.size());
    const std::size_t axes = call.input(i).dims.size();
    const std::string text_here = left.substr(start, end - start), term = without_dots(call, text_here, axes);
    call.require(std::all_of(text_here.begin(), text_here.end(), [](char c) { return c >= 32; }),
                 "its equation is no text");
    call.require(term.size() == axes, "'{}' does not name the axes of input {}, {}", text, i,
                 axes_text(call.input(i).dims));
    std::string own = term;
    std::erase_if(own, [](char c) { return c >= 32; });
    if (own.size() > dotted.size()) dotted = own;
    equation.inputs.push_back(term);
    start = end + 1;
  }
  if (arrow != std::string::npos) {
    equation.output = text.substr(arrow + 2);
    if (equation.output.find("...") != std::string::npos)
      equation.output = without_dots(call, equation.output, equation.output.size() - 3 + dotted.size());
    return equation;
  }
  // without an arrow: axes of "...", then those that are named once, by the alphabet
  equation.output = dotted;
  for (char c = 'A'; c <= 'z'; ++c)
    if (std::count(left.begin(), left.end(), c) == 1 && c != '.') equation.output.push_back(c);
  return equation;
}

/// A loop over all axes that are named: y[output] += product of the inputs.
std::vector<Array> einsum(const Call& call) {
  const Equation equation = equation_of(call);
  std::map<char, Index> sizes;
  for (std::size_t i = 0; i < equation.inputs.size(); ++i)
    for (std::size_t a = 0; a < equation.inputs[i].size(); ++a) {
      Index& size = sizes.try_emplace(equation.inputs[i][a], 1).first->second;
      const Index here = call.input(i).dims[a];
      call.require(size == here || size == 1 || here == 1, "axis {} of input {} is of size {}, elsewhere of {}", a, i,
                   here, size);
      if (size == 1) size = here;
    }
  std::string names = equation.output;
  Dims loop, dims;
  for (const char c : names) {
    call.require(sizes.contains(c) && std::count(names.begin(), names.end(), c) == 1,
                 "the result's axis '{}' is not of any input", c);
    dims.push_back(sizes[c]);
  }
  for (const auto& [c, size] : sizes)
    if (names.find(c) == std::string::npos) names.push_back(c);
  for (const char c : names) loop.push_back(sizes[c]);
  Array y = call.make(call.input(0).type, dims);
  if (y.values.empty()) return {y};

  const auto strides_in_loop = [&](const std::string& term, const Dims& own) {
    const Dims strides = strides_of(own);
    Dims result(names.size(), 0);
    for (std::size_t a = 0; a < term.size(); ++a)
      if (own[a] != 1) result[names.find(term[a])] += strides[a];  // an axis named twice is the diagonal
    return result;
  };
  call.require(call.inputs.size() == 1 || call.inputs.size() == 2, "of {} inputs is not supported", call.inputs.size());
  const Array &a = call.input(0), &b = call.input(call.inputs.size() - 1);
  const bool two = call.inputs.size() == 2;
  walk<3>(loop,
          {strides_in_loop(equation.output, dims), strides_in_loop(equation.inputs.front(), a.dims),
           strides_in_loop(equation.inputs.back(), b.dims)},
          {0, 0, 0}, [&](const auto& at) { element(y, at[0]) += element(a, at[1]) * (two ? element(b, at[2]) : 1); });
  return {y};
}

}  // namespace

Table matrix_operators() { return {{"MatMul", matmul}, {"Gemm", gemm}, {"Einsum", einsum}}; }

}  // namespace tenon::importing
