#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/expr/plan.hpp>
#include <tenon/inline.hpp>

/// What a formula's loop is given.
namespace tenon::expr {

/// The arrays a formula's loop runs over: rows of `width` numbers, `stride` from one sample to the
/// next. The rows of one sample lie side by side, with a gap where they are parts of wider ones.
template <class T>
struct Array {
  T* data = nullptr;
  size_t stride = 0;
  size_t gap = 0;

  TENON_INLINE T* row(size_t sample, size_t index, size_t width) const {
    return data + sample * stride + index * (width + gap);
  }
};

/// Everything a formula's loop needs at run time. One struct for all formulas: shapes are numbers
/// here, so one instantiation per formula serves every layer that uses it.
template <class T>
struct Arguments {
  static constexpr int most = 8;
  static constexpr int most_features = Cuts::capacity;
  Array<const T> input[most]{};
  Array<const T> output{};  // the formula's own result, in backward
  Array<const T> seed{};    // the gradient that arrives
  Array<const T> noise{};
  const T* parameter[most]{};
  const T* saved_feature[most_features]{};
  T* saved_row[most]{};  // per sample, one array each
  Array<T> store[most]{};
  T* gradient[most]{};
  T* feature_sum[most_features]{};
  T* row_values = nullptr;
  const std::int32_t* label = nullptr;
  T seed_value = 1;
  T literal[most]{};
  size_t count = 0;        // samples
  size_t repeats = 1;      // rows of `width` within a sample: the steps of a sequence
  size_t width = 0;        // features of a row
  size_t pixels = 1;       // channelwise: numbers per feature
  size_t batch_count = 0;  // what a batch reduction divides by

  /// Whether the rows of all samples follow one another without gaps.
  bool contiguous() const {
    const size_t length = repeats * width;
    for (int k = 0; k < most; ++k)
      if ((input[k].data && input[k].stride != length) || (store[k].data && store[k].stride != length)) return false;
    return (!output.data || output.stride == length) && (!seed.data || seed.stride == length) &&
           (!noise.data || noise.stride == length);
  }
  /// Calls `run` with the number of each row of a sample, as few rows as there can be. One function for all formulas.
  TENON_NOINLINE void for_each_row(void (*run)(const Arguments&, size_t)) {
    const size_t samples = count, rows = repeats, features = width;
    collapse();
    for (size_t k = 0; k < repeats; ++k) run(*this, k);
    count = samples;
    repeats = rows;
    width = features;
  }
  /// All rows as one, where they do. One function for all formulas.
  TENON_NOINLINE void collapse() {
    if (!contiguous()) return;
    width *= count * repeats;
    count = repeats = 1;
  }
};

}  // namespace tenon::expr
