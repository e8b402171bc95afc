// cable SPACE SPACE BITS_PER_SECOND DELAY_IN_MICROSECONDS
// A cable between two network namespaces, of a bandwidth and a delay, for kernels that have no netem. Each end is a
// device "cable" of its namespace: what one of them sends is handed to the other when so many bits would have passed,
// and the delay besides. It says "ready" when both are there, and runs until it is ended. It looks once in half a delay,
// as waking for every packet would take much of the processors that are measured; what that adds to the delay is taken
// off.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "cable: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

int open_end(const std::string& space) {
  const int name = ::open(("/run/netns/" + space).c_str(), O_RDONLY | O_CLOEXEC);
  if (name < 0 || ::setns(name, CLONE_NEWNET) != 0) fail(space);
  ::close(name);
  const int device = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strcpy(request.ifr_name, "cable");
  if (device < 0 || ::ioctl(device, TUNSETIFF, &request) != 0) fail("/dev/net/tun");
  return device;
}

/// One of its two ways.
struct Way {
  int from, to;
  double nanoseconds_per_byte;
  nanoseconds delay;
  struct Packet {
    Clock::time_point arrives;
    std::vector<char> bytes;
  };
  Clock::time_point free{};  // when all bits that have been sent have passed
  std::deque<Packet> under_way{};

  /// Whether there was anything. What would have to wait for too long is lost, as in a switch whose memory is full.
  bool take(Clock::time_point now, std::vector<char>& buffer) {
    const auto bytes = ::read(from, buffer.data(), buffer.size());
    if (bytes <= 0) return false;
    constexpr auto longest = std::chrono::milliseconds(50);
    free = std::max(free, now);
    if (free - now > longest) return true;
    free += nanoseconds(static_cast<long>(static_cast<double>(bytes) * nanoseconds_per_byte));
    under_way.push_back({free + delay / 2, {buffer.data(), buffer.data() + bytes}});
    return true;
  }
  void deliver(Clock::time_point now) {
    for (; !under_way.empty() && under_way.front().arrives <= now; under_way.pop_front()) {
      const std::vector<char>& bytes = under_way.front().bytes;
      if (::write(to, bytes.data(), bytes.size()) < 0 && errno != EIO && errno != EAGAIN)
        fail("write");  // EIO: is down
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const double each = 8e9 / std::strtod(argv[3], nullptr);
  const nanoseconds delay(1000 * std::strtol(argv[4], nullptr, 10));
  const int a = open_end(argv[1]), b = open_end(argv[2]);
  Way ways[]{{a, b, each, delay}, {b, a, each, delay}};
  // on time, whoever else wants the processor
  const sched_param first{1};
  ::sched_setscheduler(0, SCHED_FIFO, &first);
  ::prctl(PR_SET_TIMERSLACK, 1);
  std::printf("ready\n");
  std::fflush(stdout);
  std::vector<char> buffer(1 << 16);
  for (auto look = Clock::now();; look += delay / 2) {
    if (ways[0].under_way.empty() && ways[1].under_way.empty()) {
      pollfd ends[]{{a, POLLIN, 0}, {b, POLLIN, 0}};
      ::poll(ends, 2, -1);
      if ((ends[0].revents | ends[1].revents) & POLLERR) return 0;  // a namespace is gone
      look = Clock::now();
    } else {
      std::this_thread::sleep_until(look);
    }
    for (Way& way : ways) {
      while (way.take(look, buffer)) {
      }
      way.deliver(look);
    }
  }
}
