#include <tenon/train/history.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/train/archive.hpp>

namespace tenon {

void History::add_epoch(const EpochRecord& record) { epochs.push_back(record); }
void History::add_warning(std::string sentence) { warnings.push_back(std::move(sentence)); }

const EpochRecord& History::last() const {
  if (epochs.empty()) throw Error("History::last: expected at least one epoch that has ended, got none");
  return epochs.back();
}

std::vector<RankSeconds> EpochRecord::ranks() const {
  std::vector<RankSeconds> all;
  for (std::size_t k = 0; k + 2 < rank_seconds.size(); k += 3)
    all.push_back({rank_seconds[k], rank_seconds[k + 1], rank_seconds[k + 2]});
  return all;
}

double EpochRecord::metric(std::string_view name) const {
  return detail::find_metric(*this, name, "EpochRecord::metric");
}

namespace detail {

std::string column_name(std::string_view words) {
  std::string name;
  bool small = false;  // the letter before was a small one: a capital begins a word
  for (const char c : words.substr(0, words.find('<'))) {
    const bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
    if (upper && small) name += '_';
    name += upper ? static_cast<char>(c - 'A' + 'a') : lower || digit ? c : '_';
    small = lower;
  }
  return name;
}

void check_metric_names(const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == "val_accuracy" || names[i] == "val_loss")
      throw Error("Fit: metrics: expected names that a record does not have anyway, got " + names[i]);
    for (std::size_t j = 0; j < i; ++j)
      if (names[i] == names[j]) throw Error("Fit: metrics: expected names that differ, got " + names[i] + " twice");
  }
}

void expect_metric(const std::vector<std::string>& names, std::string_view name, const char* who) {
  std::string known = "loss, accuracy, val_loss, val_accuracy";
  for (const std::string& n : names) {
    if (n == name) return;
    known += ", " + n;
  }
  throw Error(std::string(who) + ": expected one of " + known + " to watch, got \"" + std::string(name) + "\"");
}

double find_metric(const EpochRecord& record, std::string_view name, const char* who) {
  if (name == "loss") return record.training.loss;
  if (name == "accuracy") return record.training.accuracy;
  if (name == "val_loss") return record.validation.loss;
  if (name == "val_accuracy") return record.validation.accuracy;
  std::vector<std::string> names;
  for (const EpochRecord::Metric& m : record.metrics) {
    if (m.name == name) return m.value;
    names.push_back(m.name);
  }
  expect_metric(names, name, who);
  throw Error(std::string(who) + ": " + std::string(name));
}

}  // namespace detail

void History::archive_metrics(Archive& a, const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  if (a.writing() || a.checking()) a.same_text("metrics", all);
  if (a.writing()) {
    std::vector<double> numbers;
    for (const EpochRecord& r : epochs)
      for (const EpochRecord::Metric& m : r.metrics) numbers.push_back(m.value);
    return a.values("history.metrics", numbers);
  }
  const std::span<const double> numbers = a.list("history.metrics");
  if (a.checking()) {
    const std::size_t expected = names.size() * (a.list("history").size() / numbers_per_epoch);
    if (numbers.size() != expected)
      a.refuse("history.metrics", std::to_string(expected) + " numbers, " + std::to_string(names.size()) + " an epoch",
               std::to_string(numbers.size()));
    return;
  }
  for (std::size_t e = 0; e < epochs.size(); ++e)
    for (std::size_t k = 0; k < names.size(); ++k)
      epochs[e].metrics.push_back({names[k], numbers[e * names.size() + k]});
}

void History::archive(Archive& a) {
  if (a.writing()) {
    std::vector<double> numbers;
    for (const EpochRecord& r : epochs)
      for (const double v : {static_cast<double>(r.epoch), r.lr, r.training.loss, r.training.accuracy,
                             r.validation.loss, r.validation.accuracy, r.seconds})
        numbers.push_back(v);
    return a.values("history", numbers);
  }
  const std::span<const double> numbers = a.list("history");
  const std::size_t count = numbers.size() / numbers_per_epoch;
  if (a.checking()) {
    if (numbers.size() % numbers_per_epoch != 0)
      a.refuse("history", std::to_string(numbers_per_epoch) + " numbers for each epoch",
               std::to_string(numbers.size()));
    for (std::size_t e = 0; e < count; ++e)
      if (numbers[e * numbers_per_epoch] != static_cast<double>(e + 1))
        a.refuse("history", "epochs from 1 on",
                 std::to_string(numbers[e * numbers_per_epoch]) + " as number " + std::to_string(e + 1));
    return epochs.reserve(count);  // so that the second reading takes no memory
  }
  epochs.clear();
  for (std::size_t e = 0; e < count; ++e) {
    const double* v = numbers.data() + e * numbers_per_epoch;
    EpochRecord record{.epoch = e + 1, .lr = v[1], .seconds = v[6]};
    record.training.loss = v[2], record.training.accuracy = v[3];
    record.validation.loss = v[4], record.validation.accuracy = v[5];
    epochs.push_back(record);
  }
}

}  // namespace tenon
