#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <tenon/dist/gradient_cut.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/net/parameters.hpp>
#include <tenon/train/sharding.hpp>

namespace tenon::detail {

/// The gradients of a step, in the order of the parameters' arena, with the zeros between one's and the next. Where
/// they are split over ranks (`World::zero`), a rank has the sums of its own numbers, and what lies between them is
/// scratch, until somebody asks for all of them. All ranks make the same calls.
template <class T>
class Gradients {
public:
  Gradients(const Sharding<T>& sharding, size_t count) : sharding_(&sharding), sum_(count), all_{0, count, 0} {}

  Arena<T>& arena() { return sum_; }
  size_t size() const { return sum_.size(); }

  /// The next backward starts from zero. Costs nothing: it overwrites instead of adding.
  void forget() { forgotten_ = true; }
  bool forgotten() const { return forgotten_; }
  /// A backward has written them.
  void written() {
    forgotten_ = false;
    gathered_ = false;
  }

  /// Those that are right on this rank, as ranges.
  OwnParts own() const;
  /// All of them, of which `own` are right; zeros where there was no backward.
  std::span<T> present();
  /// All of them. Where they are split, ranks send each other theirs.
  std::span<T> all();

  void scale(double factor);
  /// As in optim/clip.hpp.
  double clip_norm(double max_norm, double norm_type);
  void clip_value(double clip_value);
  /// The last parameter whose gradient holds a NaN or an infinity, on any rank; empty where all are finite.
  std::string_view find_non_finite(const ParameterEntry* table, size_t entries) const;

private:
  bool split() const { return sharding_->splits() && !gathered_; }

  const Sharding<T>* sharding_;
  Arena<T> sum_;
  OwnNumbers all_;
  std::vector<double> of_blocks_{};
  bool forgotten_ = true;
  bool gathered_ = false;  // although they are split
};

}  // namespace tenon::detail
