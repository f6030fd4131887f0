// Replaces every form of operator new by one that counts. All of them, and every delete: otherwise
// memory that a sanitizer's own operator gave would come back through ours.
#include "allocation_count.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

static std::atomic<long> allocations{0}, bytes_asked_for{0};

long ladder::allocation_count() { return allocations; }
long ladder::allocated_bytes() { return bytes_asked_for; }

static void* take(std::size_t bytes, std::size_t alignment) noexcept {
  ++allocations;
  bytes_asked_for += static_cast<long>(bytes);
  // aligned_alloc wants a multiple of the alignment
  const std::size_t whole = std::max<std::size_t>(bytes + alignment - 1, alignment);
  return alignment == 0 ? std::malloc(std::max<std::size_t>(bytes, 1))
                        : std::aligned_alloc(alignment, whole / alignment * alignment);
}

static void* take_or_throw(std::size_t bytes, std::size_t alignment) {
  if (void* memory = take(bytes, alignment)) return memory;
  throw std::bad_alloc();
}

using Size = std::size_t;
using Align = std::align_val_t;
using Quiet = const std::nothrow_t&;

void* operator new(Size n) { return take_or_throw(n, 0); }
void* operator new[](Size n) { return take_or_throw(n, 0); }
void* operator new(Size n, Align a) { return take_or_throw(n, static_cast<Size>(a)); }
void* operator new[](Size n, Align a) { return take_or_throw(n, static_cast<Size>(a)); }
void* operator new(Size n, Quiet) noexcept { return take(n, 0); }
void* operator new[](Size n, Quiet) noexcept { return take(n, 0); }
void* operator new(Size n, Align a, Quiet) noexcept { return take(n, static_cast<Size>(a)); }
void* operator new[](Size n, Align a, Quiet) noexcept { return take(n, static_cast<Size>(a)); }

void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, Size) noexcept { std::free(p); }
void operator delete[](void* p, Size) noexcept { std::free(p); }
void operator delete(void* p, Align) noexcept { std::free(p); }
void operator delete[](void* p, Align) noexcept { std::free(p); }
void operator delete(void* p, Size, Align) noexcept { std::free(p); }
void operator delete[](void* p, Size, Align) noexcept { std::free(p); }
void operator delete(void* p, Quiet) noexcept { std::free(p); }
void operator delete[](void* p, Quiet) noexcept { std::free(p); }
void operator delete(void* p, Align, Quiet) noexcept { std::free(p); }
void operator delete[](void* p, Align, Quiet) noexcept { std::free(p); }
