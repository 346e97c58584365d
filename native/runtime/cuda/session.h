// What makes a session one of a GPU: the CUDA provider of ONNX Runtime on the
// engine's own stream, our operators, and no way back to the CPU.
#pragma once
#include "runtime/session.h"

namespace alfa {

void add_gpu(Ort::SessionOptions& o, const SessionOptions& options);
Ort::MemoryInfo gpu_memory_info(
    const Gpu& gpu);             // of its memory, as the provider names it
void hand_over(const Gpu& gpu);  // before a run: what the stream has still to
                                 // do comes first

}  // namespace alfa
