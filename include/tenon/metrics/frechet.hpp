#pragma once

#include <cstddef>
#include <span>
#include <vector>

/// How near generated samples are to real ones, by numbers that describe each: its pixels, a code, or what the last but
/// one layer of a classifier gives (`part<"features">(model)`). Rows of `width` numbers, one sample after the other.
namespace tenon {

/// Mean and covariance of some samples' features:
///     mean = 1 / N sum_i x_i,   C = 1 / (N - 1) sum_i (x_i - mean) (x_i - mean)^T
/// The covariance is divided by N - 1, as numpy.cov does.
/// scikit-learn: EmpiricalCovariance, which divides by N.
struct Moments {
  std::vector<double> mean{};        // width
  std::vector<double> covariance{};  // width x width
  size_t count = 0;

  size_t width() const { return mean.size(); }

  /// Throws an Error unless these are at least two whole rows of finite numbers.
  static Moments of(std::span<const float> features, size_t width);
  static Moments of(std::span<const double> features, size_t width);
};

/// The Fréchet distance (2-Wasserstein, squared) between normal distributions with these moments (Heusel et al. 2017,
/// who took the features of an Inception network: FID):
///     |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)),
/// where the trace of the root is that of the symmetric (C1^(1/2) C2 C1^(1/2))^(1/2). 0 for the same moments; few
/// samples make it larger than it is, so compare it with the distance of as many real ones. Takes time as width^3:
/// meant for some hundred features. Throws an Error where the widths differ.
double frechet_distance(const Moments& a, const Moments& b);
double frechet_distance(std::span<const float> a, std::span<const float> b, size_t width);
double frechet_distance(std::span<const double> a, std::span<const double> b, size_t width);

/// Of rows of class probabilities that a classifier gives for samples: exp of the mean divergence of each row from the
/// mean row (Salimans et al. 2016). From 1, where all samples look the same or no class is sure, to the number of
/// classes.
/// Throws an Error unless these are whole rows of numbers from 0 to 1.
double inception_score(std::span<const float> probabilities, size_t classes);

/// The share of generated samples that lie within the real ones' region (precision), and of real samples that lie
/// within the generated ones' (recall); a region is all balls around a sample up to its k-th nearest neighbour of its
/// own kind (Kynkäänniemi et al. 2019). Of N samples g generated and M real ones r
///     precision = 1 / N sum_i [g_i is within R_real],   recall = 1 / M sum_i [r_i is within R_generated].
/// Takes time as the square of the samples. Throws an Error unless both have more than k, and k is at least 1.
/// PyTorch: none. Keras: none.
struct SampleQuality {
  double precision = 0, recall = 0;
};
SampleQuality sample_quality(std::span<const float> real, std::span<const float> generated, size_t width, size_t k = 3);

}  // namespace tenon
