#pragma once

#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

#include <tenon/error.hpp>

#include "sanitized.hpp"

/// Makes the system fail where a test wants it to: the n-th write, fsync, rename, start of a thread, or allocation. It
/// also measures how much memory something takes at most. Replaces operator new and those functions; to be included by
/// one file of a program, and not beside counting_new.hpp.
///
///     const test::Failing full(test::Fault::write, 2);     // until the end of the scope the third write fails, once
namespace tenon::test {

enum class Fault { write, fsync, rename, thread, allocation };

namespace detail {

inline constexpr long never = -1;
inline std::atomic<long> calls_left[5]{never, never, never, never, never};
inline std::atomic<bool> happened[5]{};
inline std::atomic<std::size_t> held{0}, most_held{0};

inline bool fails(Fault fault) noexcept {
  std::atomic<long>& left = calls_left[static_cast<int>(fault)];
  if (left.load(std::memory_order_relaxed) < 0 || left.fetch_sub(1) != 0) return false;
  happened[static_cast<int>(fault)] = true;
  return true;
}

inline void* take(std::size_t size, std::size_t alignment) noexcept {
  if (fails(Fault::allocation)) return nullptr;
  void* const memory = alignment > alignof(std::max_align_t)
                           ? std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)
                           : std::malloc(size > 0 ? size : 1);
  if (memory) {
    const std::size_t now = held += ::malloc_usable_size(memory);
    for (std::size_t most = most_held; now > most && !most_held.compare_exchange_weak(most, now);) continue;
  }
  return memory;
}
inline void* take_or_throw(std::size_t size, std::size_t alignment) {
  if (void* const memory = take(size, alignment)) return memory;
  throw std::bad_alloc{};
}
inline void give(void* memory) noexcept {
  if (memory) held -= ::malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace detail

/// While it lives, call number `call` (from 0) of that kind fails; those before and after do not.
class Failing {
public:
  Failing(Fault fault, long call) : fault_(static_cast<int>(fault)) {
    detail::happened[fault_] = false;
    detail::calls_left[fault_] = call;
  }
  ~Failing() { detail::calls_left[fault_] = detail::never; }
  Failing(const Failing&) = delete;
  Failing& operator=(const Failing&) = delete;

  /// Whether there were that many calls.
  bool happened() const { return detail::happened[fault_]; }

private:
  int fault_;
};

/// For n = 0, 1, ...: calls before(), then work() while the n-th call of that kind fails, then after(thrown) with what
/// work threw, if anything; until work has no such call. Says how many it had.
template <class Before, class Work, class After>
long fail_each(Fault fault, Before before, Work work, After after, long most = 100000) {
  for (long n = 0; n < most; ++n) {
    before();
    std::exception_ptr thrown;
    bool happened;
    {
      const Failing failing(fault, n);
      try {
        work();
      } catch (...) {
        thrown = std::current_exception();
      }
      happened = failing.happened();
    }
    after(thrown);
    if (!happened) return n;
  }
  return most;
}

/// Whether it is an Error.
inline bool is_error(const std::exception_ptr& thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const Error&) {
    return true;
  } catch (...) {
  }
  return false;
}

/// How many bytes of the heap `work` has at most at a time, beyond what there was before.
template <class F>
std::size_t peak_bytes(F work) {
  const std::size_t before = detail::held;
  detail::most_held = before;
  work();
  return detail::most_held - before;
}

}  // namespace tenon::test

extern "C" {
ssize_t write(int file, const void* bytes, std::size_t count) {
  if (tenon::test::detail::fails(tenon::test::Fault::write)) return errno = ENOSPC, -1;
  return ::syscall(SYS_write, file, bytes, count);
}
int fsync(int file) {
  if (tenon::test::detail::fails(tenon::test::Fault::fsync)) return errno = EIO, -1;
  return static_cast<int>(::syscall(SYS_fsync, file));
}
int rename(const char* from, const char* to) noexcept {
  if (tenon::test::detail::fails(tenon::test::Fault::rename)) return errno = EACCES, -1;
  return static_cast<int>(::syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
}
#ifndef TENON_SANITIZED  // a sanitizer has to see threads start itself
int pthread_create(pthread_t* thread, const pthread_attr_t* how, void* (*run)(void*), void* argument) noexcept {
  if (tenon::test::detail::fails(tenon::test::Fault::thread)) return EAGAIN;
  static const auto real = reinterpret_cast<decltype(&pthread_create)>(::dlsym(RTLD_NEXT, "pthread_create"));
  return real(thread, how, run, argument);
}
#endif
}

// Not inlined: g++ would see malloc's memory come back through another function's delete.
#define TENON_TEST_NEW(...) [[gnu::noinline]] void* operator __VA_ARGS__
TENON_TEST_NEW(new (std::size_t n)) { return tenon::test::detail::take_or_throw(n, 0); }
TENON_TEST_NEW(new[](std::size_t n)) { return tenon::test::detail::take_or_throw(n, 0); }
TENON_TEST_NEW(new (std::size_t n, std::align_val_t a)) {
  return tenon::test::detail::take_or_throw(n, static_cast<std::size_t>(a));
}
TENON_TEST_NEW(new[](std::size_t n, std::align_val_t a)) {
  return tenon::test::detail::take_or_throw(n, static_cast<std::size_t>(a));
}
TENON_TEST_NEW(new (std::size_t n, const std::nothrow_t&)) noexcept { return tenon::test::detail::take(n, 0); }
TENON_TEST_NEW(new[](std::size_t n, const std::nothrow_t&)) noexcept { return tenon::test::detail::take(n, 0); }
#undef TENON_TEST_NEW
#define TENON_TEST_DELETE(...)                                                                                         \
  [[gnu::noinline]] void operator __VA_ARGS__ noexcept { tenon::test::detail::give(p); }
TENON_TEST_DELETE(delete (void* p))
TENON_TEST_DELETE(delete[](void* p))
TENON_TEST_DELETE(delete (void* p, std::size_t))
TENON_TEST_DELETE(delete[](void* p, std::size_t))
TENON_TEST_DELETE(delete (void* p, std::align_val_t))
TENON_TEST_DELETE(delete[](void* p, std::align_val_t))
TENON_TEST_DELETE(delete (void* p, std::size_t, std::align_val_t))
TENON_TEST_DELETE(delete[](void* p, std::size_t, std::align_val_t))
TENON_TEST_DELETE(delete (void* p, const std::nothrow_t&))
TENON_TEST_DELETE(delete[](void* p, const std::nothrow_t&))
#undef TENON_TEST_DELETE
