// A thread of execution that gives way only where it says so: one stack each,
// no help of the operating system.
#pragma once
#include <cstddef>

namespace alfa::emulated {

// Where a stopped fiber's stack ends: all that is needed to go on with it.
using StackPointer = void*;

// Stores where the running fiber stops in `from` and goes on at `to`.
void switch_fiber(StackPointer* from, StackPointer to);

// A fiber that will run `entry`, which must not return, on the stack that ends
// at `top` (16-byte aligned).
StackPointer new_fiber(unsigned char* top, void (*entry)());

// Stacks for `count` fibers, kept for the life of the OS thread, each above a
// page that must not be touched.
class Stacks {
 public:
  static constexpr size_t kBytes = 128 * 1024;
  Stacks() = default;
  ~Stacks();
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;
  void reserve(size_t count);
  unsigned char* start() const { return memory_; }
  unsigned char* top(size_t i) const { return memory_ + (i + 1) * kBytes; }

 private:
  unsigned char* memory_ = nullptr;
  size_t count_ = 0;
};

}  // namespace alfa::emulated
