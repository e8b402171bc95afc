#include "../types/type_text.hpp"
#include "writer.hpp"

namespace tenon::importing {

namespace {

/// The network that each step goes through is a type of its own.
void time_distributed(Writer& w) {
  w.batch_first();
  const Graph& body = std::get<std::vector<Graph>>(w.node.attributes.at("body")).at(0);
  const Units units = write_units(body);
  if (!units.refused.empty()) w.refuse("{}", units.refused[0]);
  Structure structure = find_structure(body, units);
  if (const auto refused = refusals(body, structure, units); !refused.empty()) w.refuse("{}", refused[0]);
  TypeText type = write_inner_type(body, structure, units);
  const Dims result = w.result();
  w.layer("TimeDistributed<" + type.body + ">", Dims(result.begin() + 1, result.end()),
          {type.weights.begin(), type.weights.end()});
}

}  // namespace

void add_steps(LayerTable& table) { table.insert({{"TimeDistributed", time_distributed}}); }

}  // namespace tenon::importing
