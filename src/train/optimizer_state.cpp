#include <tenon/train/optimizer_state.hpp>

#include <algorithm>

namespace tenon::detail {

template <class T>
StateArrays<T>::StateArrays(const Sharding<T>& sharding, std::size_t count, std::size_t arrays)
    : sharding_(&sharding), all_{0, count, 0}, whole_(arrays) {
  std::size_t numbers = 0;
  for (const OwnNumbers& part : own()) numbers += part.count;
  arrays_.reserve(arrays);
  for (std::size_t k = 0; k < arrays; ++k) arrays_.emplace_back(numbers);
}

template <class T>
OwnParts StateArrays<T>::own() const {
  return split() ? sharding_->own_numbers() : OwnParts{&all_, 1};
}

template <class T>
void StateArrays<T>::gather() {
  if (!split()) return;
  make_room();
  for (std::size_t k = 0; k < arrays_.size(); ++k) {
    for (const OwnNumbers& part : own()) std::copy_n(array(k, part.at), part.count, whole_[k].data() + part.first);
    sharding_->share(Phase::callbacks, whole_[k].span());
  }
}

template <class T>
void StateArrays<T>::drop() {
  for (Arena<T>& s : whole_) s = Arena<T>();
}

template <class T>
void StateArrays<T>::make_room() {
  for (Arena<T>& s : whole_)
    if (split() && s.size() == 0) s = Arena<T>(all_.count);
}

template <class T>
void StateArrays<T>::take_own() {
  if (!split()) return;
  for (std::size_t k = 0; k < arrays_.size(); ++k)
    for (const OwnNumbers& part : own()) std::copy_n(whole_[k].data() + part.first, part.count, array(k, part.at));
  drop();
}

template class StateArrays<float>;
template class StateArrays<double>;

}  // namespace tenon::detail
