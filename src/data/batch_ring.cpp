#include "batch_ring.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon::detail {

void BatchRing::start(std::size_t threads, Fill fill, const char* purpose, const char* remedy) {
  fill_ = std::move(fill);
  places_.resize(places(threads));
  threads_.reserve(threads);
  try {
    for (std::size_t k = 0; k < threads; ++k) threads_.emplace_back([this, k] { work(k); });
  } catch (const std::system_error& error) {
    const std::size_t started = threads_.size();
    end();
    throw Error(fmt::format("DataLoader: expected {} threads to {}, but the system gives no more than {}: {}; {}",
                            threads, purpose, started, error.what(), remedy));
  } catch (...) {
    end();
    throw;
  }
}

void BatchRing::end() noexcept {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& t : threads_) t.join();
  threads_.clear();
}

void BatchRing::halt() {
  std::unique_lock lock(mutex_);
  halt(lock);
}
void BatchRing::halt(std::unique_lock<std::mutex>& lock) {
  end_ = next_ = 0;  // nobody takes up another one
  changed_.wait(lock, [this] { return busy_ == 0; });
  started_ = false;
}

std::size_t BatchRing::take(std::size_t first, std::size_t count, std::size_t batches_left) {
  if (threads_.empty()) return fill_(0, first, count, 0), 0;
  std::unique_lock lock(mutex_);
  if (!started_) {
    started_ = true;
    origin_ = first;
    next_ = taken_ = 0;
    end_ = batches_left;
    for (Place& p : places_) p.ready = false, p.thrown = nullptr;
  } else {
    places_[taken_++ % places_.size()].ready = false;  // the batch before has been used
  }
  changed_.notify_all();
  const std::size_t place = taken_ % places_.size();
  Place& own = places_[place];
  changed_.wait(lock, [&own] { return own.ready; });
  if (own.thrown) {
    const std::exception_ptr thrown = std::exchange(own.thrown, nullptr);
    halt(lock);
    std::rethrow_exception(thrown);
  }
  return place;
}

void BatchRing::work(std::size_t worker) {
  std::unique_lock lock(mutex_);
  while (true) {
    // a place is free as soon as the batch that was in it has been used
    changed_.wait(lock, [this] { return ending_ || (next_ < end_ && next_ < taken_ + places_.size()); });
    if (ending_) return;
    const std::size_t number = next_++;
    ++busy_;
    lock.unlock();
    const std::size_t place = number % places_.size(), first = origin_ + number * batch_size_;
    std::exception_ptr thrown;
    try {
      fill_(place, first, std::min(batch_size_, samples_ - first), worker);
    } catch (...) {
      thrown = std::current_exception();
    }
    lock.lock();
    places_[place].thrown = thrown;
    places_[place].ready = true;
    --busy_;
    changed_.notify_all();
  }
}

}  // namespace tenon::detail
