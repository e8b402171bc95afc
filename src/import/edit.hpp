#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph.hpp"

/// How passes look at a graph and change it.
namespace tenon::importing {

using Names = std::vector<std::string>;
using Attributes = std::map<std::string, Attribute>;

/// What a node gives, by the constants and by the axes of the other values; with numbers where these follow.
std::vector<Array> infer(const Graph& graph, const Node& node, const std::map<std::string, Value>& values);

/// Does the node say how numbers are quantised? These stay even where they could be computed: they carry the scales.
bool quantizes(const Node& node);

class Edit;

/// A rewrite: does nothing and says false where its pattern does not end in this node. It may put nodes in front of
/// this one, and takes none away but this one and what nobody reads any more.
using Rule = bool (*)(Edit&, Node&);

/// A graph while it is rewritten: who makes a value, who reads it. Nodes keep their places in memory and stay in an
/// order in which each reads only what is above it; nodes and constants that nobody reads go at once.
class Edit {
public:
  explicit Edit(Graph& graph);
  ~Edit();
  Edit(const Edit&) = delete;
  Edit& operator=(const Edit&) = delete;

  /// Runs all rules over all nodes until none finds anything.
  void run(std::span<const Rule> rules);

  std::int64_t opset() const { return graph_.opset; }
  bool is_input(const std::string& value) const;
  bool is_output(const std::string& value) const;
  /// The node that gives a value, null for an input or a constant; and for any other operator than the one asked for.
  Node* maker(const std::string& value) const;
  Node* maker(const std::string& value, std::string_view op) const;
  /// All that read a value, a node as often as it does.
  const std::vector<Node*>& readers(const std::string& value) const;
  bool read_once(const std::string& value) const { return readers(value).size() == 1 && !is_output(value); }
  const Array* constant(const std::string& value) const;
  /// A constant of one number.
  std::optional<double> scalar(const std::string& value) const;
  bool is_scalar(const std::string& value, double number) const;
  /// What older opsets have as an attribute and newer ones as an input.
  std::optional<Dims> integers(const Node& node, const std::string& key, std::size_t input) const;
  const Dims& dims(const std::string& value) const;
  /// Does the first axis of all inputs count so many samples?
  bool is_batch(std::int64_t samples) const;
  Type type(const std::string& value) const;

  /// A new constant. A list of integers, one number.
  std::string add(Array array);
  std::string add(const Dims& integers);
  std::string add(double number, Type type = Type::float32);
  /// A new node in front of `place`, or a constant where it reads nothing else: the names of what it gives.
  Names emit(Node& place, Node made, std::size_t outputs);
  std::string emit(Node& place, std::string op, Names inputs, Attributes attributes = {});
  /// The node gives the same by another operator.
  void become(Node& node, std::string op, Names inputs, Attributes attributes = {});
  /// The node gives nothing but `value`: it goes.
  void forward(Node& node, const std::string& value);
  /// All who read `from`, which is no output of the network, read `to`.
  void redirect(const std::string& from, const std::string& to);

private:
  std::string fresh(const std::string& hint);
  void link(Node& node);
  void unlink(Node& node);
  void remove(Node& node);
  void read_instead(Node& reader, const std::string& from, const std::string& to);
  void drop_if_unread(const std::string& value);

  Graph& graph_;
  std::list<Node> nodes_, gone_;  // those that went while a rule runs, so that it can still look at them
  std::unordered_map<const Node*, std::list<Node>::iterator> places_;
  std::unordered_map<std::string, Node*> makers_;
  std::unordered_map<std::string, std::vector<Node*>> readers_;
  std::uint64_t last_ = 0;
};

}  // namespace tenon::importing
