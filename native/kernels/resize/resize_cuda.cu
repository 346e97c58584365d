// Two passes, as on the CPU: rows narrowed to 8 bits, then columns, which go straight into the patches. The floor is the
// copy of the pixels to the device: 172 KB for a picture of the model's size, 36 MB for one of 12 megapixels (0.7 ms on
// PCIe 5); both kernels read them once.
#include "kernels/resize/resize_cuda.h"

#include <algorithm>

#include <cuda_fp16.h>

#include "kernels/launch.cuh"
#include "kernels/resize/axis.h"

namespace alfa::kernels {
namespace {

constexpr int kThreads = 128;
constexpr int kMostStaged = 40 * 1024;  // bytes of a row in shared memory: what every device gives without being asked

// On the device weights lie tap by tap, [taps][count], so that neighbouring threads read neighbouring ones.
struct Taps {
  const int32_t *first, *taps, *weight;
  int count;
};

__device__ inline uint8_t clip(int fixed) {
  const int value = fixed >> kBits;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

// Rows [top, top + gridDim.x) to `narrow` [rows, count, 3]. A block makes kThreads outputs of a row. `staged`: bytes of the
// row that they are made of, read once into shared memory; 0 where they do not fit there.
__global__ void __launch_bounds__(kThreads) narrow_rows(const uint8_t* pixels, ptrdiff_t row_bytes, int top, Taps across, int staged, uint8_t* narrow) {
  uint8_t* shared = dynamic_shared();
  const int begin = static_cast<int>(blockIdx.y) * kThreads, end = min(begin + kThreads, across.count), x = begin + static_cast<int>(threadIdx.x);
  const uint8_t* row = pixels + (top + static_cast<ptrdiff_t>(blockIdx.x)) * row_bytes;
  const uint8_t* from = row;
  int base = 0;  // the pixel that `from` begins with
  if (staged > 0) {
    base = across.first[begin];
    const int bytes = 3 * (across.first[end - 1] + across.taps[end - 1] - base);
    for (int i = threadIdx.x; i < bytes; i += kThreads) shared[i] = row[3 * static_cast<ptrdiff_t>(base) + i];
    __syncthreads();
    from = shared;
  }
  if (x >= end) return;
  int sum[3] = {kHalf, kHalf, kHalf};
  const uint8_t* p = from + 3 * static_cast<ptrdiff_t>(across.first[x] - base);
  for (int t = 0; t < across.taps[x]; ++t, p += 3) {
    const int w = across.weight[static_cast<ptrdiff_t>(t) * across.count + x];
    for (int c = 0; c < 3; ++c) sum[c] += w * p[c];
  }
  uint8_t* out = narrow + 3 * (static_cast<ptrdiff_t>(blockIdx.x) * across.count + x);
  for (int c = 0; c < 3; ++c) out[c] = clip(sum[c]);
}

struct Square {
  const uint8_t* rows;   // row `top` of what is narrowed, or of the pixels from the square's left edge on
  ptrdiff_t stride;
  int top, size, patch, prefix, grid;
  Taps down;             // count 0: not resized, row y is row y
  float mean[3], std[3];
  void* patches;
  uint8_t* square;       // or null
};

// Output row y = blockIdx.y, a thread to a pixel; the last row of blocks writes the rows without pixels instead.
template <typename T>
__global__ void __launch_bounds__(kThreads) finish_square(Square s) {
  const int x = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x), y = static_cast<int>(blockIdx.y);
  const int area = s.patch * s.patch, width = 3 * area;
  T* patches = static_cast<T*>(s.patches);
  if (y == s.size) {
    for (int i = x; i < s.prefix * width; i += static_cast<int>(gridDim.x) * kThreads) patches[i] = T(0.0f);
    return;
  }
  if (x >= s.size) return;
  uint8_t value[3];
  if (s.down.count > 0) {
    int sum[3] = {kHalf, kHalf, kHalf};
    const uint8_t* p = s.rows + (s.down.first[y] - s.top) * s.stride + 3 * static_cast<ptrdiff_t>(x);
    for (int t = 0; t < s.down.taps[y]; ++t, p += s.stride) {
      const int w = s.down.weight[static_cast<ptrdiff_t>(t) * s.down.count + y];
      for (int c = 0; c < 3; ++c) sum[c] += w * p[c];
    }
    for (int c = 0; c < 3; ++c) value[c] = clip(sum[c]);
  } else {
    for (int c = 0; c < 3; ++c) value[c] = s.rows[y * s.stride + 3 * static_cast<ptrdiff_t>(x) + c];
  }
  if (s.square)
    for (int c = 0; c < 3; ++c) s.square[3 * (static_cast<ptrdiff_t>(y) * s.size + x) + c] = value[c];
  if (x >= s.grid * s.patch || y >= s.grid * s.patch) return;
  T* out = patches + static_cast<ptrdiff_t>(s.prefix + y / s.patch * s.grid + x / s.patch) * width + y % s.patch * s.patch + x % s.patch;
  for (int c = 0; c < 3; ++c) out[c * area] = T((static_cast<float>(value[c]) / 255.0f - s.mean[c]) / s.std[c]);
}

// [count, stride] -> first, taps, and weights tap by tap, appended; returns where each begins.
struct Placed {
  int64_t first, taps, weight;
};
Placed place(const Axis& axis, std::vector<int32_t>& tables) {
  const auto at = [&] { return static_cast<int64_t>(tables.size()); };
  Placed p{};
  p.first = at();
  tables.insert(tables.end(), axis.first.begin(), axis.first.end());
  p.taps = at();
  tables.insert(tables.end(), axis.taps.begin(), axis.taps.end());
  p.weight = at();
  const size_t count = axis.first.size(), most = static_cast<size_t>(*std::max_element(axis.taps.begin(), axis.taps.end()));
  for (size_t t = 0; t < most; ++t)
    for (size_t i = 0; i < count; ++i) tables.push_back(axis.weight[i * static_cast<size_t>(axis.stride) + t]);
  return p;
}

// The most bytes of a row that a block's outputs are made of.
int staged_bytes(const Axis& axis) {
  int most = 0;
  for (size_t begin = 0; begin < axis.first.size(); begin += kThreads) {
    const size_t last = std::min(begin + kThreads, axis.first.size()) - 1;
    most = std::max(most, 3 * (axis.first[last] + axis.taps[last] - axis.first[begin]));
  }
  return most;
}

}  // namespace

ResizePlan plan_resize(int width, int height, int size, Fit fit) {
  const ResizeWindow want = square_window(width, height, size, fit);
  ResizePlan p;
  p.width = width;
  p.height = height;
  p.size = size;
  p.resize_x = want.full_width != width;
  p.resize_y = want.full_height != height;
  p.x = static_cast<int>(want.x);
  p.top = p.y = static_cast<int>(want.y);
  p.rows = size;
  if (p.resize_y) {
    const Axis down(height, want.full_height, want.y, size);
    const Placed at = place(down, p.tables);
    p.down_first = at.first, p.down_taps = at.taps, p.down_weight = at.weight;
    p.top = down.first_in();
    p.rows = down.end_in() - down.first_in();
  }
  if (p.resize_x) {
    const Axis across(width, want.full_width, want.x, size);
    const Placed at = place(across, p.tables);
    p.across_first = at.first, p.across_taps = at.taps, p.across_weight = at.weight;
    const int staged = staged_bytes(across);
    p.staged_bytes = staged <= kMostStaged ? staged : 0;
    p.scratch_bytes = 3 * static_cast<size_t>(p.rows) * static_cast<size_t>(size);
  }
  if (p.tables.empty()) p.tables.push_back(0);
  return p;
}

void resize_cuda(const CudaResize& task, CudaStream stream) {
  const ResizePlan& p = *task.plan;
  const auto taps = [&](int64_t first, int64_t count, int64_t weight) { return Taps{task.tables + first, task.tables + count, task.tables + weight, p.size}; };
  const unsigned columns = static_cast<unsigned>((p.size + kThreads - 1) / kThreads);
  Square s{};
  s.rows = task.pixels + p.top * task.row_bytes + 3 * static_cast<ptrdiff_t>(p.x);
  s.stride = task.row_bytes;
  if (p.resize_x) {
    launch("resize", narrow_rows, dim3(static_cast<unsigned>(p.rows), columns), dim3(kThreads), static_cast<size_t>(p.staged_bytes), stream, task.pixels, task.row_bytes, p.top,
           taps(p.across_first, p.across_taps, p.across_weight), p.staged_bytes, task.scratch);
    s.rows = task.scratch;
    s.stride = 3 * static_cast<ptrdiff_t>(p.size);
  }
  s.top = p.top;
  s.size = p.size;
  s.patch = task.patch;
  s.prefix = task.prefix;
  s.grid = p.size / task.patch;
  if (p.resize_y) s.down = taps(p.down_first, p.down_taps, p.down_weight);
  std::copy_n(task.mean, 3, s.mean);
  std::copy_n(task.std, 3, s.std);
  s.patches = task.patches;
  s.square = task.square;
  launch("resize", task.element == Element::kHalf ? finish_square<__half> : finish_square<float>, dim3(columns, static_cast<unsigned>(p.size) + 1), dim3(kThreads), size_t{0}, stream, s);
}

}  // namespace alfa::kernels
