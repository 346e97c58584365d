// The tables that the CUDA kernels read. Runs on the host.
#include <algorithm>

#include "kernels/resize/axis_weights.h"
#include "kernels/resize/resize_cuda.h"
#include "kernels/size.h"

namespace alfa::kernels {
namespace {

// Kernels read weights in groups of 4 numbers, so each table starts at a
// multiple of 4.
constexpr size_t kAlignment = 4;

int round_up(int n, int multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

void align(std::vector<int32_t>& tables) {
  tables.resize((tables.size() + kAlignment - 1) / kAlignment * kAlignment);
}

// Appends a table and returns its offset.
int64_t append(std::vector<int32_t>& tables, const std::vector<int32_t>& part) {
  const auto offset = static_cast<int64_t>(tables.size());
  tables.insert(tables.end(), part.begin(), part.end());
  return offset;
}

// Appends the tables of an axis. Zero weights are added at both ends of each
// output, so that its input pixels are whole groups of `group` pixels. `first`
// is counted from pixel `origin` on.
ResizeTaps append_axis(const AxisWeights& axis, int group, int origin,
                       std::vector<int32_t>& tables) {
  const size_t outputs = axis.first.size();
  std::vector<int32_t> first, count;
  for (size_t i = 0; i < outputs; ++i) {
    const int begin = axis.first[i] / group * group;
    const int end = round_up(axis.first[i] + axis.taps[i], group);
    first.push_back(begin - origin);
    count.push_back((end - begin) / group);
  }
  const int most = *std::max_element(count.begin(), count.end());

  ResizeTaps taps;
  taps.stride = round_up(most * group, static_cast<int>(kAlignment));
  std::vector<int32_t> weights(outputs * to_size(taps.stride));
  for (size_t i = 0; i < outputs; ++i) {
    const int padding = axis.first[i] - (first[i] + origin);
    std::copy_n(axis.weight.data() + i * to_size(axis.stride), axis.taps[i],
                weights.data() + i * to_size(taps.stride) + padding);
  }
  taps.first = append(tables, first);
  taps.count = append(tables, count);
  align(tables);
  taps.weight = append(tables, weights);
  align(tables);
  return taps;
}

// Appends the tables of an axis that is not resized: output i is input pixel i
// with weight 1.
ResizeTaps append_identity(int outputs, std::vector<int32_t>& tables) {
  std::vector<int32_t> first;
  for (int i = 0; i < outputs; ++i) first.push_back(i);
  const std::vector<int32_t> count(to_size(outputs), 1);
  const std::vector<int32_t> weights(to_size(outputs), 1 << kWeightBits);
  ResizeTaps taps;
  taps.stride = 1;
  taps.first = append(tables, first);
  taps.count = append(tables, count);
  taps.weight = append(tables, weights);
  return taps;
}

}  // namespace

ResizePlan plan_resize(int width, int height, int size, Fit fit) {
  const ResizeWindow window = square_window(width, height, size, fit);
  ResizePlan p;
  p.width = width;
  p.height = height;
  p.size = size;
  p.resize_x = window.full_width != width;
  if (p.resize_x) {
    const AxisWeights across(width, window.full_width, window.x, size);
    p.across = append_axis(across, ResizePlan::kGroup, 0, p.tables);
    p.row_bytes = 3 * round_up(size, ResizePlan::kOutputs);
  } else {
    p.x = static_cast<int>(window.x);
  }
  if (window.full_height != height) {
    const AxisWeights down(height, window.full_height, window.y, size);
    p.top = down.first_in();
    p.rows = down.end_in() - p.top;
    p.down = append_axis(down, 1, p.top, p.tables);
  } else {
    p.top = static_cast<int>(window.y);
    p.rows = size;
    p.down = append_identity(size, p.tables);
  }
  p.scratch_bytes = to_size(p.row_bytes) * to_size(p.rows);
  return p;
}

}  // namespace alfa::kernels
