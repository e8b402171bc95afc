// A folder of pictures for each class, as people have them: the digits are written as PNG files, such as
// pictures/train/0/12.png, read back, and a small convolutional network learns them. What is read is what was written,
// but for the rounding to 8 bits; of 359 digits that it has not seen, 97.8 to 99.2 % are recognised, of three seeds.
//
//     pictures [SEED]
//
// prints: 1438 pictures of 10 classes, off by 0\.0020, accuracy: 0\.9[789]
#include <tenon/data/pictures.hpp>
#include <tenon/tenon.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

using namespace tenon;

using Net = Sequential<Input<1, 8, 8>, Conv2D<16, 3, padding<1>>, ReLU, MaxPool2D<2>, Conv2D<32, 3, padding<1>>, ReLU,
                       Flatten, Dense<64>, ReLU, Dense<10>, Softmax>;

void write_folders(const Dataset<float>& data, const std::string& folder) {
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::string of_class = folder + "/" + std::to_string(data.label(i));
    std::filesystem::create_directories(of_class);
    write_png(of_class + "/" + std::to_string(i) + ".png", data.sample(i), data.sample_shape());
  }
}

int main(int argc, char** argv) {
  const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const auto [known, unknown] = digits().stratified_split(0.8, 1);
  std::filesystem::remove_all("pictures");
  write_folders(known, "pictures/train");
  write_folders(unknown, "pictures/test");

  const PictureOptions options{.height = 8, .width = 8, .channels = 1};
  const PictureFiles files = picture_folder("pictures/train");
  const auto train = read_pictures(files, options);
  const auto test = read_pictures(picture_folder("pictures/test", files.classes), options);

  float most = 0;  // the files lie in another order: by class, and by name
  for (std::size_t k = 0; k < train.size(); ++k) {
    const auto number = std::stoull(std::filesystem::path(files.paths[k]).stem().string());
    for (std::size_t i = 0; i < train.sample_size(); ++i)
      most = std::max(most, std::abs(train.sample(k)[i] - known.sample(number)[i]));
  }
  std::printf("%zu pictures of %zu classes, off by %.4f, ", train.size(), train.classes(), static_cast<double>(most));

  Model<Net> model{seed};
  fit(model, train, Fit{.optimizer = Adam{.lr = 2e-3}, .epochs = 20, .batch_size = 32, .seed = seed});
  std::printf("accuracy: %.4f\n", evaluate(model, test, CrossEntropy{}).accuracy);
}
