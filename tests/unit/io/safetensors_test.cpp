#include <tenon/error.hpp>
#include <tenon/io/safetensors.hpp>

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <numeric>

#include "support/folder.hpp"

namespace fs = std::filesystem;
using namespace tenon;
using Catch::Matchers::Contains;
using tenon::test::contents;
using tenon::test::Folder;

namespace {

std::string file_of(const std::string& header, const std::string& data) {
  const auto length = std::bit_cast<std::array<char, 8>>(std::uint64_t{header.size()});
  return std::string(length.data(), 8) + header + data;
}

SafeTensors parse(const std::string& file) { return SafeTensors::parse(std::as_bytes(std::span(file)), "memory"); }

template <class T>
std::string raw(std::initializer_list<T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), std::data(values), bytes.size());
  return bytes;
}

std::vector<float> floats(const SafeTensors& file, std::string_view name) {
  const auto* tensor = file.find(name);
  REQUIRE(tensor != nullptr);
  std::vector<float> values(tensor->size());
  file.copy_to(*tensor, std::span<float>(values));
  return values;
}

}  // namespace

TEST_CASE("what is written is read back: names, shapes, numbers, metadata") {
  const Folder directory;
  std::vector<float> weight(6), bias{-1.5f, std::numeric_limits<float>::denorm_min(), -0.0f};
  std::iota(weight.begin(), weight.end(), 1.0f);
  const std::vector<double> running{1e300, 0.1};
  const std::vector<TensorView> tensors{{"0.weight", {3, 2}, std::span<const float>(weight)},
                                        {"0.bias", {3}, std::span<const float>(bias)},
                                        {"scalar", {}, std::span<const float>(weight).first(1)},
                                        {"empty", {0, 7}, std::span<const float>()},
                                        {"μ \"quoted\"\n", {2}, std::span<const double>(running)}};
  const TensorMetadata metadata{{"format", "pt"}, {"note", "größer\t\"ok\""}};
  write_safetensors(directory / "net", tensors, metadata);

  const auto file = SafeTensors::read(directory / "net");
  CHECK(file.origin() == directory / "net");
  CHECK(file.tensors().size() == 5);
  CHECK(file.metadata() == metadata);
  for (const auto& written : tensors) {
    const auto* read = file.find(written.name);
    REQUIRE(read != nullptr);
    CHECK(read->name == written.name);
    CHECK(read->shape == written.shape);
    CHECK(read->dtype == written.dtype);
    const auto bytes = file.bytes(*read);
    CHECK(std::equal(bytes.begin(), bytes.end(), written.bytes.begin(), written.bytes.end()));
  }
  CHECK(floats(file, "0.weight") == weight);
  CHECK(std::signbit(floats(file, "0.bias")[2]));
  CHECK(file.find("0.weigh") == nullptr);
  CHECK(file.find("") == nullptr);
}

TEST_CASE("the file's exact bytes: sorted by alignment, padded, the same every time") {
  const Folder directory;
  const std::vector<float> f{1.0f};
  const std::vector<double> d{2.0};
  const std::vector<TensorView> tensors{{"b", {1}, std::span<const float>(f)},
                                        {"a", {1}, std::span<const float>(f)},
                                        {"d", {}, std::span<const double>(d)}};
  write_safetensors(directory / "one", tensors, {{"k", "v"}});
  write_safetensors(directory / "two", tensors, {{"k", "v"}});
  std::string header =
      R"({"__metadata__":{"k":"v"},"d":{"dtype":"F64","shape":[],"data_offsets":[0,8]},)"
      R"("b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"a":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}})";
  header.append((8 - header.size() % 8) % 8, ' ');
  CHECK(contents(directory / "one") == file_of(header, raw({2.0}) + raw({1.0f, 1.0f})));
  CHECK(contents(directory / "two") == contents(directory / "one"));

  write_safetensors(directory / "none", {});
  CHECK(contents(directory / "none") == file_of("{}      ", ""));
  CHECK(SafeTensors::read(directory / "none").tensors().empty());
}

TEST_CASE("every floating-point type is copied to float and to double") {
  const auto f64 = raw({0.1, -1e30});
  const auto f32 = raw({3.0f, 0.25f});
  const auto bf16 = raw<std::uint16_t>({0x3f80, 0xc2f7});
  const auto f16 = raw<std::uint16_t>({0x3555, 0x0001});
  const auto file = parse(file_of(R"({"d":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},)"
                                  R"("s":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},)"
                                  R"("b":{"dtype":"BF16","shape":[2],"data_offsets":[24,28]},)"
                                  R"("h":{"dtype":"F16","shape":[2],"data_offsets":[28,32]}})",
                                  f64 + f32 + bf16 + f16));
  CHECK(floats(file, "d") == std::vector{0.1f, -1e30f});
  CHECK(floats(file, "s") == std::vector{3.0f, 0.25f});
  CHECK(floats(file, "b") == std::vector{1.0f, -123.5f});
  CHECK(floats(file, "h") == std::vector{0x1.554p-2f, 0x1p-24f});
  const auto doubles = [&](std::string_view name) {
    std::vector<double> values(2);
    file.copy_to(*file.find(name), std::span<double>(values));
    return values;
  };
  CHECK(doubles("d") == std::vector{0.1, -1e30});
  CHECK(doubles("s") == std::vector{3.0, 0.25});
  CHECK(doubles("b") == std::vector{1.0, -123.5});
  CHECK(doubles("h") == std::vector{0x1.554p-2, 0x1p-24});
}

TEST_CASE("data at odd offsets are read without aligned access") {
  const auto file = parse(file_of(R"({"flag":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]},)"
                                  R"("x":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}})",
                                  "\1" + raw({1.5f, 2.5f})));
  CHECK(floats(file, "x") == std::vector{1.5f, 2.5f});
  CHECK(file.tensors().front().name == "flag");
}

TEST_CASE("a copy that cannot be right is refused before anything is written") {
  const auto file = parse(file_of(R"({"d":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},)"
                                  R"("i":{"dtype":"I64","shape":[],"data_offsets":[16,24]}})",
                                  raw({1.0, 1e39}) + raw<std::int64_t>({7})));
  std::vector<float> out{-1.0f, -2.0f};
  CHECK_THROWS_WITH(file.copy_to(*file.find("d"), std::span<float>(out)),
                    Contains("\"d\"") && Contains("range of float") && Contains("1e+39 at index 1"));
  CHECK_THROWS_WITH(file.copy_to(*file.find("d"), std::span<float>(out).first(1)), Contains("room for the 2 numbers"));
  CHECK_THROWS_WITH(file.copy_to(*file.find("i"), std::span<float>(out).first(1)), Contains("got I64"));
  CHECK(out == std::vector{-1.0f, -2.0f});

  const TensorInfo stranger{"other", DType::f32, {4}, 16, 16};
  CHECK_THROWS_WITH(file.bytes(stranger), Contains("of another"));

  const auto infinite = parse(file_of(R"({"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}})",
                                      raw({std::numeric_limits<double>::infinity()})));
  CHECK(std::isinf(floats(infinite, "d")[0]));
}

TEST_CASE("tensors come in the order of their data, whatever the header's order") {
  const auto file = parse(file_of(R"({"z":{"data_offsets":[4,8],"shape":[1],"dtype":"I32"},)"
                                  R"( "__metadata__":{}, "zz":{"dtype":"U8","shape":[3,0],"data_offsets":[4,4]},)"
                                  R"("a":{"shape":[2],"dtype":"U16","data_offsets":[0,4]}}    )",
                                  "12345678"));
  REQUIRE(file.tensors().size() == 3);
  CHECK(file.tensors()[0].name == "a");
  CHECK(file.tensors()[1].name == "zz");
  CHECK(file.tensors()[2].name == "z");
  CHECK(file.find("zz")->size() == 0);
  CHECK(file.find("z")->offset == 4);
}

TEST_CASE("the writer refuses what no reader would accept, and keeps the old file") {
  const Folder directory;
  const auto path = directory / "net";
  const std::vector<float> two{1, 2};
  const std::span<const float> values(two);
  write_safetensors(path, std::vector<TensorView>{{"good", {2}, values}});
  const auto before = contents(path);
  const auto write = [&](std::vector<TensorView> tensors, const TensorMetadata& metadata = {}) {
    write_safetensors(path, tensors, metadata);
  };
  CHECK_THROWS_WITH(write({{"a", {3}, values}}), Contains(path) && Contains("\"a\"") && Contains("(3)"));
  CHECK_THROWS_WITH(write({{"a", {std::size_t(-1), 8}, values}}), Contains("\"a\""));
  CHECK_THROWS_WITH(write({{"a", {2}, values}, {"b", {2}, values}, {"a", {2}, values}}), Contains("\"a\" twice"));
  CHECK_THROWS_WITH(write({{"__metadata__", {2}, values}}), Contains("reserves"));
  CHECK_THROWS_WITH(write({{"bad\xff", {2}, values}}), Contains("UTF-8"));
  CHECK_THROWS_WITH(write({{"a", {2}, values}}, {{"key", "\xc3"}}), Contains("UTF-8"));
  CHECK_THROWS_WITH(write({{"a", {2}, values}}, {{"key", std::string(100'000'000, 'x')}}),
                    Contains("at most 100000000"));
  CHECK(contents(path) == before);
  CHECK(std::distance(fs::directory_iterator(directory.path), fs::directory_iterator()) == 1);
}

TEST_CASE("reading needs a regular file") {
  const Folder directory;
  CHECK_THROWS_WITH(SafeTensors::read(directory / "absent"), Contains("absent") && Contains("No such file"));
  CHECK_THROWS_WITH(SafeTensors::read(directory.path.string()), Contains("it is a directory"));
  CHECK_THROWS_WITH(SafeTensors::read("/dev/zero"), Contains("device, pipe or socket"));
  const auto pipe = directory / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(SafeTensors::read(pipe), Contains("device, pipe or socket"));
}
