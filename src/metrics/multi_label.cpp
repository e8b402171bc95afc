#include <tenon/metrics/multi_label.hpp>

#include <limits>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon {

namespace {

double part(std::uint64_t of, std::uint64_t all) {
  return all == 0 ? 0 : static_cast<double>(of) / static_cast<double>(all);
}

double precision_of(const MultiLabelMatrix::Counts& c) { return part(c.both, c.both + c.only_predicted); }
double recall_of(const MultiLabelMatrix::Counts& c) { return part(c.both, c.both + c.only_is); }
double f1_of(const MultiLabelMatrix::Counts& c) { return part(2 * c.both, 2 * c.both + c.only_predicted + c.only_is); }

constexpr double nothing_seen = std::numeric_limits<double>::quiet_NaN();

}  // namespace

void MultiLabelMatrix::reset() {
  labels_.clear();
  seen_ = exact_ = 0;
}

MultiLabelMatrix::Counts MultiLabelMatrix::together() const {
  Counts sum;
  for (const Counts& c : labels_)
    sum.both += c.both, sum.only_predicted += c.only_predicted, sum.only_is += c.only_is, sum.neither += c.neither;
  return sum;
}

template <class F>
double MultiLabelMatrix::averaged(Average average, F of_counts) const {
  if (seen_ == 0) return nothing_seen;
  if (average == Average::micro) return of_counts(together());
  double sum = 0;
  for (const Counts& c : labels_) sum += of_counts(c);
  return sum / static_cast<double>(labels_.size());
}

const MultiLabelMatrix::Counts& MultiLabelMatrix::counts(std::size_t label) const {
  if (label >= labels_.size())
    throw Error(fmt::format("{}: expected a label below {}, got {}", name, labels_.size(), label));
  return labels_[label];
}
double MultiLabelMatrix::precision(std::size_t label) const { return precision_of(counts(label)); }
double MultiLabelMatrix::recall(std::size_t label) const { return recall_of(counts(label)); }
double MultiLabelMatrix::f1(std::size_t label) const { return f1_of(counts(label)); }
double MultiLabelMatrix::precision(Average average) const { return averaged(average, precision_of); }
double MultiLabelMatrix::recall(Average average) const { return averaged(average, recall_of); }
double MultiLabelMatrix::f1(Average average) const { return averaged(average, f1_of); }
double MultiLabelMatrix::subset_accuracy() const { return seen_ == 0 ? nothing_seen : part(exact_, seen_); }
double MultiLabelMatrix::hamming() const {
  if (seen_ == 0) return nothing_seen;
  const Counts all = together();
  return part(all.only_predicted + all.only_is, seen_ * labels_.size());
}

}  // namespace tenon
