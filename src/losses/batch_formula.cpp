#include <algorithm>
#include <vector>

#include <tenon/losses/formula.hpp>

namespace tenon::detail {

template <class T>
void prepare_batch(expr::Arguments<T>& a, std::span<T*> slots, std::span<const T> weights) {
  thread_local std::vector<T> scratch;
  const std::size_t each = weights.empty() ? 1 : a.count / weights.size();  // rows of a sample
  const std::size_t needed = slots.size() * a.width + (each > 1 ? a.count : 0);
  if (scratch.size() < needed) scratch.resize(needed);
  for (std::size_t k = 0; k < slots.size(); ++k) slots[k] = scratch.data() + k * a.width;
  a.batch_count = a.count;
  if (weights.empty()) return;
  a.seed = {weights.data(), 1};
  if (each == 1) return;
  T* const of_rows = scratch.data() + slots.size() * a.width;
  for (std::size_t i = 0; i < a.count; ++i) of_rows[i] = weights[i / each];
  a.seed.data = of_rows;
}

template void prepare_batch(expr::Arguments<float>&, std::span<float*>, std::span<const float>);
template void prepare_batch(expr::Arguments<double>&, std::span<double*>, std::span<const double>);

}  // namespace tenon::detail
