#include <catch2/catch.hpp>

#include <tenon/data/digits.hpp>
#include <tenon/layers/avg_pool2d.hpp>
#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/global_avg_pool.hpp>
#include <tenon/layers/hard_tanh.hpp>
#include <tenon/layers/identity.hpp>
#include <tenon/layers/max_pool2d.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/relu6.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/losses/cross_entropy.hpp>
#include <tenon/model/fold.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/networks/store_weights.hpp>
#include <tenon/optim/adam.hpp>
#include <tenon/train/fit.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace tenon;

namespace {

// Odd sizes, so that everything is filled up; strides, dilation, groups, depthwise; bounds that join their
// layer, one in front of which a residual takes its input, and one behind a sum.
using Net = Sequential<
    Input<3, 11, 9>, Conv2D<6, 3, stride<2, 1>, padding<1>>, ReLU6,
    Residual<ReLU, Conv2D<6, 3, padding<same>, groups<6>>, HardTanh<-1, 2>, Conv2D<6, 1, bias<false>>>, ReLU,
    MaxPool2D<3, stride<2>, padding<1>>, Add<Conv2D<10, 3, padding<2>, dilation<2>, groups<2>>, Conv2D<10, 1>>,
    AvgPool2D<2, stride<1>, padding<1>>, Conv2D<5, 2>, ReLU, Flatten, Dense<7>>;
constexpr const edge::QuantizedPlan& plan = edge::quantized_plan<Net>;

std::int8_t random_byte(Stream& random) {
  return static_cast<std::int8_t>(static_cast<std::uint8_t>(random.next() >> 24));
}

template <class N>
struct Rig {
  Model<N> model{6};
  Dataset<float> data;
  std::unique_ptr<QuantizedNumbers<N>> numbers;
  std::unique_ptr<edge::QuantizedTables<N>> tables;

  Rig() {
    constexpr std::size_t size = input_shape<N>::size;
    Stream random(11, Purpose::user);
    std::vector<float> values(64 * size);
    for (float& v : values) v = random.uniform<float>(-1, 2);
    const auto& dims = input_shape<N>::dims;
    data = {{dims.begin(), dims.end()}, std::move(values)};
    DataLoader<float> loader{data, 16, 1};
    numbers = quantize(model, loader);
    tables = std::make_unique<edge::QuantizedTables<N>>(edge::make_tables(*numbers));
  }
};

/// What the specification says, in plain loops: tensors channel by channel, zero points subtracted from every number.
template <class N>
struct Reference {
  using Tensor = std::vector<std::int64_t>;
  static constexpr const edge::QuantizedPlan& plan = edge::quantized_plan<N>;
  const QuantizedNumbers<N>& q;
  std::vector<Tensor> tensors;

  static std::int64_t scaled(std::int64_t sum, double real) {
    const kernels::Requantizer r = edge::requantizer(real);
    const int shift = 33 + r.shift;
    return (sum * r.multiplier + (std::int64_t{1} << (shift - 1))) >> shift;
  }
  double scale(std::size_t t) const { return static_cast<double>(q.scale[t]); }
  std::int64_t finish(std::size_t k, std::int64_t value) const {
    const auto number = [&](double real) { return std::round(real / scale(k + 1)) + q.zero[k + 1]; };
    const edge::StepPattern& p = plan.steps[k].pattern;
    const double low = std::max(number(p.low), -128.0), high = std::min(number(p.high), 127.0);
    return static_cast<std::int64_t>(std::clamp(static_cast<double>(value), low, high));
  }
  std::int64_t sum_of(std::size_t k, std::size_t o, std::size_t column, std::int64_t x) const {
    const edge::QuantizedStep& step = plan.steps[k];
    const std::size_t place = step.packed_place(o, step.packed_column(column));
    int weight = 0;
    if (step.pattern.weights.bits != 4) {
      weight = q.weights[place];
    } else {  // two blocks of sixteen in sixteen bytes
      const std::size_t own = place - step.weights, blocks = (step.columns() + 3) / 4, block = own / 16,
                        pair = block / blocks * ((blocks + 1) / 2) + block % blocks / 2;
      const int both = q.weights[step.weights + pair * 16 + own % 16] & 255;
      const int half = block % blocks % 2 == 0 ? both % 16 : both / 16;
      weight = half < 8 ? half : half - 16;
    }
    return weight * (x - q.zero[step.source]);
  }
  std::int64_t requantized(std::size_t k, std::size_t o, std::int64_t sum) const {
    const edge::QuantizedStep& step = plan.steps[k];
    const std::size_t row = step.row + step.packed_row(o);
    const double real = scale(step.source) * static_cast<double>(q.weight_scale[row]) / scale(k + 1);
    return finish(k, scaled(sum + q.bias[row], real) + q.zero[k + 1]);
  }
  /// visit(number, tap) for what the window at (r, q) meets of a channel.
  static void window(const Tensor& x, const kernels::ConvolutionAxis& ys, const kernels::ConvolutionAxis& xs,
                     std::size_t channel, std::size_t r, std::size_t c, auto visit) {
    for (std::size_t ky = 0; ky < ys.kernel; ++ky)
      for (std::size_t kx = 0; kx < xs.kernel; ++kx) {
        const auto iy = static_cast<std::ptrdiff_t>(r * ys.stride + ky * ys.dilation) -
                        static_cast<std::ptrdiff_t>(ys.before);
        const auto ix = static_cast<std::ptrdiff_t>(c * xs.stride + kx * xs.dilation) -
                        static_cast<std::ptrdiff_t>(xs.before);
        if (iy < 0 || ix < 0 || iy >= static_cast<std::ptrdiff_t>(ys.image) ||
            ix >= static_cast<std::ptrdiff_t>(xs.image))
          continue;
        visit(x[(channel * ys.image + static_cast<std::size_t>(iy)) * xs.image + static_cast<std::size_t>(ix)],
              ky * xs.kernel + kx);
      }
  }
  static void positions(const kernels::ConvolutionAxis& ys, const kernels::ConvolutionAxis& xs, auto visit) {
    for (std::size_t r = 0; r < ys.map; ++r)
      for (std::size_t c = 0; c < xs.map; ++c) visit(r, c);
  }

  void run(Tensor input) {
    tensors = {std::move(input)};
    for (std::size_t k = 0; k < plan.count; ++k) {
      const edge::QuantizedStep& step = plan.steps[k];
      const Tensor& x = tensors[step.source];
      const std::int64_t zero = q.zero[step.source];
      Tensor y;
      switch (step.pattern.kind) {
      case edge::StepKind::dense:
        for (std::size_t o = 0; o < step.out; ++o) {
          std::int64_t sum = 0;
          for (std::size_t i = 0; i < step.in; ++i) sum += sum_of(k, o, i, x[i]);
          y.push_back(requantized(k, o, sum));
        }
        break;
      case edge::StepKind::convolution:
      case edge::StepKind::depthwise:
        for (std::size_t o = 0; o < step.image.features; ++o)
          positions(step.image.y, step.image.x, [&](std::size_t r, std::size_t c) {
            std::int64_t sum = 0;
            const std::size_t own = step.image.group_channels(), first = o / step.image.group_features() * own;
            for (std::size_t i = 0; i < own; ++i)
              window(x, step.image.y, step.image.x, first + i, r, c,
                     [&](std::int64_t v, std::size_t tap) { sum += sum_of(k, o, i * step.image.taps() + tap, v); });
            y.push_back(requantized(k, o, sum));
          });
        break;
      case edge::StepKind::max_pool:
      case edge::StepKind::average_pool: {
        const kernels::Pooling& p = step.pool.windows;
        for (std::size_t channel = 0; channel < p.channels; ++channel)
          positions(p.y, p.x, [&](std::size_t r, std::size_t c) {
            std::int64_t largest = -128, sum = 0, count = 0;
            window(x, p.y, p.x, channel, r, c, [&](std::int64_t v, std::size_t) {
              largest = std::max(largest, v);
              sum += v;
              ++count;
            });
            const auto all = static_cast<std::int64_t>(p.y.kernel * p.x.kernel);
            const double mean = static_cast<double>(sum + (all - count) * zero) / static_cast<double>(all);
            y.push_back(finish(k, step.pattern.kind == edge::StepKind::max_pool
                                      ? largest
                                      : static_cast<std::int64_t>(std::round(mean))));
          });
        break;
      }
      case edge::StepKind::add: {
        const Tensor& b = tensors[step.other];
        const double twice = 2 * std::max(scale(step.source), scale(step.other));
        for (std::size_t i = 0; i < x.size(); ++i) {
          const std::int64_t sum = scaled((x[i] - zero) << 20, scale(step.source) / twice) +
                                   scaled((b[i] - q.zero[step.other]) << 20, scale(step.other) / twice);
          y.push_back(finish(k, scaled(sum, twice / (0x1p20 * scale(k + 1))) + q.zero[k + 1]));
        }
        break;
      }
      case edge::StepKind::clamp:
        for (const std::int64_t v : x)
          y.push_back(finish(k, scaled(v - zero, scale(step.source) / scale(k + 1)) + q.zero[k + 1]));
        break;
      default:
        FAIL("a step without a reference");
      }
      tensors.push_back(std::move(y));
    }
  }
};

/// 20 random inputs by the network and by the reference.
template <class N>
void check_against_reference() {
  const Rig<N> rig;
  REQUIRE(rig.tables->sums_fit);
  Quantized<N> net{*rig.tables};
  Reference<N> reference{*rig.numbers, {}};
  constexpr const edge::QuantizedPlan& p = edge::quantized_plan<N>;
  Stream random(1, Purpose::user);
  std::size_t different = 0;
  for (int sample = 0; sample < 20; ++sample) {
    std::vector<std::int64_t> x(net.input().size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = net.input()[p.orders[0].place(i)] = random_byte(random);
    reference.run(x);
    net.run();
    const auto& expected = reference.tensors.back();
    REQUIRE(expected.size() == net.output().size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      different += net.output()[p.orders[p.count].place(i)] == expected[i] ? 0U : 1U;
  }
  CHECK(different == 0);
}

/// Whether a result that begins `lead` bytes in front of its image writes over what is still to be read, or behind the
/// image, followed number by number.
bool spoils_its_image(const kernels::Convolution& c, bool gathered, std::size_t lead) {
  std::vector<std::size_t> last_read(c.image_size() + 1);  // by which pixel, and 1
  const auto each_pixel = [&](auto&& use) {
    for (std::size_t p = 0; p < c.y.map * c.x.map; ++p) use(p, p / c.x.map, p % c.x.map);
  };
  each_pixel([&](std::size_t p, std::size_t r, std::size_t q) {
    const kernels::WindowSpan ys = kernels::window_span(c.y, r), xs = kernels::window_span(c.x, q);
    for (std::size_t y = 0; y < ys.count; ++y)
      for (std::size_t x = 0; x < xs.count; ++x)
        for (std::size_t i = 0; i < c.channels; ++i)
          last_read[((ys.place + y * ys.step) * c.x.image + xs.place + x * xs.step) * c.channels + i] = p + 1;
  });
  bool spoils = false;
  each_pixel([&](std::size_t p, std::size_t, std::size_t) {
    for (std::size_t i = p * c.features; i < (p + 1) * c.features; ++i)
      if (i >= lead) spoils = spoils || i - lead >= c.image_size() || last_read[i - lead] > (gathered ? p + 1 : p);
  });
  return spoils;
}

/// Whether what lives at the same time lies apart, but for results that may lie over what they are made of.
template <class N>
bool is_laid_out() {
  constexpr const auto& p = edge::quantized_plan<N>;
  struct Piece {
    std::size_t place, bytes, first, last;
  };
  std::vector<Piece> pieces;
  for (std::size_t t = 0; t <= p.count; ++t) pieces.push_back({p.place(t), p.sizes[t], t == 0 ? 0 : t - 1, t});
  for (std::size_t k = 0; k < p.count; ++k) {
    pieces[p.steps[k].source].last = k;
    if (p.steps[k].reads_other()) pieces[p.steps[k].other].last = std::max(pieces[p.steps[k].other].last, k);
  }
  pieces[p.count].last = p.count;
  for (std::size_t k = 0; k < p.count; ++k) pieces.push_back({p.scratch[k], p.steps[k].scratch(), k, k});
  bool good = true;
  for (std::size_t a = 0; a < pieces.size(); ++a) {
    good = good && pieces[a].place % 4 == 0 && pieces[a].place + pieces[a].bytes <= p.arena;
    for (std::size_t b = 0; b < pieces.size(); ++b) {
      const Piece &x = pieces[a], &y = pieces[b];
      if (a == b || x.bytes == 0 || y.bytes == 0 || x.first > y.last || y.first > x.last) continue;
      if (x.place + x.bytes <= y.place || y.place + y.bytes <= x.place) continue;
      // b is made of a, or a of b
      const auto covers = [&](std::size_t image, std::size_t result) {
        if (result == 0 || result > p.count || image > p.count || pieces[image].last != result - 1) return false;
        const edge::QuantizedStep& step = p.steps[result - 1];
        if (step.source != image) return false;
        if (step.works_in_place()) return pieces[result].place == pieces[image].place;
        return step.lead() != edge::Block::none && pieces[result].place + step.lead() <= pieces[image].place;
      };
      good = good && (covers(a, b) || covers(b, a));
    }
  }
  return good;
}

/// Shapes that a convolution's loops treat differently, in the compiler and at run time.
template <std::size_t Channels, std::size_t Features, std::size_t Groups, std::size_t Size, std::size_t Kernel,
          std::size_t Stride, std::size_t Before>
constexpr auto convolve() {
  constexpr std::size_t map = (Size + 2 * Before - Kernel) / Stride + 1;
  constexpr kernels::ConvolutionAxis axis{Size, map, Kernel, Stride, 1, Before};
  constexpr kernels::Convolution c{Channels, Features, Groups, axis, axis};
  constexpr bool depthwise = Groups == Channels && Groups == Features && Groups > 1;
  constexpr std::size_t columns = c.taps() * c.group_channels(), own_rows = kernels::in_fours(c.group_features());
  constexpr std::size_t rows = depthwise ? kernels::in_fours(Channels) : own_rows * Groups;
  constexpr std::size_t numbers = c.image_size() + 4, arena = kernels::convolution_int8_scratch(c);
  struct Work {
    alignas(4) std::int8_t weights[rows * kernels::in_fours(columns)]{}, x[numbers]{};
    alignas(4) std::int8_t scratch[arena]{};
    std::int32_t bias[rows]{}, multiplier[rows]{};
    std::int8_t shift[rows]{};
  } work;
  std::array<std::int8_t, c.map_size()> y{};
  unsigned state = 1;
  const auto next = [&state] {
    state = state * 1664525 + 1013904223;
    return static_cast<std::int8_t>(static_cast<int>(state >> 24) - 128);
  };
  for (std::int8_t& w : work.weights) w = next();
  for (std::int8_t& x : work.x) x = next();
  for (std::size_t i = 0; i < rows; ++i) work.bias[i] = next(), work.multiplier[i] = 0x50000000, work.shift[i] = 6;
  const kernels::DenseRows matrix{.weights = work.weights,
                                  .bias = work.bias,
                                  .multiplier = work.multiplier,
                                  .shift = work.shift,
                                  .in_groups = kernels::in_fours(columns) / 4,
                                  .out_groups = own_rows / 4,
                                  .zero = 3,
                                  .low = -100,
                                  .high = 120};
  if constexpr (depthwise) kernels::depthwise_int8(matrix, c, 5, work.x, y.data(), work.scratch);
  else kernels::convolution_int8(matrix, c, 5, work.x, y.data(), work.scratch);
  return y;
}
template <std::size_t... Argument>
void check_in_the_compiler() {
  constexpr auto expected = convolve<Argument...>();
  CHECK(convolve<Argument...>() == expected);
}

}  // namespace

TEST_CASE("the plan of an int8 network for images follows from its type") {
  using edge::StepKind;
  STATIC_REQUIRE(plan.fits);
  constexpr StepKind expected[] = {StepKind::convolution,  StepKind::clamp,       StepKind::depthwise,
                                   StepKind::convolution,  StepKind::add,         StepKind::max_pool,
                                   StepKind::convolution,  StepKind::convolution, StepKind::add,
                                   StepKind::average_pool, StepKind::convolution, StepKind::dense};
  REQUIRE(plan.count == std::size(expected));
  for (std::size_t k = 0; k < plan.count; ++k) CHECK(plan.steps[k].pattern.kind == expected[k]);
  CHECK(plan.steps[0].pattern.high == 6);
  CHECK(plan.steps[2].pattern.low == -1);
  CHECK(plan.steps[2].pattern.high == 2);
  CHECK(plan.steps[4].pattern.low == 0);
  CHECK(plan.place(5) == plan.place(4));  // a sum lies where its part lay
  STATIC_REQUIRE(Quantized<Net>::macs ==
                 54 * (6 * 27 + 6 * 9 + 6 * 6) + 15 * (10 * 27 + 10 * 6) + 15 * 5 * 40 + 75 * 7);
  // A chain costs its largest image, the columns of a window, and how far the result begins in front of the image.
  using Chain = Sequential<Input<1, 8, 8>, Conv2D<4, 3>, ReLU, MaxPool2D<2>, Flatten, Dense<10>>;
  STATIC_REQUIRE(Quantized<Chain>::ram_bytes == 64 + 5 * 12 + 96);
  STATIC_REQUIRE(Quantized<Chain>::weight_bytes == 12 * 4 + 36 * 12);
  // a chain that is folded later, and sums of more than two
  STATIC_REQUIRE(edge::quantized_plan<Sequential<Input<1, 8, 8>, Conv2D<4, 3>, BatchNorm2D<>>>.count == 2);
  STATIC_REQUIRE(
      edge::quantized_plan<Sequential<Input<2, 4, 4>, Add<Conv2D<2, 1>, Conv2D<2, 1>, Conv2D<2, 1>>>>.count == 5);
}

TEST_CASE("an image's result follows it through memory as closely as it may") {
  std::size_t close = 0;
  for (std::size_t kernel = 1; kernel <= 3; ++kernel)
    for (std::size_t stride = 1; stride <= 2; ++stride)
      for (std::size_t before = 0; before < kernel; ++before)
        for (std::size_t dilation = 1; dilation <= 2; ++dilation)
          for (const std::size_t own : {4U, 8U, 12U}) {
            const auto axis = [&](std::size_t image) {
              const std::size_t map = (image + 2 * before - dilation * (kernel - 1) - 1) / stride + 1;
              return kernels::ConvolutionAxis{image, map, kernel, stride, dilation, before};
            };
            const kernels::Convolution c{8, own, 1, axis(6), axis(7)};
            for (const bool gathered : {false, true}) {
              INFO(kernel << ' ' << stride << ' ' << before << ' ' << dilation << ' ' << own << ' ' << gathered);
              const std::size_t lead = kernels::image_lead(c.y, c.x, c.channels, c.features, gathered);
              CHECK_FALSE(spoils_its_image(c, gathered, lead));
              if (lead == 0 || dilation > 1) continue;
              ++close;
              CHECK(spoils_its_image(c, gathered, lead - 4));
            }
          }
  CHECK(close > 40);
  // 1x1: in place, or as the last pixels need it; 3x3 with a border: a row and two pixels
  constexpr kernels::ConvolutionAxis one{.image = 5, .map = 5}, three{.image = 5, .map = 5, .kernel = 3, .before = 1};
  STATIC_REQUIRE(kernels::image_lead(one, one, 8, 8, true) == 0);
  STATIC_REQUIRE(kernels::image_lead(one, one, 8, 16, true) == 25 * 8);
  STATIC_REQUIRE(kernels::image_lead(three, three, 64, 64, false) == 7 * 64);
}

TEST_CASE("what lives at the same time lies apart, whatever follows what") {
  CHECK(is_laid_out<Net>());
  using Narrow = Sequential<Conv2D<8, 3, padding<1>, groups<8>>, ReLU, Conv2D<8, 1>, ReLU>;
  using Chain = Sequential<Input<1, 20, 10>, Conv2D<8, 3, stride<2>, padding<1>>, ReLU, Narrow, Narrow, Narrow,
                           GlobalAvgPool, Dense<4>>;
  CHECK(is_laid_out<Chain>());
  // three layers follow one another by 7 pixels each; disjoint they took 800 bytes and scratch
  STATIC_REQUIRE(Quantized<Chain>::ram_bytes < 400 + 3 * 7 * 8 + 100);
  using Widening = Sequential<Input<4, 8, 8>, Conv2D<8, 1>, Conv2D<16, 1>, Conv2D<16, 3, groups<16>, padding<1>>,
                              Conv2D<32, 1, stride<2>>, MaxPool2D<2>, Flatten, Dense<3>>;
  CHECK(is_laid_out<Widening>());
  STATIC_REQUIRE(Quantized<Widening>::ram_bytes < 1024 + 10 * 16 + 100);
  using Deep = Residual<Conv2D<8, 3, padding<1>>, ReLU, Conv2D<8, 3, padding<1>>>;
  using Graph = Sequential<Input<3, 8, 8>, Conv2D<8, 3, padding<1>>, ReLU, Deep, ReLU, Deep, Softmax>;
  CHECK(is_laid_out<Graph>());
  STATIC_REQUIRE(Quantized<Graph>::ram_bytes < 3 * 512 + 5 * 72);  // what they took apart from one another
}

TEST_CASE("int8 images give what the specification says, bit for bit") {
  check_against_reference<Net>();
  // ends as an image, and in a residual whose input is the network's
  check_against_reference<
      Sequential<Input<4, 6, 5>, Residual<Conv2D<4, 3, padding<1>>>, Conv2D<8, 3, stride<2>, groups<4>, padding<1>>>>();
  check_against_reference<
      Sequential<Input<8, 4, 4>, Conv2D<8, 3, groups<8>, stride<2>, padding<1>>, GlobalAvgPool, ReLU>>();
  // each of which follows the one before through memory
  check_against_reference<
      Sequential<Input<4, 7, 6>, Conv2D<8, 1>, ReLU, Conv2D<8, 3, groups<8>, padding<1>>, ReLU, Conv2D<12, 1>,
                 Conv2D<12, 3, stride<2>, groups<12>, padding<1>>, MaxPool2D<2, stride<1>>, AvgPool2D<2, stride<1>>>>();
}

TEST_CASE("weights of four bits and of one scale give what the specification says, bit for bit") {
  // more and fewer rows than are unpacked at once, columns that fill a block or not, strides, padding, bounds
  using Stored = Sequential<Input<3, 7, 5>, Conv2D<21, 3, stride<2>, padding<1>, weight_bits<4>>, ReLU,
                            Conv2D<34, 1, per_tensor<true>>, Conv2D<8, 3, groups<2>>, ReLU6,
                            Conv2D<30, 1, weight_bits<4>, per_tensor<true>>, Flatten, Dense<70, weight_bits<4>>, ReLU,
                            Dense<35, per_tensor<true>>, Dense<5, weight_bits<4>, per_tensor<true>>>;
  constexpr const edge::QuantizedPlan& p = edge::quantized_plan<Stored>;
  STATIC_REQUIRE(p.steps[0].packed_bytes() == 24 * 32 / 2);  // an even number of blocks
  STATIC_REQUIRE(p.multipliers == 24 + 4 + 8 + 4 + 72 + 4 + 4);
  check_against_reference<Stored>();

  const Rig<Stored> rig;
  for (const std::size_t k : {std::size_t{0}, std::size_t{4}}) {
    const edge::QuantizedStep& step = p.steps[k];
    const auto weight = rig.model.values(parameter_table<Stored>[2 * k]);
    const float* scale = rig.numbers->weight_scale + step.row;
    for (std::size_t o = 0; o < step.outputs(); ++o) {
      float largest = 0;
      for (std::size_t i = 0; i < step.columns(); ++i)
        largest = std::max(largest, std::abs(weight[o * step.columns() + i]));
      CHECK(scale[o] == Approx(largest / 7));
    }
  }
  for (std::size_t o = 1; o < 35; ++o)
    CHECK(rig.numbers->weight_scale[p.steps[5].row + o] == rig.numbers->weight_scale[p.steps[5].row]);
}

TEST_CASE("int8 images come close to their float model") {
  Rig<Net> rig;
  Quantized<Net> net{*rig.tables};
  std::vector<float> expected(7), output(7);
  float largest = 0, error = 0;
  for (std::size_t s = 0; s < rig.data.size(); ++s) {
    const auto x = rig.data.sample(s);
    rig.model.predict(x, expected);
    net(x.first<297>(), std::span<float, 7>(output));
    for (std::size_t i = 0; i < 7; ++i) {
      largest = std::max(largest, std::abs(expected[i]));
      error = std::max(error, std::abs(output[i] - expected[i]));
    }
  }
  CHECK(error <= 0.05F * largest);
}

TEST_CASE("a convolution gives in the compiler what it gives at run time") {
  check_in_the_compiler<1, 5, 1, 5, 3, 1, 1>();
  check_in_the_compiler<6, 4, 1, 4, 3, 2, 1>();
  check_in_the_compiler<8, 8, 2, 3, 1, 1, 0>();
  check_in_the_compiler<6, 6, 6, 4, 3, 1, 1>();
}

TEST_CASE("a convolutional network in int8 reads digits as well as in float") {
  using Small = Sequential<Input<1, 8, 8>, Conv2D<8, 3, padding<same>, bias<false>>, BatchNorm2D<>, ReLU, MaxPool2D<2>,
                           Conv2D<16, 3>, ReLU, Flatten, Dense<10>, Softmax>;
  const auto [train, test] = digits().stratified_split(0.6, 1);
  Model<Small> trained{1};
  fit(trained, train,
      Fit{.loss = CrossEntropy{},
          .optimizer = Adam{.lr = 3e-3},
          .epochs = 12,
          .batch_size = 32,
          .seed = 1,
          .progress = Progress::Mode::quiet});
  const auto model = fold(trained);
  using Folded = decltype(model)::network;
  DataLoader<float> calibration{train, 64, 1};
  const auto numbers = quantize(model, calibration);
  const auto tables = std::make_unique<edge::QuantizedTables<Folded>>(edge::make_tables(*numbers));
  REQUIRE(tables->sums_fit);
  Quantized<Folded> net{*tables};
  std::size_t in_float = 0, in_int8 = 0;
  std::vector<float> output(10);
  for (std::size_t i = 0; i < test.size(); ++i) {
    const auto x = test.sample(i);
    model.predict(x, output);
    in_float += std::max_element(output.begin(), output.end()) - output.begin() == test.label(i) ? 1U : 0U;
    in_int8 += net.classify(x.first<64>()) == test.label(i) ? 1U : 0U;
  }
  const auto share = [&](std::size_t right) { return static_cast<double>(right) / static_cast<double>(test.size()); };
  INFO("float " << share(in_float) << ", int8 " << share(in_int8));
  CHECK(share(in_float) >= 0.95);
  CHECK(share(in_int8) >= share(in_float) - 0.005);
}
