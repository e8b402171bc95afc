#include "call.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../../io/words.hpp"
#include "../interpret.hpp"

namespace tenon::importing {

const Array& Call::input(std::size_t i) const {
  require(has(i), "needs at least {} inputs, the one at {} is absent", i + 1, i);
  return *inputs[i];
}

const Array& Call::input(std::size_t i, std::size_t least_axes) const {
  const Array& array = input(i);
  require(array.dims.size() >= least_axes, "expects at least {} axes, input {} has {}", least_axes, i,
          axes_text(array.dims));
  return array;
}

bool Call::known() const {
  return std::all_of(inputs.begin(), inputs.end(),
                     [](const Array* array) { return array == nullptr || numbers_known(*array); });
}

Array Call::make(Type type, Dims dims) const {
  Index count = 1;
  for (const Index size : dims) {
    require(size >= 0, "its result would have axes of negative size ({})", axes_text(dims));
    require(size <= most_numbers && count * size <= most_numbers, "a result of {} numbers is too large",
            axes_text(dims));
    count *= size;
  }
  Array result{type, std::move(dims), {}};
  if (known()) result.values.resize(static_cast<std::size_t>(count));
  return result;
}

std::size_t Call::axis(Index axis, std::size_t axes) const {
  const auto count = static_cast<Index>(axes);
  require(axis >= -count && axis < count, "there is no axis {} in a value of {} axes", axis, axes);
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

std::vector<std::size_t> Call::axes(const Dims& named, std::size_t axes) const {
  std::vector<std::size_t> result;
  for (const Index a : named) result.push_back(axis(a, axes));
  std::sort(result.begin(), result.end());
  require(std::adjacent_find(result.begin(), result.end()) == result.end(), "an axis is named twice in {}",
          fmt::join(named, ", "));
  return result;
}

const std::vector<double>& Call::numbers(std::size_t i) const {
  const Array& array = input(i);
  require(numbers_known(array), "needs the numbers of input {} ({}), which depend on the network's inputs", i,
          detail::quoted_text(i < node.inputs.size() ? node.inputs[i] : ""));
  return array.values;
}

Dims Call::integers(std::size_t i) const {
  Dims result;
  for (const double number : numbers(i)) result.push_back(whole(number));
  return result;
}

double Call::scalar(std::size_t i) const {
  const std::vector<double>& values = numbers(i);
  require(values.size() == 1, "input {} has to be one number, it has {}", i, values.size());
  return values[0];
}

std::optional<Dims> Call::integers(const std::string& key, std::size_t i) const {
  if (node.has(key)) return node.integers(key);
  if (has(i)) return integers(i);
  return std::nullopt;
}

Type onnx_type(const Call& call, Index number) {
  switch (number) {
  case 1:
    return Type::float32;
  case 2:
    return Type::uint8;
  case 3:
    return Type::int8;
  case 4:
    return Type::uint16;
  case 5:
    return Type::int16;
  case 6:
    return Type::int32;
  case 7:
    return Type::int64;
  case 9:
    return Type::boolean;
  case 10:
    return Type::float16;
  case 11:
    return Type::float64;
  case 12:
    return Type::uint32;
  case 13:
    return Type::uint64;
  case 16:
    return Type::bfloat16;
  default:
    call.fail("numbers of ONNX's type {} are not supported", number);
  }
}

bool is_integer(Type type) {
  switch (type) {
  case Type::float32:
  case Type::float64:
  case Type::float16:
  case Type::bfloat16:
  case Type::string:
  case Type::boolean:
    return false;
  default:
    return true;
  }
}

std::pair<double, double> limits(Type type) {
  const auto of = []<class T>(T) {
    return std::pair{static_cast<double>(std::numeric_limits<T>::min()),
                     static_cast<double>(std::numeric_limits<T>::max())};
  };
  switch (type) {
  case Type::int8:
    return of(std::int8_t{});
  case Type::uint8:
    return of(std::uint8_t{});
  case Type::int16:
    return of(std::int16_t{});
  case Type::uint16:
    return of(std::uint16_t{});
  case Type::int32:
    return of(std::int32_t{});
  case Type::uint32:
    return of(std::uint32_t{});
  case Type::uint64:
    return of(std::uint64_t{});
  default:
    return of(std::int64_t{});
  }
}

namespace {

/// To the nearest number with so many bits, ties to the even one; `finest` is the exponent of the smallest step.
double rounded(double number, int bits, int finest, double largest) {
  if (number == 0 || !std::isfinite(number)) return number;
  int exponent = 0;
  std::frexp(number, &exponent);
  const int step = std::max(exponent - bits, finest);
  const double result = std::ldexp(std::nearbyint(std::ldexp(number, -step)), step);
  return std::abs(result) > largest ? std::copysign(std::numeric_limits<double>::infinity(), number) : result;
}

}  // namespace

double stored(Type type, double number) {
  if (type == Type::float16) return rounded(number, 11, -24, 65504.0);
  if (type == Type::bfloat16) return rounded(number, 8, -133, 3.3895313892515355e38);
  if (type == Type::boolean) return number != 0 ? 1 : 0;
  if (!is_integer(type)) return number;
  const auto [least, most] = limits(type);
  if (!std::isfinite(number)) return std::isnan(number) ? 0 : std::clamp(number, least, most);
  number = std::trunc(number);
  if (number >= least && number <= most) return number;
  if (type == Type::int64 || type == Type::uint64) return std::clamp(number, least, most);
  const double span = most - least + 1;
  return number - span * std::floor((number - least) / span);
}

Index whole(double number) {
  if (std::isnan(number)) return 0;
  if (number >= 9223372036854775807.0) return std::numeric_limits<Index>::max();
  if (number <= -9223372036854775808.0) return std::numeric_limits<Index>::min();
  return static_cast<Index>(number);
}

std::string axes_text(const Dims& dims) { return dims.empty() ? "no axes" : fmt::format("{}", fmt::join(dims, " x ")); }

Dims strides_of(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (std::size_t a = dims.size(); a > 1; --a) strides[a - 2] = strides[a - 1] * dims[a - 1];
  return strides;
}

Dims broadcast(const Call& call, const Dims& left, const Dims& right) {
  Dims result = left.size() < right.size() ? right : left;
  const Dims& shorter = left.size() < right.size() ? left : right;
  const std::size_t ahead = result.size() - shorter.size();
  for (std::size_t a = 0; a < shorter.size(); ++a) {
    Index& size = result[ahead + a];
    call.require(size == shorter[a] || size == 1 || shorter[a] == 1, "{} and {} do not broadcast", axes_text(left),
                 axes_text(right));
    if (size == 1) size = shorter[a];
  }
  return result;
}

Dims broadcast_strides(const Dims& from, const Dims& to) {
  const std::size_t ahead = to.size() - from.size();
  const Dims own = strides_of(from);
  Dims strides(to.size(), 0);
  for (std::size_t a = 0; a < from.size(); ++a)
    if (from[a] != 1) strides[ahead + a] = own[a];
  return strides;
}

Index product(const Dims& dims, std::size_t from, std::size_t to) {
  return count_of(Dims(dims.begin() + static_cast<Index>(from), dims.begin() + static_cast<Index>(to)));
}

std::vector<Dims> all_sources(const Dims& dims) {
  std::vector<Dims> sources;
  for (const Index size : dims) {
    Dims& axis = sources.emplace_back();
    for (Index i = 0; i < size; ++i) axis.push_back(i);
  }
  return sources;
}

namespace {

/// Axis after axis: `offset` is the place in x so far.
struct Picker {
  const Array& x;
  const std::vector<Dims>& sources;
  const Dims strides;
  std::vector<double>& y;
  const double otherwise;
  std::size_t next = 0;

  void run(std::size_t axis, Index offset, bool inside) {
    if (axis == sources.size()) {
      y[next++] = inside ? element(x, offset) : otherwise;
      return;
    }
    for (const Index source : sources[axis]) run(axis + 1, offset + source * strides[axis], inside && source >= 0);
  }
};

}  // namespace

Array pick(const Call& call, const Array& x, const std::vector<Dims>& sources, double otherwise) {
  Dims dims;
  for (const Dims& axis : sources) dims.push_back(static_cast<Index>(axis.size()));
  Array y = call.make(x.type, dims);
  if (!y.values.empty()) Picker{x, sources, strides_of(x.dims), y.values, otherwise}.run(0, 0, true);
  return y;
}

}  // namespace tenon::importing
