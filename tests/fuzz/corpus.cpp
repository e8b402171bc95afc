// Every harness over its corpus, as an ordinary test: the files as they are, cut off, with bits flipped, and with each
// allocation failing; and what a reader takes is bounded by what it is given.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include <tenon/data/csv.hpp>
#include <tenon/data/idx.hpp>
#include <tenon/data/npy.hpp>
#include <tenon/data/pictures.hpp>
#include <tenon/data/wav.hpp>
#include <tenon/io/pth.hpp>
#include <tenon/io/safetensors.hpp>
#include <tenon/text/bpe.hpp>
#include <tenon/text/tokenizer.hpp>
#include <tenon/train/archive.hpp>

#include "../../src/import/onnx.hpp"
#include "../../src/import/tflite.hpp"
#include "../support/faults.hpp"
#include "../support/tflite_builder.hpp"
#include "harness.hpp"

namespace fs = std::filesystem;
using namespace tenon;

namespace {

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct CorpusFile {
  const fuzz::Harness* harness;
  std::string name, content;
};
std::vector<CorpusFile> samples() {
  std::vector<CorpusFile> all;
  for (const fuzz::Harness& h : fuzz::harnesses())
    for (const auto& entry :
         fs::directory_iterator(fs::read_symlink("/proc/self/exe").parent_path() / "corpus" / h.name))
      all.push_back({&h, entry.path().filename().string(), contents(entry.path())});
  std::ranges::sort(all, {}, &CorpusFile::name);
  return all;
}

/// What came of it: nothing, an Error, or another exception, which none may throw.
enum class Outcome { good, refused, other };
Outcome run(const fuzz::Harness& harness, const std::string& content) {
  const fuzz::Input input(std::as_bytes(std::span(content)));
  try {
    harness.run(input);
    return Outcome::good;
  } catch (const Error&) {
    return Outcome::refused;
  } catch (...) {
    return Outcome::other;
  }
}

bool writes_files(const fuzz::Harness& harness) { return std::string_view(harness.name) == "resume"; }

}  // namespace

TEST_CASE("every harness has a corpus, of good files and of bad ones") {
  CHECK(fuzz::harnesses().size() == 18 + (reads_pictures() ? 1 : 0));
  for (const fuzz::Harness& h : fuzz::harnesses()) {
    std::size_t files = 0;
    for (const CorpusFile& s : samples()) {
      if (s.harness != &h) continue;
      ++files;
      CAPTURE(h.name, s.name);
      const Outcome outcome = run(h, s.content);
      CHECK(outcome != Outcome::other);
      // the name says what has to come of it
      if (s.name.starts_with("good")) CHECK(outcome == Outcome::good);
      if (s.name.starts_with("bad")) CHECK(outcome == Outcome::refused);
    }
    CAPTURE(h.name);
    CHECK(files >= 2);
  }
}

TEST_CASE("files cut off anywhere, and with any bit flipped") {
  for (const CorpusFile& s : samples()) {
    if (s.content.size() > 2000 || writes_files(*s.harness)) continue;
    CAPTURE(s.harness->name, s.name);
    bool fine = true;
    for (std::size_t length = 0; length < s.content.size(); ++length)
      fine = fine && run(*s.harness, s.content.substr(0, length)) != Outcome::other;
    for (std::size_t bit = 0; bit < 8 * s.content.size(); bit += 3) {
      std::string flipped = s.content;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      fine = fine && run(*s.harness, flipped) != Outcome::other;
    }
    CHECK(fine);
  }
}

TEST_CASE("a reader that is short of memory says so") {
  const std::vector<std::pair<std::string_view, void (*)(const fuzz::Input&)>> readers{
      {"safetensors", [](const fuzz::Input& input) { SafeTensors::parse(input.bytes, "fuzz"); }},
      {"safetensors", [](const fuzz::Input& input) { SafeTensors::read(input.path()); }},
      {"pth", [](const fuzz::Input& input) { parse_pth(input.bytes, "fuzz"); }},
      {"pth", [](const fuzz::Input& input) { read_pth(input.path()); }},
      {"archive", [](const fuzz::Input& input) { const Archive a(input.path()); }},
      {"idx", [](const fuzz::Input& input) { parse_idx(input.bytes, "fuzz"); }},
      {"idx", [](const fuzz::Input& input) { read_idx(input.path(), input.path()); }},
      {"csv", [](const fuzz::Input& input) { read_csv(input.path()); }},
      {"npy", [](const fuzz::Input& input) { parse_npy(input.bytes, "fuzz"); }},
      {"npy", [](const fuzz::Input& input) { const MappedNpy mapped(input.path()); }},
      {"npz", [](const fuzz::Input& input) { parse_npz(input.bytes, "fuzz"); }},
      {"wav", [](const fuzz::Input& input) { parse_wav(input.bytes, "fuzz"); }},
      {"pictures", [](const fuzz::Input& input) { parse_picture(input.bytes, "fuzz", {.most_pixels = 1 << 16}); }},
      {"picture_list", [](const fuzz::Input& input) { picture_list(input.path()); }},
      {"tokenizer", [](const fuzz::Input& input) { CharTokenizer::load(input.path()); }},
      {"word_tokenizer", [](const fuzz::Input& input) { WordTokenizer::load(input.path()); }},
      {"onnx", [](const fuzz::Input& input) { importing::read_onnx(input.path()); }},
      {"tflite", [](const fuzz::Input& input) { importing::parse_tflite(input.bytes, "fuzz"); }},
  };
  long all = 0;
  for (const CorpusFile& s : samples())
    for (const auto& [name, read] : readers) {
      if (name != s.harness->name || s.content.size() > 5000) continue;
      CAPTURE(name, s.name);
      const fuzz::Input input(std::as_bytes(std::span(s.content)));
      static_cast<void>(input.path());  // the file is made before allocations fail
      bool fine = true;
      all += test::fail_each(
          test::Fault::allocation, [] {}, [&] { read(input); },
          [&](const std::exception_ptr& thrown) { fine = fine && (!thrown || test::is_error(thrown)); });
      CHECK(fine);
    }
  CHECK(all > 500);
}

TEST_CASE("memory is bounded by what is given") {
  const auto peak = [](std::string_view name, const std::string& content) {
    const auto harness = std::ranges::find_if(fuzz::harnesses(),
                                              [&](const fuzz::Harness& h) { return h.name == name; });
    REQUIRE(harness != fuzz::harnesses().end());
    const fuzz::Input input(std::as_bytes(std::span(content)));
    return test::peak_bytes([&] {
      try {
        harness->run(input);
      } catch (const Error&) {
      }
    });
  };
  const auto repeated = [](const std::string& head, std::size_t count, auto item, const std::string& tail) {
    std::string text = head;
    for (std::size_t i = 0; i < count; ++i) text += item(i);
    return text + tail;
  };
  const auto safetensors = [](std::string json) {
    const std::uint64_t length = json.size();
    return std::string(reinterpret_cast<const char*>(&length), sizeof length) + json;
  };
  const auto number = [](std::size_t i) { return std::to_string(i); };
  struct Hostile {
    const char* harness;
    std::string file;
  };
  // TFLite: operators that become many, with long names; and weights of 4 bits that others read in another order
  const auto tflite = [](std::size_t operators, std::size_t name) {
    test::TfliteFile file;
    const test::TfliteTensor whole{.type = importing::tflite::TensorType::int8, .scales = {1}, .zero_points = {0}};
    auto value = file.input("", {1}, whole);
    for (std::size_t i = 0; i < operators; ++i) {
      const auto next = file.tensor(std::string(name, 'x'), {1}, whole);
      file.op("GELU", {value}, {next}, 116, test::Object().scalar(0, std::uint8_t{1}));
      value = next;
    }
    return file.file();
  };
  const auto weights = [](std::int32_t size) {
    test::TfliteFile file;
    test::TfliteTensor bits{.type = importing::tflite::TensorType::int4, .scales = {1}, .zero_points = {0}};
    const auto x = file.input("x", {1, 1, 1, 1});
    const auto w = file.constant("w", {1, size, size, 1},
                                 std::vector<std::uint8_t>(static_cast<std::size_t>(size * size / 2)), bits);
    for (int i = 0; i < 20; ++i)
      file.op("CONV_2D", {x, w}, {file.tensor("y", {1, 1, 1, 1})}, 1, test::Object().scalar(1, 1).scalar(2, 1));
    return file.file();
  };
  const Hostile all[]{
      // many tensors of nothing, many axes, many entries of metadata, one long string, an array that nobody asked for
      {"safetensors", safetensors(repeated(
                          "{", 20000,
                          [&](std::size_t i) {
                            return (i > 0 ? ",\"" : "\"") + number(i) +
                                   R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
                          },
                          "}"))},
      {"safetensors", safetensors(repeated(
                          "{", 10000,
                          [&](std::size_t i) {
                            return (i > 0 ? ",\"" : "\"") + number(i) +
                                   R"(":{"dtype":"U8","shape":[0,0,0,0,0,0,0,0,0,0,0,0],"data_offsets":[0,0]})";
                          },
                          "}"))},
      {"safetensors",
       safetensors(repeated(R"({"__metadata__":{)", 60000,
                            [&](std::size_t i) { return (i > 0 ? ",\"" : "\"") + number(i) + R"(":"")"; }, "}}"))},
      {"safetensors", safetensors(R"({"__metadata__":{"a":")" + std::string(1 << 20, 'x') + "\"}}")},
      {"safetensors", safetensors(R"({"a":)" + std::string(1 << 20, '['))},
      {"csv", repeated(
                  "", 200000, [](std::size_t) { return ","; }, "\n")},
      {"csv", repeated(
                  "a,b\n", 200000, [](std::size_t) { return "0,1\n"; }, "")},
      {"csv", "a,b\n\"" + std::string(1 << 20, '\n')},
      {"idx", std::string("\0\0\x08\x01\0\x10\0\0", 8) + std::string(1 << 20, 'x')},
      {"idx", std::string("\0\0\x08\xff", 4) + std::string(1 << 20, '\0')},
      {"npy", std::string("\x93NUMPY\1\0\x76\0{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000,), }", 70) +
                  std::string(1 << 16, ' ')},
      {"wav", std::string("RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\1\0\0\0\1\0\0\0\2\0\x10\0data\0\0\x10\0", 44) +
                  std::string(1 << 20, 'x')},
      {"tflite", tflite(1000, 0)},
      {"tflite", tflite(1000, 190)},
      {"tflite", weights(1000)},
  };
  for (const Hostile& h : all) {
    CAPTURE(h.harness, h.file.size(), h.file.substr(0, 60));
    // Twice what is promised: a harness may read a file and its bytes and hold both. A table's fields are strings, at
    // most 262144 side by side, which is what the 32 MB are for.
    const std::size_t fixed = std::string_view(h.harness) == "csv" ? std::size_t{32} << 20 : std::size_t{1} << 20;
    const std::size_t multiple = std::string_view(h.harness) == "tflite" ? 100 : 12;
    CHECK(peak(h.harness, h.file) <= 2 * multiple * h.file.size() + fixed);
  }
}
