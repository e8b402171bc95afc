#include <tenon/train/optimizer_state.hpp>

#include <algorithm>
#include <vector>

#include <tenon/model/arena.hpp>

namespace tenon::detail {

template <class T>
struct StateArrays<T>::Arrays {
  std::vector<Arena<T>> own, whole;  // whole: of all ranks, while a checkpoint is written or read
};

template <class T>
StateArrays<T>::StateArrays(const Sharding<T>& sharding, std::size_t count, std::size_t arrays)
    : sharding_(&sharding), all_{0, count, 0}, arrays_(new Arrays{{}, std::vector<Arena<T>>(arrays)}) {
  std::size_t numbers = 0;
  for (const OwnNumbers& part : own()) numbers += part.count;
  arrays_->own.reserve(arrays);
  for (std::size_t k = 0; k < arrays; ++k) arrays_->own.emplace_back(numbers);
}
template <class T>
StateArrays<T>::StateArrays(StateArrays&&) noexcept = default;
template <class T>
StateArrays<T>& StateArrays<T>::operator=(StateArrays&&) noexcept = default;
template <class T>
StateArrays<T>::~StateArrays() = default;

template <class T>
T* StateArrays<T>::array(std::size_t k, std::size_t at) {
  return arrays_->own[k].data() + at;
}
template <class T>
T* StateArrays<T>::whole(std::size_t k) {
  return (split() ? arrays_->whole : arrays_->own)[k].data();
}

template <class T>
OwnParts StateArrays<T>::own() const {
  return split() ? sharding_->own_numbers() : OwnParts{&all_, 1};
}

template <class T>
void StateArrays<T>::gather() {
  if (!split()) return;
  make_room();
  for (std::size_t k = 0; k < arrays_->own.size(); ++k) {
    for (const OwnNumbers& part : own())
      std::copy_n(array(k, part.at), part.count, arrays_->whole[k].data() + part.first);
    sharding_->share(Phase::callbacks, arrays_->whole[k].span());
  }
}

template <class T>
void StateArrays<T>::drop() {
  for (Arena<T>& s : arrays_->whole) s = Arena<T>();
}

template <class T>
void StateArrays<T>::make_room() {
  for (Arena<T>& s : arrays_->whole)
    if (split() && s.size() == 0) s = Arena<T>(all_.count);
}

template <class T>
void StateArrays<T>::take_own() {
  if (!split()) return;
  for (std::size_t k = 0; k < arrays_->own.size(); ++k)
    for (const OwnNumbers& part : own())
      std::copy_n(arrays_->whole[k].data() + part.first, part.count, array(k, part.at));
  drop();
}

template class StateArrays<float>;
template class StateArrays<double>;

}  // namespace tenon::detail
