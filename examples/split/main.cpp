// The part of a program that changes daily, with the network in a file of its own (digits.cpp).
#include "digits.hpp"

#include <array>
#include <cstdio>

int main() {
  Digits digits{1};
  digits.train(30);
  std::printf("accuracy: %.4f\n", digits.accuracy());

  std::array<float, Digits::pixels> empty{};
  std::array<float, Digits::classes> probabilities{};
  digits.predict(empty, probabilities);
  std::printf("an empty image is a 1 with probability %.2f\n", static_cast<double>(probabilities[1]));
}
