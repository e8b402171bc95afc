// A layer of one's own that lacks members of the contract: one error names them all.
// expect: incomplete_layer<tenon::layer<tenon::path<1>, Half>
// expect: lacks<
// expect: "initializers"}
// expect: "backward"}
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>

using namespace tenon;

struct Half {
  template <class In>
  struct at {
    using input = In;
    using output = In;
    static constexpr std::array<ParameterSpec, 0> parameters{};
    static constexpr Needs needs{.backward_reads_input = false};
    template <class Mode, class Ctx, class T>
    static void forward(Ctx&, const Memory<T>&, Rows<const T> x, Rows<T> y, Mode) {
      for (std::size_t n = 0; n < y.count; ++n)
        for (std::size_t i = 0; i < In::size; ++i) y[n][i] = x[n][i] / 2;
    }
#ifndef TENON_WRONG
    using initializers = Initializers<>;
    template <class Ctx, class T>
    static void backward(Ctx&, const Memory<T>&, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
      for (std::size_t n = 0; dx && n < dy.count; ++n)
        for (std::size_t i = 0; i < In::size; ++i) dx[n][i] = dy[n][i] / 2;
    }
#endif
  };
};

using Net = Sequential<Dense<4, 3>, Half, Dense<2>>;

constexpr auto parameters = parameter_count<Net>;
