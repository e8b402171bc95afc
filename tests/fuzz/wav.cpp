#include <tenon/data/wav.hpp>

#include <cmath>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

TENON_FUZZ(wav) {
  const Wav wav = parse_wav(input.bytes, "fuzz");
  demand(wav.channels > 0 && wav.rate > 0 && wav.length() * wav.channels == wav.samples.size(),
         "whole samples of each channel");
  for (const float v : wav.samples) demand(std::isfinite(v), "finite samples");
}
