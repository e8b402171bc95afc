#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/edge/quantized.hpp>
#include <tenon/model/export_onnx.hpp>
#include <tenon/model/qdq_rules.hpp>

/// A network in int8 as an ONNX file in the form that quantisers write, QDQ: the steps of the network
/// (edge/quantized_plan.hpp), each as float operators between DequantizeLinear and QuantizeLinear.
namespace tenon {

/// export_onnx of a network in int8.
struct in_onnx_int8;

namespace detail {

/// Whether a layer that int8 has steps for has nodes in ONNX: layer_refusal asks.
struct QdqQuestion {
  using execution = in_onnx_int8;

  template <class L, class In>
  static constexpr bool takes = [] {
    // 16 bits: opset 17 quantises to 8. Masked: its parts would be written as if there were no padding
    if constexpr (stores_activations<L> || structure_of<L> == Structure::masked) return false;
    else if constexpr (structure_of<L> == Structure::leaf) return is_qdq_layer<typename bind<L, In>::type>();
    else return true;
  }();
};

template <class Net>
struct refusal_of<in_onnx_int8, Net> {
  static constexpr auto judge() {
    using InInt8 = refusal<in_int8, Net>;
    if constexpr (!std::is_void_v<InInt8>) return std::type_identity<InInt8>{};
    else return layer_refusal<QdqQuestion, unnamed<Net>, input_shape<Net>, typename element<Net>::own_path>{};
  }
  using type = typename decltype(judge())::type;
};

/// Reads the steps off the type once more, and notes which layer each belongs to.
template <class Net>
class QdqReader : public edge::detail::PlanReader<std::remove_cvref_t<decltype(edge::quantized_plan<Net>)>::capacity,
                                                  QdqReader<Net>> {
  using base = edge::detail::PlanReader<std::remove_cvref_t<decltype(edge::quantized_plan<Net>)>::capacity, QdqReader>;

public:
  using base::plan;
  struct Noted : QdqLayer {
    void (*write)(QdqWriter&, const Noted&) = nullptr;
    QdqWriter::Axes axes{};
  };
  std::vector<Noted> layers{};

  template <class Bound>
  size_t read(const size_t* x, size_t parameters, size_t unit) {
    using namespace edge::detail;
    constexpr const Bound* type = nullptr;
    constexpr bool is_loop = is_repeat(type) && !IsGraph<Bound>;  // copies of several inputs are nodes of a graph
    if constexpr (Passthrough<Bound> || !std::is_void_v<sequence_step<Bound>> || is_chain(type) || is_loop ||
                  is_frozen(type)) {
      return base::template read<Bound>(x, parameters, unit);
    } else if constexpr (IsGraph<Bound>) {
      const GraphPlace outside = std::exchange(place_, {.tree = tree_of<Bound>(), .first_unit = unit});
      place_.units = layout_of<Bound>.units;
      const size_t y = base::template read<Bound>(x, parameters, unit);
      place_ = outside;
      return y;
    } else {
      const size_t before = plan.count;
      const bool border = before > 0 && plan.steps[before - 1].padded;
      const size_t y = base::template read<Bound>(x, parameters, unit);
      Noted own;
      own.path = path_of(unit);
      own.reads.assign(x, x + input_count<typename Bound::input>);
      own.first_step = before;
      if (border && !plan.steps[before - 1].padded) {  // the zeros in front are the convolution's own now
        --own.first_step;
        layers.back().behind = own.first_step;
      }
      own.behind = plan.count;
      own.rows = this->rows;
      own.write = [](QdqWriter& to, const Noted& at) { QdqRule<Bound>::write(to, at); };
      layers.push_back(std::move(own));
      return y;
    }
  }

  template <class Node>
  size_t read_node(const size_t* x, size_t count, size_t parameters, size_t unit) {
    constexpr NodeKind kind = edge::detail::node_kind<Node>();
    const size_t number = place_.node++;
    const GraphPlace here = place_;
    const size_t before = plan.count;
    const size_t y = base::template read_node<Node>(x, count, parameters, unit);
    place_ = here;
    if constexpr (kind == NodeKind::sum || kind == NodeKind::join || kind == NodeKind::slice) {
      Noted own;
      own.path = node_path(number);
      own.reads.assign(x, x + count);
      own.first_step = before;
      own.behind = plan.count;
      own.axes = axes_of<typename Node::output>();
      if constexpr (kind == NodeKind::sum) own.write = &write_sum;
      else if constexpr (kind == NodeKind::join) own.write = &write_join;
      else own.write = &write_slice<Node>;
      layers.push_back(std::move(own));
    }
    return y;
  }

private:
  struct GraphPlace {
    const Tree* tree = nullptr;
    size_t first_unit = 0, units = 0, node = 0;
  };

  static std::string path_of(size_t unit) { return std::string(unit_table<Net>[unit].path); }
  /// A node that is no layer has no path of its own: that of the composition, and its name where that is a Graph.
  std::string node_path(size_t number) const {
    std::string common = place_.units > 0 ? path_of(place_.first_unit) + "." : "";
    for (size_t u = 1; u < place_.units; ++u) {
      const std::string path = path_of(place_.first_unit + u) + ".";
      common.resize(static_cast<size_t>(std::ranges::mismatch(common, path).in1 - common.begin()));
    }
    if (place_.units == 1) common.pop_back();
    common.resize(common.find_last_of('.') + 1);
    if (place_.tree->ports != nullptr) return common + std::string(place_.tree->elements[number].name);
    if (!common.empty()) common.pop_back();
    return common;
  }

  static void write_sum(QdqWriter& to, const Noted& at) {
    size_t sum = at.reads[0], next = 1;
    for (size_t k = at.first_step; k < at.behind; ++k)
      if (!to.reorders(k)) {
        to.sum(at.path, k, sum, at.reads[next++], at.axes);
        sum = k + 1;
      }
  }
  static void write_join(QdqWriter& to, const Noted& at) {
    for (size_t k = at.first_step; k < at.behind; ++k)
      if (!to.reorders(k)) to.join(at.path, k, at.reads, at.axes);
  }
  /// Neighbours of the row that a node reads.
  template <class Node>
  static void write_slice(QdqWriter& to, const Noted& at) {
    if constexpr (edge::detail::node_kind<Node>() == NodeKind::slice) {
      constexpr size_t own = Node::output::size, inner = own / Node::output::front;
      constexpr bool along_first = Node::begin % inner == 0;
      for (size_t k = at.first_step; k < at.behind; ++k) {
        if (to.reorders(k)) continue;
        const size_t all = to.step(k).in / (to.step(k).of_tokens ? 2 : 1);  // tokens have two bytes
        if (along_first && all % inner == 0) {
          QdqWriter::Axes axes = at.axes;
          axes[0] = static_cast<std::int64_t>(all / inner);
          to.take(at.path, k, at.reads[0], axes, {1, all / inner, inner, own / inner, {Node::begin / inner}});
        } else {
          to.take(at.path, k, at.reads[0], {static_cast<std::int64_t>(all)}, {1, all, 1, own, {Node::begin}});
        }
      }
    }
  }

  GraphPlace place_{};
};

/// The numbers of a network, whichever it is.
template <class Net>
QdqNumbers qdq_numbers(const QuantizedNumbers<Net>& q) {
  constexpr const auto& plan = edge::quantized_plan<Net>;
  QdqNumbers all{.steps = std::span(plan.steps).first(plan.count),
                 .moves = plan.moves,
                 .orders = plan.orders,
                 .weights = q.weights,
                 .zero = q.zero,
                 .bias = q.bias,
                 .weight_scale = q.weight_scale,
                 .scale = q.scale};
  for (const ParameterEntry& entry : parameter_table<Net>) {
    const size_t place = entry.offset + (entry.trainable ? 0 : workspace<Net>.trainable_size);
    all.parameters[place] = {std::string(entry.name), {entry.dims, entry.dims + entry.rank}};
  }
  return all;
}

}  // namespace detail

/// Writes a network in int8 as an ONNX file, opset 17, in the form that is called QDQ: around every operator stand
/// DequantizeLinear and QuantizeLinear with the network's scales and zero points, weights are int8 with a scale for
/// each output (or for all, `per_tensor<true>`), biases int32. Inputs and outputs are float; a free axis "batch"
/// stands in front. Names are those of the float network: weights "0.weight", with "0.weight_scale" beside them, nodes
/// "0/Gemm".
///
///     const auto quantized = quantize(model, loader);
///     export_onnx(*quantized, "net.onnx");
///
/// Where a runtime computes as ONNX says, what it gives differs from `Quantized` by no more than one step of the
/// output's scale, but for what one step more or less in one layer becomes in those behind it: rounding is to even
/// here, and halves up there. `tenon import` makes the same network of the file, with the same integers and scales,
/// where it knows the layers in int8.
///
/// A layer of several steps has QuantizeLinear between them as `Quantized` rounds there; a function of one number is
/// written as its operators. BatchNorm that was not folded is a Conv in groups, as in int8, and what a Dense does to
/// every step a MatMul, whose weights lie (in, out). Positions are the constants "added". Standardize in front and
/// Unstandardize at the end, which cost no step, stay float. Attention is four projections, "0.q_proj" to "0.out_proj",
/// with MatMul, Softmax and MatMul in float between them: `Quantized` keeps softmax in 16 bits. Normalisations of rows
/// and groups are LayerNormalization and InstanceNormalization, or, of RMSNorm, their pieces.
///
/// Not written, which is an error that names the layer when compiling, and what `runs_as<in_onnx_int8, Net>` says:
/// recurrent layers, whose state is rounded at every step, which ONNX's operators do not; Masked; AdditiveAttention,
/// whose sums meet a table of tanh; 16-bit activations, for which
/// opset 17 has no QuantizeLinear; transposed convolutions in groups, whose scales ONNX cannot give along one axis; and
/// what in_int8 refuses. The file is replaced atomically. Error: it would be larger than 2 GiB.
template <class Net>
void export_onnx(const QuantizedNumbers<Net>& q, const std::string& path) {
  static_assert(detail::check_execution<in_onnx_int8, Net>());
  if constexpr (Checked<Net>::valid && runs_as<in_onnx_int8, Net>) {
    using L = detail::unnamed<Net>;
    constexpr const auto& plan = edge::quantized_plan<Net>;
    OnnxFile file(std::string(type_name<Net>()));
    const detail::QdqNumbers numbers = detail::qdq_numbers(q);
    detail::QdqWriter to(file, numbers);
    const auto given = detail::onnx_axes<input_shape<Net>>::value(),
               gives = detail::onnx_axes<output_shape<Net>>::value();
    auto inputs = detail::onnx_ports<L>::inputs(), outputs = detail::onnx_ports<L>::outputs();
    detail::onnx_number_ports(inputs, given.size());
    detail::onnx_number_ports(outputs, gives.size());
    for (size_t k = 0; k < inputs.size(); ++k) file.input(inputs[k], given[k]);
    for (size_t k = 0; k < inputs.size(); ++k) {
      const edge::InputScaling& scaled = plan.scaled[k];
      if (plan.tokens[k]) to.tokens(k, inputs[k], given[k]);
      else
        to.input(k, inputs[k], given[k], std::span(q.feature_center).subspan(scaled.first, scaled.features),
                 std::span(q.feature_step).subspan(scaled.first, scaled.features));
    }

    const auto reader = std::make_unique<detail::QdqReader<Net>>();
    edge::detail::read_network<bound_network<Net>>(*reader);
    size_t done = 0;
    const auto pass = [&](size_t behind) {  // steps between layers, which only reorder
      for (; done < behind; ++done) to.reorders(done);
    };
    for (auto& layer : reader->layers) {
      layer.behind = std::min(layer.behind, plan.count);  // an Unstandardize at the end is none
      pass(std::min(layer.first_step, plan.count));
      layer.write(to, layer);
      done = std::max(done, layer.behind);
    }
    pass(plan.count);

    for (size_t o = 0; o < outputs.size(); ++o) {
      const size_t tensor = plan.output_tensor(o);
      std::string value = to.value(tensor, gives[o]);
      if constexpr (plan.unscaled.features > 0)
        value = to.unscaled(value, tensor, std::span(q.output_center).first(plan.unscaled.features),
                            std::span(q.output_step).first(plan.unscaled.features));
      file.output(outputs[o], value, gives[o]);
    }
    file.write(path);
  }
}
template <class Net, const QuantizedNumbers<Net>& Q>
void export_onnx(const Quantized<Net, Q>&, const std::string& path) {
  export_onnx(Q, path);
}

}  // namespace tenon
