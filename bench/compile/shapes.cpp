// One formula layer on SHAPES different shapes, forward and backward, each a network of its own.
#include <tenon/tenon.hpp>

#include <utility>

using namespace tenon;

template <std::size_t I>
using Net = Sequential<Input<32 + I>, Map<x * tanh(softplus(x))>>;
using Context = Model<Net<0>>::context;

template <std::size_t... I>
void forward(std::index_sequence<I...>, Context& context, const Memory<float>& memory, Rows<const float> in,
             Rows<float> out) {
  (run_forward<bound_network<Net<I>>>(context, memory, in, out, Training{}), ...);
}
template <std::size_t... I>
void backward(std::index_sequence<I...>, Context& context, const Memory<float>& memory, Rows<const float> in,
              Rows<const float> out, Rows<const float> dy, Rows<float> dx) {
  (run_backward<bound_network<Net<I>>>(context, memory, in, out, dy, dx), ...);
}

using All = std::make_index_sequence<SHAPES>;
template void forward(All, Context&, const Memory<float>&, Rows<const float>, Rows<float>);
template void backward(All, Context&, const Memory<float>&, Rows<const float>, Rows<const float>, Rows<const float>,
                       Rows<float>);
