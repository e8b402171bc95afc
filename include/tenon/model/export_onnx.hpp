#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/model/arguments.hpp>
#include <tenon/model/model.hpp>
#include <tenon/model/onnx_formula.hpp>
#include <tenon/model/onnx_layer.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/execution.hpp>
#include <tenon/net/graph.hpp>
#include <tenon/net/layer_refusal.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/net/part_inputs.hpp>

/// A network as an ONNX file: a walk over its type, which asks every layer what it is there (model/onnx_layer.hpp).
namespace tenon {

/// export_onnx.
struct in_onnx;

namespace detail {

/// A layer may say itself what it is, or what it is bound to does.
template <class L>
concept SaysOnnx = requires(OnnxLayer& to) {
  L::onnx(to);
};

template <class L, class In>
constexpr bool has_onnx() {
  if constexpr (SaysOnnx<L>) return true;
  else return SaysOnnx<typename bind<L, In>::type>;
}

/// Whether a layer has nodes in ONNX: layer_refusal asks.
struct OnnxQuestion {
  using execution = in_onnx;

  template <class L, class In>
  static constexpr bool takes = [] {
    constexpr Structure what = structure_of<L>;
    if constexpr (what == Structure::leaf) return has_onnx<L, In>();
    else return what != Structure::masked && what != Structure::unpool;
  }();
};

template <class Net>
struct refusal_of<in_onnx, Net>
    : layer_refusal<OnnxQuestion, unnamed<Net>, input_shape<Net>, typename element<Net>::own_path> {};

/// Whether a layer works with the parameters of the first of its chain.
template <class Bound>
concept BorrowsParameters = requires {
  requires Bound::tied;
};
template <class L, class In>
constexpr bool is_tied() {
  if constexpr (structure_of<L> == Structure::leaf) return BorrowsParameters<typename bind<L, In>::type>;
  else return false;
}

/// Where a part stands: what its nodes and its parameters are called after, "encoder.2.".
struct OnnxPlace {
  std::string path, parameters;

  OnnxPlace inside(const std::string& step) const { return {path + step, parameters + step}; }
  /// An element, by its name or its index.
  template <class L>
  OnnxPlace element_at(size_t index) const {
    if (element<L>::name == inline_name) return *this;
    return inside((element<L>::named ? std::string(element<L>::name) : std::to_string(index)) + ".");
  }
  std::string name() const { return path.substr(0, path.empty() ? 0 : path.size() - 1); }
};

/// Writes the parts of a network. Values are known by their names; what has several inputs is given several.
class OnnxWalk {
public:
  using Values = std::vector<std::string>;

  explicit OnnxWalk(OnnxFile& file) : file_(file) {}

  /// L without its name.
  template <class L, class In>
  Values write(const OnnxPlace& at, const Values& x) {
    constexpr Structure what = structure_of<L>;
    if constexpr (what == Structure::leaf) return write_layer<L, In>(at, x);
    else if constexpr (what == Structure::named || what == Structure::frozen)
      return write<unnamed<part_of<L>>, In>(at, x);
    else if constexpr (what == Structure::copies) return write_copies<L, In>(at, x);
    else if constexpr (what == Structure::steps) return write_steps<L, In>(at, x);
    else if constexpr (what == Structure::graph)
      return write_graph<typename composition<L>::template binder<In>>(at, x,
                                                                       std::make_index_sequence<graph_nodes<L, In>>{});
    else if constexpr (parts_of<L>::size == 0 && is_branched(what))  // of what a node of a graph reads
      return {combine<what>(layer<In>(at, x))};
    else if constexpr (what == Structure::split) return write_split<L, In>(at, x, parts_of<L>{}, part_inputs<L, In>{});
    else if constexpr (is_branched(what)) {
      OnnxLayer to(file_, at.name(), at.parameters, write_branches(at, x, parts_of<L>{}, part_inputs<L, In>{}), {});
      return {combine<what>(to)};
    } else {
      Values y = write_chain(at, x, parts_of<L>{}, part_inputs<L, In>{});
      if constexpr (what == Structure::chain) return y;
      OnnxLayer to(file_, at.name(), at.parameters, {y[0], x[0]}, {});
      if constexpr (what == Structure::residual) return {to.node("Add", {y[0], x[0]})};
      else return {to.node("Mul", {In::rank > 1 ? to.along_channels(y[0], In::front, In::rank) : y[0], x[0]})};
    }
  }

private:
  template <class L, class In>
  static constexpr size_t graph_nodes = composition<L>::template binder<In>::links.nodes;

  template <class In>
  OnnxLayer layer(const OnnxPlace& at, const Values& x) {
    return OnnxLayer(file_, at.name(), at.parameters, x, onnx_axes<In>::value());
  }
  template <class L, class In>
  Values write_layer(const OnnxPlace& at, const Values& x) {
    OnnxLayer to = layer<In>(at, x);
    if constexpr (SaysOnnx<L>) return {L::onnx(to)};
    else return {bind<L, In>::type::onnx(to)};
  }
  template <Structure What>
  std::string combine(OnnxLayer to) {
    Values all;
    for (size_t k = 0; k < to.inputs(); ++k) all.push_back(to.input(k));
    return What == Structure::sum ? to.chain("Add", all) : to.node("Concat", all, {{"axis", 1}});
  }

  template <class... Part, class... Given>
  Values write_chain(const OnnxPlace& at, Values x, list<Part...>, list<Given...>) {
    size_t index = 0;
    std::string first;  // whose parameters a tied layer has
    const auto one = [&]<class L, class In>(list<L, In>) {
      if constexpr (!is_input_element<L>) {
        OnnxPlace place = at.element_at<L>(index);
        if (index == 0) first = place.parameters;
        if constexpr (input_count<In> == 1) x = {as_row<In>(place, x)};
        if constexpr (is_tied<unnamed<L>, In>()) place.parameters = first;
        x = write<unnamed<L>, In>(place, x);
        ++index;
      }
    };
    (one(list<Part, Given>{}), ...);
    return x;
  }
  template <class... Part, class... Given>
  Values write_branches(const OnnxPlace& at, const Values& x, list<Part...>, list<Given...>) {
    size_t index = 0;
    Values all;
    (all.push_back(write<unnamed<Part>, Given>(at.element_at<Part>(index++), x)[0]), ...);
    return all;
  }
  template <class L, class In, class A, class B, class First, class Rest>
  Values write_split(const OnnxPlace& at, const Values& x, list<A, B>, list<First, Rest>) {
    OnnxLayer to = layer<In>(at, x);
    const std::string begin = to.integers({0}), middle = to.integers({First::front}), end = to.integers({In::front});
    const std::string axis = to.integers({1});
    const Values a = write<unnamed<A>, First>(at.element_at<A>(0), {to.node("Slice", {x[0], begin, middle, axis})});
    const Values b = write<unnamed<B>, Rest>(at.element_at<B>(1), {to.node("Slice", {x[0], middle, end, axis})});
    return {to.node("Concat", {a[0], b[0]}, {{"axis", 1}})};
  }
  /// A copy gives the first input of the next, or all of them.
  template <class L, class In>
  Values write_copies(const OnnxPlace& at, const Values& x) {
    Values y, next = x;
    for (size_t copy = 0; copy < composition<L>::count; ++copy) {
      y = write<unnamed<part_of<L>>, In>(at.inside(std::to_string(copy) + "."), next);
      std::ranges::copy(y, next.begin());
    }
    return y;
  }
  /// The steps of all sequences are samples.
  template <class L, class In>
  Values write_steps(const OnnxPlace& at, const Values& x) {
    using Step = typename without_front<In>::type;
    using Out = output_of_part<L, In>;
    OnnxLayer to = layer<In>(at, x);
    const Values y = write<unnamed<part_of<L>>, Step>(at, {to.reshape(x[0], onnx_axes<Step>::value()[0])});
    return {to.reshape(y[0], onnx_axes<Out>::value()[0])};
  }
  /// What a layer is given: one value, or several outputs, one behind the other.
  template <class S>
  std::string as_row(const OnnxPlace& at, const Values& x) {
    if (x.size() == 1) return x[0];
    OnnxLayer to = layer<S>(at, x);
    Values flat;
    for (size_t k = 0; k < x.size(); ++k) flat.push_back(to.node("Flatten", {x[k]}));
    return to.node("Concat", flat, {{"axis", 1}});
  }
  template <class Binder, size_t... K>
  Values write_graph(const OnnxPlace& at, const Values& x, std::index_sequence<K...>) {
    std::vector<Values> values;  // of a node that gives several outputs, each
    for (const std::string& input : x) values.push_back({input});
    (write_node<Binder, K>(at, values), ...);
    Values outputs;
    for (size_t o = 0; o < Binder::links.outputs; ++o) outputs.push_back(values[Binder::links.output_values[o]][0]);
    return outputs;
  }
  template <class Binder, size_t K>
  void write_node(const OnnxPlace& at, std::vector<Values>& values) {
    constexpr const auto& links = Binder::links;
    const auto step = [](size_t k) {
      return std::string(Binder::graph::parts[links.part_of[links.inputs + k]].name) + ".";
    };
    OnnxPlace place = at.inside(step(K));
    if constexpr (links.like[K] != nobody) place.parameters = at.parameters + step(links.like[K]);
    using L = unnamed<typename Binder::template value<links.inputs + K>::layer>;
    const Values& first = values[links.sources[links.first_edge[K]]];
    if constexpr (is_output_of<L>) {
      values.push_back({first[L::number]});
    } else {
      using Shapes = typename Binder::template sources<K>::shape;
      Values from;
      [&]<size_t... J>(std::index_sequence<J...>) {
        (from.push_back(
             as_row<typename given_input<J, Shapes>::type>(place, values[links.sources[links.first_edge[K] + J]])),
         ...);
      }
      (std::make_index_sequence<links.edge_count[K]>{});
      values.push_back(write<L, Shapes>(place, from));
    }
  }

  OnnxFile& file_;
};

/// What the inputs and outputs of a network are called: those of a Graph by their own names.
template <class L>
struct onnx_ports {
  static std::vector<std::string> inputs() { return {"input"}; }
  static std::vector<std::string> outputs() { return {"output"}; }
};
template <class L>
  requires(structure_of<L> == Structure::named || structure_of<L> == Structure::frozen ||
           structure_of<L> == Structure::copies)
struct onnx_ports<L> : onnx_ports<unnamed<part_of<L>>> {};
template <class... E>
  requires is_rewritten<Graph<E...>>
struct onnx_ports<Graph<E...>> : onnx_ports<typename with_outputs<Graph<E...>>::type> {
};
template <class... E>
struct onnx_ports<Graph<E...>> {
  static constexpr const auto& links = linked_graph<E...>::links;
  static std::string name(size_t value) { return std::string(linked_graph<E...>::parts[links.part_of[value]].name); }
  static std::vector<std::string> inputs() {
    std::vector<std::string> names;
    for (size_t k = 0; k < links.inputs; ++k) names.push_back(name(k));
    return names;
  }
  static std::vector<std::string> outputs() {
    std::vector<std::string> names;
    for (size_t o = 0; o < links.outputs; ++o) names.push_back(name(links.output_values[o]));
    return names;
  }
};
/// A Graph within another network that has its inputs or its outputs.
inline void onnx_number_ports(std::vector<std::string>& names, size_t count) {
  const std::string stem = names[0];
  while (names.size() < count) names.push_back(stem + "." + std::to_string(names.size()));
}

}  // namespace detail

/// Writes the model as an ONNX file, opset 17, of float numbers, for evaluation: dropout is left out, and normalisation
/// has its running statistics. In front of every axis stands a free one, "batch". Inputs and outputs are called as
/// those of the Graph that the network is, or else "input" and "output"; parameters as in other files, "0.weight";
/// nodes after the layers they are of, "0/Gemm". Tokens are given as float numbers, as the network takes them.
///
///     export_onnx(model, "net.onnx");
///
/// The file is replaced atomically. What has no words in ONNX does not compile: the error names the layer and its
/// place, and `runs_as<in_onnx, Net>` and `refusal<in_onnx, Net>` say so before. Error: the file would be larger than 2
/// GiB.
template <class Net, class Scalar, class Gemm>
void export_onnx(const Model<Net, Scalar, Gemm>& model, const std::string& path) {
  static_assert(detail::check_execution<in_onnx, Net>());
  if constexpr (Checked<Net>::valid && runs_as<in_onnx, Net>) {
    using L = detail::unnamed<Net>;
    OnnxFile file(std::string(type_name<Net>()));
    for (const ParameterEntry& entry : parameter_table<Net>) {
      const auto values = model.values(entry);
      const OnnxFile::Axes axes(entry.dims, entry.dims + entry.rank);
      file.parameter(std::string(entry.name), axes, {values.begin(), values.end()});
    }
    const auto given = detail::onnx_axes<input_shape<Net>>::value(),
               gives = detail::onnx_axes<output_shape<Net>>::value();
    auto inputs = detail::onnx_ports<L>::inputs(), outputs = detail::onnx_ports<L>::outputs();
    detail::onnx_number_ports(inputs, given.size());
    detail::onnx_number_ports(outputs, gives.size());
    for (size_t k = 0; k < inputs.size(); ++k) file.input(inputs[k], given[k]);
    const std::string root = detail::element<Net>::named ? std::string(detail::element<Net>::name) + "." : "";
    const auto values = detail::OnnxWalk(file).write<L, input_shape<Net>>({root, root}, inputs);
    for (size_t o = 0; o < outputs.size(); ++o) file.output(outputs[o], values[o], gives[o]);
    file.write(path);
  }
}
template <detail::NoModel M, class Path>
void export_onnx(const M&, const Path&) {
  detail::refuse_no_model<"export_onnx", M>();
}

}  // namespace tenon
