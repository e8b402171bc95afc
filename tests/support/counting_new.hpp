#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "support/sanitized.hpp"

/// Counts what the test program takes from the heap. Replaces every form of operator new, and in
/// glibc malloc too, so that libraries in C are seen; to be included by one file of a program.
namespace tenon::test {

struct HeapUse {
  std::size_t news = 0;         // calls of operator new, of any form
  std::size_t arena_bytes = 0;  // asked for with an alignment, as arenas are
  std::size_t mallocs = 0;      // of malloc and the like, those made by operator new included

  friend HeapUse operator-(HeapUse a, const HeapUse& b) {
    return {a.news - b.news, a.arena_bytes - b.arena_bytes, a.mallocs - b.mallocs};
  }
};

namespace detail {

inline std::atomic<std::size_t> news{0}, arena_bytes{0}, mallocs{0};

inline HeapUse heap_now() { return {news, arena_bytes, mallocs}; }

inline void* take(std::size_t size, std::size_t alignment) noexcept {
  ++news;
  if (alignment > alignof(std::max_align_t)) {
    arena_bytes += size;
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  }
  return std::malloc(size > 0 ? size : 1);
}
inline void* take_or_throw(std::size_t size, std::size_t alignment) {
  if (void* const memory = take(size, alignment)) return memory;
  throw std::bad_alloc{};
}

}  // namespace detail

/// What `work` takes from the heap.
template <class F>
HeapUse heap_use(F work) {
  const HeapUse before = detail::heap_now();
  work();
  return detail::heap_now() - before;
}

}  // namespace tenon::test

// Not inlined: g++ would see malloc's memory come back through another function's delete.
[[gnu::noinline]] void* operator new(std::size_t n) { return tenon::test::detail::take_or_throw(n, 0); }
[[gnu::noinline]] void* operator new[](std::size_t n) { return tenon::test::detail::take_or_throw(n, 0); }
[[gnu::noinline]] void* operator new(std::size_t n, std::align_val_t a) {
  return tenon::test::detail::take_or_throw(n, static_cast<std::size_t>(a));
}
[[gnu::noinline]] void* operator new[](std::size_t n, std::align_val_t a) {
  return tenon::test::detail::take_or_throw(n, static_cast<std::size_t>(a));
}
[[gnu::noinline]] void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  return tenon::test::detail::take(n, 0);
}
[[gnu::noinline]] void* operator new[](std::size_t n, const std::nothrow_t&) noexcept {
  return tenon::test::detail::take(n, 0);
}
[[gnu::noinline]] void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return tenon::test::detail::take(n, static_cast<std::size_t>(a));
}
[[gnu::noinline]] void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return tenon::test::detail::take(n, static_cast<std::size_t>(a));
}

[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t, const std::nothrow_t&) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::align_val_t, const std::nothrow_t&) noexcept { std::free(p); }

// A sanitizer brings a malloc of its own, which is not to be replaced.
#if defined(__GLIBC__) && !defined(TENON_SANITIZED)
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t n) {
  ++tenon::test::detail::mallocs;
  return __libc_malloc(n);
}
void* calloc(std::size_t n, std::size_t size) {
  ++tenon::test::detail::mallocs;
  return __libc_calloc(n, size);
}
void* realloc(void* p, std::size_t n) {
  ++tenon::test::detail::mallocs;
  return __libc_realloc(p, n);
}
void* aligned_alloc(std::size_t alignment, std::size_t n) {
  ++tenon::test::detail::mallocs;
  return __libc_memalign(alignment, n);
}
void* memalign(std::size_t alignment, std::size_t n) {
  ++tenon::test::detail::mallocs;
  return __libc_memalign(alignment, n);
}
int posix_memalign(void** p, std::size_t alignment, std::size_t n) {
  ++tenon::test::detail::mallocs;
  *p = __libc_memalign(alignment, n);
  return *p == nullptr ? 12 : 0;  // ENOMEM
}
}
#endif
