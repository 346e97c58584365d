// Attention on the tensor cores, for fp16. A warp takes 16 consecutive packed
// rows of one head, whatever segments they belong to. It walks through their
// keys 32 at a time, with an online softmax in registers.
//
// No shared memory is needed: the elements that a lane loads, in vectors of 16
// bytes, are the elements of its fragments (mma.cuh). This works because a sum
// may have its terms, and the output its columns, in any order:
// - q k^T: the terms of the sum over a head can be in any order that q and k
//   share. Lane t of four takes the chunks t and t + 4 of its rows' eight
//   chunks (8 halves each). The pairs of a chunk serve as the columns 2t, 2t+1,
//   2t+8 and 2t+9 of the instruction.
// - p v: column g of tile j stands for column g * (width / 8) + j of the head.
//   Lane g takes one contiguous vector of a value row, and its part of the
//   output row is contiguous too. The weights p stay in the registers in which
//   the previous mma left them.
//
// For windows of 2 x 2 and 3 x 3 patches (5 and 10 rows), 16 rows have 20 to 30
// keys: one step, a quarter of the work of a 64-row tile. Cost for an image of
// ViT-B-16-plus-240: q, k, v and out once, 20.8 MB, 4.8 us at 4.3 TB/s. The
// arithmetic takes a tenth of that. A segment of 226 rows is 15 tiles of 8
// steps each, which run one after another, about 3 us. These tiles come first
// in the grid. A block has four of them, which share their keys through the L1
// cache. The keys of the next step are loaded while the softmax of the current
// one runs.
#pragma once
#include "kernels/chunk.cuh"
#include "kernels/mma.cuh"
#include "kernels/segment_attention/segment_attention_cuda.h"

namespace alfa::kernels {

constexpr int kTileRows = 16;
constexpr int kTileKeys = 32;
constexpr int kTileWarps = 4;

// A lane's part of a value row: 16 bytes for heads of 64, 8 bytes for heads
// of 32.
__device__ inline void load_value(const __half* at, uint32_t (&v)[4]) {
  const uint4 raw = load_chunk(at);
  v[0] = raw.x;
  v[1] = raw.y;
  v[2] = raw.z;
  v[3] = raw.w;
}
__device__ inline void load_value(const __half* at, uint32_t (&v)[2]) {
  const uint2 raw = *reinterpret_cast<const uint2*>(at);
  v[0] = raw.x;
  v[1] = raw.y;
}

// The state of one warp. kGathered: packed rows are read through a.rows.
template <int kWidth, bool kGathered>
struct AttentionTile {
  // Chunks of a lane in a row of q or k.
  static constexpr int kChunks = kWidth / 32;
  // mma instructions for the sum over a head.
  static constexpr int kSteps = kWidth / 16;
  static constexpr int kKeyTiles = kTileKeys / 8;
  // Column tiles of the output, and the halves of a lane's part of a value row.
  static constexpr int kColumns = kWidth / 8;

  const CudaSegmentAttention& a;
  const __half* k;  // of the head
  const __half* v;
  int stride;      // halves between two rows of k or v
  int lane, g, t;  // g and t as in mma.cuh
  int begin, end;  // the keys that any row of the tile may see
  int low[2];      // the first key of rows g and g + 8
  int count[2];    // the number of their keys
  uint32_t q[kSteps][4];
  uint32_t keys[kKeyTiles][2 * kSteps];
  uint32_t values[kTileKeys / 16][4][kColumns / 2];

  // The online softmax: sums of weight * value, sums of weights ([0] of row g,
  // [2] of row g + 8), and the largest scores so far.
  float o[kColumns][4] = {};
  float total[4] = {};
  float most[2] = {-INFINITY, -INFINITY};

  int source = 0;  // kGathered: the row of key `lane` of this step

  // The row of key j of the step that starts at key `first`. All lanes call it.
  __device__ int row_of(int first, int j) const {
    if constexpr (kGathered) return __shfl_sync(0xffffffffu, source, j);
    return first + j;
  }

  __device__ void find_sources(int first) {
    if constexpr (kGathered)
      source = first + lane < end ? a.rows[first + lane] : 0;
  }

  __device__ void load_keys(int first) {
#pragma unroll
    for (int n = 0; n < kKeyTiles; ++n) {
      const int row = row_of(first, 8 * n + g);
      const bool exists = first + 8 * n + g < end;
      const __half* at = k + static_cast<ptrdiff_t>(row) * stride + 8 * t;
#pragma unroll
      for (int c = 0; c < kChunks; ++c) {
        const uint4 raw =
            exists ? load_chunk(at + 32 * c) : make_uint4(0, 0, 0, 0);
        keys[n][4 * c] = raw.x;
        keys[n][4 * c + 1] = raw.y;
        keys[n][4 * c + 2] = raw.z;
        keys[n][4 * c + 3] = raw.w;
      }
    }
  }

  __device__ void load_values(int first) {
#pragma unroll
    for (int s = 0; s < kTileKeys / 16; ++s) {
#pragma unroll
      for (int r = 0; r < 4; ++r) {
        const int j = 16 * s + 2 * t + (r & 1) + 8 * (r >> 1);
        const int row = row_of(first, j);
        if (first + j < end) {
          load_value(v + static_cast<ptrdiff_t>(row) * stride + kColumns * g,
                     values[s][r]);
        } else {  // not left as is: 0 * NaN is NaN
#pragma unroll
          for (int i = 0; i < kColumns / 2; ++i) values[s][r][i] = 0;
        }
      }
    }
  }

  // Turns the scores s of 16 rows x 32 keys into weights, relative to the
  // largest score of each row so far. Rescales the sums so far to the same
  // base.
  __device__ void scores_to_weights(int first, float scale,
                                    float (&s)[kKeyTiles][4]) {
#pragma unroll
    for (int part = 0; part < 2; ++part) {
      float largest = most[part];
#pragma unroll
      for (int n = 0; n < kKeyTiles; ++n) {
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          const bool seen =
              static_cast<unsigned>(first + 8 * n + 2 * t + i - low[part]) <
              static_cast<unsigned>(count[part]);
          float& score = s[n][2 * part + i];
          score = seen ? score : -INFINITY;
          largest = fmaxf(largest, score);
        }
      }
      largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, 1));
      largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, 2));
      // 0 where the row has seen no key yet.
      const float base = largest == -INFINITY ? 0.0f : largest * scale;
      if (first != begin) {
        const float rescale = exp2f(fmaf(most[part], scale, -base));
#pragma unroll
        for (int j = 0; j < kColumns; ++j) {
          o[j][2 * part] *= rescale;
          o[j][2 * part + 1] *= rescale;
        }
        total[2 * part] *= rescale;
      }
      most[part] = largest;
#pragma unroll
      for (int n = 0; n < kKeyTiles; ++n) {
        s[n][2 * part] = exp2f(fmaf(s[n][2 * part], scale, -base));
        s[n][2 * part + 1] = exp2f(fmaf(s[n][2 * part + 1], scale, -base));
      }
    }
  }

  // The keys from `first` on.
  __device__ void step(int first, float scale) {
    float s[kKeyTiles][4] = {};
#pragma unroll
    for (int i = 0; i < kSteps; ++i) {
#pragma unroll
      for (int n = 0; n < kKeyTiles; ++n) {
        const uint32_t b[2] = {keys[n][2 * i], keys[n][2 * i + 1]};
        mma_16x8x16(s[n], q[i], b);
      }
    }
    const bool more = first + kTileKeys < end;
    if (more) {
      find_sources(first + kTileKeys);
      load_keys(first + kTileKeys);
    }
    scores_to_weights(first, scale, s);
#pragma unroll
    for (int i = 0; i < kTileKeys / 16; ++i) {
      const uint32_t p[4] = {pack_halves(s[2 * i][0], s[2 * i][1]),
                             pack_halves(s[2 * i][2], s[2 * i][3]),
                             pack_halves(s[2 * i + 1][0], s[2 * i + 1][1]),
                             pack_halves(s[2 * i + 1][2], s[2 * i + 1][3])};
      // Sums the weights after their rounding to fp16, so that the output is an
      // exact mean with these weights.
      const uint32_t ones[2] = {0x3c003c00u, 0x3c003c00u};  // halves of 1.0
      mma_16x8x16(total, p, ones);
#pragma unroll
      for (int j = 0; j < kColumns; ++j) {
        // The lower or the upper halves of two keys' values.
        const unsigned which = j % 2 ? 0x7632 : 0x5410;
        const uint32_t b[2] = {
            __byte_perm(values[i][0][j / 2], values[i][1][j / 2], which),
            __byte_perm(values[i][2][j / 2], values[i][3][j / 2], which)};
        mma_16x8x16(o[j], p, b);
      }
    }
    if (more) load_values(first + kTileKeys);
  }

  // Loads q of packed row `row` into the fragments of row g (part 0) or g + 8
  // (part 1).
  __device__ void load_query(int row, int part, int column) {
    const bool exists = row < a.queries;
    const int from = exists && kGathered ? a.rows[row] : row;
    const __half* at = static_cast<const __half*>(a.q) +
                       from * static_cast<ptrdiff_t>(a.q_stride) + column +
                       8 * t;
#pragma unroll
    for (int c = 0; c < kChunks; ++c) {
      const uint4 raw =
          exists ? load_chunk(at + 32 * c) : make_uint4(0, 0, 0, 0);
      q[2 * c][part] = raw.x;
      q[2 * c][2 + part] = raw.y;
      q[2 * c + 1][part] = raw.z;
      q[2 * c + 1][2 + part] = raw.w;
    }
  }

  // Adds in fp32 and rounds to fp16 again.
  __device__ void add_query_bias(int column) {
#pragma unroll
    for (int c = 0; c < kChunks; ++c) {
      float bias[8];
      load_floats(a.q_bias + column + 8 * t + 32 * c, bias);
#pragma unroll
      for (int i = 0; i < 4; ++i) {  // the pairs of the chunk
#pragma unroll
        for (int part = 0; part < 2; ++part) {
          uint32_t& pair = q[2 * c + i / 2][2 * (i % 2) + part];
          pair = pack_halves(low_half(pair) + bias[2 * i],
                             high_half(pair) + bias[2 * i + 1]);
        }
      }
    }
  }

  // Writes 2 * kColumns contiguous columns of the row.
  __device__ void store(int row, int part, int column) const {
    if (row >= a.queries) return;
    const float norm = __fdividef(1.0f, total[2 * part]);
    float x[2 * kColumns];
#pragma unroll
    for (int i = 0; i < 2 * kColumns; ++i)
      x[i] = o[i % kColumns][2 * part + i / kColumns] * norm;
    column += 2 * kColumns * t;
    if (a.v_bias) {
      float bias[2 * kColumns];
      load_floats(a.v_bias + column, bias);
#pragma unroll
      for (int i = 0; i < 2 * kColumns; ++i) x[i] += bias[i];
    }
    __half* to = static_cast<__half*>(a.out) +
                 row * (static_cast<ptrdiff_t>(a.heads) * kWidth) + column;
#pragma unroll
    for (int c = 0; c < 2 * kColumns; c += 8) {
      const float chunk[8] = {x[c],     x[c + 1], x[c + 2], x[c + 3],
                              x[c + 4], x[c + 5], x[c + 6], x[c + 7]};
      store_chunk(to + c, pack(chunk));
    }
  }

  __device__ AttentionTile(const CudaSegmentAttention& task, int first_row,
                           int head)
      : a(task), lane(threadIdx.x % 32), g(lane / 4), t(lane % 4) {
    const int column = head * kWidth;
    const int last_row = min(first_row + kTileRows, a.queries) - 1;
    stride = static_cast<int>(a.kv_stride);
    k = static_cast<const __half*>(a.k) + column;
    v = static_cast<const __half*>(a.v) + column;
    // All loads start before the first of them is used.
    load_query(first_row + g, 0, column);
    load_query(first_row + g + 8, 1, column);
    begin = a.segment_bounds[2 * first_row];
    end = a.segment_bounds[2 * last_row + 1];
    if (a.causal) end = min(end, last_row + 1);
#pragma unroll
    for (int part = 0; part < 2; ++part) {
      const int row = first_row + g + 8 * part;
      low[part] = 0;
      count[part] = 0;
      if (row < a.queries) {
        low[part] = a.segment_bounds[2 * row];
        const int high = a.causal ? row + 1 : a.segment_bounds[2 * row + 1];
        count[part] = high - low[part];
      }
    }
    find_sources(begin);
    load_keys(begin);
    load_values(begin);
    if (a.q_bias) add_query_bias(column);
  }
};

template <int kWidth, bool kGathered>
__global__ void __launch_bounds__(32 * kTileWarps, 3)
    attend_tiles(CudaSegmentAttention a, float scale) {
  // Heads vary fastest, so that the first tiles of all heads, which belong to
  // the longest segment, start before all others.
  const int head = static_cast<int>(blockIdx.x) % a.heads;
  const int row = (static_cast<int>(blockIdx.x) / a.heads * kTileWarps +
                   static_cast<int>(threadIdx.x) / 32) *
                  kTileRows;
  if (row >= a.queries) return;
  AttentionTile<kWidth, kGathered> tile(a, row, head);
  for (int first = tile.begin; first < tile.end; first += kTileKeys)
    tile.step(first, scale);
  const int column = head * kWidth;
  tile.store(row + tile.g, 0, column);
  tile.store(row + tile.g + 8, 1, column);
}

}  // namespace alfa::kernels
