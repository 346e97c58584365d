// The n x n system of one window, by a block: m [n, n + 2] in double, A A^T +
// lambda I and beside it A f of the two directions; then its solution in the
// last two columns.
#pragma once
#include "kernels/block_sum.cuh"
#include "kernels/chunk.cuh"

namespace alfa::kernels {

// n elements from a place aligned to the smaller of their size and 16 bytes.
template <typename T, int n>
__device__ inline void load_values(const T* at, float (&v)[n]) {
  constexpr int kOnce = n < kPerChunk<T> ? n : kPerChunk<T>;
  struct __align__(sizeof(T) * kOnce) Piece {
    T v[kOnce];
  };
#pragma unroll
  for (int i = 0; i < n; i += kOnce) {
    const Piece piece = *reinterpret_cast<const Piece*>(at + i);
#pragma unroll
    for (int j = 0; j < kOnce; ++j) v[i + j] = to_float(piece.v[j]);
  }
}

// Sums N numbers of every lane over the warp, N a power of 2 up to 32: number i
// comes out in the lanes of which lane * N / 32 is i. Each step hands half of
// the numbers to the other half of the lanes: N + 1 shuffles or so where one
// sum after another would take 5 N.
template <int N, int kLanes = 32>
__device__ inline double scatter_sums(double (&v)[N]) {
  double half[(N + 1) / 2];
  const bool upper = threadIdx.x & (kLanes / 2);
#pragma unroll
  for (int i = 0; i < (N + 1) / 2; ++i) {
    const double kept = N == 1  ? v[0]
                        : upper ? v[N / 2 + i]
                                : v[i],
                 given = N == 1  ? v[0]
                         : upper ? v[i]
                                 : v[N / 2 + i];
    half[i] = kept + __shfl_xor_sync(0xffffffffu, given, kLanes / 2);
  }
  if constexpr (kLanes == 2)
    return half[0];
  else
    return scatter_sums<(N + 1) / 2, kLanes / 2>(half);
}

constexpr int kTile =
    4;  // rows of A on either side of what a warp takes at a time

// Products of A's rows [4 bi, 4 bi + 4) with [4 bj, 4 bj + 4), bj <= bi, and on
// the diagonal (kDiagonal: bj = bi) with the directions too. Turning elements
// into doubles takes four times as long as multiplying them: 8 of them serve 16
// products. A row past the last one is the last one again; what comes of it is
// dropped. row: of each of A's rows, its place in values.
template <typename T, int kStep, bool kDiagonal>
__device__ void multiply_tile(double* m, const T* values, const int32_t* row,
                              int n, int bi, int bj, const float* direction,
                              int embed_dim, double lambda) {
  const int lane = static_cast<int>(threadIdx.x % 32), columns = n + 2;
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
  const int i = kTile * bi + lane / 2 / kTile,
            j = kTile * bj + lane / 2 % kTile;
  if (lane % 2 == 0 && i < n && j <= i) {
    m[i * columns + j] = m[j * columns + i] = product + (i == j ? lambda : 0);
  }
  if constexpr (kDiagonal) {
    const double along = scatter_sums(side);
    const int r = kTile * bi + lane / 4 / 2;
    if (lane % 4 == 0 && r < n) m[r * columns + n + lane / 4 % 2] = along;
  }
}

// Tiles by turns over the block's warps.
template <typename T, int kStep, int kWarps>
__device__ void build_system(double* m, const T* values, const int32_t* row,
                             int n, const float* direction, int embed_dim,
                             double lambda) {
  const int warp = static_cast<int>(threadIdx.x / 32),
            blocks = (n + kTile - 1) / kTile;
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

// Gauss-Jordan: every other row loses column j at once, so that a row costs one
// barrier and nothing is left to substitute back, where the two triangles of
// Cholesky would make a block wait twice as often. Its pivots are the squares
// of Cholesky's, and of a matrix that is positive definite they need no search.
// False where one is not above 0 (NaN too).
template <int kThreads>
__device__ bool solve_system(double* m, int n) {
  constexpr int kAcross = 12, kDown = kThreads / kAcross;
  static_assert(kThreads % kAcross == 0);
  const int columns = n + 2, across = static_cast<int>(threadIdx.x) % kAcross,
            down = static_cast<int>(threadIdx.x) / kAcross;
  bool definite = true;
  for (int j = 0; j < n; ++j) {
    __syncthreads();
    const double* pivot = m + j * columns;
    definite = definite && pivot[j] > 0;
    const double inverse = 1 / pivot[j];
    for (int i = down; i < n; i += kDown) {
      if (i == j) continue;
      double* row = m + i * columns;
      const double part = row[j] * inverse;
      for (int k = j + 1 + across; k < columns; k += kAcross)
        row[k] -= part * pivot[k];
    }
  }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < 2 * n; i += kThreads)
    m[i / 2 * columns + n + i % 2] /= m[i / 2 * columns + i / 2];
  __syncthreads();
  return definite;
}

}  // namespace alfa::kernels
