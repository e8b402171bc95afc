#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/hidden.hpp>

namespace tenon {

/// How many threads a Trainer made from now on splits its batches over; 1 at first. Each has a workspace
/// of its own. Gradients are added in a fixed order, so the result depends on the number of threads (sums
/// are rounded in another order), but not on timing; shuffles and dropout masks depend on neither.
/// Batch normalisation, and whatever else looks at the whole batch, sees all of it: threads wait for one
/// another there, and none has less than 16 samples. Layers of your own that cannot are an Error.
void set_num_threads(size_t count);
size_t num_threads();

/// As long as one of these lives, the BLAS uses one thread for each matrix product, where its number can be set.
class OneBlasThread {
public:
  OneBlasThread();
  ~OneBlasThread();
  OneBlasThread(const OneBlasThread&) = delete;
  OneBlasThread& operator=(const OneBlasThread&) = delete;
};

/// Threads that wait for work. While there are any, the BLAS uses one thread for each product.
class Workers {
public:
  explicit Workers(size_t threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Calls work(0), ..., work(parts - 1), the first here and each other on its own thread, and returns when
  /// all are done. Throws what the first of them threw. `parts` is at most the number of threads.
  template <class F>
  void run(size_t parts, F&& work) {
    if (parts == 1) work(size_t{0});
    else
      call(
          parts, [](void* f, size_t part) { (*static_cast<std::remove_reference_t<F>*>(f))(part); }, &work);
  }

private:
  using Work = void (*)(void*, size_t);
  void call(size_t parts, Work work, void* argument);

  struct Pool;
  detail::Hidden<Pool> pool_;
};

}  // namespace tenon
