// A thread of execution with its own stack that only stops where it asks to.
// The operating system does not schedule it.
#pragma once
#include <cstddef>

namespace alfa::emulated {

// The end of a stopped fiber's stack: enough to resume it.
using StackPointer = void*;

// Stores the running fiber in `from` and resumes `to`.
void switch_fiber(StackPointer* from, StackPointer to);

// A fiber that will run `entry`, which must not return, on the stack that ends
// at `top` (16-byte aligned).
StackPointer new_fiber(unsigned char* top, void (*entry)());

// Stacks for fibers, kept for the life of the OS thread. Below each stack is a
// page without access.
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
