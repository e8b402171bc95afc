// What PyTorch makes of the same samples, by the formulas of torchaudio:
//   s = torch.stft(x, 32, 16, window=torch.hann_window(32), center=False, return_complex=True).abs() ** 2
//   y = torch.log(melscale_fbanks(17, 100, 4000, 6, 8000).T @ s + 1e-6), create_dct(4, 6, "ortho").T @ y
#include <tenon/data/mel.hpp>

#include <array>
#include <cmath>

#include <catch2/catch.hpp>

#include <tenon/edge/frozen.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/input.hpp>
#include <tenon/layers/log_mel.hpp>
#include <tenon/layers/standardize.hpp>
#include <tenon/model/export.hpp>
#include <tenon/model/export_onnx.hpp>
#include <tenon/model/model.hpp>

using Catch::Matchers::Contains;
using namespace tenon;

TEST_CASE("mel bands and their cosine transform are torchaudio's") {
  xt::xtensor<double, 2> sound = xt::zeros<double>({1, 64});
  for (std::size_t t = 0; t < 64; ++t)
    sound(0, t) = std::sin(0.3 * static_cast<double>(t)) + 0.5 * std::cos(1.1 * static_cast<double>(t));
  const MelOptions options{.rate = 8000, .low = 100};

  Model<Sequential<Input<1, 64>, Mfcc<32, 16, 6, 4>>, double> model;
  set_mel_weights(model, options);
  const std::vector<double> expected{1.1594198364,  1.0729055728, 1.1091759495,  8.2915019418,
                                     8.4391491761,  8.3622360462, -4.4226658633, -4.5137631121,
                                     -4.4816432390, 3.4803955923, 3.5892156193,  3.5225693326};
  const auto result = model(sound);
  REQUIRE(result.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(result.data()[i] == Approx(expected[i]).epsilon(1e-8));
  CHECK(model.parameter_count == 0);

  // LogMel is the same without the last product
  const auto bands = mel_weights(6, 32, options);
  CHECK(bands.size() == 6 * 34);
  CHECK(bands[5 * 34 + 16] == Approx(0).margin(1e-9));
  static_assert(std::is_same_v<output_shape<Sequential<Input<1, 64>, LogMel<32, 16, 6>>>, Shape<6, 3>>);
  CHECK_THROWS_AS(mel_weights(6, 32, {.rate = 8000, .low = 100, .high = 4001}), Error);
  for (const std::size_t size : {std::size_t{0}, std::size_t{65537}, ~std::size_t{0}}) {
    CHECK_THROWS_AS(spectrum_weights(size), Error);
    CHECK_THROWS_AS(mel_weights(size, 32, {}), Error);
    CHECK_THROWS_AS(mel_weights(6, size, {}), Error);
    CHECK_THROWS_AS(cosine_weights(size, 6), Error);
    CHECK_THROWS_AS(cosine_weights(6, size), Error);
  }
  CHECK_THROWS_WITH(spectrum_weights(65536), Contains("spectrum_weights: expected at most 2^28 weights"));
  CHECK_THROWS_WITH(mel_weights(65536, 65536, {}), Contains("got 65536 x 65538"));
  CHECK_THROWS_WITH(cosine_weights(65536, 65536), Contains("got 65536 x 65536"));
  CHECK_THROWS_WITH(set_mel_weights(model, {}, "1"),
                    "set_mel_weights: expected a LogMel or Mfcc at \"1\" of the network, got none");
}

TEST_CASE("firmware has the same front end, and the same scales behind it") {
  using Net = Sequential<Input<1, 64>, Mfcc<32, 16, 6, 4>, Standardize, Flatten, Dense<3>, Unstandardize>;
  Model<Net> model{1};
  set_mel_weights(model, {.rate = 8000, .low = 100});
  for (const ParameterEntry& entry : parameter_table<Net>) {
    const std::span<float> values = model.values(entry);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (entry.name == "1.center" || entry.name == "4.offset") values[i] = 0.5F * static_cast<float>(i) - 1;
      if (entry.name == "1.scale" || entry.name == "4.unit") values[i] = 2 + static_cast<float>(i);
    }
  }
  xt::xtensor<float, 2> sound = xt::zeros<float>({1, 64});
  for (std::size_t t = 0; t < 64; ++t) sound(0, t) = std::sin(0.3F * static_cast<float>(t));
  const auto expected = model(sound);
  const auto weights = frozen_weights(model);
  Frozen<Net> frozen{*weights};
  std::array<float, 3> got{};
  frozen(std::span<const float, 64>(sound.data(), 64), got);
  for (std::size_t i = 0; i < 3; ++i) CHECK(got[i] == Approx(expected(i)).epsilon(1e-4));
  CHECK(std::abs(got[0] - got[1]) > 1e-3F);
  STATIC_REQUIRE(runs_as<in_onnx, Net>);
}
