// The aligner, the window's similarity and the softmax over the labels in one
// CUDA kernel (docs/method.md, steps 8 and 9; eq. 11). For every image and
// window it builds the n x n system of aligner.h, solves it, and scores the
// window's embedding against both aligned directions. The system is in double,
// as on the CPU.
//
// Rules of every CUDA kernel (pointers, streams, errors): kernels/cuda.h.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/aligner/aligner.h"
#include "kernels/cuda.h"

namespace alfa::kernels {

struct CudaWindowScores {
  // The most rows of a window: 8 x 8 patches and the class row.
  static constexpr int kMaxRows = 65;

  Aligner aligner;
  float lambda, temperature;
  Element element;  // of value

  // The packed values of image i: row r is at value + i * value_stride + r *
  // embed_dim. The first rows are the whole image in order, so `rows` are the
  // indices of A's rows. B's rows are the window's packed rows. Not used with
  // kOff.
  const void* value;
  ptrdiff_t value_stride;  // elements

  // The unit embedding of segment s of image i is at embedding + i *
  // embedding_stride + s * embed_dim.
  const float* embedding;
  ptrdiff_t embedding_stride;  // floats

  const float* direction;     // [images, 2, E], unit rows: normal, abnormal
  const int32_t* windows;     // [count], the segments to score
  const int32_t* cu_seqlens;  // [S+1], of one image
  const int32_t* rows;        // [T], of one image: the row of each packed row

  // Rows left out at the start of each window: its class and register rows, or
  // 0 to keep them.
  int skipped_rows;
  int longest;  // rows of the longest window, without the skipped ones
  int images, count, embed_dim;
  float* scores;  // [images, count], S_L
};

// Throws Error(kRange) where lambda is not above 0, or a window has more than
// kMaxRows rows. Neither is checked with kOff.
void window_scores_cuda(const CudaWindowScores& task, CudaStream stream);

}  // namespace alfa::kernels
