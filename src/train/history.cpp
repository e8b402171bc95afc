#include <tenon/train/history.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/train/archive.hpp>

namespace tenon {

const EpochRecord& History::last() const {
  if (epochs.empty()) throw Error("History::last: expected at least one epoch that has ended, got none");
  return epochs.back();
}

void History::archive(Archive& a) {
  if (a.writing()) {
    std::vector<double> numbers;
    for (const EpochRecord& r : epochs)
      for (const double v : {static_cast<double>(r.epoch), r.lr, r.training.loss, r.training.accuracy, r.validation.loss,
                             r.validation.accuracy, r.seconds})
        numbers.push_back(v);
    return a.values("history", numbers);
  }
  const std::span<const double> numbers = a.list("history");
  const std::size_t count = numbers.size() / numbers_per_epoch;
  if (a.checking()) {
    if (numbers.size() % numbers_per_epoch != 0)
      a.refuse("history", std::to_string(numbers_per_epoch) + " numbers for each epoch", std::to_string(numbers.size()));
    for (std::size_t e = 0; e < count; ++e)
      if (numbers[e * numbers_per_epoch] != static_cast<double>(e + 1))
        a.refuse("history", "epochs from 1 on", std::to_string(numbers[e * numbers_per_epoch]) + " as number " + std::to_string(e + 1));
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
