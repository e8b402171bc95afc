#include <tenon/optim/adagrad.hpp>

namespace tenon {

namespace {

using namespace optimizing;

constexpr auto decayed = grad + param<"weight_decay"> * parameter;
constexpr auto sum_of_squares = state<0> + param<"start"> + decayed * decayed;

using Step = detail::Update<parameter - param<"lr"> * decayed / (sqrt(sum_of_squares) + param<"eps">), sum_of_squares>;

}  // namespace

template <class T>
void Adagrad::update(const OptimizerArrays<T, 1>& a, std::uint64_t step) const {
  const double slower = lr / (1 + static_cast<double>(step - 1) * lr_decay);
  const double start = step == 1 ? initial_accumulator_value : 0;  // states are zeros at first
  Step::run(a.parameters, a.gradients, a.state, a.count, std::array{slower, weight_decay, start, eps});
}

template void Adagrad::update(const OptimizerArrays<float, 1>&, std::uint64_t) const;
template void Adagrad::update(const OptimizerArrays<double, 1>&, std::uint64_t) const;

}  // namespace tenon
