// Aligner, window similarity and softmax in one kernel (method sec. 6; eq. 11):
// a block per window and image builds the window's n x n system from the global
// pass's values, factors it, carries both directions into the window's space
// and scores the window's embedding against them. The system is in double, as
// on the CPU: see aligner.h for why.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/aligner/aligner.h"
#include "kernels/cuda.h"

namespace alfa::kernels {

struct CudaWindowScores {
  static constexpr int kMaxRows = 65;  // of a window: 8 x 8 patches and the
                                       // class row; more is Error(kRange)

  Aligner aligner;
  float lambda, temperature;
  Element element;  // of value
  // The packed values of image i: row r at value + i * value_stride + r *
  // embed_dim. Its first rows are the whole view, row by row, so A's rows are
  // rows[] of the window's packed rows and B's are those packed rows
  // themselves. Unused with kOff.
  const void* value;
  ptrdiff_t value_stride;  // elements
  const float* embedding;  // of image i: segment s at embedding + i *
                           // embedding_stride + s * embed_dim, unit rows
  ptrdiff_t embedding_stride;
  const float* direction;     // [images, 2, E], unit rows
  const int32_t* windows;     // [count] segments to score, in order
  const int32_t* cu_seqlens;  // [S+1] of one image
  const int32_t* rows;        // [T] of one image
  int skipped_rows;  // rows left out at each window's start (its class and
                     // register rows), 0 to keep them
  int longest;  // rows of the longest window among `windows`, after skipping
  int images, count, embed_dim;
  float* scores;  // [images, count]   S_L
};

void window_scores_cuda(const CudaWindowScores& task, CudaStream stream);

}  // namespace alfa::kernels
