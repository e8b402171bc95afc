#include "order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <queue>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <tenon/error.hpp>

#include "../io/words.hpp"

namespace tenon::importing {
namespace {

using detail::quoted_text;

/// Sorts one graph. Names are views of the graph's own strings: these lie still while the nodes around them move.
class Sorter {
public:
  Sorter(Graph& graph, const std::string& file, const Sorter* around) : graph_(graph), file_(file), around_(around) {}

  /// The names that the graph reads from around it.
  std::vector<std::string_view> sort() {
    define_all();
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      Node& node = graph_.nodes[i];
      for (const std::string& name : node.inputs)
        if (!name.empty()) read(name, i);
      for (auto& [key, attribute] : node.attributes)
        if (auto* const bodies = std::get_if<std::vector<Graph>>(&attribute))
          for (Graph& body : *bodies)
            for (const std::string_view name : Sorter(body, file_, this).sort()) read(name, i);
    }
    for (const Value& output : graph_.outputs)
      if (!defined_.contains(output.name)) fail(fmt::format("nothing gives the output {}", quoted_text(output.name)));
    move_nodes();
    return std::move(from_around_);
  }

private:
  using Index = std::size_t;
  static constexpr Index no_node = static_cast<Index>(-1);  // gives the inputs and the constants

  [[noreturn]] void fail(const std::string& what) const { throw Error(file_ + ": " + what); }
  std::string words(Index node) const { return node == no_node ? "the graph itself" : describe(graph_.nodes[node]); }

  void define_all() {
    for (const Value& input : graph_.inputs) define(input.name, no_node);
    for (const auto& [name, array] : graph_.constants) define(name, no_node);
    for (const std::string& name : graph_.lost) define(name, no_node);
    for (Index i = 0; i < graph_.nodes.size(); ++i)
      for (const std::string& name : graph_.nodes[i].outputs)
        if (!name.empty()) define(name, i);
    waits_for_.resize(graph_.nodes.size());
    followers_.resize(graph_.nodes.size());
  }

  void define(std::string_view name, Index node) {
    for (const Sorter* s = this; s != nullptr; s = s->around_)
      if (const auto other = s->defined_.find(name); other != s->defined_.end())
        fail(fmt::format("the value {} is given twice: by {} and by {}", quoted_text(name), s->words(other->second),
                         words(node)));
    defined_.emplace(name, node);
  }

  void read(std::string_view name, Index reader) {
    if (const auto producer = defined_.find(name); producer != defined_.end()) {
      if (producer->second == no_node) return;
      followers_[producer->second].push_back(reader);
      ++waits_for_[reader];
      return;
    }
    for (const Sorter* s = around_; s != nullptr; s = s->around_)
      if (s->defined_.contains(name)) return from_around_.push_back(name);
    fail(fmt::format("nothing gives {}, which {} reads", quoted_text(name), words(reader)));
  }

  /// Of the nodes that wait for none, the first one of the file is next.
  void move_nodes() {
    std::priority_queue<Index, std::vector<Index>, std::greater<>> ready;
    for (Index i = 0; i < waits_for_.size(); ++i)
      if (waits_for_[i] == 0) ready.push(i);
    std::vector<Node> sorted;
    sorted.reserve(graph_.nodes.size());
    while (!ready.empty()) {
      const Index next = ready.top();
      ready.pop();
      for (const Index follower : followers_[next])
        if (--waits_for_[follower] == 0) ready.push(follower);
      sorted.push_back(std::move(graph_.nodes[next]));
    }
    if (sorted.size() < graph_.nodes.size()) fail_for_cycle();
    graph_.nodes = std::move(sorted);
  }

  /// Every node that is left waits for another one that is left, so a walk from one to the next comes back.
  [[noreturn]] void fail_for_cycle() const {
    std::vector<Index> producer(waits_for_.size(), no_node);
    for (Index i = 0; i < producer.size(); ++i)
      if (waits_for_[i] > 0)
        for (const Index follower : followers_[i]) producer[follower] = i;
    Index at = static_cast<Index>(std::ranges::find_if(waits_for_, [](std::size_t n) { return n > 0; }) -
                                  waits_for_.begin());
    for (Index steps = 0; steps < producer.size(); ++steps) at = producer[at];  // into the cycle
    std::vector<std::string> names{words(at)};
    constexpr std::size_t most_named = 5;
    for (Index next = producer[at]; next != at && names.size() <= most_named; next = producer[next])
      names.push_back(names.size() < most_named ? words(next) : "...");
    fail(fmt::format("nodes wait for each other in a circle: {}", fmt::join(names, ", ")));
  }

  Graph& graph_;
  const std::string& file_;
  const Sorter* around_;
  std::unordered_map<std::string_view, Index> defined_;
  std::vector<std::vector<Index>> followers_;  // of each node, who reads what it gives
  std::vector<std::size_t> waits_for_;         // of each node, how many of its inputs are still to come
  std::vector<std::string_view> from_around_;
};

}  // namespace

void put_in_order(Graph& graph, const std::string& file) { Sorter(graph, file, nullptr).sort(); }

}  // namespace tenon::importing
