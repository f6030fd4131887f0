// Memory of a kernel, kept from call to call: aligned to 64 bytes, only grows, contents undefined.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace ladder::tensor {

template <class T>
class Scratch {
 public:
  // At least `count` elements, valid until the next call. Throws std::bad_alloc.
  T* reserve(std::size_t count) {
    if (count_ < count) {
      memory_.reset();
      count_ = 0;
      memory_.reset(static_cast<T*>(::operator new(count * sizeof(T), alignment)));
      count_ = count;
    }
    return memory_.get();
  }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(T* p) const { ::operator delete(p, alignment); }
  };
  std::unique_ptr<T, Free> memory_;
  std::size_t count_ = 0;
};

}  // namespace ladder::tensor
