#include "digits.hpp"

#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<64, 128>, ReLU, Dropout<0.3>, Dense<10>, Softmax>;

struct Digits::Network {
  Model<Net> model;
  DatasetSplit<float> data = digits().flat().stratified_split(0.8, 1);
};

Digits::Digits(unsigned seed) : network_{new Network{.model = Model<Net>{seed}}} {}
Digits::~Digits() = default;
Digits::Digits(Digits&&) noexcept = default;
Digits& Digits::operator=(Digits&&) noexcept = default;

void Digits::train(std::size_t epochs, double lr) {
  fit(network_->model, network_->data.train,
      Fit{.loss = CrossEntropy{}, .optimizer = Adam{.lr = lr}, .epochs = epochs, .batch_size = 64, .seed = 1});
}
double Digits::accuracy() const { return evaluate(network_->model, network_->data.test, CrossEntropy{}).accuracy; }
void Digits::predict(std::span<const float, pixels> image, std::span<float, classes> probabilities) const {
  network_->model.predict(std::span<const float>(image), std::span<float>(probabilities));
}
void Digits::save(const std::string& path) const { network_->model.save(path); }
void Digits::load(const std::string& path) { network_->model.load(path); }
