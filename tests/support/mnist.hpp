#pragma once

#include <catch2/catch.hpp>

#include <optional>
#include <string_view>

#include <tenon/data/mnist.hpp>
#include <tenon/error.hpp>

namespace tenon::test {

/// MNIST, or nothing and a warning where it is not on this machine. Files that are there and wrong are an error.
inline auto mnist_if_there() {
  std::optional<decltype(mnist())> data;
  try {
    data = mnist();
  } catch (const Error& error) {
    if (!std::string_view(error.what()).starts_with("MNIST not found")) throw;
    WARN("skipped: " << error.what());
  }
  return data;
}

}  // namespace tenon::test
