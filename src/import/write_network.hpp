#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph.hpp"
#include "work.hpp"

namespace tenon::importing {

/// A network written as a C++ type, with its weights.
struct Written {
  std::string header;                    // the text of net.hpp
  std::map<std::string, Array> weights;  // by the name and with the shape that Model<Net> gives them: net.safetensors
  std::map<std::string, std::size_t>
      batch_axes{};  // of inputs and outputs; no_batch where there is none (layers/unit.hpp)
};

/// Whether the first axis of the inputs of a simplified graph can count samples: it is one for all of them.
bool has_batch(const Graph& simplified);

/// The scores that the type gives for an output which the file makes of them by ArgMax; none for other outputs.
const std::string* scores_of_classes(const Graph& simplified, const std::string& output);

/// Writes the type called `name` of a simplified graph: a Sequential where the graph is a chain, Residual, Add and
/// Concat where branches meet again, a Graph with the file's own names where they do not; equal blocks once. What has
/// no layer is refused with one Error that lists each such operator, its node, the attribute, the reason and what can
/// be done. Without `batched` no axis counts samples: the network's inputs are one sample as they are.
/// `spent` may be the graph's own constants, if their numbers are needed no more: the large ones go (their axes stay),
/// so that they are in memory once.
Written write_network(const Graph& graph, const std::string& name, bool batched = true,
                      std::map<std::string, Array>* spent = nullptr);

/// The weights as floats, which a model loads. The numbers that are given go one after the other.
class WeightsFile {
public:
  explicit WeightsFile(std::map<std::string, Array> weights);

  void write(const std::string& path) const;
  std::size_t tensors() const { return tensors_.size(); }
  std::size_t numbers() const;

private:
  struct Tensor {
    std::string name;
    std::vector<std::size_t> shape;
    std::vector<float> numbers;
  };
  std::vector<Tensor> tensors_{};
};

/// Writes such a file at once.
void write_weights(const std::string& path, const std::map<std::string, Array>& weights);

/// The text of check.cpp, or why there is none.
struct WrittenCheck {
  std::string program, left_out;
};

/// A program that loads net.hpp and net.safetensors and compares the outputs with those of the file's own graph, which
/// are written into it for two seeded random inputs. `batch_axes` (Written) says which axis of the outputs counts
/// samples, the first where it says nothing. What the interpreter has to compute is bounded by `most_work` (work.hpp):
/// of a large batch fewer samples are taken, and of what is larger still nothing is compared. An output that rounding
/// to float moves more than usual, which the interpreter tries, may differ by more.
WrittenCheck write_check(const Graph& original, const Graph& simplified, const std::string& name,
                         const std::map<std::string, std::size_t>& batch_axes = {}, double most_work = most_check_work);

}  // namespace tenon::importing
