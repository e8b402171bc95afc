#include <tenon/kernels/noise.hpp>

#include <catch2/catch.hpp>
#include <vector>

using namespace tenon;

namespace {

/// The definition, block by block.
template <class T>
std::vector<T> by_definition(std::size_t count, std::size_t size, double rate, const Stream& stream,
                             std::size_t first) {
  const std::size_t quarter = (size + 3) / 4;
  std::vector<T> mask(count * size);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t e = 0; e < size; ++e) {
      const auto words = stream.block(static_cast<std::uint32_t>((first + i) * quarter + e % quarter));
      mask[i * size + e] = words[e / quarter] < rate * 4294967296.0 ? T(0) : static_cast<T>(1 / (1 - rate));
    }
  return mask;
}

}  // namespace

TEMPLATE_TEST_CASE("a keep mask is what its definition says, at every size", "[noise]", float, double) {
  const Stream stream(42, Purpose::dropout, 3, 17);
  for (const std::size_t size : {1U, 2U, 3U, 4U, 5U, 10U, 64U, 128U, 255U, 256U, 257U, 1000U})
    for (const double rate : {0.0, 0.1, 0.5, 0.9}) {
      std::vector<TestType> mask(3 * size, TestType(-1));
      kernels::fill_keep_mask(mask.data(), 3, size, rate, stream, 2);
      CHECK(mask == by_definition<TestType>(3, size, rate, stream, 2));
    }
}

TEST_CASE("a keep mask drops the share asked for and keeps the mean", "[noise]") {
  std::vector<float> mask(100 * 1000);
  kernels::fill_keep_mask(mask.data(), 100, 1000, 0.3, Stream(1, Purpose::dropout));
  double sum = 0, dropped = 0;
  for (const float m : mask) {
    sum += static_cast<double>(m);
    dropped += m == 0 ? 1 : 0;
  }
  CHECK(dropped / 1e5 == Approx(0.3).margin(0.005));
  CHECK(sum / 1e5 == Approx(1).margin(0.01));
}

TEST_CASE("a sample's mask does not depend on how a batch is split", "[noise]") {
  const Stream stream(7, Purpose::dropout);
  std::vector<float> whole(10 * 33), parts(10 * 33);
  kernels::fill_keep_mask(whole.data(), 10, 33, 0.5, stream);
  kernels::fill_keep_mask(parts.data(), 4, 33, 0.5, stream, 0);
  kernels::fill_keep_mask(parts.data() + 4 * 33, 6, 33, 0.5, stream, 4);
  CHECK(whole == parts);
}
