#pragma once

#include <string>

#include "tenon/data/typed.hpp"

namespace tenon {

/// MNIST: 60,000 handwritten digits to train on and 10,000 to test with, shape {1, 28, 28},
/// values from 0 to 1, 10 classes.
///
///     auto [train, test] = mnist("/data");
///
/// Its four IDX files, packed or unpacked, are looked for in `directory` and its sub-folder
/// `mnist`; without a directory in $TENON_DATA/mnist. If they are missing, the Error says where
/// they were looked for, where to get them, and their checksums.
TypedSplit<Shape<1, 28, 28>, Classes<10>> mnist(const std::string& directory = "");

}  // namespace tenon
