#include <tenon/dist/thread_ranks.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <fmt/format.h>

namespace tenon {

namespace {

struct Mail {
  const void* data;
  std::size_t bytes;
  std::size_t* left;  // of the sender's messages
  std::ptrdiff_t tag;
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
    Letters(*this, out, in, -1).wait();
  }
  std::unique_ptr<Pending> start(std::span<const Outgoing> out, std::span<const Incoming> in,
                                 std::size_t tag) override {
    return std::make_unique<Letters>(*this, out, in, static_cast<std::ptrdiff_t>(tag));
  }
  void all_reduce(std::span<float> numbers) override { add_up(numbers); }
  void all_reduce(std::span<double> numbers) override { add_up(numbers); }
  void abort(const std::string& message) override {
    const std::string all = fmt::format("rank {} at step {}: {}", rank_, step(), message);
    office_.fail(all);
    throw AgreedError(all);
  }

private:
  /// An exchange: what is sent lies in this rank's memory until it is taken.
  class Letters : public Pending {
  public:
    Letters(ThreadRank& rank, std::span<const Outgoing> out, std::span<const Incoming> in, std::ptrdiff_t tag)
        : rank_(rank), office_(rank.office_), tag_(tag), in_(in.begin(), in.end()), left_(out.size()) {
      const std::lock_guard lock(office_.mutex);
      for (const Outgoing& o : out) {
        to_.push_back(o.to);
        box(rank_.rank_, o.to).push_back({o.data, o.bytes, &left_, tag_});
      }
      office_.changed.notify_all();
    }
    bool test() override {
      const std::lock_guard lock(office_.mutex);
      // first: who has failed has left, with what it sent
      if (!office_.failed.empty()) throw AgreedError(office_.failed);
      return take();
    }
    void wait() override {
      std::unique_lock lock(office_.mutex);
      std::size_t lost = none;
      bool ended = false;
      office_.changed.wait(
          lock, [&] { return !office_.failed.empty() || (ended = take()) || (lost = waits_in_vain()) != none; });
      if (ended) return;
      if (office_.failed.empty())
        office_.failed = fmt::format("rank {} waits for rank {}, which has ended", rank_.rank_, lost);
      office_.changed.notify_all();
      throw AgreedError(office_.failed);
    }

  private:
    static constexpr std::size_t none = ~std::size_t{0};
    std::deque<Mail>& box(std::size_t from, std::size_t to) { return office_.boxes[from * office_.ranks + to]; }
    /// The first letter with this tag.
    std::deque<Mail>::iterator find(std::deque<Mail>& from) {
      return std::find_if(from.begin(), from.end(), [this](const Mail& m) { return m.tag == tag_; });
    }
    /// What is there; whether it was the last.
    bool take() {
      while (next_ < in_.size()) {
        const Incoming& i = in_[next_];
        std::deque<Mail>& from = box(i.from, rank_.rank_);
        const auto mail = find(from);
        if (mail == from.end()) return false;
        if (mail->bytes != i.bytes) {
          office_.failed = fmt::format("rank {} at step {}: expected {} bytes of rank {}, got {}", rank_.rank_,
                                       rank_.step(), i.bytes, i.from, mail->bytes);
          office_.changed.notify_all();
          throw AgreedError(office_.failed);
        }
        std::memcpy(i.data, mail->data, mail->bytes);
        --*mail->left;
        from.erase(mail);
        ++next_;
        office_.changed.notify_all();
      }
      return left_ == 0;
    }
    /// A rank that has ended, and will neither send what is expected nor take what it was sent.
    std::size_t waits_in_vain() {
      if (next_ < in_.size()) {
        std::deque<Mail>& from = box(in_[next_].from, rank_.rank_);
        return office_.ended[in_[next_].from] && find(from) == from.end() ? in_[next_].from : none;
      }
      for (const std::size_t to : to_) {
        std::deque<Mail>& there = box(rank_.rank_, to);
        if (office_.ended[to] && find(there) != there.end()) return to;
      }
      return none;
    }

    ThreadRank& rank_;
    PostOffice& office_;
    std::ptrdiff_t tag_;
    std::vector<Incoming> in_;
    std::vector<std::size_t> to_{};
    std::size_t left_, next_ = 0;
  };
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
      office.fail(fmt::format("rank {} at step {}: {}", rank, ranks.step(), error.what()));
    }
    {
      const std::lock_guard lock(office.mutex);
      office.ended[rank] = 1;
    }
    office.changed.notify_all();
  };
  std::vector<std::jthread> threads;
  threads.reserve(count - 1);
  try {
    for (std::size_t rank = 1; rank < count; ++rank) threads.emplace_back(work, rank);
  } catch (const std::exception& error) {
    const std::string words = fmt::format("run_ranks: expected {} threads, but the system gives no more than {}: {}",
                                          count, threads.size() + 1, error.what());
    office.fail(words);
    for (std::jthread& thread : threads) thread.join();
    throw Error(words);
  }
  work(0);
  for (std::jthread& thread : threads) thread.join();
  if (first) std::rethrow_exception(first);
}

}  // namespace tenon
