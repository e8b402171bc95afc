// Data that do not fit into memory: files that are read while a network trains, and samples that are made when their
// turn comes.
// prints: 1500 samples in 3 files.*accuracy on 297 others: 0\.(8[7-9]|9).*radius of 2: (3\.[89]|4\.[01])
#include <tenon/tenon.hpp>

#include <tenon/data/npy.hpp>
#include <tenon/data/stream.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

using namespace tenon;

/// Three files of digits, and three of what they are: as somebody else may have left them, each as large as could be.
void write_shards() {
  const Dataset<float> data = digits();
  for (std::size_t k = 0; k < 3; ++k) {
    const auto end = std::to_string(k) + ".npy";
    write_npy("x-" + end, NpyArray({500, 64}, data.features().subspan(k * 500 * 64, 500 * 64)));
    write_npy("y-" + end, NpyArray({500}, data.labels().subspan(k * 500, 500)));
  }
}

/// A source of one's own: points, and the squares of their distances from the middle.
struct Points {
  std::size_t size() const { return 1'000'000'000; }
  void read(std::size_t index, Sample<float>& to) const {
    Stream random(7, Purpose::user, 0, index);
    const float horizontal = random.uniform(-2.0F, 2.0F), vertical = random.uniform(-2.0F, 2.0F);
    if (!to.features.empty()) to.features[0] = horizontal, to.features[1] = vertical;
    if (!to.targets.empty()) to.targets[0] = horizontal * horizontal + vertical * vertical;
  }
};

int main() {
  write_shards();
  const auto train = stream_files(
      {{.files = {"x-0.npy", "x-1.npy", "x-2.npy"}},
       {.kind = ColumnKind::labels, .files = {"y-0.npy", "y-1.npy", "y-2.npy"}, .classes = 10}},
      {.buffer = 512});
  std::printf("%zu samples in 3 files\n", train.size());

  const Dataset<float> all = digits();
  std::vector<std::size_t> others;
  for (std::size_t i = train.size(); i < all.size(); ++i) others.push_back(i);
  const Dataset<float> test = all.subset(others);

  Model<Sequential<Input<64>, Dense<32>, ReLU, Dense<10>, Softmax>> reader{1};
  fit(reader, train, Fit{.optimizer = Adam{.lr = 3e-3}, .epochs = 20, .validation = test});
  std::printf("accuracy on %zu others: %.3f\n", test.size(), evaluate(reader, test).accuracy);

  // A billion points, of which an epoch is as long as one likes.
  const Dataset<float> like{Features<float>{"point", {2}, {}}, Targets<float>{{}, 1}};
  const auto points = make_stream(Points{}, like, {.length = 40'000});
  Model<Sequential<Input<2>, Dense<32>, Tanh, Dense<1>>> squares{1};
  fit(squares, points, Fit{.loss = MeanSquaredError{}, .optimizer = Adam{.lr = 1e-2}, .batch_size = 64});
  std::printf("radius of 2: %.1f\n", static_cast<double>(squares(xt::xtensor<float, 1>{1.2F, 1.6F})(0)));
}
