// Tables of a resize as the CUDA kernels read them. Host code.
#include <algorithm>

#include "kernels/resize/axis.h"
#include "kernels/resize/resize_cuda.h"

namespace alfa::kernels {
namespace {

int round_up(int n, int to) { return (n + to - 1) / to * to; }

// Appends the taps of an axis, zeros added in front and behind so that each
// output's begin and end at multiples of `together`; first is counted from
// `origin` on. Weights begin at a multiple of 4 numbers: kernels read them by
// fours.
ResizeTaps place(const Axis& axis, int together, int origin,
                 std::vector<int32_t>& tables) {
  const int outputs = static_cast<int>(axis.first.size());
  std::vector<int32_t> first, count;
  for (int i = 0; i < outputs; ++i) {
    first.push_back(axis.first[i] / together * together);
    count.push_back(
        (round_up(axis.first[i] + axis.taps[i], together) - first[i]) /
        together);
  }
  ResizeTaps at;
  at.stride =
      round_up(*std::max_element(count.begin(), count.end()) * together, 4);
  at.first = static_cast<int64_t>(tables.size());
  at.count = at.first + outputs;
  at.weight = round_up(static_cast<int>(at.count) + outputs, 4);
  tables.resize(static_cast<size_t>(at.weight) +
                static_cast<size_t>(outputs) * at.stride);
  for (int i = 0; i < outputs; ++i) {
    tables[at.first + i] = first[i] - origin;
    tables[at.count + i] = count[i];
    std::copy_n(axis.weight.begin() + static_cast<ptrdiff_t>(i) * axis.stride,
                axis.taps[i],
                tables.begin() + at.weight +
                    static_cast<int64_t>(i) * at.stride +
                    (axis.first[i] - first[i]));
  }
  tables.resize(round_up(static_cast<int>(tables.size()), 4));
  return at;
}

// An axis that keeps its pixels: each output is the one at its place, with
// weight 1.
ResizeTaps keep(int outputs, std::vector<int32_t>& tables) {
  ResizeTaps at;
  at.stride = 1;
  at.first = static_cast<int64_t>(tables.size());
  at.count = at.first + outputs;
  at.weight = at.count + outputs;
  for (int i = 0; i < outputs; ++i) tables.push_back(i);
  tables.insert(tables.end(), outputs, 1);
  tables.insert(tables.end(), outputs, 1 << kBits);
  return at;
}

}  // namespace

ResizePlan plan_resize(int width, int height, int size, Fit fit) {
  const ResizeWindow want = square_window(width, height, size, fit);
  ResizePlan p;
  p.width = width;
  p.height = height;
  p.size = size;
  p.narrows = want.full_width != width;
  if (p.narrows) {
    p.across = place(Axis(width, want.full_width, want.x, size),
                     ResizePlan::kTogether, 0, p.tables);
    p.narrow_bytes = 3 * round_up(size, ResizePlan::kOutputs);
  } else {
    p.x = static_cast<int>(want.x);
  }
  if (want.full_height != height) {
    const Axis down(height, want.full_height, want.y, size);
    p.top = down.first_in();
    p.rows = down.end_in() - p.top;
    p.down = place(down, 1, p.top, p.tables);
  } else {
    p.top = static_cast<int>(want.y);
    p.rows = size;
    p.down = keep(size, p.tables);
  }
  p.scratch_bytes = static_cast<size_t>(p.narrow_bytes) * p.rows;
  return p;
}

}  // namespace alfa::kernels
