#include <catch2/catch.hpp>

#include <tenon/edge/blob.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/model/export.hpp>
#include <tenon/net/networks.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

using namespace tenon;

namespace {

using Net = Sequential<Dense<5, 6>, ReLU, Dense<3>>;

std::vector<std::byte> blob() {
  const std::string path = (std::filesystem::temp_directory_path() / "tenon_blob_test.bin").string();
  export_blob(Model<Net>{4}, path);
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::filesystem::remove(path);
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

template <class N = Net>
BlobStatus status_of(std::span<const std::byte> bytes) {
  const auto opened = open_weights<N>(bytes);
  CHECK((opened.weights != nullptr) == (opened.status == BlobStatus::ok));
  CHECK_FALSE(describe(opened.status).empty());
  return opened.status;
}

}  // namespace

TEST_CASE("a blob gives the weights where they lie") {
  const auto bytes = blob();
  const auto opened = open_weights<Net>(bytes);
  REQUIRE(opened);
  CHECK(static_cast<const void*>(opened.weights) == bytes.data() + sizeof(BlobHeader));
  Model<Net> model{4};
  Frozen<Net> net{*opened.weights};
  const float in[] = {0.1F, -0.2F, 0.3F, 0.4F, -0.5F};
  float out[3], expected[3];
  net(in, out);
  model.predict(std::span<const float>(in), expected);
  for (int i = 0; i < 3; ++i) CHECK(out[i] == Approx(expected[i]).epsilon(1e-5));
}

TEST_CASE("a wrong blob is refused with its reason") {
  auto bytes = blob();
  const std::span<const std::byte> all(bytes);
  CHECK(status_of(all.first(8)) == BlobStatus::too_short);
  CHECK(status_of(all.first(bytes.size() - 4)) == BlobStatus::wrong_length);
  CHECK(status_of(all.subspan(2)) == BlobStatus::misaligned);
  CHECK(status_of<Sequential<Dense<5, 6>, ReLU, Dense<4>>>(all) == BlobStatus::other_network);
  CHECK(status_of(all) == BlobStatus::ok);
  bytes.back() ^= std::byte{1};
  CHECK(status_of(bytes) == BlobStatus::damaged);
  bytes.back() ^= std::byte{1};
  bytes.front() ^= std::byte{1};
  CHECK(status_of(bytes) == BlobStatus::no_blob);
}

TEST_CASE("the checksum is zip's") {
  const std::string_view text = "123456789";
  CHECK(crc32(std::as_bytes(std::span(text))) == 0xcbf43926);
  CHECK(crc32(std::as_bytes(std::span(text.substr(4))), crc32(std::as_bytes(std::span(text.substr(0, 4))))) ==
        0xcbf43926);
}
