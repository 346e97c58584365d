// The n x n system of one window, built and solved by a block. m [n, n + 2], in
// double, holds A A^T + lambda I and, in its last two columns, A f of the two
// directions. Afterwards the last two columns hold the solution.
#pragma once
#include "kernels/block_sum.cuh"
#include "kernels/chunk.cuh"

namespace alfa::kernels {

// Loads n elements as floats. `at` is aligned to the size of n elements, or to
// 16 bytes if that is smaller.
template <typename T, int n>
__device__ inline void load_values(const T* at, float (&v)[n]) {
  constexpr int kOnce = n < kPerChunk<T> ? n : kPerChunk<T>;
  struct __align__(sizeof(T) * kOnce) Vector {
    T v[kOnce];
  };
#pragma unroll
  for (int i = 0; i < n; i += kOnce) {
    const Vector loaded = *reinterpret_cast<const Vector*>(at + i);
#pragma unroll
    for (int j = 0; j < kOnce; ++j) v[i + j] = to_float(loaded.v[j]);
  }
}

// Sums N numbers over the lanes of a warp. N is a power of 2, at most 32. The
// sum of number i is returned in the lanes for which lane * N / 32 == i.
//
// In each step, the two halves of the lanes exchange halves of their numbers,
// so that each half of the lanes goes on with half of the numbers. That takes
// about N + 1 shuffles. N separate sums would take 5 N.
template <int N, int kLanes = 32>
__device__ inline double scatter_sums(double (&v)[N]) {
  double half[(N + 1) / 2];
  const bool upper = threadIdx.x & (kLanes / 2);
#pragma unroll
  for (int i = 0; i < (N + 1) / 2; ++i) {
    double keep = v[0], send = v[0];
    if constexpr (N > 1) {
      keep = upper ? v[N / 2 + i] : v[i];
      send = upper ? v[i] : v[N / 2 + i];
    }
    half[i] = keep + __shfl_xor_sync(0xffffffffu, send, kLanes / 2);
  }
  if constexpr (kLanes == 2)
    return half[0];
  else
    return scatter_sums<(N + 1) / 2, kLanes / 2>(half);
}

// A warp multiplies a tile of kTile x kTile pairs of rows at a time.
constexpr int kTile = 4;

// The products of A's rows [4 bi, 4 bi + 4) with its rows [4 bj, 4 bj + 4), bj
// <= bi. A tile on the diagonal (kDiagonal: bi = bj) is multiplied with the
// directions too. A conversion to double takes four times as long as a
// multiplication. In a tile, 8 conversions serve 16 products.
// kStep: the elements that a lane loads at a time.
// row: the index in `values` of each of A's rows. Rows past the last one repeat
// the last one, and their products are dropped.
template <typename T, int kStep, bool kDiagonal>
__device__ void multiply_tile(double* m, const T* values, const int32_t* row,
                              int n, int bi, int bj, const float* direction,
                              int embed_dim, double lambda) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int columns = n + 2;
  const T *upper[kTile], *lower[kTile];
#pragma unroll
  for (int i = 0; i < kTile; ++i) {
    upper[i] = values + static_cast<int64_t>(row[min(kTile * bi + i, n - 1)]) *
                            embed_dim;
    lower[i] = values + static_cast<int64_t>(row[min(kTile * bj + i, n - 1)]) *
                            embed_dim;
  }
  double sum[kTile * kTile] = {}, side[2 * kTile] = {};
  for (int e = lane * kStep; e < embed_dim; e += 32 * kStep) {
    float x[kTile][kStep], y[kTile][kStep];
#pragma unroll
    for (int i = 0; i < kTile; ++i) load_values(upper[i] + e, x[i]);
    if constexpr (kDiagonal) {
      load_values(direction + e, y[0]);
      load_values(direction + embed_dim + e, y[1]);
    } else {
#pragma unroll
      for (int i = 0; i < kTile; ++i) load_values(lower[i] + e, y[i]);
    }
#pragma unroll
    for (int s = 0; s < kStep; ++s) {
      double a[kTile], b[kTile];
#pragma unroll
      for (int i = 0; i < kTile; ++i) {
        a[i] = static_cast<double>(x[i][s]);
        if (!kDiagonal || i < 2) b[i] = static_cast<double>(y[i][s]);
      }
#pragma unroll
      for (int i = 0; i < kTile; ++i) {
#pragma unroll
        for (int j = 0; j < (kDiagonal ? i + 1 : kTile); ++j)
          sum[kTile * i + j] += a[i] * (kDiagonal ? a[j] : b[j]);
        if constexpr (kDiagonal) {
          side[2 * i] += a[i] * b[0];
          side[2 * i + 1] += a[i] * b[1];
        }
      }
    }
  }
  const double product = scatter_sums(sum);
  const int i = kTile * bi + lane / 2 / kTile;
  const int j = kTile * bj + lane / 2 % kTile;
  if (lane % 2 == 0 && i < n && j <= i) {
    const double entry = product + (i == j ? lambda : 0);
    m[j * columns + i] = entry;
    m[i * columns + j] = entry;
  }
  if constexpr (kDiagonal) {
    const double product_with_direction = scatter_sums(side);
    const int r = kTile * bi + lane / 4 / 2;
    const int label = lane / 4 % 2;
    if (lane % 4 == 0 && r < n)
      m[r * columns + n + label] = product_with_direction;
  }
}

// The block's warps take the tiles in turn. Ends without a barrier.
template <typename T, int kStep, int kWarps>
__device__ void build_system(double* m, const T* values, const int32_t* row,
                             int n, const float* direction, int embed_dim,
                             double lambda) {
  const int warp = static_cast<int>(threadIdx.x / 32);
  const int blocks = (n + kTile - 1) / kTile;
  int turn = 0;
  for (int bi = 0; bi < blocks; ++bi) {
    for (int bj = 0; bj <= bi; ++bj) {
      if (turn == warp && bi == bj)
        multiply_tile<T, kStep, true>(m, values, row, n, bi, bj, direction,
                                      embed_dim, lambda);
      if (turn == warp && bi != bj)
        multiply_tile<T, kStep, false>(m, values, row, n, bi, bj, direction,
                                       embed_dim, lambda);
      turn = turn + 1 == kWarps ? 0 : turn + 1;
    }
  }
}

// Solves the system by Gauss-Jordan elimination. Returns false where m is not
// positive definite: a pivot is not above 0, or is NaN.
//
// Step j eliminates column j from all other rows at once. It needs one barrier,
// and nothing remains to be substituted back. Cholesky's two triangular solves
// would need twice as many barriers. The pivots are the squares of Cholesky's,
// so a positive definite matrix needs no pivot search.
template <int kThreads>
__device__ bool solve_system(double* m, int n) {
  // The block's threads as kDown rows of kAcross columns.
  constexpr int kAcross = 12;
  constexpr int kDown = kThreads / kAcross;
  static_assert(kThreads % kAcross == 0);
  const int columns = n + 2;
  const int across = static_cast<int>(threadIdx.x) % kAcross;
  const int down = static_cast<int>(threadIdx.x) / kAcross;
  bool definite = true;
  for (int j = 0; j < n; ++j) {
    __syncthreads();
    const double* pivot = m + j * columns;
    definite = definite && pivot[j] > 0;
    const double inverse = 1 / pivot[j];
    for (int i = down; i < n; i += kDown) {
      if (i == j) continue;
      double* row = m + i * columns;
      const double factor = row[j] * inverse;
      for (int k = j + 1 + across; k < columns; k += kAcross)
        row[k] -= factor * pivot[k];
    }
  }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < 2 * n; i += kThreads)
    m[i / 2 * columns + n + i % 2] /= m[i / 2 * columns + i / 2];
  __syncthreads();
  return definite;
}

}  // namespace alfa::kernels
