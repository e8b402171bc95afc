#include <tenon/train/workers.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <tenon/error.hpp>

// OpenBLAS has them; another BLAS may not.
extern "C" {
[[gnu::weak]] void openblas_set_num_threads(int);
[[gnu::weak]] int openblas_get_num_threads();
}

namespace tenon {

namespace {

std::atomic<std::size_t> chosen_threads{1};

/// Several trainers may live side by side: the BLAS gets its threads back after the last.
class BlasThreads {
public:
  void take() {
    const std::lock_guard lock(mutex_);
    if (users_++ > 0 || !openblas_set_num_threads || !openblas_get_num_threads) return;
    before_ = openblas_get_num_threads();
    openblas_set_num_threads(1);
  }
  void give_back() {
    const std::lock_guard lock(mutex_);
    if (--users_ == 0 && before_ > 0) openblas_set_num_threads(before_);
  }

private:
  std::mutex mutex_;
  std::size_t users_ = 0;
  int before_ = 0;
};
BlasThreads blas_threads;

}  // namespace

void set_num_threads(std::size_t count) {
  if (count == 0 || count > 1024)
    throw Error("set_num_threads: expected 1 to 1024 threads, got " + std::to_string(count));
  chosen_threads = count;
}
std::size_t num_threads() { return chosen_threads; }

OneBlasThread::OneBlasThread() { blas_threads.take(); }
OneBlasThread::~OneBlasThread() { blas_threads.give_back(); }

struct Workers::Pool {
  std::mutex mutex;
  std::condition_variable start, done;
  // A step is often over before a sleeping thread would have woken, so both sides first look a while.
  std::atomic<std::uint64_t> round{0};
  std::atomic<std::size_t> left{0};
  std::atomic<bool> ending{false};
  std::size_t parts = 0;
  Work work = nullptr;
  void* argument = nullptr;
  std::vector<std::exception_ptr> thrown;
  std::vector<std::thread> threads;

  static constexpr int looks = 4000;

  template <class Condition>
  static bool comes_true_soon(Condition condition) {
    for (int i = 0; i < looks; ++i) {
      if (condition()) return true;
      if (i % 64 == 63) std::this_thread::yield();
    }
    return false;
  }

  void do_part(std::size_t part) {
    try {
      work(argument, part);
    } catch (...) {
      thrown[part] = std::current_exception();
    }
  }

  void end() noexcept {
    {
      const std::lock_guard lock(mutex);
      ending = true;
    }
    start.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  void wait_for_work(std::size_t part) {
    for (std::uint64_t seen = 0;;) {
      const auto called = [&] {
        return round.load(std::memory_order_acquire) != seen || ending.load(std::memory_order_acquire);
      };
      if (!comes_true_soon(called)) {
        std::unique_lock lock(mutex);
        start.wait(lock, called);
      }
      if (ending.load(std::memory_order_acquire)) return;
      seen = round.load(std::memory_order_acquire);
      if (part < parts) do_part(part);
      if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        const std::lock_guard lock(mutex);
        done.notify_one();
      }
    }
  }
};

Workers::Workers(std::size_t threads) {
  if (threads <= 1) return;
  pool_ = detail::Hidden<Pool>(new Pool);
  pool_->thrown.resize(threads);
  pool_->threads.reserve(threads - 1);
  try {
    for (std::size_t part = 1; part < threads; ++part)
      pool_->threads.emplace_back([pool = pool_.get(), part] { pool->wait_for_work(part); });
  } catch (const std::system_error& error) {
    const std::size_t started = pool_->threads.size() + 1;
    pool_->end();
    throw Error("training: expected to run on " + std::to_string(threads) +
                " threads, but the system gives no more than " + std::to_string(started) + ": " + error.what() +
                "; set_num_threads asks for fewer");
  } catch (...) {
    pool_->end();
    throw;
  }
  blas_threads.take();
}

Workers::~Workers() {
  if (!pool_) return;
  pool_->end();
  blas_threads.give_back();
}

void Workers::call(std::size_t parts, Work work, void* argument) {
  Pool& pool = *pool_;
  for (std::exception_ptr& e : pool.thrown) e = nullptr;
  pool.parts = parts;
  pool.work = work;
  pool.argument = argument;
  pool.left.store(pool.threads.size(), std::memory_order_relaxed);
  {
    const std::lock_guard lock(pool.mutex);
    pool.round.fetch_add(1, std::memory_order_acq_rel);
  }
  pool.start.notify_all();
  pool.do_part(0);
  const auto finished = [&] { return pool.left.load(std::memory_order_acquire) == 0; };
  if (!Pool::comes_true_soon(finished)) {
    std::unique_lock lock(pool.mutex);
    pool.done.wait(lock, finished);
  }
  for (const std::exception_ptr& e : pool.thrown)
    if (e) std::rethrow_exception(e);
}

}  // namespace tenon
