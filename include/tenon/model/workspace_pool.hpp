#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <tenon/model/arena.hpp>

namespace tenon::detail {

/// The memory of a run over up to `samples` samples.
template <class T>
struct RunSpace {
  size_t samples;
  Arena<T> scratch;
  Arena<T> fixed;  // once, for all samples
};

/// Workspaces that no thread is using at the moment: a const model is run by many. Compiled once, in the library.
template <class T>
class WorkspacePool {
public:
  /// For runs that need `sample` numbers for each sample, and `fixed` numbers once.
  WorkspacePool(size_t sample, size_t fixed) noexcept;
  ~WorkspacePool();
  WorkspacePool(const WorkspacePool&) = delete;
  WorkspacePool& operator=(const WorkspacePool&) = delete;

  /// One that is large enough, and made if there is none. One that has become too small is given up.
  std::unique_ptr<RunSpace<T>> take(size_t samples);
  void give(std::unique_ptr<RunSpace<T>> space);

private:
  class Lock;

  size_t sample_, fixed_;
  bool taken_ = false;  // whether a thread is changing the list
  std::vector<std::unique_ptr<RunSpace<T>>> free_{};
};

extern template class WorkspacePool<float>;
extern template class WorkspacePool<double>;

}  // namespace tenon::detail
