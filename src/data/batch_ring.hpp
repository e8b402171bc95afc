#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tenon::detail {

/// More threads than any machine has to read or augment with would take memory for batches alone.
inline constexpr std::size_t most_workers = 1024;

/// Prepares batches ahead of their use, on threads, in a ring of one more place than there are threads.
class BatchRing {
public:
  /// Fills a place with `count` samples from position `first` on; each worker is one thread, or who asks.
  using Fill = std::function<void(std::size_t place, std::size_t first, std::size_t count, std::size_t worker)>;

  BatchRing(std::size_t batch_size, std::size_t samples) : batch_size_(batch_size), samples_(samples) {}
  BatchRing(const BatchRing&) = delete;
  BatchRing& operator=(const BatchRing&) = delete;
  ~BatchRing() { end(); }

  static constexpr std::size_t places(std::size_t threads) { return threads + 1; }

  /// Once. An Error where the system gives fewer threads: "... to <purpose>, ...; <remedy>".
  void start(std::size_t threads, Fill fill, const char* purpose, const char* remedy);

  /// No batch is being prepared, nor will be before the next one is asked for.
  void halt();

  /// In which place the `count` samples from position `first` on are; the first batch asked for after `halt` says where
  /// the others follow. What filling it threw is thrown here, and whoever asks again gets the batch prepared anew.
  std::size_t take(std::size_t first, std::size_t count, std::size_t batches_left);

private:
  struct Place {
    bool ready = false;
    std::exception_ptr thrown{};
  };
  void end() noexcept;
  void halt(std::unique_lock<std::mutex>& lock);
  void work(std::size_t worker);

  std::size_t batch_size_, samples_;
  Fill fill_{};
  std::vector<Place> places_{};
  std::mutex mutex_{};
  std::condition_variable changed_{};
  std::size_t origin_ = 0;                      // position of batch 0
  std::size_t next_ = 0, end_ = 0, taken_ = 0;  // batches to be prepared next, up to, and in use
  std::size_t busy_ = 0;
  bool started_ = false, ending_ = false;
  std::vector<std::thread> threads_{};
};

}  // namespace tenon::detail
