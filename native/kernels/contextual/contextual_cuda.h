// CUDA twin of contextual_score and of the global score, for the images of a
// batch at once: which prompts count, the two directions, and S_G =
// abnormal_probability(image, directions) (method sec. 4, 5). Similarities are
// summed in one fixed order: equal prompts get equal similarities, bit for bit,
// as on the CPU.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/contextual/contextual.h"
#include "kernels/cuda.h"

namespace alfa::kernels {

struct CudaContextual {
  const float*
      image;  // the embedding of image i at image + i * image_stride; [E], unit
  ptrdiff_t image_stride;  // floats
  int images;
  const float*
      prompts;    // [counts[0] + counts[1], E], unit rows, normal ones first
  int counts[2];  // each >= 1
  int embed_dim;
  ContextualOptions options;
  float temperature;
  // out
  float* similarity;  // [images, n]
  float* score;       // [images, n]   S_c
  uint8_t* kept;      // [images, n]
  int32_t* summary;  // [images, 4]   kept_count[0], kept_count[1], fallback[0],
                     // fallback[1]; a counter of blocks while it runs
  float* direction;  // [images, 2, E]
  float* global;     // [images]      S_G
};

void contextual_cuda(const CudaContextual& task, CudaStream stream);

}  // namespace alfa::kernels
