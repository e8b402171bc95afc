#pragma once

#include <cstddef>

#include <tenon/kernels/int8_attention.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/masked.hpp>

/// Attentions, and masks of padding, recognised by their types.
namespace tenon::edge::detail {

/// Attention of a whole sequence to itself, of one input to another, or to the steps in front of it.
template <class Bound>
struct AttentionOf {
  static constexpr bool known = false;
};
template <class Bound>
  requires requires { Bound::code.rope; }
struct AttentionOf<Bound> {
  static constexpr bool remembers = Bound::code.context > 0;
  static constexpr kernels::AttentionSizes sizes{Bound::code.queries,
                                                 remembers ? Bound::code.context : Bound::code.keys,
                                                 Bound::code.width,
                                                 Bound::code.heads,
                                                 Bound::code.causal || remembers,
                                                 Bound::has_mask};
  static constexpr bool many = tenon::detail::input_count<typename Bound::input> > 1;
  static constexpr bool known = sizes.keys < 65536;
};
/// An additive one.
template <class Bound>
  requires requires { Bound::code.score_weight(); }
struct AttentionOf<Bound> {
  static constexpr bool remembers = false;
  static constexpr kernels::AttentionSizes sizes{.queries = Bound::code.queries,
                                                 .keys = Bound::code.keys,
                                                 .width = Bound::code.width,
                                                 .masked = Bound::has_mask,
                                                 .hidden = Bound::code.hidden};
  static constexpr bool many = tenon::detail::input_count<typename Bound::input> > 1;
  static constexpr bool known = sizes.keys < 65536;
};

/// A part with a mask of the steps that are padding: those that consist of the number `padding`.
struct PaddedPart {
  bool known = false;
  double padding = 0;
  size_t steps = 0, features = 0;
  bool is_read = false;   // by a layer within
  bool is_input = false;  // the mask is the second input
};
/// Whether any layer of L, or within it, looks at the mask of the Masked around it.
template <class L>
constexpr bool reads_padding() {
  constexpr Structure what = tenon::detail::structure_of<L>;
  if constexpr (what == Structure::leaf) return requires {
      requires L::reads_mask;
    };
  else if constexpr (what == Structure::masked) return false;
  else
    return []<class... Part>(tenon::detail::list<Part...>) {
      return (false || ... || reads_padding<Part>());
    }(tenon::detail::parts_of<L>{});
}
template <auto Padding, class In, class... L>
constexpr PaddedPart padded_part(const tenon::detail::BoundMasked<Padding, In, L...>*) {
  return {true, static_cast<double>(Padding), In::front, In::inner, (false || ... || reads_padding<L>())};
}
template <class In, class... L>
constexpr PaddedPart padded_part(const tenon::detail::BoundMasked<mask_input, In, L...>*) {
  return {.known = true, .is_read = (false || ... || reads_padding<L>()), .is_input = true};
}
constexpr PaddedPart padded_part(const void*) { return {}; }

}  // namespace tenon::edge::detail
