// Shapes, counts, names and the memory plan of networks, as the compiler sees them.
#include <type_traits>

#include <tenon/net/networks.hpp>

#include "support/test_layers.hpp"

using namespace tenon;
using namespace test_layers;

template <class A, class B>
inline constexpr bool same = std::is_same_v<A, B>;

// What is a layer, and what is not.
static_assert(Layer<Square> && Layer<Affine<2>> && Layer<Sequential<>> && Layer<Repeat<2, Square>>);
static_assert(Layer<Input<3>> && Layer<Flatten> && Layer<Named<"a", Square>>);
static_assert(!Layer<int> && !Layer<Shape<3>> && !Layer<std::true_type>);

// Shapes and counts.
using Digits = Sequential<Affine<784, 128>, HyperTan, Affine<10>>;
static_assert(parameter_count<Digits> == 101'770);
static_assert(same<input_shape<Digits>, Shape<784>> && same<output_shape<Digits>, Shape<10>>);
static_assert(layer_count<Digits> == 3 && workspace<Digits>.units == 3);
static_assert(parameter_count<Affine<3, 2>> == 8 && layer_count<Affine<3, 2>> == 1);
static_assert(parameter_count<Sequential<Input<4>>> == 0 && layer_count<Sequential<Input<4>>> == 0);
static_assert(same<output_shape<Sequential<Input<4>>>, Shape<4>>);

using Image = Sequential<Input<2, 4, 4>, Flatten, Affine<6>, Reshape<1, 2, 3>, Square>;
static_assert(same<input_shape<Image>, Shape<2, 4, 4>>);
static_assert(same<output_shape<Image>, Shape<1, 2, 3>>);
static_assert(workspace<Image>.units == 2);

using Branches = Sequential<Input<2, 4>, Concat<Identity, Square, Add<Square, Identity>>>;
static_assert(same<output_shape<Branches>, Shape<6, 4>>);

// The input is found through whatever stands first.
static_assert(same<input_shape<Sequential<Named<"a", Residual<Affine<5, 5>>>>>, Shape<5>>);
static_assert(same<input_shape<Concat<Affine<7, 2>, Affine<3>>>, Shape<7>>);
static_assert(same<input_shape<Add<Sequential<Affine<7, 2>>, Affine<2>>>, Shape<7>>);
static_assert(same<input_shape<Repeat<2, Sequential<Affine<4, 4>>>>, Shape<4>>);
static_assert(same<input_shape<Sequential<Sequential<>, Affine<9, 1>>>, Shape<9>>);
static_assert(same<input_shape<Named<"net", Sequential<Input<2, 3>, Flatten>>>, Shape<2, 3>>);

// Names: every element but Input counts, a name stands for its index.
using Encoder = Sequential<Affine<4>, HyperTan, Scale>;
using Nested = Sequential<Input<3>, Flatten, Named<"encoder", Encoder>, Repeat<2, Sequential<Square, Affine<4>>>,
                          Residual<HyperTan, Affine<4>>, Concat<Identity, Named<"wide", Affine<8>>>, Affine<2>>;
static_assert(parameter_table<Nested>.size() == 14);
static_assert(parameter_table<Nested>[0].name == "encoder.0.weight");
static_assert(parameter_table<Nested>[1].name == "encoder.0.bias");
static_assert(parameter_table<Nested>[2].name == "encoder.2.scale");
static_assert(parameter_table<Nested>[3].name == "encoder.2.calls");
static_assert(parameter_table<Nested>[4].name == "2.0.1.weight");
static_assert(parameter_table<Nested>[7].name == "2.1.1.bias");
static_assert(parameter_table<Nested>[8].name == "3.1.weight");
static_assert(parameter_table<Nested>[11].name == "4.wide.bias");
static_assert(parameter_table<Nested>[12].name == "5.weight");
static_assert(parameter_index<Nested, "encoder.2.calls"> == 3);
static_assert(parameter_entry<Nested, "5.weight">.dims[1] == 12);
static_assert(parameter_table<Affine<3, 2>>[1].name == "bias");
static_assert(parameter_table<Named<"net", Sequential<Affine<3, 2>>>>[1].name == "net.0.bias");
static_assert(parameter_table<Repeat<11, Affine<3, 3>>>[20].name == "10.weight");

// Offsets: in order, each block aligned, running statistics in an arena of their own.
static_assert(parameter_entry<Nested, "encoder.0.weight">.offset == 0);
static_assert(parameter_entry<Nested, "encoder.0.bias">.offset == aligned(12));
static_assert(parameter_entry<Nested, "encoder.2.scale">.offset == 32);
static_assert(parameter_entry<Nested, "encoder.2.calls">.offset == 0);
static_assert(!parameter_entry<Nested, "encoder.2.calls">.trainable);
static_assert(parameter_entry<Nested, "2.0.1.weight">.offset == 48);
static_assert(workspace<Nested>.buffer_size == alignment);
static_assert(workspace<Nested>.parameter_entries == parameter_table<Nested>.size());
static_assert([] {
  std::size_t next[2]{};
  for (const ParameterEntry& entry : parameter_table<Nested>) {
    if (entry.offset != next[entry.trainable]) return false;
    next[entry.trainable] += aligned(entry.size);
  }
  return next[1] == workspace<Nested>.trainable_size && next[0] == workspace<Nested>.buffer_size;
}());
static_assert([] {
  std::size_t sum = 0;
  for (const ParameterEntry& entry : parameter_table<Nested>) {
    if (entry.trainable) sum += entry.size;
  }
  return sum == parameter_count<Nested>;
}());

// The last layer, and the network without it.
static_assert(same<last_layer<Digits>, Affine<10>>);
static_assert(same<without_last<Digits>, Sequential<Affine<784, 128>, HyperTan>>);
using Tail = Sequential<Affine<3, 2>, Named<"head", Sequential<Square, Named<"act", HyperTan>>>>;
using Short = Sequential<Affine<3, 2>, Named<"head", Sequential<Square>>>;
static_assert(same<last_layer<Tail>, HyperTan>);
static_assert(same<without_last<Tail>, Short>);
static_assert(same<without_last<Sequential<Square, Sequential<HyperTan>>>, Sequential<Square>>);
static_assert(same<last_layer<Square>, Square> && same<without_last<Square>, Sequential<>>);
static_assert(same<last_layer<Sequential<>>, void>);
static_assert(same<last_layer<Sequential<Square, Freeze<Sequential<Square, Named<"a", HyperTan>>>>>, HyperTan>);
static_assert(same<without_last<Sequential<Square, Freeze<Sequential<Square, Named<"a", HyperTan>>>>>,
                   Sequential<Square, Freeze<Sequential<Square>>>>);
static_assert(same<without_last<Sequential<Square, Freeze<HyperTan>>>, Sequential<Square>>);
static_assert(same<last_layer<Sequential<Square, Residual<HyperTan>>>, Residual<HyperTan>>);

// The plan of a plain perceptron: only what tanh gives is read by a backward pass, its own and the
// last layer's. What the first layer gives passes through scratch, and so do the two deltas.
static_assert(sizeof(Memory<float>) <= 128);
static_assert(workspace<Digits>.needs.saved.sample == 128);
static_assert(workspace<Digits>.needs.forward.sample == 128);
static_assert(workspace<Digits>.needs.inference.sample == 128 + 128);
static_assert(workspace<Digits>.needs.backward.sample == 128 + 128);
static_assert(workspace<Digits>.needs.backward_reads_input);
static_assert(!workspace<Digits>.needs.backward_reads_output);
// Scale reads nothing that the chain would have to keep.
using Scales = Sequential<Input<20>, Scale, Scale, Scale>;
static_assert(workspace<Scales>.needs.saved.sample == 3 * aligned(20));
static_assert(workspace<Scales>.needs.saved.fixed == 3 * aligned(1));
static_assert(workspace<Scales>.needs.forward.sample == 3 * aligned(20));
static_assert(workspace<Scales>.needs.forward.fixed == 1);
static_assert(workspace<Scales>.needs.streams == 3);
static_assert(workspace<Scales>.keeps_apart && !workspace<Scales>.looks_at_batch && !workspace<Digits>.keeps_apart);
static_assert(!workspace<Scales>.needs.backward_reads_input);
// Equal blocks keep what each gives to the next, and predict with the memory of one block between
// its input and its output.
using Deep = Repeat<10, Sequential<Affine<32, 32>, HyperTan>>;
static_assert(workspace<Deep>.needs.saved.sample == 9 * 32);
static_assert(workspace<Deep>.needs.inference.sample == 3 * 32);
static_assert(workspace<Deep>.needs.backward_reads_output);

// A forward pass is usable in constant expressions.
static_assert([] {
  struct {
    bool overwrite_gradients = true;
  } ctx;
  using Net = Sequential<Affine<2, 1>, Concat<Square, Identity>>;
  const float parameters[workspace<Net>.trainable_size]{2, 3};
  const float x[4]{1, 2, 3, 4};
  float y[4]{}, scratch[2 * workspace<Net>.needs.inference.sample]{};
  Memory<float> memory{.parameters = {.values = parameters}, .workspace = {.scratch = scratch}};
  run_forward<bound_network<Net>>(ctx, memory, Rows<const float>{x, 2, 2}, Rows<float>{y, 2, 2}, Evaluation{});
  return y[0] == 64 && y[1] == 8 && y[2] == 18 * 18 && y[3] == 18;
}());
