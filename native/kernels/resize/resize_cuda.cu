// Two passes, as on the CPU: rows narrowed to 8 bits, then columns, which go
// straight into the patches. Floor: the pixels once from memory and 6 integer
// operations per pixel, tap and output of a row (three bytes taken out, three
// multiplied): 1024 x 1024 to 240 are 3.1 MB, 1 us, and 95 million, 3 us; 12
// megapixels 9 us and 10 us. The copy of the pixels to the device costs ten
// times as much, at 50 GB/s of PCIe 5.
#include <algorithm>

#include "kernels/chunk.cuh"
#include "kernels/launch.cuh"
#include "kernels/resize/axis.h"
#include "kernels/resize/resize_cuda.h"

namespace alfa::kernels {
namespace {

constexpr int kRows = 32;  // a lane to a row, so that all lanes of a warp
                           // multiply by the same weights
constexpr int kWarps = 8;
constexpr int kOutputs = ResizePlan::kOutputs, kPerWarp = kOutputs / kWarps;
constexpr int kPixels = 256;  // of a row in shared memory at a time; wider
                              // outputs take more than one turn
constexpr int kPitch =
    kPixels +
    4;  // eight lanes read 16 bytes each of eight rows: in different banks
constexpr int kNarrowPitch =
    3 * kOutputs + 4;  // bytes; an odd number of words, for the same reason

constexpr int kSpan =
    256;  // pixels of an output row that a block of the vertical pass makes
constexpr int kWords = 3 * kSpan / 4;  // a thread to each

struct DeviceTaps {
  const int32_t *first, *count, *weight;
  int stride;
};

__device__ inline uint32_t clip(int fixed) {
  return static_cast<uint32_t>(min(max(fixed >> kBits, 0), 255));
}

__device__ inline uint32_t byte_of(uint32_t word, int i) {
  return word >> (8 * i) & 255;
}

// Up to four bytes, the first lowest.
__device__ inline uint32_t load_bytes(const uint8_t* p, int count) {
  uint32_t word = 0;
  for (int i = 0; i < 4; ++i)
    if (i < count) word |= static_cast<uint32_t>(p[i]) << (8 * i);
  return word;
}

// Pixels x .. x+3 of a row, one in the lower 24 bits of each word, zeros past
// its end. x is a multiple of 4.
__device__ uint4 four_pixels(const uint8_t* row, int x, int width) {
  const uint8_t* p = row + 3 * static_cast<ptrdiff_t>(x);
  const int shift = static_cast<int>(reinterpret_cast<uintptr_t>(p) % 4);
  uint32_t w[3];
  if (shift == 0 && x + 4 <= width) {
    const auto* at = reinterpret_cast<const uint32_t*>(p);
    for (int i = 0; i < 3; ++i) w[i] = at[i];
  } else if (x > 0 && x + 4 < width) {  // the words around them hold pixels x-1
                                        // to x+4, no others
    const auto* at = reinterpret_cast<const uint32_t*>(p - shift);
    uint32_t around[4];
    for (int i = 0; i < 4; ++i) around[i] = at[i];
    for (int i = 0; i < 3; ++i)
      w[i] = __funnelshift_r(around[i], around[i + 1],
                             8 * static_cast<unsigned>(shift));
  } else {
    const int bytes = 3 * (width - x);
    for (int i = 0; i < 3; ++i) w[i] = load_bytes(p + 4 * i, bytes - 4 * i);
  }
  return make_uint4(w[0] & 0xffffff, w[0] >> 24 | (w[1] & 0xffff) << 8,
                    w[1] >> 16 | (w[2] & 0xff) << 16, w[2] >> 8);
}

__device__ inline void add(int (&sum)[3], uint32_t pixel, int weight) {
  for (int c = 0; c < 3; ++c)
    sum[c] += static_cast<int>(byte_of(pixel, c)) * weight;
}

struct Narrowing {
  const uint8_t* pixels;  // of the first row wanted
  ptrdiff_t row_bytes;
  int width, rows, outputs;
  DeviceTaps across;
  uint8_t* narrow;  // [rows, pitch]
  int pitch;
};

// Block (i, j): rows from 32 i on, outputs from 32 j on.
__global__ void __launch_bounds__(32 * kWarps) narrow_rows(Narrowing n) {
  __shared__ __align__(16) uint32_t pixels[kRows * kPitch];
  __shared__ __align__(16) uint8_t made[kRows * kNarrowPitch];
  const int lane = static_cast<int>(threadIdx.x) % 32,
            warp = static_cast<int>(threadIdx.x) / 32;
  const int top = static_cast<int>(blockIdx.x) * kRows,
            left = static_cast<int>(blockIdx.y) * kOutputs;
  const int right = min(left + kOutputs, n.outputs) - 1;
  const int begin = n.across.first[left],
            end = n.across.first[right] +
                  ResizePlan::kTogether * n.across.count[right];

  int sum[kPerWarp][3], first[kPerWarp], last[kPerWarp];
#pragma unroll
  for (int j = 0; j < kPerWarp; ++j) {
    const int output = left + warp + kWarps * j;
    const bool wanted = output <= right;
    first[j] = wanted ? n.across.first[output] : 0;
    last[j] =
        wanted ? first[j] + ResizePlan::kTogether * n.across.count[output] : 0;
    for (int c = 0; c < 3; ++c) sum[j][c] = kRounding;
  }
  for (int from = begin; from < end; from += kPixels) {
    const int to = min(from + kPixels, end);
    __syncthreads();  // what was there has been read
#pragma unroll
    for (int r = warp; r < kRows; r += kWarps) {
      const uint8_t* row =
          n.pixels + static_cast<ptrdiff_t>(top + r) * n.row_bytes;
      for (int x = from + 4 * lane; x < to; x += 4 * 32)
        store_chunk(pixels + r * kPitch + x - from,
                    top + r < n.rows ? four_pixels(row, x, n.width)
                                     : make_uint4(0, 0, 0, 0));
    }
    __syncthreads();
#pragma unroll
    for (int j = 0; j < kPerWarp; ++j) {
      const int at = max(first[j], from);
      const int32_t* weight =
          n.across.weight +
          static_cast<ptrdiff_t>(left + warp + kWarps * j) * n.across.stride -
          first[j];
      for (int x = at; x < min(last[j], to); x += 4) {
        const uint4 p = load_chunk(pixels + lane * kPitch + x - from);
        const int4 w = *reinterpret_cast<const int4*>(weight + x);
        add(sum[j], p.x, w.x);
        add(sum[j], p.y, w.y);
        add(sum[j], p.z, w.z);
        add(sum[j], p.w, w.w);
      }
    }
  }
#pragma unroll
  for (int j = 0; j < kPerWarp; ++j)
    for (int c = 0; c < 3; ++c)
      made[lane * kNarrowPitch + 3 * (warp + kWarps * j) + c] =
          static_cast<uint8_t>(clip(sum[j][c]));
  __syncthreads();
  constexpr int kWordsOfRow = 3 * kOutputs / 4;
  for (int i = static_cast<int>(threadIdx.x); i < kRows * kWordsOfRow;
       i += 32 * kWarps) {
    const int r = i / kWordsOfRow, word = i % kWordsOfRow;
    if (top + r < n.rows)
      *reinterpret_cast<uint32_t*>(n.narrow +
                                   static_cast<ptrdiff_t>(top + r) * n.pitch +
                                   3 * left + 4 * word) =
          *reinterpret_cast<const uint32_t*>(made + r * kNarrowPitch +
                                             4 * word);
  }
}

struct Finish {
  const uint8_t* rows;  // from the square's left edge on, from the first row
                        // that it is made of
  ptrdiff_t pitch;
  int readable;  // bytes of a row
  bool aligned;  // every row begins at a multiple of 4 bytes
  int size, patch, prefix, grid;
  DeviceTaps down;
  float mean[3], std[3];
  void* patches;
  uint8_t* square;  // or null
};

__device__ inline float of_channel(const float (&v)[3], int c) {
  return c == 0 ? v[0] : c == 1 ? v[1] : v[2];
}

// Four bytes of a column of rows, weighted and summed.
template <typename Load>
__device__ inline uint32_t weigh_column(const int32_t* weight, int taps,
                                        Load load) {
  int sum[4] = {kRounding, kRounding, kRounding, kRounding};
#pragma unroll 4
  for (int t = 0; t < taps; ++t) {
    const uint32_t word = load(t);
    for (int i = 0; i < 4; ++i)
      sum[i] += static_cast<int>(byte_of(word, i)) * weight[t];
  }
  return clip(sum[0]) | clip(sum[1]) << 8 | clip(sum[2]) << 16 |
         clip(sum[3]) << 24;
}

// Block (y, i): pixels from 256 i on of output row y, and its share of the rows
// without pixels.
template <typename T>
__global__ void __launch_bounds__(kWords) finish_square(Finish f) {
  __shared__ __align__(16) uint32_t words[kWords];
  const int thread = static_cast<int>(threadIdx.x),
            y = static_cast<int>(blockIdx.x),
            left = static_cast<int>(blockIdx.y) * kSpan;
  const int span = min(kSpan, f.size - left), at = 3 * left + 4 * thread,
            bytes = min(4, f.readable - at);
  const int32_t* weight =
      f.down.weight + static_cast<ptrdiff_t>(y) * f.down.stride;
  const uint8_t* p = f.rows + f.down.first[y] * f.pitch + at;
  if (f.aligned && bytes == 4)
    words[thread] = weigh_column(weight, f.down.count[y], [=](int t) {
      return *reinterpret_cast<const uint32_t*>(p + t * f.pitch);
    });
  else if (bytes > 0)
    words[thread] = weigh_column(weight, f.down.count[y], [=](int t) {
      return load_bytes(p + t * f.pitch, bytes);
    });

  T* patches = static_cast<T*>(f.patches);
  const int area = f.patch * f.patch;
  const int block = y + static_cast<int>(blockIdx.y * gridDim.x),
            blocks = static_cast<int>(gridDim.x * gridDim.y);
  for (int i = block * kWords + thread; i < f.prefix * 3 * area;
       i += blocks * kWords)
    patches[i] = T(0.0f);
  __syncthreads();

  const auto* made = reinterpret_cast<const uint8_t*>(words);
  if (f.square)
    for (int i = thread; i < 3 * span; i += kWords)
      f.square[3 * (static_cast<ptrdiff_t>(y) * f.size + left) + i] = made[i];
  if (y >= f.grid * f.patch) return;
  T* row = patches +
           static_cast<ptrdiff_t>(f.prefix + y / f.patch * f.grid) * 3 * area +
           y % f.patch * f.patch;
  for (int i = thread; i < 3 * span;
       i += kWords) {  // channel by channel: neighbouring threads write
                       // neighbouring values
    const int c = i / span, x = left + i % span;
    if (x >= f.grid * f.patch) continue;
    // Divided, as on the CPU: with a reciprocal the last bit would differ.
    const float value = (static_cast<float>(made[3 * (x - left) + c]) / 255.0f -
                         of_channel(f.mean, c)) /
                        of_channel(f.std, c);
    row[static_cast<ptrdiff_t>(x / f.patch) * 3 * area + c * area +
        x % f.patch] = from_float<T>(value);
  }
}

DeviceTaps on_device(const ResizeTaps& t, const int32_t* tables) {
  return {tables + t.first, tables + t.count, tables + t.weight, t.stride};
}

unsigned blocks_of(int count, int each) {
  return static_cast<unsigned>((count + each - 1) / each);
}

}  // namespace

void resize_cuda(const CudaResize& task, CudaStream stream) {
  const ResizePlan& p = *task.plan;
  Finish f{};
  f.rows =
      task.pixels + p.top * task.row_bytes + 3 * static_cast<ptrdiff_t>(p.x);
  f.pitch = task.row_bytes;
  f.readable = 3 * p.size;
  if (p.narrows) {
    const Narrowing n{f.rows,       task.row_bytes,
                      p.width,      p.rows,
                      p.size,       on_device(p.across, task.tables),
                      task.scratch, p.narrow_bytes};
    launch("resize", narrow_rows,
           dim3(blocks_of(p.rows, kRows), blocks_of(p.size, kOutputs)),
           dim3(32 * kWarps), size_t{0}, stream, n);
    f.rows = task.scratch;
    f.pitch = f.readable = p.narrow_bytes;
  }
  f.aligned = reinterpret_cast<uintptr_t>(f.rows) % 4 == 0 && f.pitch % 4 == 0;
  f.size = p.size;
  f.patch = task.patch;
  f.prefix = task.prefix;
  f.grid = p.size / task.patch;
  f.down = on_device(p.down, task.tables);
  std::copy_n(task.mean, 3, f.mean);
  std::copy_n(task.std, 3, f.std);
  f.patches = task.patches;
  f.square = task.square;
  launch("resize",
         task.element == Element::kHalf ? finish_square<__half>
                                        : finish_square<float>,
         dim3(static_cast<unsigned>(p.size), blocks_of(p.size, kSpan)),
         dim3(kWords), size_t{0}, stream, f);
}

}  // namespace alfa::kernels
