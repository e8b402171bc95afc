#include "writer.hpp"

#include <numeric>

#include "../../backwards.hpp"
#include "../../io/words.hpp"

namespace tenon::importing {

std::string number_text(double value) {
  if (std::isinf(static_cast<float>(value))) return value < 0 ? "-HUGE_VALF" : "HUGE_VALF";
  std::string text = fmt::format("{}", static_cast<float>(value));
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  for (const auto& [from, to] : {std::pair{"e-0", "e-"}, {"e+0", "e"}, {"e+", "e"}})
    if (const std::size_t at = text.find(from); at != std::string::npos)
      text.replace(at, std::string_view(from).size(), to);
  return text;
}

std::string list_text(const Dims& dims) { return fmt::format("{}", fmt::join(dims, ", ")); }

Array reshaped(Array array, Dims dims) {
  array.dims = std::move(dims);
  return array;
}

Dims in_type(const Dims& sample) { return sample.size() > most_axes ? Dims{count_of(sample)} : sample; }

bool all_equal(const Array& array, double value) {
  return std::all_of(array.values.begin(), array.values.end(), [&](double v) { return v == value; });
}

namespace {

/// An array's axes among those of a value, ones in front; none where it does not spread over them, sample by sample.
std::optional<Dims> aligned(const Array& array, const Dims& sample, std::size_t batch) {
  Dims whole = sample;
  if (batch != no_batch) whole.insert(whole.begin() + static_cast<std::ptrdiff_t>(batch), 1);
  if (array.dims.size() > whole.size()) return std::nullopt;
  Dims own(whole.size() - array.dims.size(), 1);
  own.insert(own.end(), array.dims.begin(), array.dims.end());
  for (std::size_t k = 0; k < own.size(); ++k)
    if (own[k] != 1 && own[k] != whole[k]) return std::nullopt;
  if (batch != no_batch) own.erase(own.begin() + static_cast<std::ptrdiff_t>(batch));
  if (own.empty()) own = {1};
  return own;
}

}  // namespace

std::vector<double> spread(const Array& array, const Dims& sample, std::size_t batch) {
  const auto own = aligned(array, sample, batch);
  if (!own)
    throw Refused(
        fmt::format("a constant of {} does not spread over samples of {}", list_text(array.dims), list_text(sample)));
  std::vector<double> all(static_cast<std::size_t>(count_of(sample)));
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::size_t rest = i, at = 0, step = 1;
    for (const std::size_t k : detail::backwards(sample.size())) {
      const auto size = static_cast<std::size_t>(sample[k]);
      if ((*own)[k] != 1) at += rest % size * step;
      step *= static_cast<std::size_t>((*own)[k]);
      rest /= size;
    }
    all[i] = array.values[at];
  }
  return all;
}

Writer::Writer(Walk& walk, const Node& n) : node(n), walk_(walk) {
  const auto inputs = values();
  require(!inputs.empty(), "reads no value that depends on the network's inputs");
  start(0, {node.inputs[inputs.front()]}, sample(inputs.front()));
  batch_ = place(inputs.front()).batch;
}

const Array* Writer::constant(std::size_t i) const { return has(i) ? walk_.constant(node.inputs[i]) : nullptr; }

const Array& Writer::weight(std::size_t i, const char* what) const {
  require(has(i), "has no {}", what);
  const Array* found = constant(i);
  require(found != nullptr, "its {} {} is computed by the network; only constants can be weights", what,
          detail::quoted_text(node.inputs[i]));
  return *found;
}

std::optional<Dims> Writer::integers(std::size_t i, const char* key) const {
  if (node.has(key)) return node.integers(key);
  if (!has(i)) return std::nullopt;
  Dims all;
  for (const double v : weight(i, key).values) all.push_back(static_cast<std::int64_t>(std::clamp(v, -0x1p53, 0x1p53)));
  return all;
}

const Place& Writer::place(std::size_t i) const { return walk_.places.at(node.inputs[i]); }

std::vector<std::size_t> Writer::values() const {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    if (has(i) && constant(i) == nullptr) all.push_back(i);
  return all;
}

const Dims& Writer::shape_of(const std::string& value) const { return walk_.units.shapes.at(value); }

const Node* Writer::producer(std::size_t i) const {
  const auto found = walk_.producers.find(node.inputs[i]);
  return found == walk_.producers.end() ? nullptr : found->second;
}

bool Writer::wanted(std::size_t output) const {
  if (output >= node.outputs.size() || node.outputs[output].empty()) return false;
  const std::string& value = node.outputs[output];
  return walk_.readers.contains(value) ||
         std::ranges::find(walk_.graph.outputs, value, &Value::name) != walk_.graph.outputs.end();
}

std::vector<const Node*> Writer::readers_of(std::size_t output) const {
  std::vector<const Node*> all;
  for (const Node& reader : walk_.graph.nodes)
    if (std::ranges::find(reader.inputs, node.outputs.at(output)) != reader.inputs.end()) all.push_back(&reader);
  return all;
}

bool Writer::is_of_input(std::size_t i) const {
  static const std::set<std::string> moves{"Slice",   "Reshape",   "Flatten", "Transpose",
                                           "Squeeze", "Unsqueeze", "Split",   "Identity"};
  const Node* from = producer(i);
  while (from != nullptr && moves.contains(from->op)) {
    const auto next = walk_.producers.find(from->inputs.at(0));
    from = next == walk_.producers.end() ? nullptr : next->second;
  }
  return from == nullptr;
}

const Dims& Writer::result(std::size_t output) const {
  const std::string& name = node.outputs.at(output);
  const auto known = walk_.graph.values.find(name);
  if (known != walk_.graph.values.end() && known->second.dims) return *known->second.dims;
  for (const Value& v : walk_.graph.outputs)
    if (v.name == name && v.dims) return *v.dims;
  refuse("the shape of what it gives is not known");
}

Type Writer::result_type(std::size_t output) const {
  const auto known = walk_.graph.values.find(node.outputs.at(output));
  return known != walk_.graph.values.end() ? known->second.type : Type::float32;
}

std::size_t Writer::axis(std::int64_t axis, std::size_t input) const {
  const Place& p = place(input);
  const auto rank = static_cast<std::int64_t>(p.dims.size());
  require(axis >= -rank && axis < rank, "there is no axis {} of {}", axis, rank);
  const auto at = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
  require(at != p.batch, "works along axis {}, which is the batch: a layer sees one sample", at);
  return at < p.batch ? at : at - 1;
}

void Writer::batch_first(std::size_t input) const {
  require(place(input).batch != no_batch, "has to have a batch as its first axis");
  require(place(input).batch == 0, "the batch has to be its first axis, it is axis {}", place(input).batch);
}

void Writer::take_front_as_batch() {
  Place& in = walk_.places.at(node.inputs[0]);
  if (in.batch != no_batch || in.dims.size() < 2 || in.dims.front() != 1 || node.outputs.size() != 1) return;
  batch_ = in.batch = 0;
  reshape(in.sample());
  front_ = true;
}

void Writer::start(std::size_t output, std::vector<std::string> reads, Dims shape) {
  require(!front_, "has to have a batch as its first axis");
  if (!unit_.layers.empty()) close();
  output_ = output;
  unit_ = {node.name.empty() ? node.op : node.name, std::move(reads), node.outputs.at(output)};
  shape_ = std::move(shape);
}

void Writer::layer(std::string text, Dims gives, std::vector<std::pair<std::string, Array>> weights) {
  require(gives == shape_ || std::max(gives.size(), shape_.size()) <= most_axes,
          "works along an axis of samples of {}; shapes have at most {} axes", list_text(shape_), most_axes);
  shape_ = std::move(gives);
  unit_.layers.push_back({std::move(text), in_type(shape_), std::move(weights)});
}

void Writer::formula(std::string text, std::vector<std::pair<std::string, Array>> weights) {
  unit_.layers.push_back({std::move(text), in_type(shape_), std::move(weights), Layer::formula});
}

void Writer::reshape(Dims dims) {
  if (dims.empty()) dims = {1};
  Dims to = in_type(dims);
  const bool same = to == in_type(shape_);
  shape_ = std::move(dims);
  if (!same) unit_.layers.push_back({"", std::move(to), {}, Layer::reshape});
}

void Writer::permute(const Dims& axes) {
  if (std::is_sorted(axes.begin(), axes.end())) return;
  Dims gives;
  for (const auto a : axes) gives.push_back(shape_[static_cast<std::size_t>(a)]);
  if (gives.size() <= most_axes) return layer(fmt::format("Permute<{}>", list_text(axes)), gives);
  // One axis after the other goes to its place; those before it, those it passes and those behind it are one axis each.
  const auto product = [](auto from, auto to) { return count_of(Dims(from, to)); };
  Dims order(axes.size()), dims = shape_;
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const auto at = std::find(order.begin(), order.end(), axes[k]) - order.begin();
    const auto here = static_cast<std::ptrdiff_t>(k);
    const std::int64_t passed = product(dims.begin() + here, dims.begin() + at),
                       own = dims[static_cast<std::size_t>(at)];
    if (passed != 1 && own != 1) {
      const std::int64_t before = product(dims.begin(), dims.begin() + here),
                         behind = product(dims.begin() + at + 1, dims.end());
      reshape({before, passed, own, behind});
      layer("Permute<0, 2, 1, 3>", {before, own, passed, behind});
    }
    std::rotate(order.begin() + here, order.begin() + at, order.begin() + at + 1);
    std::rotate(dims.begin() + here, dims.begin() + at, dims.begin() + at + 1);
  }
  reshape(gives);
}

std::string Writer::aside(const std::string& from, const Dims& shape, const std::function<void()>& write) {
  Unit own = std::exchange(unit_, {});
  const Dims own_shape = std::exchange(shape_, shape);
  const std::string name = fmt::format("{} {}", node.outputs.at(output_), ++asides_);
  unit_ = {own.name + "_in", {from}, name};
  write();
  walk_.units.shapes[name] = in_type(shape_);
  done_.push_back(std::exchange(unit_, std::move(own)));
  shape_ = own_shape;
  return name;
}

void Writer::formula_of(std::string text, const std::vector<std::pair<std::string, Array>>& operands) {
  const Dims own = shape_;
  // the axes along which the numbers differ
  std::set<std::size_t> along;
  for (const auto& [name, array] : operands) {
    const auto axes = aligned(array, own, batch_);
    require(axes.has_value(), "a constant of {} does not spread over samples of {}", list_text(array.dims),
            list_text(own));
    for (std::size_t k = 0; k < axes->size(); ++k)
      if ((*axes)[k] != 1) along.insert(k);
  }
  const bool channels = own.size() > 1 && along == std::set<std::size_t>{0};
  const bool features = own.size() <= 2 &&
                        (along == std::set<std::size_t>{own.size() - 1} || (along.empty() && own.back() == 1));
  const std::int64_t front = own.front(), size = count_of(own);
  if (channels && own.size() != 3) reshape({front, 1, size / front});
  if (!channels && !features) reshape({size});
  std::vector<std::pair<std::string, Array>> weights;
  for (const auto& [name, array] : operands) {
    Array numbers{Type::float32, {}, spread(array, own, batch_)};
    if (channels)
      for (std::size_t c = 0; c < static_cast<std::size_t>(front); ++c)
        numbers.values[c] = numbers.values[c * static_cast<std::size_t>(size / front)];
    const std::int64_t count = channels ? front : features ? own.back() : size;
    numbers.values.resize(static_cast<std::size_t>(count));
    numbers.dims = {count};
    weights.emplace_back(name, std::move(numbers));
  }
  formula(std::move(text), std::move(weights));
  reshape(own);
}

Place Writer::place_of_result(std::size_t output) const {
  Place p{result(output), batch_};
  require(p.batch == no_batch || p.batch < p.dims.size(), "gives no axis for the batch");
  return p;
}

void Writer::close() {
  const Place p = place_of_result(output_);
  const Dims sample = p.sample();
  require(count_of(sample) == count_of(shape_), "gives samples of {}, but {} were expected", list_text(shape_),
          list_text(sample));
  reshape(sample);
  walk_.places[unit_.gives] = p;
  walk_.units.shapes[unit_.gives] = in_type(sample);
  walk_.units.batch_axes[unit_.gives] = p.batch;
  done_.push_back(std::move(unit_));
  unit_ = {};
}

void Writer::finish() {
  if (front_) {
    Dims whole = shape_;
    whole.insert(whole.begin(), 1);
    reshape(std::move(whole));
    batch_ = walk_.places.at(node.inputs[0]).batch = no_batch;
  }
  close();
  for (Unit& unit : done_) walk_.units.units.push_back(std::move(unit));
}

}  // namespace tenon::importing
