#pragma once

#include "tenon/data/typed.hpp"

namespace tenon {

/// 1,797 handwritten digits of 8x8 pixels, shape {1, 8, 8}, values from 0 to 1, 10 classes.
/// They are part of the library: no file is read.
///
///     const auto [train, test] = digits().stratified_split(0.8, seed);
///
/// E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning
/// Repository, 1998, CC BY 4.0, doi:10.24432/C50P49.
TypedDataset<Shape<1, 8, 8>, Classes<10>> digits();

}  // namespace tenon
