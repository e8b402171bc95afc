#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../edit.hpp"
#include "../graph.hpp"
#include "../simplify.hpp"

/// The passes of `simplify`, in the order in which they run.
namespace tenon::importing {

/// Gives every axis of the inputs a size. True where the first axis of all inputs is the batch, which is 1 from here
/// on.
bool settle_inputs(Graph& graph, const Simplify& options);

/// Does it read a value that is not there, as what gives it is refused?
bool reads_lost(const Graph& graph, const Node& node);

/// Makes constants of what does not depend on the inputs, writes the axes of all other values down, and puts the
/// branch of an If in its place. One Error lists all operators that have no definition. `batched`: the first axis of
/// the inputs is a batch of any size.
void fold_constants(Graph& graph, bool batched, Refusals refusals);

/// Operators that become several others: NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss with constant labels,
/// and AffineGrid. The axes of their inputs have to be known; an Error where labels, weights or sizes are no constants
/// or do not fit, or where the batch may have any size, since labels that are constants are those of one batch.
bool is_lowered(const Node& node);
std::vector<Node> lower(Graph& graph, const Node& node, bool batched);

/// What a node is by ONNX's own definition, of nodes that are known here; nothing where it is one of these itself. Its
/// inputs have axes. Constants that the nodes read are added to the graph.
std::vector<Node> expanded(Graph& graph, const Node& node);

/// An Error where a batch of two is not two samples side by side: where an axis changes that is not the batch.
void check_samples(const Graph& graph);

/// The same with all that is refused, which is left out.
void refuse_mixed_samples(Graph& graph);

/// The same with a TimeDistributed for each part of the network that sees the steps of sequences as samples; nothing
/// where there is none. `graph` has axes.
std::optional<Graph> with_steps_apart(const Graph& graph);

// What does nothing.
bool remove_idle(Edit& edit, Node& node);
// Flatten, Squeeze, Unsqueeze and consecutive Reshapes become one Reshape, whatever the batch.
bool join_reshapes(Edit& edit, Node& node);
// Softmax of old opsets, which flattens, becomes one over the last axis; zero states of recurrent layers are left out.
bool modernize(Edit& edit, Node& node);
// A Pad of zeros goes into the pads of the window behind it.
bool pad_windows(Edit& edit, Node& node);
// Pools over whole images.
bool pool_globally(Edit& edit, Node& node);
// Products with constant matrices and their bias.
bool make_gemm(Edit& edit, Node& node);
bool unroll_rows(Edit& edit, Node& node);
// What is multiplied and added channel by channel behind a convolution, and feature by feature at the ends of a
// network.
bool scale_channels(Edit& edit, Node& node);
// Relu, Gelu, HardSwish and the like from pieces.
bool name_function(Edit& edit, Node& node);
// LayerNormalization and RMSNormalization from pieces.
bool normalize_layer(Edit& edit, Node& node);
// GroupNormalization from rows that are cut and put together again.
bool name_groups(Edit& edit, Node& node);
// Multi-head attention from pieces, where it gives a value of the axes that it reads; and anywhere, with these axes
// changed behind it.
bool name_attention(Edit& edit, Node& node);
bool name_attention_anywhere(Edit& edit, Node& node);
// Transposes move down until they meet one that undoes them, or a matrix whose rows they can order.
bool join_transposes(Edit& edit, Node& node);
bool sink_transpose(Edit& edit, Node& node);
bool lift_transpose(Edit& edit, Node& node);
bool order_rows(Edit& edit, Node& node);

}  // namespace tenon::importing
