#include <tenon/metrics/confusion_matrix.hpp>

#include <limits>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon {

namespace {

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void ConfusionMatrix::hold(std::size_t classes) {
  if (classes == classes_) return;
  if (std::any_of(counts_.begin(), counts_.end(), [](std::uint64_t n) { return n > 0; }))
    throw Error(fmt::format("{}: expected {} classes as before, got {}", name, classes_, classes));
  classes_ = classes;
  counts_.assign(classes * (classes + 1), 0);
}

void ConfusionMatrix::refuse(std::size_t c) const {
  throw Error(fmt::format("{}: expected a class below {}, got {}", name, classes_, c));
}

std::uint64_t ConfusionMatrix::support(std::size_t truth) const {
  std::uint64_t sum = 0;
  for (std::size_t c = 0; c <= classes_; ++c) sum += counts_[place(known(truth), c)];
  return sum;
}
std::uint64_t ConfusionMatrix::predicted(std::size_t c) const {
  std::uint64_t sum = 0;
  for (std::size_t t = 0; t < classes_; ++t) sum += count(t, c);
  return sum;
}

double ConfusionMatrix::value() const {
  std::uint64_t right = 0, all = 0;
  for (std::size_t c = 0; c < classes_; ++c) right += count(c, c), all += support(c);
  return all == 0 ? std::numeric_limits<double>::quiet_NaN() : ratio(right, all);
}

double ConfusionMatrix::precision(std::size_t c) const { return ratio(count(c, c), predicted(c)); }
double ConfusionMatrix::recall(std::size_t c) const { return ratio(count(c, c), support(c)); }
double ConfusionMatrix::f1(std::size_t c) const { return ratio(2 * count(c, c), predicted(c) + support(c)); }

template <class F>
double ConfusionMatrix::mean(F of_class) const {
  double sum = 0;
  std::size_t known = 0;
  for (std::size_t c = 0; c < classes_; ++c) {
    if (support(c) + predicted(c) == 0) continue;
    sum += of_class(c);
    ++known;
  }
  return known == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(known);
}

double ConfusionMatrix::precision(Average average) const {
  return average == Average::micro ? ConfusionMatrix::value() : mean([this](std::size_t c) { return precision(c); });
}
double ConfusionMatrix::recall(Average average) const {
  return average == Average::micro ? ConfusionMatrix::value() : mean([this](std::size_t c) { return recall(c); });
}
double ConfusionMatrix::f1(Average average) const {
  return average == Average::micro ? ConfusionMatrix::value() : mean([this](std::size_t c) { return f1(c); });
}

std::string ConfusionMatrix::text() const {
  std::string out = "truth \\ predicted";
  for (std::size_t c = 0; c < classes_; ++c) out += fmt::format("{:>6}", c);
  out += "   recall\n";
  for (std::size_t t = 0; t < classes_; ++t) {
    out += fmt::format("{:>12}", t);
    for (std::size_t c = 0; c < classes_; ++c) out += fmt::format("{:>6}", count(t, c));
    out += fmt::format("   {:.4f}\n", recall(t));
  }
  out += "   precision";
  for (std::size_t c = 0; c < classes_; ++c) out += fmt::format("{:>6.2f}", precision(c));
  return out + '\n';
}

}  // namespace tenon
