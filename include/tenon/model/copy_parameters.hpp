#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>

#include <tenon/error.hpp>
#include <tenon/model/arguments.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/parameters.hpp>
#include <tenon/net/select.hpp>

namespace tenon {

namespace detail {

/// What is wrong with the models that numbers are copied between, or void.
template <class From, class To>
constexpr auto judge_copy() {
  if constexpr (NoModel<From>)
    return std::type_identity<wrong_argument<argument<"copy_parameters", "from">, takes<a_model>, but_gets<From>,
                                             write<"Model<Net> model{seed};">>>{};
  else if constexpr (NoModel<To>)
    return std::type_identity<wrong_argument<argument<"copy_parameters", "to">, takes<a_model>, but_gets<To>,
                                             write<"Model<Net> model{seed};">>>{};
  else if constexpr (std::is_const_v<To>)
    return std::type_identity<
        wrong_argument<argument<"copy_parameters", "to">, takes<a_model_that_is_not_const>, but_gets<To>>>{};
  else return std::type_identity<void>{};
}

template <class Selection, class From, class To>
size_t copy_same_names(const From& from, To& to) {
  constexpr const auto& source = parameter_table<typename From::network>;
  constexpr const auto& destination = parameter_table<typename To::network>;
  const auto find_same = [](const ParameterEntry& a) {
    return std::find_if(source.begin(), source.end(), [&a](const ParameterEntry& b) { return a.name == b.name; });
  };
  const auto dims = [](const ParameterEntry& e) { return std::span(e.dims, e.rank); };
  const auto text = [&dims](const ParameterEntry& e) {
    std::string t;
    for (const size_t d : dims(e)) t += (t.empty() ? "" : ", ") + std::to_string(d);
    return "(" + t + ")";
  };
  for (const ParameterEntry& entry : destination)
    if (const auto found = find_same(entry);
        chooses(Selection{}, entry) && found != source.end() && !std::ranges::equal(dims(entry), dims(*found)))
      throw Error("copy_parameters: expected " + std::string(entry.name) + " of shape " + text(entry) + ", got " +
                  text(*found));
  if constexpr (source.size() + destination.size() > 0)
    if (std::ranges::none_of(destination, [&](const ParameterEntry& entry) {
          return chooses(Selection{}, entry) && find_same(entry) != source.end();
        })) {
      const auto some = [](const auto& table) {
        return table.begin() == table.end() ? "none" : std::string(table.begin()->name) + ", ...";
      };
      throw Error("copy_parameters: expected parameters that both networks have" +
                  std::string(std::is_same_v<Selection, all_parameters> ? "" : " among those selected") + ", got " +
                  some(source) + " and " + some(destination));
    }
  size_t copied = 0;
  for (const ParameterEntry& entry : destination) {
    const auto found = find_same(entry);
    if (found == source.end() || !chooses(Selection{}, entry)) continue;
    const auto values = from.values(*found);
    std::transform(values.begin(), values.end(), to.values(entry).begin(),
                   [](auto v) { return static_cast<typename To::scalar>(v); });
    ++copied;
  }
  return copied;
}

}  // namespace detail

/// Copies every parameter and running statistic whose name both networks have, and returns how many: a pretrained
/// part into a new network (`copy_parameters<by_name<"features.*">>(pretrained, model)`), or one network into the same
/// with other parts frozen. PyTorch: load_state_dict(strict=False). Throws an Error, and copies nothing, where a
/// name has two shapes, or no name is in both. Two networks without parameters have nothing to copy: 0.
template <class Selection = all_parameters, class From, class To>
size_t copy_parameters(const From& from, To& to) {
  using Mistake = typename decltype(detail::judge_copy<From, To>())::type;
  if constexpr (!std::is_void_v<Mistake>) {
    detail::refuse<Mistake>();
    return 0;
  } else {
    return detail::copy_same_names<Selection>(from, to);
  }
}

}  // namespace tenon
