#include "../interpret.hpp"
#include "call.hpp"

namespace tenon::importing {

namespace {

/// A network for each step of a sequence, (batch, steps, ...): the steps of all samples are its samples. ONNX has no
/// such operator; passes/steps.cpp makes it.
std::vector<Array> time_distributed(const Call& call) {
  Array x = call.input(0, 2);
  const auto* bodies = call.attribute<std::vector<Graph>>("body");
  call.require(bodies != nullptr && bodies->size() == 1, "has no body");
  const Graph& body = bodies->front();
  call.require(body.inputs.size() == 1 && body.outputs.size() == 1, "its body has not one input and one output");
  const Index batch = x.dims[0], steps = x.dims[1];
  x.dims.erase(x.dims.begin());
  x.dims[0] = batch * steps;
  std::map<std::string, Array> inputs;
  inputs.emplace(body.inputs[0].name, std::move(x));
  Array y = interpret(body, std::move(inputs)).at(0);
  call.require(!y.dims.empty() && y.dims[0] == batch * steps, "its body does not keep the steps apart");
  y.dims[0] = steps;
  y.dims.insert(y.dims.begin(), batch);
  return {std::move(y)};
}

}  // namespace

Table step_operators() { return {{"TimeDistributed", time_distributed}}; }

}  // namespace tenon::importing
