#include <numeric>

#include "../interpret.hpp"
#include "writer.hpp"

/// Operators that bring numbers to other places, by indices that are constants. Where each number comes from they say
/// themselves: they are run on the numbers 0, 1, 2, ...
namespace tenon::importing {

namespace {

Array counted(const Dims& dims) {
  Array places{Type::float32, dims, std::vector<double>(static_cast<std::size_t>(count_of(dims)))};
  std::iota(places.values.begin(), places.values.end(), 0.0);
  return places;
}

/// Of every number of a sample that is given, its place in the sample that is read; with a batch all samples have to be
/// alike in that.
Dims sources(const Writer& w) {
  const Place& in = w.place(0);
  const Array places = counted(in.dims);
  std::vector<const Array*> inputs{&places};
  for (std::size_t i = 1; i < w.node.inputs.size(); ++i) inputs.push_back(w.has(i) ? &w.weight(i, "indices") : nullptr);
  const Array moved = evaluate(w.node, w.opset(), inputs).at(0);
  Dims all(moved.values.begin(), moved.values.end());
  if (in.batch == no_batch) return all;
  const std::size_t b = in.batch;
  w.require(b < moved.dims.size() && moved.dims[b] == in.dims[b], "makes {} of {}: the batch is not the same",
            list_text(moved.dims), list_text(in.dims));
  const std::int64_t samples = in.dims[b];
  const auto behind = [&](const Dims& dims) {
    return count_of(Dims(dims.begin() + static_cast<std::ptrdiff_t>(b) + 1, dims.end()));
  };
  // The place `at` of all numbers as a sample and a place in it.
  const auto apart = [&](std::int64_t at, std::int64_t inner) {
    return std::pair{at / inner % samples, at / (inner * samples) * inner + at % inner};
  };
  const std::int64_t inner_in = behind(in.dims), inner_out = behind(moved.dims);
  Dims of_sample(all.size() / static_cast<std::size_t>(samples), -1);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto [sample, to] = apart(static_cast<std::int64_t>(i), inner_out);
    const auto [read, from] = apart(all[i], inner_in);
    std::int64_t& known = of_sample[static_cast<std::size_t>(to)];
    w.require(read == sample && (known < 0 || known == from),
              "its indices are not those of one sample: they differ from one to the next, or lead there");
    known = from;
  }
  return of_sample;
}

/// What stands at these places of a sample.
void move(Writer& w) {
  constexpr std::size_t at_once = 256, most = 32;
  const Dims from = sources(w);
  const std::int64_t count = count_of(w.shape());
  const auto given = static_cast<std::int64_t>(from.size());
  w.require(given > 0, "gives nothing");
  if (from.size() <= at_once) {
    w.reshape({count});
    return take(w, 0, from);
  }
  w.require(from.size() <= at_once * most, "moves {} numbers one by one; {} are the most", from.size(), at_once * most);
  const std::string read = w.node.inputs[0];
  const Dims shape = w.shape();
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < from.size(); i += at_once) {
    const auto first = from.begin() + static_cast<std::ptrdiff_t>(i);
    const Dims part(first, first + static_cast<std::ptrdiff_t>(std::min(at_once, from.size() - i)));
    parts.push_back(w.aside(read, shape, [&] {
      w.reshape({count});
      take(w, 0, part);
    }));
  }
  w.start(0, parts, {given});
  w.layer("Concat<>", {given});
}

Node without_reduction(const Node& node) {
  Node plain = node;
  plain.attributes.erase("reduction");
  return plain;
}

Array filled(const Dims& dims, double value) {
  return {Type::float32, dims, std::vector<double>(static_cast<std::size_t>(count_of(dims)), value)};
}

/// Numbers that are constants: those that are hit, and what they meet there.
void scatter_constants(Writer& w, const std::string& how, const Array& indices, const Array& updates) {
  const Dims& dims = w.place(0).dims;
  const Array nothing = filled(dims, 0), ones = filled(updates.dims, 1);
  Array hit = evaluate(without_reduction(w.node), w.opset(), {&nothing, &indices, &ones}).at(0);
  const Array neutral = filled(dims, how == "mul" ? 1 : how == "max" ? -INFINITY : how == "min" ? INFINITY : 0);
  Array value = evaluate(w.node, w.opset(), {&neutral, &indices, &updates}).at(0);
  if (how == "add") return w.formula_of(R"(x + param<"bias", PerFeature>)", {{"bias", value}});
  if (how == "mul") return w.formula_of(R"(x * param<"weight", PerFeature, Ones>)", {{"weight", value}});
  for (std::size_t i = 0; i < value.values.size(); ++i)
    if (hit.values[i] == 0) value.values[i] = 0;
  const std::string met = how == "none" ? R"(param<"value", PerFeature>)"
                                        : fmt::format(R"({}(x, param<"value", PerFeature>))", how);
  w.formula_of(fmt::format(R"(select(param<"hit", PerFeature> > 0, {}, x))", met), {{"hit", hit}, {"value", value}});
}

/// Numbers that are computed: they are brought to their places, and what is not hit meets what changes nothing.
void scatter_values(Writer& w, const std::string& how, const Array& indices) {
  const Place &in = w.place(0), &updates = w.place(2);
  w.require((in.batch == no_batch) == (updates.batch == no_batch) &&
                (updates.batch == no_batch || updates.dims[updates.batch] == 1),
            "its updates have another batch");
  const Array places = counted(in.dims);
  const Node gather{
      w.node.name,
      w.node.op == "ScatterND" ? "GatherND" : "GatherElements",
      {},
      {},
      {},
      w.node.op == "ScatterND" ? std::map<std::string, Attribute>{} : without_reduction(w.node).attributes};
  const Array to = evaluate(gather, w.opset(), {&places, &indices}).at(0);
  Dims from(places.values.size(), 0);
  Array hit = filled(in.dims, 0);
  for (std::size_t i = 0; i < to.values.size(); ++i) {
    const auto place = static_cast<std::size_t>(to.values[i]);
    w.require(how == "none" || hit.values[place] == 0, "reduction {} where several computed numbers meet", how);
    hit.values[place] = 1;
    from[place] = static_cast<std::int64_t>(i);
  }
  const std::string x = w.node.inputs[0];
  const Dims shape = w.shape(), row{count_of(w.sample(2))};
  const char* neutral = how == "mul" ? "1" : how == "max" ? "-HUGE_VALF" : how == "min" ? "HUGE_VALF" : "0";
  const std::string moved = w.aside(w.node.inputs[2], w.sample(2), [&] {
    w.reshape(row);
    take(w, 0, from);
    w.reshape(shape);
    w.formula_of(fmt::format(R"(select(param<"hit", PerFeature> > 0, x, {}))", neutral), {{"hit", hit}});
  });
  std::string kept = x;
  if (how == "none")
    kept = w.aside(x, shape, [&] { w.formula_of(R"(select(param<"hit", PerFeature> > 0, 0, x))", {{"hit", hit}}); });
  w.start(0, {kept, moved}, shape);
  w.layer(how == "mul" ? "Multiply" : how == "max" ? "Maximum" : how == "min" ? "Minimum" : "Add<>", shape);
}

void scatter(Writer& w) {
  w.require(w.constant(0) == nullptr, "puts numbers into a constant");
  const Array& indices = w.weight(1, "indices");
  const Place& in = w.place(0);
  w.require(in.batch == no_batch || in.dims[in.batch] == 1, "its indices are those of {} samples together",
            in.batch == no_batch ? 1 : in.dims[in.batch]);
  const std::string how = w.node.text("reduction", "none");
  const Array* updates = w.constant(2);
  if (updates != nullptr) scatter_constants(w, how, indices, *updates);
  else scatter_values(w, how, indices);
}

}  // namespace

void add_places(LayerTable& table) {
  table.insert({{"GatherElements", move},
                {"GatherND", move},
                {"Scatter", scatter},
                {"ScatterElements", scatter},
                {"ScatterND", scatter}});
}

}  // namespace tenon::importing
