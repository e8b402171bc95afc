#include "structure.hpp"
#include "../../backwards.hpp"

#include <algorithm>
#include <set>

#include <tenon/error.hpp>

namespace tenon::importing {

namespace {

class Reducer {
public:
  Reducer(const Graph& graph, const Units& units) : shapes_(units.shapes) {
    for (const Unit& unit : units.units) {
      Piece piece{unit.name, unit.reads, unit.gives, {}};
      for (std::string& read : piece.reads) read = origin(read);
      if (unit.layers.empty()) {
        same_[unit.gives] = piece.reads[0];
        continue;
      }
      for (const Layer& layer : unit.layers) piece.parts.push_back(part_of(layer));
      if (piece.reads.size() > 1 && piece.parts.size() > 1) piece = behind_joint(std::move(piece));
      pieces_.push_back(std::move(piece));
    }
    for (const Value& output : graph.outputs) give(origin(output.name), output.name, graph);
    remove_unread();
  }

  Structure run() {
    while (join_rows() || join_branches()) {
    }
    for (Piece& piece : pieces_) {
      tidy_all(piece.parts, shape(piece.reads[0]));
      find_repeats(piece.parts, shape(piece.reads[0]));
    }
    return {std::move(pieces_), std::move(outputs_)};
  }

private:
  /// What joins values is a node by itself: a Sequential takes one. Gives what is left behind it.
  Piece behind_joint(Piece whole) {
    Piece joint{whole.name, whole.reads, whole.gives + "#joined", {whole.parts[0]}};
    shapes_[joint.gives] = joint.parts[0].gives;
    whole.reads = {joint.gives};
    whole.parts.erase(whole.parts.begin());
    pieces_.push_back(std::move(joint));
    return whole;
  }

  std::string origin(const std::string& name) const {
    const auto found = same_.find(name);
    return found == same_.end() ? name : found->second;
  }
  const Dims& shape(const std::string& value) const { return shapes_.at(value); }

  /// An input, or a value that is given already, is given by a node of its own.
  void give(const std::string& value, const std::string& name, const Graph& graph) {
    const bool input = std::any_of(graph.inputs.begin(), graph.inputs.end(),
                                   [&](const Value& in) { return in.name == value; });
    const bool twice = std::find(outputs_.begin(), outputs_.end(), value) != outputs_.end();
    if (!input && !twice) {
      outputs_.push_back(value);
      return;
    }
    const std::string own = value == name ? name + "_out" : name;
    shapes_[own] = shape(value);
    pieces_.push_back({own, {value}, own, {part_of({"Identity", shape(value)})}});
    outputs_.push_back(own);
  }

  /// How often each value is read, being given included.
  std::map<std::string, std::size_t> uses() const {
    std::map<std::string, std::size_t> all;
    for (const std::string& output : outputs_) ++all[output];
    for (const Piece& piece : pieces_)
      for (const std::string& read : piece.reads) ++all[read];
    return all;
  }
  std::map<std::string, std::size_t> producers() const {
    std::map<std::string, std::size_t> all;
    for (std::size_t i = 0; i < pieces_.size(); ++i) all[pieces_[i].gives] = i;
    return all;
  }

  void remove_unread() {
    for (const std::size_t i : detail::backwards(pieces_.size()))
      if (!uses().contains(pieces_[i].gives)) pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(i));
  }

  /// A piece that alone reads what another gives is its end.
  bool join_rows() {
    const auto used = uses();
    auto producer = producers();
    std::set<std::size_t> gone;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      Piece& after = pieces_[i];
      if (after.reads.size() != 1) continue;
      const auto found = producer.find(after.reads[0]);
      if (found == producer.end() || used.at(after.reads[0]) != 1) continue;
      Piece& before = pieces_[found->second];
      if (before.reads.size() > 1) continue;
      const bool learns = std::any_of(before.parts.begin(), before.parts.end(), has_weights) ||
                          std::none_of(after.parts.begin(), after.parts.end(), has_weights);
      if (learns) after.name = before.name;
      after.reads = before.reads;
      after.parts.insert(after.parts.begin(), std::make_move_iterator(before.parts.begin()),
                         std::make_move_iterator(before.parts.end()));
      gone.insert(found->second);
    }
    remove(gone);
    return !gone.empty();
  }

  void remove(const std::set<std::size_t>& gone) {
    for (auto i = gone.rbegin(); i != gone.rend(); ++i)
      pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(*i));
  }

  /// Branches between one value and the piece where they meet.
  bool join_branches() {
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      if (pieces_[i].reads.size() < 2) continue;
      const auto used = uses();
      const auto producer = producers();
      std::vector<std::string> starts = pieces_[i].reads;
      for (const std::string& read : pieces_[i].reads)
        if (const auto from = producer.find(read); from != producer.end() && pieces_[from->second].reads.size() == 1)
          starts.push_back(pieces_[from->second].reads[0]);
      for (const std::string& start : starts)
        if (join_from(i, start, used, producer)) return true;
    }
    return false;
  }

  bool join_from(std::size_t at, const std::string& start, const std::map<std::string, std::size_t>& used,
                 const std::map<std::string, std::size_t>& producer) {
    Piece& meeting = pieces_[at];
    std::vector<std::vector<Part>> branches;  // empty for the value itself
    std::set<std::size_t> gone;
    for (const std::string& read : meeting.reads) {
      branches.emplace_back();
      if (read == start) continue;
      const auto from = producer.find(read);
      if (from == producer.end() || used.at(read) != 1 || pieces_[from->second].reads != std::vector{start})
        return false;
      branches.back() = pieces_[from->second].parts;
      gone.insert(from->second);
    }
    if (gone.empty()) return false;
    std::optional<Part> whole = composed(text(meeting.parts[0]), std::move(branches), start, meeting.parts[0].gives);
    if (!whole) return false;
    meeting.parts[0] = std::move(*whole);
    meeting.reads = {start};
    remove(gone);
    return true;
  }

  /// What a layer that joins values makes of whole branches.
  std::optional<Part> composed(const std::string& layer, std::vector<std::vector<Part>> branches,
                               const std::string& start, const Dims& gives) {
    const std::size_t direct = static_cast<std::size_t>(
        std::count_if(branches.begin(), branches.end(), [](const auto& b) { return b.empty(); }));
    const Dims& takes = shape(start);
    if (branches.size() == 2 && direct == 1) {
      std::vector<Part>& chain = branches[branches[0].empty() ? 1 : 0];
      if (layer == "Add<>") return made_of(Part::residual, std::move(chain), gives);
      const Dims factors = chain.back().gives;
      if (layer == "Multiply" && gives == takes && count_of(factors) == takes[0] && factors[0] == takes[0]) {
        chain.push_back(part_of({"", {takes[0]}, {}, Layer::reshape}));
        return made_of(Part::gate, std::move(chain), gives);
      }
    }
    if (layer != "Add<>" && layer != "Concat<>") return std::nullopt;
    std::vector<Part> parts;
    for (auto& branch : branches) parts.push_back(as_one(std::move(branch), takes));
    return made_of(layer == "Add<>" ? Part::sum : Part::joined, std::move(parts), gives);
  }

  void tidy_all(std::vector<Part>& parts, const Dims& takes) {
    Dims before = takes;
    for (Part& p : parts) {
      if (p.kind == Part::sum || p.kind == Part::joined) {
        for (Part& branch : p.parts) {
          std::vector<Part> row = branch.kind == Part::chain ? std::move(branch.parts)
                                                             : std::vector<Part>{std::move(branch)};
          tidy_all(row, before);
          branch = as_one(std::move(row), before);
        }
      } else if (p.kind != Part::layer) {
        tidy_all(p.parts, before);
      }
      before = p.gives;
    }
    tidy(parts, takes);
  }

  std::map<std::string, Dims> shapes_;
  std::map<std::string, std::string> same_;  // values that are others
  std::vector<Piece> pieces_;
  std::vector<std::string> outputs_;
};

}  // namespace

Structure find_structure(const Graph& graph, const Units& units) { return Reducer(graph, units).run(); }

}  // namespace tenon::importing
