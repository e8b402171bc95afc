#pragma once

#include <stdexcept>
#include <string>

namespace tenon {

/// The one exception type: a sentence that says what was expected, what came and where.
class Error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

}  // namespace tenon
