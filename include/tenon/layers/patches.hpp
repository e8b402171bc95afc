#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/net/layer.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/reshaping.hpp>
#include <tenon/shape.hpp>

namespace tenon {

template <size_t Size>
struct images_that_patches_fill;

namespace detail {

template <class In, size_t Size>
struct PatchesUnit {
  using input = In;
  static constexpr size_t channels = In::dims[0], height = In::dims[1], width = In::dims[2];
  static constexpr size_t rows = height / Size, columns = width / Size;
  using output = Shape<rows * columns, channels * Size * Size>;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = false};
  static constexpr size_t macs = 0;

  template <class To>
  static auto onnx(To& to) {
    const auto cut = to.reshape(to.input(), {channels, rows, Size, columns, Size});
    const auto transposed = to.node("Transpose", {cut},
                                    {{"perm", {0, 2, 4, 1, 3, 5}}});  // (batch, rows, columns, channels, ...)
    return to.reshape(transposed, {rows * columns, channels * Size * Size});
  }
  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, Memory<T>, Rows<const T> x, Rows<T> y, Mode) {
    each_line(x.count, [&](size_t i, size_t image, size_t patch) { std::copy_n(x[i] + image, Size, y[i] + patch); });
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, Memory<T>, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    if (dx)
      each_line(dy.count,
                [&](size_t i, size_t image, size_t patch) { std::copy_n(dy[i] + patch, Size, dx[i] + image); });
  }

private:
  /// work(sample, where a line of a patch is in the image, where among the patches)
  template <class F>
  static constexpr void each_line(size_t batch, F work) {
    for (size_t i = 0; i < batch; ++i) {
      size_t patch = 0;
      for (size_t row = 0; row < rows; ++row)
        for (size_t column = 0; column < columns; ++column)
          for (size_t c = 0; c < channels; ++c)
            for (size_t line = 0; line < Size; ++line, patch += Size)
              work(i, (c * height + row * Size + line) * width + column * Size, patch);
    }
  }
};

}  // namespace detail

/// An image cut into squares of Size pixels, as a sequence: from the upper left, line after line, the numbers of each
/// square channel by channel. With a Dense behind it these are the tokens of a vision transformer (Dosovitskiy et al.
/// 2021). With s = Size and n squares in a line
///     y[r n + q][(c s + i) s + j] = x[c][r s + i][q s + j].
///
/// Shapes: (channels, height, width) to (height/Size * width/Size, channels * Size * Size). Gradient: dy where it came
/// from. PyTorch: F.unfold(x, Size, stride=Size).transpose(1, 2).
///
///     using Tokens = Sequential<Input<1, 8, 8>, Patches<2>, Dense<64>, LearnedPositionalEmbedding<>>;   // (16, 64)
template <size_t Size>
struct Patches {
private:
  template <class In>
  static consteval bool judge() {
    if constexpr (In::rank == 3 && Size > 0) return In::dims[1] % Size == 0 && In::dims[2] % Size == 0 && In::size > 0;
    else return false;
  }
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, Shape<1, In::size>>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::PatchesUnit<In, Size>;
  };

public:
  template <class In>
  using problem = std::conditional_t<judge<In>(), void, takes<images_that_patches_fill<Size>>>;
  template <class In>
  using at = typename bound<In, judge<In>()>::type;
};

}  // namespace tenon
