// contextual_score and the global score on CUDA, for all images of a batch
// (docs/method.md, steps 6 and 7): which prompts are kept, the two directions,
// and S_G = abnormal_probability(image, directions). Equal prompts get the same
// similarity, bit for bit, as on the CPU.
//
// Rules of every CUDA kernel (pointers, streams, errors): kernels/cuda.h.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/contextual/contextual.h"
#include "kernels/cuda.h"

namespace alfa::kernels {

struct CudaContextual {
  const float* image;  // embedding i: [E], unit, at image + i * image_stride
  ptrdiff_t image_stride;  // floats
  int images;
  const float* prompts;  // [n, E], unit rows, normal prompts first
  int counts[2];         // of each label, at least 1; n is their sum
  int embed_dim;
  ContextualOptions options;
  float temperature;

  // Outputs.
  float* similarity;  // [images, n], s_t
  float* score;       // [images, n], S_c
  uint8_t* kept;      // [images, n]
  // [images, 4]: kept_count[0], kept_count[1], fallback[0], fallback[1]. The
  // kernel uses the first number as a counter while it runs.
  int32_t* summary;
  float* direction;  // [images, 2, E]
  float* global;     // [images], S_G
};

// Throws Error(kRange) as contextual_score does.
void contextual_cuda(const CudaContextual& task, CudaStream stream);

}  // namespace alfa::kernels
