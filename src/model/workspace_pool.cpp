#include <tenon/model/workspace_pool.hpp>

#include <atomic>
#include <thread>
#include <utility>

namespace tenon::detail {

/// A mutex that fits a header without <mutex> and <atomic>, which every program would have to read. It is held for some
/// nanoseconds: who waits gives way to others rather than be woken, which would cost everyone who does not wait.
template <class T>
class WorkspacePool<T>::Lock {
public:
  explicit Lock(bool& taken) : taken_(taken) {
    while (taken_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
  }
  ~Lock() { taken_.store(false, std::memory_order_release); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

private:
  std::atomic_ref<bool> taken_;
};

template <class T>
WorkspacePool<T>::WorkspacePool(std::size_t sample, std::size_t fixed) noexcept : sample_(sample), fixed_(fixed) {}
template <class T>
WorkspacePool<T>::~WorkspacePool() = default;

template <class T>
std::unique_ptr<RunSpace<T>> WorkspacePool<T>::take(std::size_t samples) {
  std::unique_ptr<RunSpace<T>> space;
  {
    const Lock lock(taken_);
    if (!free_.empty()) {
      space = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (!space || space->samples < samples)
    space = std::make_unique<RunSpace<T>>(RunSpace<T>{samples, Arena<T>(sample_ * samples), Arena<T>(fixed_)});
  return space;
}

template <class T>
void WorkspacePool<T>::give(std::unique_ptr<RunSpace<T>> space) {
  const Lock lock(taken_);
  free_.push_back(std::move(space));
}

template class WorkspacePool<float>;
template class WorkspacePool<double>;

}  // namespace tenon::detail
