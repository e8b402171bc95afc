#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "unit/zoo/rig.hpp"

/// The parts of a network: each of them frozen while the others learn, and each as a model of its own.
namespace tenon::zoo {

/// The parts that learn, where a network first has more than one: those of a network that is all "net" are "net.0",
/// "net.1", ... None where a layer is the whole network.
struct PartNames {
  std::array<std::string_view, 64> name{};
  std::size_t count = 0;
};
constexpr std::string_view first_steps(std::string_view path, std::size_t depth) {
  std::size_t end = 0;
  for (; depth > 0 && end < path.size(); --depth) {
    end = path.find('.', end + 1);
    if (end == std::string_view::npos) end = path.size();
  }
  return path.substr(0, end);
}
template <class Net>
constexpr PartNames learning_parts = [] {
  PartNames parts;
  for (std::size_t depth = 1; depth < 8; ++depth) {
    parts.count = 0;
    bool deeper = true;
    for (const ParameterEntry& entry : parameter_table<Net>) {
      if (!entry.trainable) continue;
      const std::size_t dot = entry.name.rfind('.');
      if (dot == std::string_view::npos) return PartNames{};
      const std::string_view layer = entry.name.substr(0, dot), part = first_steps(layer, depth);
      deeper = deeper && part.size() < layer.size();
      const auto end = parts.name.begin() + static_cast<std::ptrdiff_t>(parts.count);
      if (std::find(parts.name.begin(), end, part) == end) parts.name[parts.count++] = part;
    }
    if (parts.count != 1 || !deeper) break;
  }
  return parts;
}();
template <class Net, std::size_t K>
constexpr auto part_name() {
  return detail::to_fixed_string<learning_parts<Net>.name[K].size()>(learning_parts<Net>.name[K]);
}

/// What is said of each group of parts, in one cell: "yes", or which of them are refused, and why.
class PartsCell {
public:
  void add(std::string_view part, std::string_view says) {
    INFO(part);
    CHECK(says != "WRONG");
    if (says == "yes") any_right_ = true;
    else refused_ += (refused_.empty() ? "" : ", ") + std::string(part) + " " + std::string(says);
  }
  std::string text() const { return refused_.empty() ? "yes" : (any_right_ ? "yes, but " : "no: ") + refused_; }

private:
  std::string refused_{};
  bool any_right_ = false;
};

template <class T>
bool same_bits(std::span<const T> a, std::span<const T> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

/// Two steps of training, beside those of the network whose frozen numbers are put back after each step, which is to
/// drop their gradient. What learns is the same in both, up to rounding where a layer that is frozen by itself does not
/// run in one pass with its neighbours any more, and what is frozen has the bits that it had.
template <class Net, class Part>
bool learns_around(std::size_t tokens, std::size_t threads) {
  set_num_threads(threads);
  Lesson<Net> whole(57, tokens);
  Lesson<Part> part(57, tokens);
  set_num_threads(1);
  const auto& of_whole = parameter_table<Net>;
  const auto& of_part = parameter_table<Part>;
  if (of_part.size() != of_whole.size()) return false;
  std::vector<std::vector<double>> first;
  for (const ParameterEntry& entry : of_whole)
    first.emplace_back(whole.model.values(entry).begin(), whole.model.values(entry).end());
  for (int step = 0; step < 2; ++step) {
    if (std::abs(whole.loss() - part.loss()) > 1e-11) return false;
    whole.trainer.backward();
    whole.trainer.step();
    part.trainer.backward();
    part.trainer.step();
    for (std::size_t i = 0; i < of_part.size(); ++i)
      if (of_whole[i].trainable && !of_part[i].trainable)
        std::ranges::copy(first[i], whole.model.values(of_whole[i]).begin());
  }
  bool right = true, any_learned = false;
  for (std::size_t i = 0; i < of_part.size(); ++i) {
    const std::span<const double> got = part.model.values(of_part[i]), expected = whole.model.values(of_whole[i]);
    const bool learns = of_part[i].trainable || of_part[i].running;
    right = right && of_part[i].name == of_whole[i].name &&
            (learns ? distance(got, expected) <= 1e-11 : same_bits(got, std::span<const double>(first[i])));
    any_learned = any_learned || (of_part[i].trainable && !std::ranges::equal(got, first[i]));
  }
  return right && any_learned;
}

template <class A, std::size_t... K>
void check_frozen_group(const Sampled<A>& s, PartsCell& cell, std::index_sequence<K...>) {
  using Net = typename A::Net;
  using Part = freeze<Net, part_name<Net, K>()...>;
  if constexpr (detail::root_of<Part>::mistakes::size == 0) {
    CHECK(parameter_count<Part> < parameter_count<Net>);
    bool right = true;
    if constexpr ((parameter_count<Part>) > 0)
      right = learns_around<Net, Part>(A::tokens, 1) && learns_around<Net, Part>(A::tokens, 7);
    constexpr std::size_t first = std::min({K...});
    if constexpr (first == 0) {
      Model<Part> frozen{9};
      right = right && copy_parameters(s.model, frozen) == parameter_table<Net>.size() &&
              s.distance_of(frozen) <= rounding;
    }
    cell.add(learning_parts<Net>.name[first], right ? "yes" : "WRONG");
  } else if constexpr (sizeof...(K) > 1) {
    (check_frozen_group(s, cell, std::index_sequence<K>{}), ...);
  } else {
    (cell.add(learning_parts<Net>.name[K], "is Tied's"), ...);  // what Tied works with learns
  }
}
template <std::size_t First, std::size_t... I>
constexpr std::index_sequence<First + 2 * I...> every_second(std::index_sequence<I...>) {
  return {};
}

/// Each of up to three parts by itself; of more, every second one, and then the others, so that each is frozen between
/// parts that learn.
template <class A>
std::string check_frozen_parts(const Sampled<A>& s) {
  constexpr std::size_t count = learning_parts<typename A::Net>.count;
  if constexpr (count == 0) return "no part";
  PartsCell cell;
  if constexpr (count > 3) {
    check_frozen_group(s, cell, every_second<0>(std::make_index_sequence<(count + 1) / 2>{}));
    check_frozen_group(s, cell, every_second<1>(std::make_index_sequence<count / 2>{}));
  } else {
    [&]<std::size_t... K>(std::index_sequence<K...>) { (check_frozen_group(s, cell, std::index_sequence<K>{}), ...); }
    (std::make_index_sequence<count>{});
  }
  return cell.text();
}

/// The numbers of a part, which have its name in the whole.
template <class M, class Own>
bool has_numbers_of(const Own& own, const M& whole, std::string_view part) {
  bool right = true;
  for (const ParameterEntry& entry : parameter_table<typename M::network>)
    for (const ParameterEntry& its : parameter_table<typename Own::network>)
      if (entry.name == std::string(part) + "." + std::string(its.name)) {
        const std::span<const typename M::scalar> a = own.values(its), b = whole.values(entry);
        right = right && same_bits(a, b);
      }
  return right;
}

/// What a view of a part predicts is what a model of its own does that has its numbers; what it saves, such a model
/// loads; what another model's view of the part loads, that model has, and nothing else of it has changed.
template <class A, fixed_string Name>
std::string check_view(const Sampled<A>& s) {
  using Net = typename A::Net;
  using Search = detail::PartSearch<Net, Name>;
  static_assert(Search::Found::found);
  if constexpr (detail::root_of<typename Search::network>::mistakes::size > 0) {
    return "is Tied";
  } else if constexpr (!detail::place_part<Net, typename Search::network>(Search::Found::where.view()).found) {
    return "lies apart";
  } else {
    auto model = s.model;
    auto view = part<Name>(model);
    using Own = Model<typename decltype(view)::network>;
    constexpr bool takes_tokens = std::is_same_v<typename Own::input, input_shape<Net>>;
    const std::vector<float> x = inputs<float>(5 * Own::input::size, takes_tokens ? A::tokens : 0, 4);
    const auto outputs = [&x](const auto& of) {
      std::vector<float> y(5 * Own::output::size);
      of.predict(std::span<const float>(x), std::span<float>(y));
      return y;
    };
    Own copied{3};
    for (const ParameterEntry& entry : parameter_table<typename Own::network>)
      std::ranges::copy(view.values(entry), copied.values(entry).begin());
    bool right = has_numbers_of(copied, model, Name.view()) && outputs(view) == outputs(copied);

    const File file;
    stir(model, 6);  // the view has the model's numbers, not those they were
    view.save(file.path);
    Own loaded{8};
    loaded.load(file.path);
    right = right && has_numbers_of(loaded, model, Name.view()) && outputs(view) == outputs(loaded);

    Model<Net> other{12};
    const Model<Net> before = other;
    part<Name>(other).load(file.path);
    right = right && has_numbers_of(loaded, other, Name.view());
    for (const ParameterEntry& entry : parameter_table<Net>)
      if (!entry.name.starts_with(std::string(Search::Found::where.view()) + "."))
        right = right && std::ranges::equal(other.values(entry), before.values(entry));
    return right ? "yes" : "WRONG";
  }
}

/// Of more than four parts, four.
template <class A>
std::string check_parts(const Sampled<A>& s) {
  using Net = typename A::Net;
  constexpr std::size_t count = learning_parts<Net>.count, step = count > 4 ? (count + 3) / 4 : 1;
  if constexpr (count == 0) return "no part";
  PartsCell cell;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (cell.add(learning_parts<Net>.name[I * step], check_view<A, part_name<Net, I * step>()>(s)), ...);
  }
  (std::make_index_sequence<(count == 0 ? 0 : (count - 1) / step + 1)>{});
  return cell.text();
}

}  // namespace tenon::zoo
