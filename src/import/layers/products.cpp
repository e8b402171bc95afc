#include "writer.hpp"

namespace tenon::importing {

namespace {

/// The two last axes of a matrix exchanged.
Array transposed(const Array& m) {
  const auto rows = static_cast<std::size_t>(m.dims[0]), columns = static_cast<std::size_t>(m.dims[1]);
  Array t{m.type, {m.dims[1], m.dims[0]}, std::vector<double>(m.values.size())};
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) t.values[c * rows + r] = m.values[r * columns + c];
  return t;
}

Array scaled(Array a, double factor) {
  for (double& v : a.values) v *= factor;
  return a;
}

/// y = x W^T + b along the last axis; `weight` is (out, in). `learns`: it is a weight of the network.
void dense(Writer& w, Array weight, const Array* bias, double scale = 1, bool learns = true) {
  const Dims in = w.shape();
  const std::int64_t out = weight.dims[0], rows = count_of(in) / in.back();
  w.require(in.back() == weight.dims[1], "multiplies rows of {} with a matrix of {} rows", in.back(), weight.dims[1]);
  if (in.size() > 2) w.reshape({rows, in.back()});
  Dims gives = w.shape();
  gives.back() = out;
  std::vector<std::pair<std::string, Array>> numbers;
  numbers.emplace_back("weight", std::move(weight));  // a list in braces would copy it
  const bool biased = bias != nullptr && !all_equal(*bias, 0);
  if (biased) numbers.emplace_back("bias", scaled({Type::float32, {out}, spread(*bias, {out}, 0)}, scale));
  const std::string text = fmt::format("Dense<{}{}>", out, biased ? "" : ", bias<false>");
  w.layer(learns ? text : fmt::format("Freeze<{}>", text), gives, std::move(numbers));
  if (in.size() > 2) {
    gives = in;
    gives.back() = out;
    w.reshape(gives);
  }
}

void gemm(Writer& w) {
  w.require(w.place(w.values().front()).batch == 0 || w.place(w.values().front()).batch == no_batch,
            "the batch is not the first axis");
  const bool transposed_a = w.node.integer("transA", 0) != 0;
  w.require(!transposed_a || w.place(0).batch == no_batch, "transA = 1: the batch would be the second axis");
  if (transposed_a) w.permute({1, 0});
  const Array& b = w.weight(1, "B");
  const Array* c = w.has(2) ? &w.weight(2, "C") : nullptr;
  dense(w, scaled(w.node.integer("transB", 0) != 0 ? b : transposed(b), w.node.number("alpha", 1)), c,
        w.node.number("beta", 1));
}

void matmul(Writer& w) {
  const std::size_t batch = w.place(w.values().front()).batch;
  w.require(batch == 0 || batch == no_batch, "the batch has to be its first axis, it is axis {}", batch);
  if (const Array* b = w.constant(1)) {
    w.require(b->dims.size() == 2, "multiplies with a constant of {} axes: Dense has a matrix", b->dims.size());
    dense(w, transposed(*b), nullptr);
    return;
  }
  if (const Array* a = w.constant(0)) {  // W X = (X^T W^T)^T
    w.require(a->dims.size() == 2 && w.shape().size() == 2, "multiplies a constant of {} axes with samples of {}",
              a->dims.size(), list_text(w.shape()));
    w.permute({1, 0});
    dense(w, *a, nullptr);
    w.permute({1, 0});
    return;
  }
  Dims a = w.sample(0), b = w.sample(1);
  w.require(batch == no_batch || (a.size() == b.size() && a.size() >= 2 && w.place(1).batch == batch),
            "of samples of {} and of {}: the batch takes part in it", list_text(a), list_text(b));
  // one axis alone is a row on the left, a column on the right
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  // axes in front are broadcast
  Dims front(std::max(a.size(), b.size()) - 2, 1);
  for (const Dims* of : {&a, &b})
    for (std::size_t k = 0; k + 2 < of->size(); ++k) {
      std::int64_t& length = front[front.size() + 2 - of->size() + k];
      length = std::max(length, (*of)[k]);
    }
  w.require(front.size() + 2 <= most_axes, "of samples of {} and of {}: shapes have at most {} axes", list_text(a),
            list_text(b), most_axes);
  const auto with_front = [&](const Dims& of) {
    Dims all = front;
    all.insert(all.end(), of.end() - 2, of.end());
    return all;
  };
  // a Transpose of the second matrix alone is an option
  const Node* before = w.producer(1);
  Dims last_two = before != nullptr && before->op == "Transpose" ? before->integers("perm") : Dims{};
  bool transposed_b = !last_two.empty() && last_two.size() == w.place(1).dims.size() && b == with_front(b);
  for (std::size_t k = 0; transposed_b && k < last_two.size(); ++k) {
    const std::size_t other = k + 2 < last_two.size() ? k : k + 1 == last_two.size() ? k - 1 : k + 1;
    transposed_b = last_two[k] == static_cast<std::int64_t>(other);
  }
  const auto matrix = [&](std::size_t input, const Dims& own) {
    if (own == w.sample(input) && own == with_front(own)) return w.node.inputs[input];
    Dims ones(front.size() + 2 - own.size(), 1);
    ones.insert(ones.end(), own.begin(), own.end());
    return w.aside(w.node.inputs[input], w.sample(input), [&] {
      w.reshape(ones);
      repeat_to(w, with_front(own));
    });
  };
  Dims gives = with_front(a);
  gives.back() = b.back();
  const std::string left = matrix(0, a), right = transposed_b ? before->inputs[0] : matrix(1, b);
  w.start(0, {left, right}, with_front(a));
  w.layer(transposed_b ? "MatMul<transposed>" : "MatMul<>", gives);
}

}  // namespace

void times_matrix(Writer& w, std::size_t axis, Array matrix) {
  const Dims all = w.shape();
  const auto at = all.begin() + static_cast<std::ptrdiff_t>(axis);
  const std::int64_t before = count_of(Dims(all.begin(), at)), behind = count_of(Dims(at + 1, all.end()));
  Dims gives = all;
  gives[axis] = matrix.dims[0];
  w.reshape({before, all[axis], behind});
  if (behind == 1) w.reshape({before, all[axis]});
  else w.permute({0, 2, 1});
  dense(w, std::move(matrix), nullptr, 1, false);
  if (behind != 1) w.permute({0, 2, 1});
  w.reshape(gives);
}

void add_products(LayerTable& table) { table.insert({{"Gemm", gemm}, {"MatMul", matmul}}); }

}  // namespace tenon::importing
