#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/net/parameters.hpp>

namespace tenon {

struct MelOptions {
  double rate = 16000;  // samples a second
  double low = 0;       // the lowest frequency of a band, and the highest; 0: half the rate
  double high = 0;
};

/// A window of Hann (w_n = (1 - cos(2 pi n / N)) / 2) times cosines, then sines, of 0 to N / 2 periods: (2 (N / 2 + 1),
/// N).
std::vector<double> spectrum_weights(size_t window);
/// Triangles that are as wide as each other in mel = 2595 log10(1 + f / 700), as high as 1: (mels, 2 (N / 2 + 1)), the
/// same for squares of cosines and of sines. torchaudio.functional.melscale_fbanks, its defaults. Error: frequencies
/// that do not rise, or lie above half the rate.
std::vector<double> mel_weights(size_t mels, size_t window, const MelOptions& options);
/// sqrt(2 / M) cos(pi k (n + 1/2) / M), and for k = 0 divided by sqrt(2): (count, mels).
/// torchaudio.functional.create_dct, "ortho". Error of all three: a size of 0 or beyond 65,536, more than 2^28 weights.
std::vector<double> cosine_weights(size_t count, size_t mels);

/// Sets the fixed weights of the LogMel or Mfcc (layers/log_mel.hpp) that stands at this path of the network.
///
///     set_mel_weights(model, {.rate = 8000, .low = 80});
template <class Model>
void set_mel_weights(Model& model, const MelOptions& options = {}, std::string_view path = "0") {
  bool spectrum = false;
  const auto set = [&](const ParameterEntry& entry, const std::vector<double>& weights) {
    std::ranges::transform(weights, model.values(entry).begin(),
                           [](double v) { return static_cast<typename Model::scalar>(v); });
  };
  size_t window = 0;
  for (const ParameterEntry& entry : parameter_table<typename Model::network>) {
    const auto is = [&](const char* name) {
      return entry.name == std::string(path) + (path.empty() ? "" : ".") + name + ".weight";
    };
    if (is("spectrum")) {
      spectrum = true;
      window = entry.dims[2];
      set(entry, spectrum_weights(window));
    } else if (spectrum && is("mel")) {
      set(entry, mel_weights(entry.dims[0], window, options));
    } else if (spectrum && is("cosine")) {
      set(entry, cosine_weights(entry.dims[0], entry.dims[1]));
    }
  }
  if (!spectrum)
    throw Error("set_mel_weights: expected a LogMel or Mfcc at \"" + std::string(path) + "\" of the network, got none");
}

}  // namespace tenon
