#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "unit/train/callbacks/rig.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using namespace tenon;
using namespace tenon::test;

TEST_CASE("event files are frames of checked records") {
  CHECK(detail::crc32c(std::as_bytes(std::span("123456789", 9))) == 0xE3069283);  // RFC 3720
  const Folder folder;
  Model<Net> model{1};
  const History history = fit(model, data().train,
                              settings(2, TensorBoard{.directory = folder / "runs", .every_steps = 4}));
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "runs")) files.push_back(entry.path());
  REQUIRE(files.size() == 1);
  CHECK_THAT(files[0].filename().string(), StartsWith("events.out.tfevents."));

  const std::string bytes = contents(files[0].string());
  const auto word = [&](std::size_t at, std::size_t size) {
    std::uint64_t v = 0;
    for (std::size_t i = size; i-- > 0;) v = v << 8 | static_cast<unsigned char>(bytes.at(at + i));
    return v;
  };
  const auto masked = [&](std::size_t at, std::size_t size) {
    const std::uint32_t crc = detail::crc32c(std::as_bytes(std::span(bytes).subspan(at, size)));
    return static_cast<std::uint32_t>((crc >> 15 | crc << 17) + 0xA282EAD8U);
  };
  std::vector<std::string> records;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint64_t length = word(at, 8);
    CHECK(word(at + 8, 4) == masked(at, 8));
    CHECK(word(at + 12 + length, 4) == masked(at + 12, length));
    records.push_back(bytes.substr(at + 12, length));
    at += 16 + length;
  }
  REQUIRE(records.size() == 1 + 5 + 2 * 5);  // the version, batch losses of steps 4 to 20, five numbers an epoch
  CHECK_THAT(records[0], Contains("brain.Event:2"));
  // wall_time, then step 1, then Summary{Value{tag "val_loss", simple_value}}
  float value = 0;
  std::size_t found = 0;
  for (const std::string& r : records) {
    const std::size_t tag = r.find("\x0A\x08val_loss\x15");
    if (tag == r.npos || found++ > 0) continue;
    CHECK(r.substr(9, 2) == "\x10\x01");
    std::memcpy(&value, r.data() + tag + 11, 4);
  }
  CHECK(found == 2);
  CHECK(value == static_cast<float>(history.epochs[0].validation.loss));
}
