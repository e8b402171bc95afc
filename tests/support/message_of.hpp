#pragma once

#include <catch2/catch.hpp>

#include <string>

#include <tenon/error.hpp>

namespace tenon::test {

/// The message of the Error that `work` has to throw.
template <class F>
std::string message_of(F work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  FAIL("no Error");
  return {};
}

}  // namespace tenon::test
