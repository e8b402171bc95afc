#include "windows.hpp"

#include <algorithm>

namespace tenon::importing {

std::pair<Index, Index> Windows::inside(std::size_t axis, Index tap) const {
  const Index stride = strides[axis], start = tap * dilations[axis] - before[axis];  // place of window 0
  const auto ceiling = [stride](Index number) { return number <= 0 ? 0 : (number + stride - 1) / stride; };
  const Index first = std::min(ceiling(-start), count[axis]);
  return {first, std::clamp(ceiling(size[axis] - start), first, count[axis])};
}

Dims per_axis(const Call& call, const std::string& key, std::size_t axes, Index otherwise, Index least) {
  const Dims values = call.node.integers(key, Dims(axes, otherwise));
  call.require(values.size() == axes, "{} has to name {} numbers, not {}", key, axes, values.size());
  for (const Index value : values)
    call.require(value >= least && value < Index{1} << 24, "{} cannot be {}", key, fmt::join(values, ", "));
  return values;
}

Windows windows_of(const Call& call, const Dims& dims, const Dims& kernel) {
  call.require(dims.size() >= 3, "expects batch, channels and at least one axis more, not {}", axes_text(dims));
  const std::size_t axes = dims.size() - 2;
  call.require(kernel.size() == axes, "windows of {} do not move over {}", axes_text(kernel), axes_text(dims));
  Windows w{Dims(dims.begin() + 2, dims.end()),
            kernel,
            per_axis(call, "strides", axes, 1, 1),
            per_axis(call, "dilations", axes, 1, 1),
            {},
            {},
            {}};
  const Dims pads = per_axis(call, "pads", 2 * axes, 0, 0);
  const std::string automatic = call.node.text("auto_pad", "NOTSET");
  const bool same = automatic == "SAME_UPPER" || automatic == "SAME_LOWER", valid = automatic == "VALID";
  call.require(same || valid || automatic == "NOTSET" || automatic.empty(), "auto_pad cannot be {}", automatic);
  const bool ceil = call.node.integer("ceil_mode", 0) != 0 && !same;
  for (std::size_t a = 0; a < axes; ++a) {
    call.require(kernel[a] > 0 && kernel[a] < Index{1} << 24, "windows of {} are not possible", axes_text(kernel));
    const Index reach = (kernel[a] - 1) * w.dilations[a] + 1, stride = w.strides[a];
    if (same) {
      const Index count = (w.size[a] + stride - 1) / stride,
                  total = std::max((count - 1) * stride + reach - w.size[a], Index{0});
      w.before.push_back(automatic == "SAME_UPPER" ? total / 2 : total - total / 2);
      w.after.push_back(total - w.before[a]);
      w.count.push_back(count);
      continue;
    }
    w.before.push_back(valid ? 0 : pads[a]);
    w.after.push_back(valid ? 0 : pads[axes + a]);
    const Index space = w.size[a] + w.before[a] + w.after[a] - reach;
    call.require(space >= 0, "a window that reaches over {} places does not fit into {} with padding {} and {}", reach,
                 w.size[a], w.before[a], w.after[a]);
    Index count = space / stride + 1;
    const bool starts_inside = count * stride < w.size[a] + w.before[a];  // not in the padding behind
    if (ceil && space % stride != 0 && starts_inside) ++count;
    w.count.push_back(count);
  }
  return w;
}

Windows in_three_axes(const Windows& windows) {
  Windows w = windows;
  while (w.axes() < 3) {
    for (Dims* sizes : {&w.size, &w.kernel, &w.strides, &w.dilations, &w.count}) sizes->insert(sizes->begin(), 1);
    for (Dims* pads : {&w.before, &w.after}) pads->insert(pads->begin(), 0);
  }
  return w;
}

}  // namespace tenon::importing
