#pragma once

#include <cstddef>

#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/map.hpp>
#include <tenon/net/freeze.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/sequential.hpp>

namespace tenon {

/// The logarithm of how much of a sound lies in each of `Mels` bands, for windows of `Window` samples every `Hop`, by
/// fixed weights: a windowed Fourier transform as a convolution, squares, the bands as a product. With the cosines and
/// sines C and S of frequency k, and the share M of a frequency in band m,
///     c[k][t] = sum_n C[k][n] x[t Hop + n],   s[k][t] = sum_n S[k][n] x[t Hop + n],
///     y[m][t] = log(sum_k M[m][k] (c[k][t]^2 + s[k][t]^2) + 10^(-6)).
/// It is part of the network, so that firmware has the same front end. `set_mel_weights` (data/mel.hpp) sets it.
///
/// Shapes: (1, L) to (Mels, (L - Window) / Hop + 1). Parameters, none of which learns: spectrum.weight (2 (Window / 2 +
/// 1), 1, Window), cosines and then sines; mel.weight (Mels, 2 (Window / 2 + 1), 1). Gradient: dx by
/// those of its convolutions and functions. PyTorch: torchaudio's MelSpectrogram(center=False), then log.
///
///     using Net = Sequential<Input<1, 16000>, LogMel<512, 256, 40>, Conv1D<32, 3>, ReLU, Flatten, Dense<10>>;
template <size_t Window, size_t Hop, size_t Mels>
using LogMel = Freeze<Sequential<Named<"spectrum", Conv1D<2 * (Window / 2 + 1), Window, stride<Hop>, bias<false>>>,
                                 Map<x * x>, Named<"mel", Conv1D<Mels, 1, bias<false>>>, Map<log(x + 1e-6)>>>;

/// The first `Count` numbers of the cosine transform (type 2, orthonormal) of LogMel: mel-frequency cepstral
/// coefficients,
///     y[n][t] = a_n sum_m LogMel[m][t] cos(pi n (2 m + 1) / (2 Mels)),
///     a_0 = sqrt(1 / Mels), the others sqrt(2 / Mels).
///
/// Shapes: (1, L) to (Count, (L - Window) / Hop + 1). Parameters, none of which learns: those of LogMel, and
/// cosine.weight (Count, Mels, 1). PyTorch: torchaudio's MFCC, with the natural logarithm.
/// Gradient: dx by those of its convolutions and functions.
///
///     using Net = Sequential<Input<1, 16000>, Mfcc<512, 256, 40, 13>, Conv1D<32, 3>, ReLU, Flatten, Dense<10>>;
template <size_t Window, size_t Hop, size_t Mels, size_t Count>
using Mfcc = Freeze<Sequential<Named<"spectrum", Conv1D<2 * (Window / 2 + 1), Window, stride<Hop>, bias<false>>>,
                               Map<x * x>, Named<"mel", Conv1D<Mels, 1, bias<false>>>, Map<log(x + 1e-6)>,
                               Named<"cosine", Conv1D<Count, 1, bias<false>>>>>;

}  // namespace tenon
