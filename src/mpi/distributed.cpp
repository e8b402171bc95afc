#include <tenon/dist/mpi.hpp>

#include <algorithm>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sched.h>
#include <unistd.h>

#include <mpi.h>

#include <tenon/train/callbacks/stop_on_signal.hpp>
#include <tenon/train/workers.hpp>

#include "signal_text.hpp"
#include "waiting.hpp"
#include "witness.hpp"

namespace tenon {

namespace {

using mpi_ranks::Waiting;
using mpi_ranks::Witness;

int as_int(std::size_t n) {
  if (n > static_cast<std::size_t>(INT_MAX))
    throw Error("MPI: expected at most 2^31 - 1 bytes in one message, got " + std::to_string(n));
  return static_cast<int>(n);
}

/// What a call of MPI's gives.
void expect(int result, const char* call) {
  if (result == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING]{};
  int length = 0;
  MPI_Error_string(result, text, &length);
  throw Error(std::string(call) + ": " + text);
}

class MpiRanks;
void say_no_more();

class MpiPending : public Communicator::Pending {
public:
  explicit MpiPending(MpiRanks& ranks) : ranks_(ranks) {}
  bool test() override;
  void wait() override;
  std::vector<MPI_Request> requests{};

private:
  MpiRanks& ranks_;
};

class MpiRanks : public Communicator {
public:
  MpiRanks(double timeout, Witness& witness) : waiting_(timeout), witness_(witness) {
    int number = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &number);
    rank_ = static_cast<std::size_t>(number);
    MPI_Comm_size(MPI_COMM_WORLD, &number);
    size_ = static_cast<std::size_t>(number);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_dup(MPI_COMM_WORLD, &beside_);  // with the same handler
    waiting_.open();
  }
  /// Before MPI ends.
  void end() {
    waiting_.close();
    MPI_Comm_free(&beside_);
  }
  std::size_t rank() const noexcept override { return rank_; }
  std::size_t size() const noexcept override { return size_; }

  void exchange(std::span<const Outgoing> out, std::span<const Incoming> in) override {
    requests_.clear();
    post(out, in, 0, MPI_COMM_WORLD, requests_);
    wait(requests_);
  }
  std::unique_ptr<Pending> start(std::span<const Outgoing> out, std::span<const Incoming> in,
                                 std::size_t tag) override {
    auto pending = std::make_unique<MpiPending>(*this);
    post(out, in, static_cast<int>(tag), beside_, pending->requests);
    return pending;
  }
  std::unique_ptr<Pending> start_all_reduce(std::span<float> numbers) override { return start_sum(numbers, MPI_FLOAT); }
  std::unique_ptr<Pending> start_all_reduce(std::span<double> numbers) override {
    return start_sum(numbers, MPI_DOUBLE);
  }
  void all_gather(const void* mine, void* all, std::size_t bytes) override {
    const bool in_place = mine == static_cast<const char*>(all) + rank_ * bytes;
    MPI_Request request;
    failing(MPI_Iallgather(in_place ? MPI_IN_PLACE : mine, as_int(bytes), MPI_BYTE, all, as_int(bytes), MPI_BYTE,
                           MPI_COMM_WORLD, &request),
            "MPI_Iallgather");
    wait({&request, 1});
  }
  void broadcast(void* data, std::size_t bytes, std::size_t from) override {
    MPI_Request request;
    failing(MPI_Ibcast(data, as_int(bytes), MPI_BYTE, static_cast<int>(from), MPI_COMM_WORLD, &request), "MPI_Ibcast");
    wait({&request, 1});
  }
  void barrier() override {
    MPI_Request request;
    failing(MPI_Ibarrier(MPI_COMM_WORLD, &request), "MPI_Ibarrier");
    wait({&request, 1});
  }
  void all_reduce(std::span<float> numbers) override { add_up(numbers, MPI_FLOAT); }
  void all_reduce(std::span<double> numbers) override { add_up(numbers, MPI_DOUBLE); }

  /// Of ranks that fail at the same time, the first one's message is mostly enough: it ends the others before they say
  /// the same.
  void abort(const std::string& message) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min<std::size_t>(rank_, 10) * 100));
    std::fflush(stdout);
    std::fprintf(stderr, "rank %zu at step %llu: %s\n", rank_, static_cast<unsigned long long>(step()),
                 message.c_str());
    std::fflush(stderr);
    witness_.dismiss();
    MPI_Abort(MPI_COMM_WORLD, 1);
    std::_Exit(1);
  }

  /// Where machines are busy, MPI takes seconds to end the other ranks, which say nothing meanwhile. They speak only
  /// where rank 0 has not.
  void abort_alike(const std::string& message) override {
    if (rank_ > 0) {
      say_no_more();
      std::this_thread::sleep_for(std::chrono::seconds(10));
    }
    abort(message);
  }

  /// A rank that cannot send to the others any more ends them, too.
  void failing(int result, const char* call) {
    if (result == MPI_SUCCESS) return;
    try {
      expect(result, call);
    } catch (const Error& error) {
      abort(error.what());
    }
  }

  /// Until all have ended; after too long a time, or where a call fails, ends all ranks.
  void wait(std::span<MPI_Request> requests) {
    witness_.at(step());
    const int result = waiting_.wait(requests);
    if (result < 0) end_waiting();
    failing(result, "MPI_Testall");
  }

private:
  /// The first of those that are there says for whom all of them have waited. It ends the others, but not where Slurm
  /// is about to do that: they end by themselves.
  [[noreturn]] void end_waiting() {
    if (waiting_.is_first()) abort(waiting_.missing());
    say_no_more();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    witness_.dismiss();
    std::_Exit(1);
  }
  void post(std::span<const Outgoing> out, std::span<const Incoming> in, int tag, MPI_Comm comm,
            std::vector<MPI_Request>& requests) {
    for (const Incoming& i : in)
      each_block(i.bytes, [&](std::size_t first, int bytes) {
        failing(MPI_Irecv(static_cast<char*>(i.data) + first, bytes, MPI_BYTE, static_cast<int>(i.from), tag, comm,
                          &requests.emplace_back()),
                "MPI_Irecv");
      });
    for (const Outgoing& o : out)
      each_block(o.bytes, [&](std::size_t first, int bytes) {
        failing(MPI_Isend(static_cast<const char*>(o.data) + first, bytes, MPI_BYTE, static_cast<int>(o.to), tag, comm,
                          &requests.emplace_back()),
                "MPI_Isend");
      });
  }
  template <class T>
  std::unique_ptr<Pending> start_sum(std::span<T> numbers, MPI_Datatype type) {
    auto pending = std::make_unique<MpiPending>(*this);
    each_block(numbers.size_bytes(), [&](std::size_t first, int bytes) {
      failing(MPI_Iallreduce(MPI_IN_PLACE, numbers.data() + first / sizeof(T), bytes / static_cast<int>(sizeof(T)),
                             type, MPI_SUM, beside_, &pending->requests.emplace_back()),
              "MPI_Iallreduce");
    });
    return pending;
  }
  /// MPI counts in ints.
  template <class F>
  static void each_block(std::size_t bytes, F f) {
    constexpr std::size_t most = std::size_t{1} << 30;
    for (std::size_t first = 0; first < bytes; first += most) f(first, as_int(std::min(most, bytes - first)));
  }
  template <class T>
  void add_up(std::span<T> numbers, MPI_Datatype type) {
    constexpr std::size_t most = std::size_t{1} << 28;
    for (std::size_t first = 0; first < numbers.size(); first += most) {
      MPI_Request request;
      failing(MPI_Iallreduce(MPI_IN_PLACE, numbers.data() + first, as_int(std::min(most, numbers.size() - first)), type,
                             MPI_SUM, MPI_COMM_WORLD, &request),
              "MPI_Iallreduce");
      wait({&request, 1});
    }
  }
  Waiting waiting_;
  Witness& witness_;
  std::size_t rank_ = 0, size_ = 1;
  MPI_Comm beside_ = MPI_COMM_NULL;  // for what is under way while other calls are made
  std::vector<MPI_Request> requests_{};
};

bool MpiPending::test() {
  int ended = 0;
  ranks_.failing(MPI_Testall(as_int(requests.size()), requests.data(), &ended, MPI_STATUSES_IGNORE), "MPI_Testall");
  return ended != 0;
}
void MpiPending::wait() { ranks_.wait(requests); }

MpiRanks* live = nullptr;

// --- a rank that dies: mpirun ends the others by SIGTERM, and the first of them that is there, on the same machine,
// says which one has gone; where none is, its witness does

struct Neighbour {
  std::size_t rank = 0;
  pid_t process = 0;
  bool here = false;  // on this machine
};
std::vector<Neighbour> neighbours;
struct sigaction before_term {};

/// Whether a rank of this machine has died; the first of those that are still there says which.
bool say_who_died() {
  const Neighbour* dead = nullptr;
  bool first = true;
  for (const Neighbour& n : neighbours) {
    const bool gone = n.here && n.process != ::getpid() && ::kill(n.process, 0) != 0;
    if (gone && !dead) dead = &n;
    if (!gone && n.here && n.rank < live->rank()) first = false;
  }
  if (dead && first) mpi_ranks::say_died(dead->rank, live->step());
  return dead != nullptr;
}
void end_by(int signal) {
  // The others get the message at the same moment: a rank that ended at once would be taken for the dead one.
  const timespec moment{0, 300'000'000};
  ::nanosleep(&moment, nullptr);
  ::sigaction(signal, &before_term, nullptr);
  ::raise(signal);
}
void on_term(int signal) {
  if (live) say_who_died();
  end_by(signal);
}
/// Asked where a run waits for its step to end (StopOnSignal): without the dead rank it never will.
void on_noted_signal(int signal) noexcept {
  if (signal == SIGTERM && live && say_who_died()) end_by(signal);
}
/// By this rank: it is about to end, and so are the others.
void say_no_more() {
  ::sigaction(SIGTERM, &before_term, nullptr);
  detail::SignalWatch::ask_first(nullptr);
}

/// Whether another rank is on this machine, to say that this one has died.
bool watch_for_deaths(MpiRanks& ranks) {
  struct Card {
    char host[128];
    long long process;
  };
  Card mine{};
  ::gethostname(mine.host, sizeof mine.host - 1);
  mine.process = ::getpid();
  std::vector<Card> all(ranks.size());
  ranks.all_gather(&mine, all.data(), sizeof mine);
  for (std::size_t r = 0; r < all.size(); ++r)
    neighbours.push_back({r, static_cast<pid_t>(all[r].process), std::strcmp(all[r].host, mine.host) == 0});
  struct sigaction action {};
  action.sa_handler = on_term;
  ::sigaction(SIGTERM, &action, &before_term);
  detail::SignalWatch::ask_first(on_noted_signal);
  return std::ranges::count(neighbours, true, &Neighbour::here) > 1;
}

/// What nobody has caught ends all ranks.
std::terminate_handler before_terminate = nullptr;
[[noreturn]] void end_all() {
  if (live && live->size() > 1) {
    try {
      if (const std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
    } catch (const AgreedError& error) {
      live->abort_alike(error.what());
    } catch (const std::exception& error) {
      live->abort(error.what());
    } catch (...) {  // NOLINT(bugprone-empty-catch): no one is left to report it to
    }
    live->abort("ended by std::terminate");
  }
  std::signal(SIGABRT, SIG_DFL);  // Open MPI's handler would print the stack below the message
  if (before_terminate) before_terminate();
  std::abort();
}

/// MPI gets on only where it is asked, and while layers compute that is seldom. What is larger than this Open MPI sends
/// by TCP after a question and an answer, each of which waits for such a moment; the part of a piece of gradients that
/// goes to another rank (detail::gradient_pieces) should not. Between ranks of one machine Open MPI lets the kernel
/// copy from one process to the other, which pins pages at every call: two copies through shared memory, in larger
/// parts than its own, take a third less for some megabytes. What the user has set stays.
void set_up_transport() {
  ::setenv("OMPI_MCA_btl_tcp_eager_limit", "524288", 0);
  ::setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 0);
  ::setenv("OMPI_MCA_btl_vader_max_send_size", "65536", 0);
}

/// How many processors this process may run on.
std::size_t processors() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::size_t>(CPU_COUNT(&set));
  return std::max(std::thread::hardware_concurrency(), 1U);
}

}  // namespace

struct Distributed::State {
  State(double timeout, std::unique_ptr<Witness> of_death) : witness(std::move(of_death)), ranks(timeout, *witness) {}
  std::unique_ptr<Witness> witness;
  MpiRanks ranks;
  World world{};
  std::optional<detail::InWorld> scope{};
  std::size_t threads_before = 1;
  int unwinding = std::uncaught_exceptions();
  OneBlasThread blas{};

  static void end_with_program(State* state);
};

Distributed::Distributed(const Options& options) {
  if (options.zero != 0 && options.zero != 1)
    throw Error("Distributed: expected zero 0 or 1, as gradients and parameters are not split over ranks, got " +
                std::to_string(options.zero));
  check_options(options);
  int started = 0;
  MPI_Initialized(&started);
  if (started || live)
    throw Error("Distributed: expected to be the first and only one, got a program in which MPI runs already");
  set_up_transport();
  auto witness = std::make_unique<Witness>();
  int given = 0;
  expect(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &given), "MPI_Init_thread");
  if (given < MPI_THREAD_SERIALIZED)
    throw Error("Distributed: expected an MPI that threads may call in turn (MPI_THREAD_SERIALIZED), got one that does "
                "not allow it");
  state_ = std::make_unique<State>(options.timeout, std::move(witness));
  State& s = *state_;
  live = &s.ranks;
  before_terminate = std::set_terminate(end_all);
  s.witness->name(s.ranks.rank());
  if (s.ranks.size() == 1 || watch_for_deaths(s.ranks)) s.witness->dismiss();

  // ranks of one machine share its processors, unless mpirun has given each its own
  MPI_Comm machine;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
  int on_machine = 1;
  MPI_Comm_size(machine, &on_machine);
  MPI_Comm_free(&machine);
  const std::size_t here = static_cast<std::size_t>(on_machine), mine = processors();
  const std::size_t whole = std::max<std::size_t>(static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_ONLN)), 1);
  const std::size_t share = std::clamp<std::size_t>(std::min(mine, std::max<std::size_t>(whole / here, 1)), 1, 1024);
  const std::size_t of_shards = std::max<std::size_t>(options.shards / s.ranks.size(), 1);
  s.threads_before = num_threads();
  set_num_threads(options.threads > 0 ? options.threads : std::min(share, of_shards));

  s.world = {.ranks = &s.ranks,
             .shards = options.shards,
             .exact = options.exact,
             .zero = options.zero,
             .piece_bytes = options.piece_bytes};
  s.scope.emplace(s.world, detail::InWorld::Of::process);
  const double settings[]{static_cast<double>(options.shards), options.exact ? 1.0 : 0.0,
                          static_cast<double>(options.zero)};
  std::vector<double> all;
  detail::gather_numbers(s.ranks, detail::Phase::start, settings, all);
  for (std::size_t r = 1; r < s.ranks.size(); ++r)
    if (!std::equal(all.begin(), all.begin() + 3, all.begin() + static_cast<std::ptrdiff_t>(3 * r)))
      s.ranks.abort_alike("Distributed: expected the same options on all ranks, got others on rank " +
                          std::to_string(r));
  if (leads() && s.ranks.size() > 1 && !options.quiet) {
    std::fprintf(stderr, "%zu ranks x %zu threads, 1 thread of BLAS each; batches in %zu shards%s\n", s.ranks.size(),
                 num_threads(), options.shards,
                 options.exact || options.zero == 1 ? "" : ", gradients added in MPI's order");
    if (s.ranks.size() > options.shards)
      std::fprintf(stderr,
                   "%zu of the ranks have no shard to work on: Distributed world{{.shards = %zu}} gives each one\n",
                   s.ranks.size() - options.shards, s.ranks.size());
  }
}

/// The others wait for a rank that an exception takes out of its Distributed's life. Its handler is still to come and
/// says what it was: the job ends with the program, or in two seconds if the handler goes on to something else.
void Distributed::State::end_with_program(State* state) {
  static State* left;  // and never ended, as MPI is not: its destructor would wait for the others
  left = state;
  static constexpr auto end = [] { left->ranks.abort("ends by an exception"); };
  std::atexit(end);
  std::thread([] {
    std::this_thread::sleep_for(std::chrono::seconds(2));
    end();
  }).detach();
}

Distributed::~Distributed() {
  State& s = *state_;
  if (s.ranks.size() > 1) {
    if (std::uncaught_exceptions() > s.unwinding) {
      State::end_with_program(state_.release());
      return;
    }
    std::vector<double> all;
    try {
      detail::gather_numbers(s.ranks, detail::Phase::end, {}, all);
    } catch (const std::exception& error) {
      s.ranks.abort(error.what());
    }
    say_no_more();
  }
  s.scope.reset();
  set_num_threads(s.threads_before);
  std::set_terminate(before_terminate);
  live = nullptr;
  neighbours.clear();
  s.ranks.end();
  s.witness->dismiss();
  MPI_Finalize();
}

std::size_t Distributed::rank() const { return state_->ranks.rank(); }
std::size_t Distributed::size() const { return state_->ranks.size(); }
Communicator& Distributed::ranks() { return state_->ranks; }

}  // namespace tenon
