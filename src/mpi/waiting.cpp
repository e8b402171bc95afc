#include "waiting.hpp"

#include <algorithm>
#include <thread>

#include <tenon/train/callbacks/stop_on_signal.hpp>

namespace tenon::mpi_ranks {

namespace {

enum Tag : int { are_you_there = 1, i_wait = 2 };
constexpr auto time_to_answer = std::chrono::seconds(2);
constexpr double least_after_signal = 4;  // seconds

}  // namespace

void Waiting::open() {
  MPI_Comm_dup(MPI_COMM_WORLD, &questions_);
  MPI_Comm_rank(questions_, &rank_);
  MPI_Comm_size(questions_, &size_);
}

void Waiting::close() { MPI_Comm_free(&questions_); }

int Waiting::wait(std::span<MPI_Request> requests) {
  if (limit_ > 0 && waited_until_ != Clock::time_point{})
    longest_work_ = std::max(longest_work_, std::chrono::duration<double>(Clock::now() - waited_until_).count());
  const int result = poll(requests);
  if (limit_ > 0) waited_until_ = Clock::now();
  return result;
}

double Waiting::limit() const {
  if (asked_to_stop_ == Clock::time_point{}) return limit_;
  return std::min(limit_, std::max(least_after_signal, 3 * longest_work_));
}

int Waiting::poll(std::span<MPI_Request> requests) {
  const int count = static_cast<int>(requests.size());
  if (limit_ <= 0) return MPI_Waitall(count, requests.data(), MPI_STATUSES_IGNORE);
  // The clock is looked at now and then only: most waits are shorter than one look. But where ranks share processors
  // with others a poll may last a whole turn of them all, and whoever asks wants an answer.
  constexpr unsigned polls = 32;
  Clock::time_point began{};
  int ended = 0;
  for (unsigned i = 1;; ++i) {
    if (const int result = MPI_Testall(count, requests.data(), &ended, MPI_STATUSES_IGNORE); result != MPI_SUCCESS)
      return result;
    if (ended) return MPI_SUCCESS;
    if (i % polls != 0) continue;
    const Clock::time_point now = Clock::now();
    if (began == Clock::time_point{}) began = now;
    answer();
    if (asked_to_stop_ == Clock::time_point{} && detail::SignalWatch::received() != 0) began = asked_to_stop_ = now;
    if (std::chrono::duration<double>(now - began).count() < limit()) continue;
    ask(requests);
    if (MPI_Testall(count, requests.data(), &ended, MPI_STATUSES_IGNORE); ended) return MPI_SUCCESS;
    if (!silent_.empty()) return -1;
    began = Clock::now();  // all of them are there, and wait for nobody: whoever was late has come
  }
}

/// Nothing is in it. To a rank that has died on another machine MPI may never have sent it, so nobody waits for that.
void Waiting::tell(int rank, int tag) {
  MPI_Request sent;
  if (MPI_Isend(nullptr, 0, MPI_BYTE, rank, tag, questions_, &sent) == MPI_SUCCESS) MPI_Request_free(&sent);
}

/// To everybody who has asked.
void Waiting::answer() {
  for (int asked = 1; asked;) {
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, are_you_there, questions_, &asked, &status);
    if (!asked) break;
    MPI_Recv(nullptr, 0, MPI_BYTE, status.MPI_SOURCE, are_you_there, questions_, MPI_STATUS_IGNORE);
    tell(status.MPI_SOURCE, i_wait);
  }
}

/// Asks all others, and notes who has not answered by the time that an answer takes.
void Waiting::ask(std::span<MPI_Request> requests) {
  std::vector<char> there(static_cast<std::size_t>(size_));
  there[static_cast<std::size_t>(rank_)] = 1;
  for (int r = 0; r < size_; ++r)
    if (r != rank_) tell(r, are_you_there);
  const Clock::time_point until = Clock::now() + time_to_answer;
  int ended = 0;
  while (!ended && Clock::now() < until) {
    answer();
    int some = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, i_wait, questions_, &some, &status);
    if (some) {
      MPI_Recv(nullptr, 0, MPI_BYTE, status.MPI_SOURCE, i_wait, questions_, MPI_STATUS_IGNORE);
      there[static_cast<std::size_t>(status.MPI_SOURCE)] = 1;
      continue;
    }
    MPI_Testall(static_cast<int>(requests.size()), requests.data(), &ended, MPI_STATUSES_IGNORE);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  silent_.clear();
  for (int r = 0; r < size_; ++r)
    if (!there[static_cast<std::size_t>(r)]) silent_.push_back(r);
}

std::string Waiting::missing() const {
  std::string text = silent_.size() == 1 ? "rank " : "ranks ";
  for (std::size_t i = 0; i < silent_.size(); ++i) text += (i ? ", " : "") + std::to_string(silent_[i]);
  const std::string waited = "has waited " + std::to_string(static_cast<long long>(limit())) + " s for " + text +
                             ", of which nothing is heard";
  return waited + (limit() < limit_ ? " since a signal asked it to stop: the job ends"
                                    : ": the job ends (DistributedOptions::timeout)");
}

bool Waiting::is_first() const {
  int first = 0;
  for (const int r : silent_) first += r == first ? 1 : 0;
  return rank_ == first;
}

}  // namespace tenon::mpi_ranks
