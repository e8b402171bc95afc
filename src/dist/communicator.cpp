#include <tenon/dist/communicator.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "wall_clock.hpp"

namespace tenon {

namespace {

class Ended : public Communicator::Pending {
public:
  bool test() override { return true; }
  void wait() override {}
};

}  // namespace

void Communicator::at_step(std::uint64_t step) { std::atomic_ref(step_).store(step, std::memory_order_relaxed); }
std::uint64_t Communicator::step() const { return std::atomic_ref(step_).load(std::memory_order_relaxed); }

std::unique_ptr<Communicator::Pending> Communicator::start(std::span<const Outgoing> out, std::span<const Incoming> in,
                                                           std::size_t) {
  exchange(out, in);
  return std::make_unique<Ended>();
}
std::unique_ptr<Communicator::Pending> Communicator::start_all_reduce(std::span<float> numbers) {
  all_reduce(numbers);
  return std::make_unique<Ended>();
}
std::unique_ptr<Communicator::Pending> Communicator::start_all_reduce(std::span<double> numbers) {
  all_reduce(numbers);
  return std::make_unique<Ended>();
}

void Communicator::all_gather(const void* mine, void* all, std::size_t bytes) {
  char* const to = static_cast<char*>(all);
  std::memmove(to + rank() * bytes, mine, bytes);
  std::vector<Outgoing> out;
  std::vector<Incoming> in;
  for (std::size_t r = 0; r < size(); ++r) {
    if (r == rank()) continue;
    out.push_back({r, to + rank() * bytes, bytes});
    in.push_back({r, to + r * bytes, bytes});
  }
  exchange(out, in);
}

void Communicator::broadcast(void* data, std::size_t bytes, std::size_t from) {
  std::vector<Outgoing> out;
  std::vector<Incoming> in;
  if (rank() != from) in.push_back({from, data, bytes});
  for (std::size_t r = 0; rank() == from && r < size(); ++r)
    if (r != from) out.push_back({r, data, bytes});
  exchange(out, in);
}

void Communicator::barrier() {
  const char mine = 0;
  std::vector<char> all(size());
  all_gather(&mine, all.data(), 1);
}

void Communicator::abort_alike(const std::string& message) {
  abort(message);
  std::abort();  // g++ 12 does not know of a virtual function that it never returns
}

namespace detail {

namespace {

thread_local World* of_thread = nullptr;
World* of_process = nullptr;

const char* name_of(Phase phase) {
  switch (phase) {
  case Phase::start:
    return "begins to train";
  case Phase::loss:
    return "trains";
  case Phase::gradients:
    return "reads or changes the gradients";
  case Phase::step:
    return "makes a step";
  case Phase::callbacks:
    return "is at the callbacks of a step or an epoch";
  case Phase::evaluate:
    return "evaluates";
  case Phase::measure:
    return "measures";
  case Phase::words:
    return "reports";
  case Phase::end:
    return "has come to the end of its program";
  }
  return "does something else";
}

/// Numbers travel in blocks of one size: a rank that is at something else is found out, and does not hang.
constexpr std::size_t block = 32, in_block = block - 2;

}  // namespace

World* current_world() noexcept { return of_thread ? of_thread : of_process; }

InWorld::InWorld(World& world, Of of) noexcept : of_(of), before_(of == Of::thread ? of_thread : of_process) {
  (of == Of::thread ? of_thread : of_process) = &world;
}
InWorld::~InWorld() { (of_ == Of::thread ? of_thread : of_process) = before_; }

void gather_numbers(Communicator& ranks, Phase phase, std::span<const double> mine, std::vector<double>& all) {
  const WallClock clock(ranks.seconds.wait);
  const std::size_t size = ranks.size(), count = mine.size(), first = std::min(count, in_block);
  all.resize(size * std::max(count, block));
  double header[block]{static_cast<double>(phase), static_cast<double>(count)};
  std::copy_n(mine.begin(), first, header + 2);
  ranks.all_gather(header, all.data(), sizeof header);
  for (std::size_t r = 0; r < size; ++r) {
    const double* const theirs = all.data() + r * block;
    if (theirs[0] == header[0] && theirs[1] == header[1]) continue;
    const auto other = static_cast<Phase>(static_cast<unsigned char>(theirs[0]));
    if (other != phase)
      ranks.abort_alike(fmt::format("every rank has to make the same calls, but rank {} {} while rank {} {}",
                                    ranks.rank(), name_of(phase), r, name_of(other)));
    ranks.abort_alike(
        fmt::format("every rank has to make the same calls, but rank {} {} with {} numbers and rank {} with {}",
                    ranks.rank(), name_of(phase), count, r, theirs[1]));
  }
  if (count > in_block) {
    ranks.all_gather(mine.data(), all.data(), count * sizeof(double));
  } else {
    for (std::size_t r = 0; r < size; ++r)
      std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(r * block + 2), count,
                  all.begin() + static_cast<std::ptrdiff_t>(r * count));
  }
  all.resize(size * count);
}

void meet(Communicator& ranks, Phase phase) {
  std::vector<double> nothing;
  gather_numbers(ranks, phase, {}, nothing);
}
bool any_rank(Communicator& ranks, Phase phase, bool mine) {
  thread_local std::vector<double> all;
  const double flag = mine ? 1 : 0;
  gather_numbers(ranks, phase, {&flag, 1}, all);
  return std::find(all.begin(), all.end(), 1.0) != all.end();
}

std::string share_words(Communicator& ranks, std::string words, std::size_t from) {
  char text[1024]{};
  std::copy_n(words.data(), std::min(words.size(), sizeof text - 1), text);
  ranks.broadcast(text, sizeof text, from);
  return text;
}

}  // namespace detail
}  // namespace tenon
