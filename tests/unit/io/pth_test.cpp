// Files of torch.save: those of tests/golden/make_pth.py, and bad ones by a writer of pickles and archives.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <tenon/error.hpp>
#include <tenon/io/load_tensors.hpp>
#include <tenon/io/pth.hpp>
#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/input.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/sequential.hpp>

#include "support/faults.hpp"
#include "support/golden.hpp"

using namespace tenon;
using Catch::Matchers::Contains;

namespace {

std::string golden(const char* name) { return (test::Golden::folder() / name).string(); }

std::vector<double> numbers(const SafeTensors& file, std::string_view name) {
  const TensorInfo* tensor = file.find(name);
  REQUIRE(tensor != nullptr);
  std::vector<double> values(tensor->size());
  file.copy_to(*tensor, values);
  return values;
}

template <class T>
std::vector<T> integers(const SafeTensors& file, std::string_view name) {
  const TensorInfo* tensor = file.find(name);
  REQUIRE(tensor != nullptr);
  const auto bytes = file.bytes(*tensor);
  std::vector<T> values(tensor->size());
  REQUIRE(bytes.size() == values.size() * sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

template <class Word>
std::string word(Word value) {
  return {reinterpret_cast<const char*>(&value), sizeof(Word)};
}

// A pickle's pieces.
std::string text(const std::string& s) { return "X" + word(static_cast<std::uint32_t>(s.size())) + s; }
std::string number(std::int32_t n) { return "J" + word(n); }
std::string tuple(std::initializer_list<int> all) {
  std::string result = "(";
  for (const int n : all) result += number(n);
  return result + "t";
}
struct Written {
  std::string type = "FloatStorage";
  int count = 4, offset = 0;
  std::initializer_list<int> size{2, 2}, stride{2, 1};
  std::string more{};
};
std::string tensor(const Written& w = {}) {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\n" + w.type + "\n" + text("0") +
         text("cpu") + number(w.count) + "tQ" + number(w.offset) + tuple(w.size) + tuple(w.stride) +
         "\x89"
         "ccollections\nOrderedDict\n)R" +
         w.more + "tR";
}
std::string program(const std::string& what) { return "\x80\x02" + what + "."; }
std::string dict(const std::string& value) { return "}" + text("w") + value + "s"; }

using Files = std::vector<std::pair<std::string, std::string>>;

/// An archive that packs nothing.
std::string archive(const Files& files, bool zip64 = false) {
  std::string all, directory;
  for (const auto& [name, data] : files) {
    const auto crc = static_cast<std::uint32_t>(
        ::crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size())));
    const auto size = static_cast<std::uint32_t>(data.size());
    const std::string head = std::string(8, '\0') + word(crc);
    const std::string named = word(static_cast<std::uint16_t>(name.size()));
    std::string extra;
    if (zip64)
      extra = word(std::uint16_t{1}) + word(std::uint16_t{24}) + word(std::uint64_t{size}) + word(std::uint64_t{size}) +
              word(std::uint64_t{all.size()});
    const std::string sizes = zip64 ? std::string(8, '\xff') : word(size) + word(size);
    directory += word(std::uint32_t{0x02014b50}) + std::string(2, '\0') + std::string(2, '\0') + head + sizes + named +
                 word(static_cast<std::uint16_t>(extra.size())) + std::string(10, '\0') +
                 (zip64 ? std::string(4, '\xff') : word(static_cast<std::uint32_t>(all.size()))) + name + extra;
    all += word(std::uint32_t{0x04034b50}) + std::string(2, '\0') + head + word(size) + word(size) + named +
           std::string(2, '\0') + name + data;
  }
  const std::size_t begin = all.size(), count = files.size();
  all += directory;
  if (zip64) {
    const std::size_t record = all.size();
    all += word(std::uint32_t{0x06064b50}) + word(std::uint64_t{44}) + std::string(12, '\0') +
           word(std::uint64_t{count}) + word(std::uint64_t{count}) + word(std::uint64_t{directory.size()}) +
           word(std::uint64_t{begin}) + word(std::uint32_t{0x07064b50}) + std::string(4, '\0') +
           word(std::uint64_t{record}) + word(std::uint32_t{1});
  }
  return all + word(std::uint32_t{0x06054b50}) + std::string(4, '\0') + word(static_cast<std::uint16_t>(count)) +
         word(static_cast<std::uint16_t>(count)) + word(static_cast<std::uint32_t>(directory.size())) +
         (zip64 ? std::string(4, '\xff') : word(static_cast<std::uint32_t>(begin))) + std::string(2, '\0');
}

const float four[]{1, 2, 3, 4};
const std::string data(reinterpret_cast<const char*>(four), sizeof four);

std::string with_pickle(const std::string& pickle) { return archive({{"a/data.pkl", pickle}, {"a/data/0", data}}); }

SafeTensors parse(const std::string& file) { return parse_pth(std::as_bytes(std::span(file)), "net.pth"); }
void refuses(const std::string& pickle, const std::string& message) {
  CHECK_THROWS_WITH(parse(with_pickle(program(pickle))), Contains("net.pth: ") && Contains(message));
}

}  // namespace

TEST_CASE("a state_dict of torch.save: every type, views with strides, a Parameter") {
  const SafeTensors file = read_tensors(golden("weights.pth"));
  CHECK(file.tensors().size() == 15);
  CHECK(file.find("0.weight")->shape == std::vector<std::size_t>{2, 3});
  CHECK(numbers(file, "0.weight") == std::vector<double>{-1, -0.5, 0, -0.75, -0.25, 0.25});
  CHECK(numbers(file, "0.bias") == std::vector<double>{0.5, 1.25});
  CHECK(file.find("half")->dtype == DType::f16);
  CHECK(numbers(file, "half") == std::vector<double>{-1, -0.75, -0.5, -0.25, 0});
  CHECK(file.find("bfloat16")->dtype == DType::bf16);
  CHECK(numbers(file, "bfloat16") == numbers(file, "half"));
  CHECK(file.find("double")->shape == std::vector<std::size_t>{2, 1, 2});
  CHECK(numbers(file, "double") == std::vector<double>{-1, -0.5, -0.75, -0.25});
  CHECK(numbers(file, "repeated") == std::vector<double>{1.5, 1.5, 1.5, 2.5, 2.5, 2.5});
  CHECK(numbers(file, "parameter") == std::vector<double>{-1, -0.75});
  CHECK(numbers(file, "table").back() == 4.75);
  CHECK(file.find("none")->shape == std::vector<std::size_t>{0, 3});
  CHECK(file.find("1.num_batches_tracked")->shape.empty());
  CHECK(integers<std::int64_t>(file, "1.num_batches_tracked") == std::vector<std::int64_t>{7});
  CHECK(integers<std::int32_t>(file, "int") == std::vector<std::int32_t>{-70000, 3});
  CHECK(integers<std::int16_t>(file, "short") == std::vector<std::int16_t>{-300});
  CHECK(integers<std::int8_t>(file, "char") == std::vector<std::int8_t>{-3});
  CHECK(integers<std::uint8_t>(file, "byte") == std::vector<std::uint8_t>{200});
  CHECK(integers<std::uint8_t>(file, "bool") == std::vector<std::uint8_t>{1, 0});
}

TEST_CASE("a checkpoint's dictionaries are chosen by their prefix") {
  const SafeTensors file = read_tensors(golden("nested.pth"));
  CHECK(file.find("optimizer.state.0.momentum_buffer") != nullptr);  // numbers are keys as well
  std::vector<float> weight(4, -1), bias(2, -1);
  const std::vector<std::size_t> square{2, 2}, row{2};
  const std::vector<Expected> expected{{"0.weight", square, weight.data()}, {"0.bias", row, bias.data()}};
  CHECK_THROWS_WITH(load_exact(file, expected), Contains(R"(load with LoadOptions{.prefix = "model."})"));
  CHECK_THROWS_WITH(load_tensors(file, expected, {}), Contains(R"(load with LoadOptions{.prefix = "model."})"));
  CHECK(weight[0] == -1);
  const Loaded loaded = load_tensors(file, expected, {.prefix = "model.", .partial = true});
  CHECK(weight == std::vector<float>(4, 0));
  CHECK(bias == std::vector<float>(2, 1));
  CHECK(loaded.left_over ==
        std::vector<std::string>{"model.1.bias", "model.1.running_mean", "model.1.running_var", "model.1.weight"});
}

TEST_CASE("a model loads a .pth file, all that it asks for or nothing") {
  using Net = Sequential<Input<2>, Dense<2>, BatchNorm1D<>>;
  Model<Net> model{3};
  const auto numbers_of = [&model] {
    std::vector<float> all;
    for (const ParameterEntry& entry : parameter_table<Net>)
      all.insert(all.end(), model.values(entry).begin(), model.values(entry).end());
    return all;
  };
  const std::vector<float> before = numbers_of();
  CHECK_THROWS_WITH(model.load(golden("nested.pth")), Contains(R"(load with LoadOptions{.prefix = "model."})"));
  CHECK_THROWS_WITH(model.load(golden("weights.pth")), Contains("\"0.weight\"") && Contains("weights.pth"));
  CHECK(numbers_of() == before);
  const Loaded loaded = model.load(golden("nested.pth"), {.prefix = "model."});  // tensor k of the file is all k
  CHECK(loaded.loaded.size() == 6);
  CHECK(loaded.missing.empty());
  CHECK(loaded.left_over.empty());
  for (const auto& [name, value] : std::map<std::string, float>{{"0.weight", 0},
                                                                {"0.bias", 1},
                                                                {"1.weight", 2},
                                                                {"1.bias", 3},
                                                                {"1.running_mean", 4},
                                                                {"1.running_var", 5}}) {
    INFO(name);
    const auto entry = std::ranges::find(parameter_table<Net>, name, &ParameterEntry::name);
    REQUIRE(entry != parameter_table<Net>.end());
    CHECK(std::ranges::count(model.values(*entry), value) == static_cast<std::ptrdiff_t>(entry->size));
  }
  // transposed there, and within another's storage
  Model<Sequential<Input<3>, Dense<2>>> dense;
  CHECK(dense.load(golden("weights.pth"), {.partial = true}).loaded == std::vector<std::string>{"0.weight", "0.bias"});
  std::array<float, 2> y{};
  dense.predict(std::array<float, 3>{1, 2, 4}, y);
  CHECK(y == std::array<float, 2>{-1 - 2 * 0.5F + 0.5F, -0.75F - 2 * 0.25F + 4 * 0.25F + 1.25F});
}

TEST_CASE("archives are read with 64-bit numbers and a comment too") {
  const Files files{{"a/data.pkl", program(dict(tensor({.stride = {1, 2}})))}, {"a/data/0", data}};
  for (const bool zip64 : {false, true})
    CHECK(numbers(parse(archive(files, zip64)), "w") == std::vector<double>{1, 3, 2, 4});
  std::string commented = archive(files);
  commented[commented.size() - 2] = 3;
  CHECK(parse(commented + "abc").tensors().size() == 1);
}

TEST_CASE("what is no tensor in a dictionary is refused by its name") {
  refuses("cposix\nsystem\n" + text("true") + "\x85R", "got \"posix.system\", which is not supported");
  refuses(dict("cnumpy.core.multiarray\nscalar\n)R"), "\"numpy.core.multiarray.scalar\"");
  refuses(dict("ctorch\nQInt8Storage\n"), "\"torch.QInt8Storage\"");
  refuses(tensor(), "a dictionary of tensors, got a tensor: save model.state_dict()");
  refuses(dict(tensor({.more = "}"})), "metadata");
  refuses("\x8c\x01w", "the code 0x8c at byte 2");
  CHECK_THROWS_WITH(parse(with_pickle("\x80\x04}.")), Contains("a pickle of protocol 2, got 4"));
}

TEST_CASE("tensors lie within their storages") {
  refuses(dict(tensor({.offset = 1})), R"("w" within the 4 numbers of its storage "0", got number 4)");
  refuses(dict(tensor({.count = 3})), "12 bytes of \"a/data/0\", got 16");
  refuses(dict(tensor({.size = {2}})), "as many strides as axes");
  refuses(dict(tensor({.size = {-2, 2}})), "whole numbers of at least 0 as a tensor's size");
  refuses(dict(tensor({.stride = {2, -1}})), "whole numbers of at least 0 as a tensor's stride");
  refuses(dict(tensor({.size = {2147483647, 2147483647, 8}, .stride = {0, 0, 0}})), "tensors of at most 1048576 bytes");
  refuses(dict(tensor({.size = {2, 2147483647, 2147483647}, .stride = {1, 2147483647, 2147483647}})), "got number");
  refuses("}" + text("a.b") + tensor() + "s" + text("a") + "}" + text("b") + tensor() + "ss", "got \"a.b\" twice");
}

TEST_CASE("a pickle that repeats itself is bounded") {
  refuses("}q" + std::string(1, '\0') + text("d") + "h" + std::string(1, '\0') + "s", "at most 64 deep");
  std::string doubled = tensor() + "q" + std::string(1, '\0');  // each list has the one within it twice
  for (char k = 1; k < 40; ++k)
    doubled = "]q" + std::string(1, k) + "(" + doubled + "h" + std::string(1, static_cast<char>(k - 1)) + "e";
  refuses(dict(doubled), "values that are written once, got some that are repeated too often");
  const std::string lists = with_pickle(
      program("}" + text("w") + std::string(200000, ']') + "(t" + std::string(200000, 's')));
  const std::size_t bytes = test::peak_bytes([&] { CHECK_THROWS_AS(parse(lists), Error); });
  CHECK(bytes <= 256 * lists.size() + (1 << 20));
}

TEST_CASE("bad archives: old, packed, cut, lying") {
  const std::string good = with_pickle(program(dict(tensor())));
  CHECK(parse(good).tensors().size() == 1);
  for (std::size_t length = 0; length < good.size(); ++length) CHECK_THROWS_AS(parse(good.substr(0, length)), Error);
  CHECK_THROWS_WITH(parse("\x80\x02\x8a\x0a"),
                    Contains("since PyTorch 1.6, got a Python pickle") && Contains("save it again"));
  CHECK_THROWS_WITH(parse("<html><body>404"), Contains("got an HTML page") && !Contains("save it again"));
  CHECK_THROWS_WITH(parse(archive({{"x.npy", ""}})), Contains("an archive with a data.pkl"));
  CHECK_THROWS_WITH(parse(archive({{"a/data.pkl", program(dict(tensor()))}})),
                    Contains("the file \"a/data/0\" in its archive"));
  const Files files{{"a/data.pkl", program(dict(tensor()))}, {"a/data/0", data}};
  const auto with = [&](const std::string& name, const std::string& content) {
    Files more = files;
    more.emplace_back(name, content);
    return archive(more);
  };
  CHECK(parse(with("a/byteorder", "little")).tensors().size() == 1);
  CHECK_THROWS_WITH(parse(with("a/byteorder", "big")), Contains("\"big\" are not supported"));
  CHECK_THROWS_WITH(parse(with("a/constants.pkl", "")), Contains("TorchScript"));
  CHECK_THROWS_WITH(parse(with("a/data/0", "")), Contains("got \"a/data/0\" twice"));
  std::string bad = good;
  bad[bad.find(data)] ^= 1;
  CHECK_THROWS_WITH(parse(bad), Contains("\"a/data/0\" with its checksum"));
  const std::size_t directory = good.find("PK\x01\x02");
  bad = good;
  bad[directory + 10] = 8;
  CHECK_THROWS_WITH(parse(bad), Contains("files that are stored, got \"a/data.pkl\" packed by method 8"));
  bad = good;
  bad[directory + 8] = 1;
  CHECK_THROWS_WITH(parse(bad), Contains("no encryption"));
  bad = good;
  const std::size_t second = good.find("PK\x01\x02", directory + 4);
  for (int k = 42; k < 46; ++k) bad[second + static_cast<std::size_t>(k)] = '\0';
  CHECK_THROWS_WITH(parse(bad), Contains("one behind the other"));
}
