#include <tenon/dist/thread_ranks.hpp>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include <fmt/format.h>

namespace tenon {

namespace {

struct Mail {
  const void* data;
  std::size_t bytes;
  std::size_t* left;  // of the sender's messages
};

/// Where messages lie until they are taken: from each rank to each other.
struct PostOffice {
  explicit PostOffice(std::size_t count) : ranks(count), boxes(count * count), ended(count) {}
  const std::size_t ranks;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::deque<Mail>> boxes;
  std::vector<char> ended;
  std::string failed{};  // why all have to end

  void fail(const std::string& message) {
    {
      const std::lock_guard lock(mutex);
      if (failed.empty()) failed = message;
    }
    changed.notify_all();
  }
};

class ThreadRank : public Communicator {
public:
  ThreadRank(PostOffice& office, std::size_t rank) : office_(office), rank_(rank) {}
  std::size_t rank() const noexcept override { return rank_; }
  std::size_t size() const noexcept override { return office_.ranks; }

  void exchange(std::span<const Outgoing> out, std::span<const Incoming> in) override {
    std::size_t left = out.size();
    std::unique_lock lock(office_.mutex);
    for (const Outgoing& o : out) office_.boxes[rank_ * size() + o.to].push_back({o.data, o.bytes, &left});
    office_.changed.notify_all();
    for (const Incoming& i : in) {
      std::deque<Mail>& box = office_.boxes[i.from * size() + rank_];
      const auto there = [&box] { return !box.empty(); };
      wait(lock, there, i.from);
      const Mail mail = box.front();
      box.pop_front();
      if (mail.bytes != i.bytes) {
        lock.unlock();
        abort(fmt::format("expected {} bytes of rank {}, got {}", i.bytes, i.from, mail.bytes));
      }
      std::memcpy(i.data, mail.data, mail.bytes);
      --*mail.left;
      office_.changed.notify_all();
    }
    // messages lie in this rank's memory until they are taken
    const auto waits_for = [&] {
      std::size_t r = 0;
      while (r < size() && (!office_.ended[r] || office_.boxes[rank_ * size() + r].empty())) ++r;
      return r;
    };
    const auto over = [&] { return left == 0 || waits_for() < size(); };
    wait(lock, over, rank_);
    if (left > 0) give_up(waits_for());
  }
  void all_reduce(std::span<float> numbers) override { add_up(numbers); }
  void all_reduce(std::span<double> numbers) override { add_up(numbers); }
  void abort(const std::string& message) override {
    const std::string all = fmt::format("rank {} at step {}: {}", rank_, step.load(), message);
    office_.fail(all);
    throw AgreedError(all);
  }

private:
  [[noreturn]] void give_up(std::size_t from) {
    office_.failed = fmt::format("rank {} waits for rank {}, which has ended", rank_, from);
    office_.changed.notify_all();
    throw AgreedError(office_.failed);
  }
  template <class Condition>
  void wait(std::unique_lock<std::mutex>& lock, Condition comes, std::size_t from) {
    office_.changed.wait(lock,
                         [&] { return comes() || !office_.failed.empty() || (from != rank_ && office_.ended[from]); });
    // first: who has failed has left, with what it sent
    if (!office_.failed.empty()) throw AgreedError(office_.failed);
    if (comes()) return;
    give_up(from);
  }
  template <class T>
  void add_up(std::span<T> numbers) {
    std::vector<T> all(numbers.size() * size());
    all_gather(numbers.data(), all.data(), numbers.size_bytes());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      numbers[i] = all[i];
      for (std::size_t r = 1; r < size(); ++r) numbers[i] += all[r * numbers.size() + i];
    }
  }

  PostOffice& office_;
  std::size_t rank_;
};

}  // namespace

void run_ranks(std::size_t count, const std::function<void(Communicator&)>& f, World how) {
  if (count == 0) throw Error("run_ranks: expected at least 1 rank, got 0");
  PostOffice office(count);
  std::exception_ptr first;
  std::mutex mutex;
  const auto work = [&](std::size_t rank) {
    ThreadRank ranks(office, rank);
    World world = how;
    world.ranks = &ranks;
    const detail::InWorld scope(world, detail::InWorld::Of::thread);
    try {
      f(ranks);
    } catch (const std::exception& error) {
      {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
      }
      office.fail(fmt::format("rank {} at step {}: {}", rank, ranks.step.load(), error.what()));
    }
    {
      const std::lock_guard lock(office.mutex);
      office.ended[rank] = 1;
    }
    office.changed.notify_all();
  };
  std::vector<std::thread> threads;
  for (std::size_t rank = 1; rank < count; ++rank) threads.emplace_back(work, rank);
  work(0);
  for (std::thread& thread : threads) thread.join();
  if (first) std::rethrow_exception(first);
}

}  // namespace tenon
