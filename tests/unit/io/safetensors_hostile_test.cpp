#include <tenon/error.hpp>
#include <tenon/io/safetensors.hpp>

#include <catch2/catch.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <filesystem>
#include <fstream>
#include <random>

using namespace tenon;

namespace {

std::string with_length(std::uint64_t length, const std::string& rest) {
  const auto bytes = std::bit_cast<std::array<char, 8>>(length);
  return std::string(bytes.data(), 8) + rest;
}

std::string file_of(const std::string& header, std::size_t data_bytes = 0) {
  return with_length(header.size(), header + std::string(data_bytes, '\x42'));
}

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (; times > 0; --times) all += text;
  return all;
}

/// A header with one F32 tensor "a", whose shape and offsets are given as text.
std::string one(const std::string& shape, const std::string& offsets) {
  return R"({"a":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

SafeTensors parse(const std::string& file) { return SafeTensors::parse(std::as_bytes(std::span(file)), "evil"); }

struct Case {
  std::string file;
  std::string message;  // the whole of it, but for the JSON parser's own words after a colon
};

void check_refused(const Case& broken, const std::string& origin, const std::string& error) {
  const auto message = origin + ": " + broken.message;
  CAPTURE(broken.file.substr(0, 200));
  if (message.ends_with(':')) CHECK_THAT(error, Catch::Matchers::StartsWith(message));
  else CHECK(error == message);
}

template <class Action>
std::string error_of(Action action) try {
  action();
  return "no error";
} catch (const Error& error) {
  return error.what();
}

/// A file that is no safetensors file at all: its first bytes make no sense as a length.
Case another(const std::string& file, const std::string& seems) {
  std::array<char, 8> first{};
  std::copy_n(file.begin(), 8, first.begin());
  return {file, "expected a safetensors header of at most 100000000 bytes, got " +
                    std::to_string(std::bit_cast<std::uint64_t>(first)) + " as its length (it seems to be " + seems +
                    ")"};
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      // the file as a whole
      {"", "expected a safetensors file of at least 8 bytes, got 0"},
      {"1234567", "expected a safetensors file of at least 8 bytes, got 7"},
      {with_length(0, ""), "expected a safetensors header beginning with '{' at byte 8, got an empty one"},
      {with_length(~std::uint64_t{0}, "{}"),
       "expected a safetensors header of at most 100000000 bytes, got 18446744073709551615 as its length"},
      {with_length(100'000'001, "{}"),
       "expected a safetensors header of at most 100000000 bytes, got 100000001 as its length"},
      {with_length(100'000'000, "{}"), "expected a header of 100000000 bytes after the first 8, got a file of only 10"},
      {with_length(3, "{}"), "expected a header of 3 bytes after the first 8, got a file of only 10"},
      {file_of(" {}"), "expected a safetensors header beginning with '{' at byte 8, got \" \""},
      {file_of("[]"), "expected a safetensors header beginning with '{' at byte 8, got \"[\""},
      {file_of("\xef\xbb\xbf{}"), "expected a safetensors header beginning with '{' at byte 8, got \"\\xef\""},
      {file_of("{}", 3), "expected 0 bytes of data after the header, got 3 (3 belong to no tensor)"},

      // files that are something else
      another("version https://git-lfs.github.com/spec/v1\noid sha256:4665a5\nsize 12345\n",
              "a Git LFS pointer, which only stands for the file: fetch that with \"git lfs pull\""),
      another("<!DOCTYPE html>\n<html><head><title>404</title></head></html>\n",
              "an HTML page: a server's answer in place of the file?"),
      another(std::string("PK\x03\x04\x00\x00\x08\x08\x00\x00", 10),
              "a zip archive, as PyTorch's .pt and numpy's .npz files are"),
      another("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9", "a Python pickle, as PyTorch's old .pt files are"),
      another("\x89PNG\r\n\x1a\n1234", "a PNG picture"),
      another("epoch,loss\n1,0.5\n", "a text that begins \"epoch,loss\""),

      // the JSON
      {file_of("{"), "expected a header of valid JSON, got a fault at byte 9:"},
      {file_of("{}x"), "expected a header of valid JSON, got a fault at byte 10:"},
      {file_of("{} {}"), "expected a header of valid JSON, got a fault at byte 11:"},
      {file_of(std::string("{}\0\0", 4)), "expected a header of JSON text, got a NUL at byte 10"},
      {file_of("{'a':1}"), "expected a header of valid JSON, got a fault at byte 9:"},
      {file_of("{/**/}"), "expected a header of valid JSON, got a fault at byte 9:"},
      {file_of("{\"\xff\":{}}"), "expected a header of valid JSON, got a fault at byte 10:"},
      {file_of("{\"\\ud800\":{}}"), "expected a header of valid JSON, got a fault at byte 16:"},
      {file_of(R"({"a":)" + std::string(100'000, '[')), "expected an object for tensor \"a\", got an array"},
      {file_of(R"({"a":)" + std::string(100'000, '{')), "expected a header of valid JSON, got a fault at byte 14:"},
      {file_of(R"({"a":{"dtype":{"dtype":{}}}})"),
       "expected a known type name as dtype of tensor \"a\", got an object"},

      // a tensor's fields
      {file_of(R"({"a":7})"), "expected an object for tensor \"a\", got 7"},
      {file_of(R"({"a":null})"), "expected an object for tensor \"a\", got null"},
      {file_of(R"({"a":{}})"), "expected tensor \"a\" to have dtype, shape and data_offsets, got no dtype"},
      {file_of(R"({"a":{"dtype":"F32","data_offsets":[0,0]}})"),
       "expected tensor \"a\" to have dtype, shape and data_offsets, got no shape"},
      {file_of(R"({"a":{"dtype":"F32","shape":[0]}})"),
       "expected tensor \"a\" to have dtype, shape and data_offsets, got no data_offsets"},
      {file_of(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"stride":[1]}})"),
       "expected tensor \"a\" to have the fields dtype, shape and data_offsets, got \"stride\""},
      {file_of(R"({"a":{"dtype":"F32","dtype":"F16","shape":[0],"data_offsets":[0,0]}})"),
       "expected dtype of tensor \"a\" once, got it twice"},
      {file_of(R"({"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}})", 4),
       "expected a known type name as dtype of tensor \"a\", got \"F31\""},
      {file_of(R"({"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}})", 1),
       "expected tensor \"a\" to fit in memory, got shape (3)"},
      {file_of(R"({"a":{"dtype":9,"shape":[1],"data_offsets":[0,4]}})", 4),
       "expected a known type name as dtype of tensor \"a\", got 9"},
      {file_of(one("3", "[0,12]"), 12), "expected an array as shape of tensor \"a\", got 3"},
      {file_of(one("[-1]", "[0,4]"), 4),
       "expected at most 64 non-negative whole numbers as shape of tensor \"a\", got -1"},
      {file_of(one("[1.0]", "[0,4]"), 4),
       "expected at most 64 non-negative whole numbers as shape of tensor \"a\", got \"1.0\""},
      {file_of(one("[\"1\"]", "[0,4]"), 4),
       "expected at most 64 non-negative whole numbers as shape of tensor \"a\", got the string \"1\""},
      {file_of(one("[[1]]", "[0,4]"), 4),
       "expected at most 64 non-negative whole numbers as shape of tensor \"a\", got an array"},
      {file_of(one("[true]", "[0,4]"), 4),
       "expected at most 64 non-negative whole numbers as shape of tensor \"a\", got true"},
      {file_of(one("[1e999]", "[0,4]"), 4), "expected a header of valid JSON, got a fault at byte 41:"},
      {file_of(one("[18446744073709551616]", "[0,4]"), 4),
       "expected at most 64 non-negative whole numbers as shape of tensor \"a\", got \"18446744073709551616\""},
      {file_of(one("[1" + repeated(",1", 64) + "]", "[0,4]"), 4),
       "expected at most 64 non-negative whole numbers as shape of tensor \"a\", got more"},
      {file_of(one("[4294967296,4294967296]", "[0,0]")),
       "expected tensor \"a\" to fit in memory, got shape (4294967296, 4294967296)"},
      {file_of(one("[4611686018427387904]", "[0,0]")),
       "expected tensor \"a\" to fit in memory, got shape (4611686018427387904)"},

      // where its data lie
      {file_of(one("[1]", "0"), 4), "expected an array as data_offsets of tensor \"a\", got 0"},
      {file_of(one("[1]", "[0]"), 4),
       "expected two non-negative whole numbers as data_offsets of tensor \"a\", got only 1"},
      {file_of(one("[1]", "[0,4,8]"), 4),
       "expected two non-negative whole numbers as data_offsets of tensor \"a\", got a third, 8"},
      {file_of(one("[1]", "[-4,0]"), 4),
       "expected two non-negative whole numbers as data_offsets of tensor \"a\", got -4"},
      {file_of(one("[1]", "[-0,4]"), 4),
       "expected two non-negative whole numbers as data_offsets of tensor \"a\", got -0"},
      {file_of(one("[1]", "[0.0,4]"), 4),
       "expected two non-negative whole numbers as data_offsets of tensor \"a\", got \"0.0\""},
      {file_of(one("[1]", "[4,0]"), 4), "expected data_offsets of tensor \"a\" to rise, got [4, 0]"},
      {file_of(one("[1]", "[0,4]"), 3),
       "expected tensor \"a\" to lie within the file's 3 bytes of data, got data_offsets [0, 4]"},
      {file_of(one("[1]", "[18446744073709551612,18446744073709551615]"), 4),
       "expected tensor \"a\" to lie within the file's 4 bytes of data, got data_offsets [18446744073709551612, "
       "18446744073709551615]"},
      {file_of(one("[2]", "[0,4]"), 4),
       "expected 8 bytes of data for tensor \"a\" of shape (2) and type F32, got data_offsets [0, 4], which are 4"},
      {file_of(one("[1]", "[0,4]"), 5), "expected 4 bytes of data after the header, got 5 (1 belong to no tensor)"},
      {file_of(one("[1]", "[2,6]"), 6),
       "expected tensor \"a\" to begin at data byte 0, where the one before it ends, got 2 (a hole of 2 bytes)"},
      {file_of(
           R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[6,10]}})",
           10),
       "expected tensor \"b\" to begin at data byte 4, where the one before it ends, got 6 (a hole of 2 bytes)"},
      {file_of(
           R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[3,7]}})",
           7),
       "expected tensor \"b\" to begin at data byte 4, where the one before it ends, got 3 (an overlap of 1 bytes)"},
      {file_of(
           R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
           4),
       "expected tensor \"b\" to begin at data byte 4, where the one before it ends, got 0 (an overlap of 4 bytes)"},

      // names and metadata
      {file_of(
           R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
           R"("\u0061":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})"),
       "expected every tensor name once, got \"a\" twice"},
      {file_of("{\"" + std::string((1 << 24) + 1, 'n') + "\":1}"),
       "expected names and metadata of at most 16777216 bytes, got 16777217 from byte 9 on"},
      {file_of(R"({"__metadata__":{)" +
               [] {
                 std::string all;
                 for (int i = 0; i <= 65536; ++i) all += (i > 0 ? ",\"" : "\"") + std::to_string(i) + R"(":"")";
                 return all;
               }() +
               "}}"),
       "expected at most 65536 entries of metadata, got more"},
      {file_of("{\"\xc2\x9b"
               "1m\xe2\x80\xae\":1}"),
       "expected an object for tensor \"\\xc2\\x9b1m\\xe2\\x80\\xae\", got 1"},
      {file_of(R"({"__metadata__":{},"__metadata__":{}})"), "expected __metadata__ once, got it twice"},
      {file_of(R"({"__metadata__":{"k":"1","k":"2"}})"), "expected every metadata key once, got \"k\" twice"},
      {file_of(R"({"__metadata__":{"k":1}})"), "expected a string as metadata \"k\", got 1"},
      {file_of(R"({"__metadata__":{"k":{}}})"), "expected a string as metadata \"k\", got an object"},
      {file_of(R"({"__metadata__":[]})"), "expected an object as __metadata__, got an array"},
      {file_of(R"({"\u0000\u001b[2J":1})"), "expected an object for tensor \"\\x00\\x1b[2J\", got 1"},
      {file_of("{\"" + std::string(1000, 'n') + "\":1}"),
       "expected an object for tensor \"" + std::string(80, 'n') + "...\", got 1"},
      {file_of("{\"x" + repeated("é", 100) + "\":1}"),
       "expected an object for tensor \"x" + repeated("é", 39) + "...\", got 1"},
  };
  return all;
}

/// A good file with everything in it, for mutating.
std::string good_file() {
  std::string header =
      R"({"__metadata__":{"format":"pt"},"0.weight":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]},)"
      R"("0.bias":{"dtype":"F16","shape":[3],"data_offsets":[24,30]},"n":{"dtype":"U8","shape":[],"data_offsets":[30,31]},)"
      R"("e":{"dtype":"F64","shape":[0],"data_offsets":[31,31]}})";
  header.append((8 - header.size() % 8) % 8, ' ');
  return file_of(header, 31);
}

std::string mutated(std::string file, std::mt19937& random) {
  const auto below = [&](std::size_t n) { return random() % std::max<std::size_t>(n, 1); };
  static constexpr std::string_view interesting = "{}[]\",:0123456789-.eEtfn\\ \0\xff\x80";
  for (auto rounds = 1 + below(3); rounds > 0 && !file.empty(); --rounds) {
    const auto place = below(file.size());
    switch (below(7)) {
    case 0:
      file[place] = static_cast<char>(file[place] ^ (1 << below(8)));
      break;
    case 1:
      file[place] = interesting[below(interesting.size())];
      break;
    case 2:
      file.resize(place);
      break;
    case 3:
      file.insert(place, 1, interesting[below(interesting.size())]);
      break;
    case 4:
      file.erase(place, 1 + below(16));
      break;
    case 5:
      file.insert(place, file.substr(below(file.size()), below(64)));
      break;
    default:
      file[below(8)] = static_cast<char>(below(256));
      break;
    }
  }
  // Half the time repair the length, so that mutations reach the JSON and not only the first check.
  if (file.size() > 8 && below(2) == 0) {
    const auto end = file.find_first_not_of(' ', file.rfind('}') + 1);
    if (end != file.npos && end > 8) file = with_length(end - 8, file.substr(8));
  }
  return file;
}

}  // namespace

TEST_CASE("every way to break a file has its one clear error") {
  for (const auto& broken : cases()) check_refused(broken, "evil", error_of([&] { parse(broken.file); }));
}

TEST_CASE("a file on disk is refused in the same words") {
  const auto path = (std::filesystem::temp_directory_path() / ("tenon-hostile-" + std::to_string(::getpid()))).string();
  for (const auto& broken : cases()) {
    std::ofstream(path, std::ios::binary) << broken.file;
    check_refused(broken, path, error_of([&] { SafeTensors::read(path); }));
  }
  std::filesystem::remove(path);
}

TEST_CASE("every truncation of a good file is refused") {
  const auto file = good_file();
  CHECK(parse(file).tensors().size() == 4);
  for (std::size_t size = 0; size < file.size(); ++size) CHECK_THROWS_AS(parse(file.substr(0, size)), Error);
}

TEST_CASE("a mutated file parses into something consistent or is refused, never anything else") {
  const auto file = good_file();
  std::mt19937 random(20240611);
  int parsed = 0;
  for (int round = 0; round < 20'000; ++round) {
    const auto mutant = mutated(file, random);
    try {
      const auto result = parse(mutant);
      ++parsed;
      std::size_t end = 0;
      for (const auto& tensor : result.tensors()) {
        if (tensor.offset != end) FAIL("a hole before " << tensor.name);
        end += tensor.bytes;
        if (result.find(tensor.name) != &tensor) FAIL(tensor.name << " is not found");
        if (result.bytes(tensor).size() != tensor.bytes) FAIL("wrong bytes");
        std::vector<double> values(tensor.size());
        if (tensor.dtype == DType::f16 || tensor.dtype == DType::f32) result.copy_to(tensor, std::span<double>(values));
      }
    } catch (const Error& error) {
      const std::string_view message = error.what();
      if (!message.starts_with("evil: expected ")) FAIL(message);
      if (message.size() > 600) FAIL("too long: " << message);
      if (std::ranges::any_of(message, [](unsigned char c) { return c < 0x20; }))
        FAIL("control characters: " << message);
    }
  }
  CHECK(parsed > 500);     // mutations of the data alone, for instance
  CHECK(parsed < 15'000);  // and most others matter
}
