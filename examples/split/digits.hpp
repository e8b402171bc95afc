#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

/// A network behind a handle: nothing of Tenon is included here. digits.cpp, which knows its type, is compiled once;
/// whoever includes this compiles in a moment.
class Digits {
public:
  static constexpr std::size_t pixels = 64, classes = 10;

  explicit Digits(unsigned seed = 0);
  ~Digits();
  Digits(Digits&&) noexcept;
  Digits& operator=(Digits&&) noexcept;

  void train(std::size_t epochs, double lr = 1e-3);
  double accuracy() const;  // of digits that it did not see in training
  void predict(std::span<const float, pixels> image, std::span<float, classes> probabilities) const;
  void save(const std::string& path) const;
  void load(const std::string& path);

private:
  struct Network;
  std::unique_ptr<Network> network_;
};
