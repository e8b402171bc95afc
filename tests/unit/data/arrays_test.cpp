// Arrays and sounds as other programs write them. tests/golden/arrays.npz is numpy's (tests/golden/make_arrays.py).
#include <tenon/data/npy.hpp>
#include <tenon/data/wav.hpp>
#include <tenon/io/safetensors.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include <tenon/error.hpp>

using Catch::Matchers::Contains;
using namespace tenon;

namespace {

std::string golden(const std::string& name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "golden" / name).string();
}

std::string written(const std::string& header, std::size_t bytes, const char* path = "arrays_test.npy") {
  std::string file("\x93NUMPY\1\0", 8);
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  std::ofstream(path, std::ios::binary) << file << header << std::string(bytes, '\1');
  return path;
}
void refused(const std::string& header, std::size_t bytes, const char* message) {
  CHECK_THROWS_WITH(read_npy(written(header, bytes)), Contains(message));
  std::remove("arrays_test.npy");
}

}  // namespace

TEST_CASE("arrays that numpy has packed") {
  const auto arrays = read_npz(golden("arrays.npz"));
  REQUIRE(arrays.size() == 5);
  const NpyArray& x = find_array(arrays, "x");
  CHECK(x.shape == std::vector<std::size_t>{3, 4});
  CHECK(x.type == DType::f32);
  CHECK(x.values<double>()[7] == 1.75);
  CHECK(find_array(arrays, "y").values<float>() == std::vector<float>{2, 0, 1});
  CHECK(find_array(arrays, "z").values<double>() == std::vector<double>{0.5, -1e300, 3});
  CHECK(find_array(arrays, "u").values<float>()[5] == 5);
  CHECK(find_array(arrays, "i").shape.empty());
  CHECK(find_array(arrays, "i").values<float>() == std::vector<float>{-7});
  CHECK_THROWS_WITH(find_array(arrays, "w"), "expected an array called w, got x, y, z, u, i");

  const auto data = npy_dataset(x, find_array(arrays, "y"), 3);
  CHECK(data.sample(1)[0] == 1);
  CHECK(data.label(0) == 2);
  CHECK(npy_dataset<double>(x, find_array(arrays, "z")).target(2)[0] == 3);
  CHECK_THROWS_WITH(npy_dataset(x, find_array(arrays, "y"), 2), "y: label 2 at 0 is outside the 2 classes");
  CHECK_THROWS_WITH(npy_dataset(x, find_array(arrays, "u"), 2), Contains("expected 3 rows"));
}

TEST_CASE("what is written is read, alone, mapped and in an archive") {
  const std::vector<float> numbers{1, -2.5, 3e38F, 4, 5, 6};
  const NpyArray array({3, 2}, std::span<const float>(numbers));
  write_npy("arrays_test.npy", array);
  const auto again = read_npy("arrays_test.npy");
  CHECK(again.values<float>() == numbers);
  CHECK(again.shape == array.shape);
  {
    std::ifstream file("arrays_test.npy", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    CHECK(bytes.size() == 128 + 24);  // numpy.save has the elements begin at a multiple of 64
    CHECK(bytes.substr(10, 59) == "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }");
  }
  const MappedNpy mapped("arrays_test.npy");
  std::remove("arrays_test.npy");
  CHECK(mapped.rows() == 3);
  std::vector<double> row(2);
  mapped.row<double>(1, row);
  CHECK(row == std::vector<double>{static_cast<double>(3e38F), 4});
  CHECK_THROWS_WITH(mapped.row<double>(3, row), Contains("expected a row from 0 to 2, got 3"));

  const std::vector<std::int32_t> labels{1, 0, -1};
  const std::vector<NpyArray> both{NpyArray({3, 2}, std::span<const float>(numbers)).named("x"),
                                   NpyArray({3}, std::span<const std::int32_t>(labels)).named("y")};
  write_npz("arrays_test.npz", both);
  const auto read = read_npz("arrays_test.npz");
  std::remove("arrays_test.npz");
  CHECK(read.size() == 2);
  CHECK(find_array(read, "x").values<float>() == numbers);
  CHECK(find_array(read, "y").values<float>() == std::vector<float>{1, 0, -1});
  const std::vector<NpyArray> twice{both[0], both[0]};
  CHECK_THROWS_WITH(write_npz("arrays_test.npz", twice), Contains("got \"x\" twice"));
  CHECK_THROWS_AS(NpyArray({3, 3}, std::span<const float>(numbers)), Error);
}

TEST_CASE("what is not supported is refused by name") {
  refused("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }\n", 16, "Fortran order is not supported");
  refused("{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }\n", 4,
          "element type is not supported: expected one of <f4 <f8 <i4 <i8 |u1, got \"<f2\"");
  refused("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }\n", 8, "got \">f4\"");
  refused("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }\n", 8,
          "an array of Python objects is not supported");
  refused("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }\n", 8,
          "a structured array is not supported");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", 7, "expected 8 bytes of elements (2), got 7");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", 9, "got 9");
  refused("{'descr': '<f4', 'shape': (2,), }\n", 8, "got fewer");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9), }\n", 8, "impossible size");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } x\n", 8, "nothing behind");
  CHECK_THROWS_WITH(read_npz(golden("layers.safetensors")), Contains("expected a zip archive"));
  NpyArray made;
  made.shape = {2, 2};
  made.bytes.resize(7);
  CHECK_THROWS_WITH(made.values<float>(), "npy array: expected 16 bytes for a shape of 2x2, got 7");
}

TEST_CASE("a tensor of a safetensors file is an array") {
  const std::vector<float> numbers{1, 2, 3, 4};
  const TensorView tensor("images", {2, 2}, std::span<const float>(numbers));
  write_safetensors("arrays_test.safetensors", std::span(&tensor, 1));
  const auto data = npy_dataset(read_safetensors_array("arrays_test.safetensors", "images"));
  CHECK(data.sample(1)[0] == 3);
  CHECK_THROWS_WITH(read_safetensors_array("arrays_test.safetensors", "labels"),
                    Contains("expected a tensor \"labels\", got images"));
  std::remove("arrays_test.safetensors");
}

TEST_CASE("sounds of 16 bits and of floats") {
  const std::string corpus = golden("../fuzz/corpus/wav/");
  const Wav stereo = read_wav(corpus + "good_16");
  CHECK(stereo.rate == 8000);
  CHECK(stereo.channels == 2);
  CHECK(std::vector<float>(stereo.channel(0).begin(), stereo.channel(0).end()) == std::vector<float>{0, -1, 0.5F});
  CHECK(stereo.channel(1)[2] == -1.0F / 32768);
  CHECK(read_wav(corpus + "good_float").samples == std::vector<float>{0, 0.5F, -1});
  CHECK_THROWS_WITH(read_wav(corpus + "bad_law"),
                    Contains("mu-law of 8 bits are not supported: expected integers of 16 bits or floats of 32"));
  CHECK_THROWS_WITH(read_wav(corpus + "bad_24"), Contains("integers of 24 bits are not supported"));
  CHECK_THROWS_WITH(stereo.channel(2), "Wav: expected a channel below 2, got 2");
  CHECK_THROWS_WITH(read_wav(corpus + "bad_part"),
                    Contains("expected whole samples of 2 bytes in 2 channels, got 6 bytes"));
}
