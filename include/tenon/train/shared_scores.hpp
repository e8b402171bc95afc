#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <tenon/dist/communicator.hpp>
#include <tenon/train/objective.hpp>

namespace tenon::detail {

/// What an evaluation finds out batch by batch, where batch b is evaluated by rank b % ranks.
class SharedScores {
public:
  SharedScores(Communicator& ranks, size_t terms, size_t batches);
  size_t batches() const { return batches_; }
  /// Takes what the next batch of this rank gave.
  void put(const TermValues& values, const ClassCount& classes);
  /// Brings what all ranks have found out to all of them. Returns the sentence of the first rank that has one.
  std::string gather(const std::string& words);
  TermValues values(size_t batch) const;
  ClassCount counted(size_t batch) const;

private:
  const double* of(size_t batch) const {
    return all_.data() + (batch % ranks_.size()) * most_ * each_ + batch / ranks_.size() * each_;
  }

  Communicator& ranks_;
  size_t terms_, batches_, each_, most_;
  std::vector<double> mine_{}, all_{};
};

}  // namespace tenon::detail
