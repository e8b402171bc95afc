#include <cmath>
#include <cstdint>
#include <vector>

#include "unit/train/callbacks/rig.hpp"

using Catch::Matchers::Contains;
using namespace tenon;
using namespace tenon::test;

TEST_CASE("reports and mixtures of samples with an ignored label, and of cropped ones") {
  const Folder folder;
  std::vector<std::int32_t> labels(data().train.labels().begin(), data().train.labels().end());
  labels[3] = ignore_index;
  const std::vector<float> features(data().train.features().begin(), data().train.features().end());
  const Dataset<float> some({1, 8, 8}, features, Labels{labels, 10});
  Model<Net> model{1};
  auto flat = some;
  flat.reshape({64});
  CHECK(fit(model, flat,
            Fit{.epochs = 1,
                .progress = quiet,
                .callbacks = callbacks(Report{.path = folder / "a.html", .mistakes = 1000})})
            .epochs.size() == 1);
  CHECK_THAT(contents(folder / "a.html"), Contains("Most wrong") && !Contains("-100"));

  using Images = Sequential<Input<1, 8, 8>, Flatten, Dense<10>, Softmax>;
  Model<Images> pictures{1};
  const auto mixed = augmented<Augment<Mixup<0.4>>>(typed<Shape<1, 8, 8>, Classes<10>>(some), 2);
  const History history = fit(pictures, mixed, Fit{.epochs = 2, .progress = quiet});
  CHECK(std::isfinite(history.last().training.loss));
  DataLoader<float> loader(mixed, 150, 1, false);
  Batch<float> batch;
  REQUIRE(loader.next(batch));
  double least = 1;
  for (std::size_t i = 0; i < 150; ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < 10; ++c) sum += static_cast<double>(batch.targets[i * 10 + c]);
    CHECK(sum < 1.0001);
    if (i == 3) least = sum;
  }
  CHECK(least < 1);  // what it mixes in of itself has no answer

  using Small = Sequential<Input<1, 6, 6>, Flatten, Dense<10>, Softmax>;
  Model<Small> small{1};
  const auto cropped = augmented<Augment<RandomCrop<6, 6>>>(typed<Shape<1, 8, 8>, Classes<10>>(some), 0);
  CHECK(fit(small, cropped, Fit{.epochs = 1, .progress = quiet, .callbacks = callbacks(Report{folder / "b.html"})})
            .epochs.size() == 1);
  CHECK_THAT(contents(folder / "b.html"), Contains("Classes, training data"));
}
