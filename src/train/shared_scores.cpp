#include <tenon/train/shared_scores.hpp>

namespace tenon::detail {

SharedScores::SharedScores(Communicator& ranks, std::size_t terms, std::size_t batches)
    : ranks_(ranks),
      terms_(terms),
      batches_(batches),
      each_(2 * terms + 3),
      most_((batches + ranks.size() - 1) / ranks.size()) {
  mine_.reserve(most_ * each_);
}

void SharedScores::put(const TermValues& values, const ClassCount& classes) {
  for (std::size_t k = 0; k < terms_; ++k) mine_.push_back(values.value[k]);
  for (std::size_t k = 0; k < terms_; ++k) mine_.push_back(values.weight[k]);
  mine_.insert(mine_.end(), {static_cast<double>(classes.correct), static_cast<double>(classes.answered),
                             classes.counts ? 1.0 : 0.0});
}

std::string SharedScores::gather(const std::string& words) {
  mine_.resize(most_ * each_);
  gather_numbers(ranks_, Phase::evaluate, mine_, all_);
  const double has_words = words.empty() ? 0 : 1;
  std::vector<double> who;
  gather_numbers(ranks_, Phase::evaluate, {&has_words, 1}, who);
  for (std::size_t r = 0; r < who.size(); ++r)
    if (who[r] != 0) return share_words(ranks_, words, r);
  return {};
}

TermValues SharedScores::values(std::size_t batch) const {
  TermValues values;
  for (std::size_t k = 0; k < terms_; ++k) {
    values.value[k] = of(batch)[k];
    values.weight[k] = of(batch)[terms_ + k];
  }
  return values;
}
ClassCount SharedScores::counted(std::size_t batch) const {
  const double* const c = of(batch) + 2 * terms_;
  return {static_cast<std::uint64_t>(c[0]), static_cast<std::uint64_t>(c[1]), c[2] != 0};
}

}  // namespace tenon::detail
