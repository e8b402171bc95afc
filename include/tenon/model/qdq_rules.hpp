#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include <tenon/edge/quantized_plan.hpp>
#include <tenon/model/onnx_formula.hpp>
#include <tenon/model/qdq_writer.hpp>
#include <tenon/net/scale_channels.hpp>

/// Which nodes a bound layer becomes when a network in int8 is written as an ONNX file: where a type has to be asked.
namespace tenon::detail {

template <class S>
QdqWriter::Axes axes_of() {
  return {S::dims.begin(), S::dims.end()};
}

/// A bound layer that says itself what it is.
template <class Bound>
concept BoundSaysOnnx = requires(OnnxLayer& to) {
  Bound::onnx(to);
};
template <class Bound>
inline constexpr bool scales_by_channels = false;
template <class In, class Factors>
inline constexpr bool scales_by_channels<ScaleChannelsUnit<In, Factors>> = true;

/// A pool over whole images or signals, which gives a number for each channel.
template <class Bound>
constexpr bool is_global_pool() {
  constexpr const Bound* type = nullptr;
  if constexpr (edge::detail::is_max_pool(type) || edge::detail::is_mean_pool(type))
    return Bound::output::rank == 1 && Bound::input::rank > 1 && Bound::output::size == Bound::input::front;
  else return false;
}

/// A function of one number, applied to numbers in the shape S.
template <class F, class S>
std::string write_function(OnnxLayer to, const std::string& value) {
  return to.unit<FormulaUnit<F, S>>(value);
}
/// What can be written of functions: `void` is none.
template <class F>
constexpr bool has_function_words() {
  if constexpr (std::is_void_v<F>) return true;
  else return OnnxWords<F>::value;
}

/// Whether the parts of a formula of several tensors can be written.
template <class... E>
constexpr bool all_edge_steps_have_words(list<E...>) {
  return (OnnxWords<E>::value && ...);
}

/// Whether a layer that int8 has steps for can be written.
template <class Bound>
constexpr bool is_qdq_layer() {
  using namespace edge::detail;
  constexpr const Bound* type = nullptr;
  if constexpr (Passthrough<Bound> || is_channel_dropout(type)) {
    return true;
  } else if constexpr (!std::is_void_v<sequence_step<Bound>>) {
    return is_qdq_layer<sequence_step<Bound>>();
  } else if constexpr (is_chain(type) || is_frozen(type) || is_repeat(type)) {
    bool all = true;
    Bound::visit_units([&]<class Unit> { all = all && is_qdq_layer<Unit>(); });
    return all;
  } else if constexpr (IsGraph<Bound>) {
    bool all = true;
    graph_view<Bound>::each_node([&]<class Node>(size_t) { all = all && is_qdq_layer<Node>(); });
    return all;
  } else if constexpr (only_moves<Bound>) {
    return true;
  } else if constexpr (EdgeFormulaOf<Bound>::known) {
    return all_edge_steps_have_words(typename EdgeFormula<typename EdgeFormulaOf<Bound>::formula>::steps{});
  } else if constexpr (FormulaOf<Bound>::is) {
    if constexpr (!FormulaOf<Bound>::known) return false;
    else return has_function_words<typename CoreOf<Bound>::after>();
  } else if constexpr (GroupNormOf<Bound>::known) {
    return has_function_words<typename CoreOf<Bound>::after>();
  } else if constexpr (ConvolutionOf<Bound>::known) {
    // of a transposed one in groups each scale would be that of several outputs
    constexpr bool scales = !ConvolutionOf<Bound>::transposed || Bound::convolution.groups == 1;
    return scales && has_function_words<typename CoreOf<Bound>::after>();
  } else if constexpr (adds_constants<Bound>) {
    return places_of<Bound> == 0;
  } else if constexpr (AttentionOf<Bound>::known) {
    return !AttentionOf<Bound>::remembers && AttentionOf<Bound>::sizes.hidden == 0;  // no table of tanh
  } else {
    constexpr bool alone = BoundSaysOnnx<Bound> && !RecurrentOf<Bound>::known;
    return alone || is_global_pool<Bound>() || is_mean_of_steps(type) || PiecesOf<Bound>::known ||
           SplitOf<Bound>::known || PermuteOf<Bound>::known || scales_by_channels<Bound> ||
           edge::detail::ChoiceOf<Bound>::known;
  }
}

/// Writes the steps of one bound layer, in the order in which they were read off it (edge/quantized_plan.hpp).
template <class Bound>
class QdqRule {
  using In = typename Bound::input;
  using Out = typename Bound::output;
  static constexpr const Bound* type = nullptr;

public:
  static void write(QdqWriter& to, const QdqLayer& at) { QdqRule{to, at}.write_all(); }

private:
  QdqRule(QdqWriter& to, const QdqLayer& at) : to_(to), at_(at), k_(at.first_step) {}

  /// The next step that computes or moves something; false behind the last.
  bool find_step() {
    while (k_ < at_.behind && to_.reorders(k_)) ++k_;
    return k_ < at_.behind;
  }
  edge::StepKind kind() const { return to_.step(k_).pattern.kind; }
  size_t source() const { return to_.step(k_).source; }

  void write_all() {
    using namespace edge::detail;
    if constexpr (EdgeFormulaOf<Bound>::known) {
      write_edge_formula();
    } else {
      for (; find_step(); ++k_) {
        if constexpr (FormulaOf<Bound>::is) write_formula_step();
        else if constexpr (GroupNormOf<Bound>::known) write_group_norm_step();
        else if constexpr (AttentionOf<Bound>::known) write_attention_step();
        else if constexpr (ConvolutionOf<Bound>::known) write_convolution_step();
        else if constexpr (PiecesOf<Bound>::known) write_pieces(PiecesOf<Bound>::pieces);
        else if constexpr (SplitOf<Bound>::known) write_pieces(SplitOf<Bound>::parts[part_++]);
        else if constexpr (PermuteOf<Bound>::known) write_permute();
        else if constexpr (EmbeddingOf<Bound>::known) to_.embed(at_, k_, axes_of<Out>());
        else if constexpr (adds_constants<Bound>) to_.shift(at_, k_, axes_of<In>());
        else if constexpr (edge::detail::is_tied<Bound>) to_.score(at_, k_);
        else write_own();
      }
    }
  }

  /// A function behind what the step reads.
  template <class F, class S>
  void write_table(const std::string& x) {
    to_.give(at_.path, k_, write_function<F, S>(to_.layer(at_.path, {x}, {axes_of<S>()}), x), axes_of<S>(), at_.rows);
  }

  void write_formula_step() {
    using formula = edge::detail::FormulaOf<Bound>;
    const edge::QuantizedStep& step = to_.step(k_);
    if (step.affine) {
      if constexpr (formula::by_channels && In::rank > 1) return to_.scale_channels(at_, k_, axes_of<In>(), at_.rows);
      const size_t rows = step.in / formula::channels;
      return to_.scale_channels(at_, k_, {static_cast<std::int64_t>(formula::channels), 1}, rows);
    }
    switch (kind()) {
    case edge::StepKind::table:
      if constexpr (!std::is_void_v<typename edge::detail::CoreOf<Bound>::after>)
        write_table<typename edge::detail::CoreOf<Bound>::after, Out>(to_.value(source(), axes_of<Out>(), at_.rows));
      return;
    case edge::StepKind::softmax:
    case edge::StepKind::log_softmax:
      return to_.softmax(at_, k_, axes_of<In>());
    case edge::StepKind::slopes:
      return to_.slopes(at_, k_, axes_of<In>(), slope_axes(step.factors));
    case edge::StepKind::clamp:
      return to_.bound(at_, k_, axes_of<In>());
    case edge::StepKind::norm:
      return to_.normalize(at_, k_, axes_of<In>(), false);
    default:
      return to_.dense(at_, k_, axes_of<In>());
    }
  }
  void write_group_norm_step() {
    if (kind() == edge::StepKind::norm) return to_.normalize(at_, k_, axes_of<In>(), true);
    if (kind() == edge::StepKind::clamp) return to_.bound(at_, k_, axes_of<In>());
    if constexpr (!std::is_void_v<typename edge::detail::CoreOf<Bound>::after>)
      write_table<typename edge::detail::CoreOf<Bound>::after, Out>(to_.value(source(), axes_of<Out>(), at_.rows));
  }
  /// Projections, what is seen of them, and a last projection; of one input that has a memory in front, the two pieces
  /// first, and zeros in front of the result.
  void write_attention_step() {
    constexpr const auto& code = Bound::code;
    const edge::QuantizedStep& step = to_.step(k_);
    if (kind() == edge::StepKind::attend) return to_.attend(at_, k_);
    if constexpr (edge::detail::AttentionOf<Bound>::known && !edge::detail::AttentionOf<Bound>::many) {
      if (step.padded) return to_.put_behind_zeros(at_, k_, axes_of<Out>());
      if (kind() == edge::StepKind::move)
        return to_.take(at_.path, k_, source(), axes_of<In>(),
                        {1, step.in / code.width, code.width, step.out / code.width, {part_++ == 0 ? 0 : code.keys}});
    }
    constexpr std::array<const char*, 4> names{"q_proj", "k_proj", "v_proj", "out_proj"};
    QdqLayer part = at_;
    part.path += std::string(part.path.empty() ? "" : ".") + names[projection_++];
    to_.dense(part, k_, {static_cast<std::int64_t>(step.in / code.width), static_cast<std::int64_t>(code.width)});
  }
  /// Of so many slopes: they meet the last axis, or the channels of an image.
  static QdqWriter::Axes slope_axes(size_t slopes) {
    QdqWriter::Axes axes{static_cast<std::int64_t>(slopes)};
    if (slopes > 1 && edge::detail::FormulaOf<Bound>::by_channels) axes.resize(In::rank, 1);
    return axes;
  }

  void write_convolution_step() {
    using of = edge::detail::ConvolutionOf<Bound>;
    constexpr size_t axes = In::rank - 1;
    if (kind() == edge::StepKind::table) {
      if constexpr (!std::is_void_v<typename edge::detail::CoreOf<Bound>::after>)
        write_table<typename edge::detail::CoreOf<Bound>::after, Out>(to_.value(source(), axes_of<Out>(), at_.rows));
    } else if constexpr (of::transposed) {
      if (kind() == edge::StepKind::move) return;  // zeros between the numbers are ConvTranspose's own
      auto attributes = to_.layer("", {}).windows(axes, Bound::convolution.y, Bound::convolution.x, true, true);
      attributes.emplace_back("group", Bound::convolution.groups);
      to_.convolve_back(at_, k_, axes_of<In>(), axes_of<Out>(), attributes);
    } else {
      to_.convolve(at_, k_, axes);
    }
  }

  template <size_t Count>
  void write_pieces(const edge::detail::Pieces<Count>& p) {
    to_.take(at_.path, k_, source(), axes_of<In>(),
             {p.outer, p.length, p.inner, p.taken, {p.place.begin(), p.place.end()}});
  }
  void write_permute() {
    using permute = edge::detail::PermuteOf<Bound>;
    std::vector<std::int64_t> order{0};
    for (size_t a = 0; a < permute::rank; ++a) order.push_back(static_cast<std::int64_t>(permute::axes[a]) + 1);
    const std::string x = to_.value(source(), axes_of<In>());
    to_.give(at_.path, k_, to_.layer(at_.path, {x}).node("Transpose", {x}, {{"perm", order}}), axes_of<Out>());
  }

  /// What the layer itself says of its inputs.
  void write_own() {
    const std::vector<QdqWriter::Axes> axes = onnx_axes<In>::value();
    std::vector<std::string> x;
    for (size_t j = 0; j < axes.size(); ++j) x.push_back(to_.value(at_.reads[j], axes[j], at_.rows));
    OnnxLayer own = to_.layer(at_.path, x, axes);
    std::string y;
    if constexpr (edge::detail::is_mean_of_steps(type)) {
      y = own.node("ReduceMean", {x[0]}, {{"axes", {1}}, {"keepdims", 0}});
    } else if constexpr (is_global_pool<Bound>()) {
      QdqWriter::Axes pooled(In::rank, 1);
      pooled[0] = In::front;
      const char* const op = edge::detail::is_max_pool(type) ? "GlobalMaxPool" : "GlobalAveragePool";
      return to_.give(at_.path, k_, own.node(op, {x[0]}), pooled, at_.rows);
    } else if constexpr (scales_by_channels<Bound>) {
      y = own.node("Mul", {x[0], own.along_channels(x[1], Out::front, Out::rank)});
    } else if constexpr (edge::detail::ChoiceOf<Bound>::known) {
      y = write_choice(own, x[0], x[1], x[2]);
    } else {
      y = Bound::onnx(own);
    }
    to_.give(at_.path, k_, y, axes_of<Out>(), at_.rows);
  }
  static std::string write_choice(OnnxLayer& own, const std::string& condition, const std::string& a,
                                  const std::string& b) {
    return own.node("Where", {own.node("Not", {own.node("Equal", {condition, own.number(0)})}), a, b});
  }

  // formulas of several tensors

  void write_edge_formula() {
    using of = edge::detail::EdgeFormulaOf<Bound>;
    using formula = typename of::formula;
    std::array<size_t, of::tensors> tensor{};
    for (size_t j = 0; j < of::tensors; ++j) {
      if constexpr (of::pieces == 1) {
        tensor[j] = at_.reads[j];
      } else if ((edge::detail::edges_read<formula> >> j & 1U) != 0) {
        const size_t outer = to_.step(k_).in / (of::pieces * of::width);
        for (; find_step() && kind() == edge::StepKind::move && tensor[j] == 0; ++k_) {
          to_.take(at_.path, k_, source(), {static_cast<std::int64_t>(to_.step(k_).in)},
                   {outer, of::pieces, of::width, 1, {j}});
          tensor[j] = k_ + 1;
        }
      }
    }
    write_edge_step<formula>(tensor.data());
  }
  /// Number by number, in the shape of the result. As PlanReader::read_edge_step.
  template <class E>
  size_t write_edge_step(const size_t* x) {
    using namespace edge::detail;
    using how = EdgeFormula<E>;
    if constexpr (how::step == EdgeStep::tensor) {
      return x[how::edge];
    } else if constexpr (how::step == EdgeStep::table) {
      return write_edge_table<typename how::function>(x[how::edge]);
    } else if constexpr (how::step == EdgeStep::after) {
      using F = typename how::function;
      const size_t part = write_edge_step<typename how::part>(x);
      if constexpr (pattern_of<F>.kind == edge::StepKind::clamp) {
        if (!find_step() || kind() != edge::StepKind::clamp || source() != part) return part;  // bounded where it is
        to_.bound(at_, k_, axes_of<Out>());
        return ++k_;
      } else {
        return write_edge_table<F>(part);
      }
    } else {
      const auto value = [&](size_t tensor) { return to_.value(tensor, axes_of<Out>(), at_.rows); };
      const size_t a = write_edge_step<typename how::first>(x), b = write_edge_step<typename how::second>(x);
      size_t c = 0;
      if constexpr (how::step != EdgeStep::pair) c = write_edge_step<typename how::third>(x);
      OnnxLayer own = to_.layer(at_.path, {});
      find_step();
      std::string y;
      if constexpr (how::step == EdgeStep::pair) y = own.node(name_of(how::kind), {value(a), value(b)});
      else if constexpr (how::step == EdgeStep::choice) y = write_choice(own, value(a), value(b), value(c));
      else y = own.node("Add", {own.node("Mul", {value(a), value(b)}), value(c)});
      to_.give(at_.path, k_, y, axes_of<Out>(), at_.rows);
      return ++k_;
    }
  }
  template <class F>
  size_t write_edge_table(size_t x) {
    find_step();
    write_table<F, Out>(to_.value(x, axes_of<Out>(), at_.rows));
    return ++k_;
  }
  static const char* name_of(edge::StepKind pair) {
    switch (pair) {
    case edge::StepKind::add:
      return "Add";
    case edge::StepKind::subtract:
      return "Sub";
    case edge::StepKind::multiply:
      return "Mul";
    case edge::StepKind::divide:
      return "Div";
    case edge::StepKind::larger:
      return "Max";
    default:
      return "Min";
    }
  }

  QdqWriter& to_;
  const QdqLayer& at_;
  size_t k_ = 0, part_ = 0, projection_ = 0;
};

}  // namespace tenon::detail
