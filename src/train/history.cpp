#include <tenon/train/history.hpp>

#include <tenon/error.hpp>
#include <tenon/train/archive.hpp>

namespace tenon {

namespace {

constexpr std::size_t numbers_per_epoch = 7;

}  // namespace

void History::archive(Archive& a) {
  std::vector<double> numbers;
  for (const EpochRecord& r : epochs)
    for (const double v : {static_cast<double>(r.epoch), r.lr, r.training.loss, r.training.accuracy, r.validation.loss,
                           r.validation.accuracy, r.seconds})
      numbers.push_back(v);
  a.values("history", numbers);
  if (a.writing() || a.checking()) return;
  epochs.clear();
  for (std::size_t i = 0; i + numbers_per_epoch <= numbers.size(); i += numbers_per_epoch) {
    const double* v = numbers.data() + i;
    epochs.push_back({static_cast<std::size_t>(v[0]), v[1], {v[2], v[3]}, {v[4], v[5]}, v[6]});
  }
}

}  // namespace tenon
