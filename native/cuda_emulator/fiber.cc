// Switches stacks: in assembly on x86-64, which takes a few nanoseconds (a
// shuffle of a warp needs 32 switches), with ucontext elsewhere.
#include "cuda_emulator/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#if !defined(__x86_64__) || defined(ALFA_EMULATED_UCONTEXT)
#include <ucontext.h>
#endif

namespace alfa::emulated {

#if defined(__x86_64__) && !defined(ALFA_EMULATED_UCONTEXT)

// The stack of a stopped fiber holds its callee-saved registers and its return
// address.
asm(R"(
.text
.p2align 4
.type alfa_emulated_switch, @function
alfa_emulated_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size alfa_emulated_switch, .-alfa_emulated_switch
)");
extern "C" void alfa_emulated_switch(StackPointer* from, StackPointer to);

void switch_fiber(StackPointer* from, StackPointer to) {
  alfa_emulated_switch(from, to);
}

StackPointer new_fiber(unsigned char* top, void (*entry)()) {
  auto* slots = reinterpret_cast<uintptr_t*>(top);
  *--slots = 0;  // at the start of a function the stack pointer is 8 bytes off
                 // a multiple of 16
  *--slots = reinterpret_cast<uintptr_t>(entry);
  for (int i = 0; i < 6; ++i) *--slots = 0;
  return slots;
}

#else

// The context of a stopped fiber is on its own stack.
void switch_fiber(StackPointer* from, StackPointer to) {
  ucontext_t here;
  *from = &here;
  swapcontext(&here, static_cast<ucontext_t*>(to));
}

StackPointer new_fiber(unsigned char* top, void (*entry)()) {
  const size_t kept = (sizeof(ucontext_t) + 63) / 64 * 64;
  auto* context = reinterpret_cast<ucontext_t*>(top - kept);
  getcontext(context);
  context->uc_stack.ss_sp = top - Stacks::kBytes;
  context->uc_stack.ss_size = Stacks::kBytes - kept;
  context->uc_link = nullptr;
  makecontext(context, entry, 0);
  return context;
}

#endif

Stacks::~Stacks() {
  if (memory_) munmap(memory_, count_ * kBytes);
}

void Stacks::reserve(size_t count) {
  if (count <= count_) return;
  if (memory_) munmap(memory_, count_ * kBytes);
  void* memory = mmap(nullptr, count * kBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    std::fprintf(stderr,
                 "CUDA emulator: no memory for the stacks of %zu threads\n",
                 count);
    std::abort();
  }
  memory_ = static_cast<unsigned char*>(memory);
  count_ = count;
  for (size_t i = 0; i < count; ++i)
    mprotect(memory_ + i * kBytes, static_cast<size_t>(sysconf(_SC_PAGESIZE)),
             PROT_NONE);
}

}  // namespace alfa::emulated
