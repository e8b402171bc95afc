#include <tenon/train/gradients.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <tenon/error.hpp>
#include <tenon/optim/clip.hpp>
#include <tenon/optim/norm_blocks.hpp>
#include <tenon/train/data_check.hpp>

#include "../optim/scaled_norm.hpp"

namespace tenon::detail {

template <class T>
OwnParts Gradients<T>::own() const {
  return split() ? sharding_->own_numbers() : OwnParts{&all_, 1};
}

template <class T>
std::span<T> Gradients<T>::present() {
  if (forgotten_) {
    std::fill_n(sum_.data(), sum_.size(), T(0));
    forgotten_ = false;
    gathered_ = true;
  }
  return sum_.span();
}

template <class T>
std::span<T> Gradients<T>::all() {
  present();
  if (split()) {
    sharding_->share(Phase::gradients, sum_.span());
    gathered_ = true;
  }
  return sum_.span();
}

template <class T>
void Gradients<T>::scale(double factor) {
  if (!std::isfinite(factor)) throw Error("scale_gradients: expected a finite factor, got " + std::to_string(factor));
  if (forgotten_) return;
  for (const OwnNumbers& part : own())
    for (T& g : sum_.span().subspan(part.first, part.count)) g = static_cast<T>(static_cast<double>(g) * factor);
}

template <class T>
double Gradients<T>::clip_norm(double max_norm, double norm_type) {
  expect_norm(max_norm, norm_type);
  present();
  const auto norm_of = [this](double type, double scale) {
    of_blocks_.assign(norm_blocks(sum_.size()), 0);
    for (const OwnNumbers& part : own()) {
      const std::span<const T> numbers(sum_.data() + part.first, part.count);
      double* const blocks = of_blocks_.data() + part.first / norm_block;
      if (is_scaled_norm(type)) sum_scaled_blocks(numbers, type, scale, blocks);
      else sum_norm_blocks(numbers, type, blocks);
    }
    if (split()) sharding_->merge(of_blocks_);
    return scale * norm_of_blocks(of_blocks_, type);
  };
  const double scale = is_scaled_norm(norm_type) ? norm_scale(norm_of(std::numeric_limits<double>::infinity(), 1)) : 1;
  const double norm = norm_of(norm_type, scale);
  for (const OwnNumbers& part : own()) scale_to_norm(sum_.span().subspan(part.first, part.count), norm, max_norm);
  return norm;
}

template <class T>
void Gradients<T>::clip_value(double clip_value) {
  present();
  for (const OwnNumbers& part : own()) clip_grad_value(sum_.span().subspan(part.first, part.count), clip_value);
}

template <class T>
std::string_view Gradients<T>::find_non_finite(const ParameterEntry* table, std::size_t entries) const {
  if (forgotten_) return {};
  std::size_t last = 0;  // its number, from 1
  for (const OwnNumbers& part : own()) {
    if (all_finite(sum_.span().subspan(part.first, part.count))) continue;
    for (std::size_t i = last; i < entries; ++i) {
      const std::size_t first = std::max(table[i].offset, part.first),
                        end = std::min(table[i].offset + table[i].size, part.first + part.count);
      if (table[i].trainable && first < end && !all_finite(sum_.span().subspan(first, end - first))) last = i + 1;
    }
  }
  if (split()) last = sharding_->largest(last);
  return last == 0 ? std::string_view{} : table[last - 1].name;
}

template class Gradients<float>;
template class Gradients<double>;

}  // namespace tenon::detail
