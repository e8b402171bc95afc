// Every call of tenon::mpi with numbers that show who sent them, for the sanitizers (tests/CMakeLists.txt).
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <tenon/dist/mpi.hpp>

using namespace tenon;

namespace {

class Calls {
public:
  explicit Calls(Communicator& ranks) : ranks_(ranks) {}

  void all() {
    exchange();
    gather();
    sums();
    broadcast();
    ranks_.barrier();
  }

private:
  void expect(bool right, const char* call) {
    if (!right) ranks_.abort(std::string(call) + " gave something else");
  }
  std::uint64_t mark(std::size_t from, std::size_t to) const { return ~std::uint64_t{0} - 16 * from - to; }

  /// Everyone to everyone, at once and as two that are under way together.
  void exchange() {
    const std::size_t n = ranks_.size(), me = ranks_.rank();
    std::vector<std::uint64_t> sent(n), once(n), early(n), late(n);
    const auto to_all = [&](const std::vector<std::uint64_t>& data) {
      std::vector<Communicator::Outgoing> out;
      for (std::size_t r = 0; r < n; ++r)
        if (r != me) out.push_back({r, &data[r], sizeof data[r]});
      return out;
    };
    const auto from_all = [&](std::vector<std::uint64_t>& data) {
      std::vector<Communicator::Incoming> in;
      for (std::size_t r = 0; r < n; ++r)
        if (r != me) in.push_back({r, &data[r], sizeof data[r]});
      return in;
    };
    for (std::size_t r = 0; r < n; ++r) sent[r] = mark(me, r);
    ranks_.exchange(to_all(sent), from_all(once));
    const auto first = ranks_.start(to_all(sent), from_all(early), 1);
    const auto second = ranks_.start(to_all(sent), from_all(late), (std::size_t{1} << 14) - 1);
    second->wait();
    while (!first->test()) continue;
    for (std::size_t r = 0; r < n; ++r)
      if (r != me) expect(once[r] == mark(r, me) && early[r] == once[r] && late[r] == once[r], "exchange");
    ranks_.exchange({}, {});
  }
  void gather() {
    const std::size_t n = ranks_.size(), me = ranks_.rank();
    const std::uint64_t mine = mark(me, 0);
    std::vector<std::uint64_t> all(n);
    ranks_.all_gather(&mine, all.data(), sizeof mine);
    for (std::size_t r = 0; r < n; ++r) expect(all[r] == mark(r, 0), "all_gather");
  }
  void sums() {
    const auto n = static_cast<double>(ranks_.size());
    const auto me = static_cast<double>(ranks_.rank());
    const double total = n * (n - 1) / 2;
    std::vector<float> floats(5, static_cast<float>(me)), floats_beside = floats;
    std::vector<double> doubles(5, me), doubles_beside = doubles;
    const auto a = ranks_.start_all_reduce(std::span<float>(floats_beside));
    const auto b = ranks_.start_all_reduce(std::span<double>(doubles_beside));
    ranks_.all_reduce(std::span<float>(floats));
    ranks_.all_reduce(std::span<double>(doubles));
    a->wait();
    b->wait();
    for (std::size_t i = 0; i < 5; ++i)
      expect(static_cast<double>(floats[i]) == total && doubles[i] == total && floats_beside[i] == floats[i] &&
                 doubles_beside[i] == doubles[i],
             "all_reduce");
  }
  void broadcast() {
    for (std::size_t from = 0; from < ranks_.size(); ++from) {
      std::uint64_t sent = ranks_.rank() == from ? mark(from, 1) : 0;
      ranks_.broadcast(&sent, sizeof sent, from);
      expect(sent == mark(from, 1), "broadcast");
    }
  }

  Communicator& ranks_;
};

/// Before MPI begins.
bool is_refused(const DistributedOptions& options, const char* why) {
  try {
    const Distributed world{options};
  } catch (const Error& error) {
    return std::string(error.what()) == why;
  }
  return false;
}

}  // namespace

int main() {
  if (!is_refused({.shards = 0}, "DistributedOptions: shards: expected at least 1, got 0") ||
      !is_refused({.threads = 1025}, "DistributedOptions: threads: expected 0 to 1024, got 1025") ||
      !is_refused({.timeout = -1}, "DistributedOptions: timeout: expected 0 to 1000000000, got -1"))
    return 1;
  Distributed world{{.quiet = true, .timeout = 60}};
  Calls{world.ranks()}.all();
  if (world.leads()) std::puts("all calls give what they should");
}
