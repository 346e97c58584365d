#include "engine/features/packing.h"

#include <string>

#include "error.h"

namespace alfa {

int windows_of(int grid, int scale) {
  return (grid - scale + 1) * (grid - scale + 1);
}

int64_t rows_of(int grid, int prefix, std::span<const int> scales) {
  int64_t rows = prefix + int64_t{grid} * grid;
  for (const int k : scales)
    rows += int64_t{grid - k + 1} * (grid - k + 1) * (prefix + int64_t{k} * k);
  return rows;
}

Segments image_segments(int grid, int prefix, std::span<const int> scales) {
  Segments s{{}, {0}, {0}, {scales.begin(), scales.end()}, grid, prefix};
  const auto close = [&] {
    s.cu_seqlens.push_back(static_cast<int32_t>(s.rows.size()));
  };
  const auto window = [&](int y0, int x0, int side) {
    for (int r = 0; r < prefix; ++r) s.rows.push_back(r);
    for (int y = y0; y < y0 + side; ++y)
      for (int x = x0; x < x0 + side; ++x)
        s.rows.push_back(prefix + y * grid + x);
    close();
  };
  window(0, 0, grid);
  for (const int k : scales)
    for (int y = 0; y + k <= grid; ++y)
      for (int x = 0; x + k <= grid; ++x) window(y, x, k);
  return s;
}

int Segments::first_window(int scale) const {
  int segment = 1;
  for (const int k : scales) {
    if (k == scale) return segment;
    segment += windows_of(grid, k);
  }
  throw Error(Code::kInternal, "Windows of scale " + std::to_string(scale) +
                                   " were not computed.");
}

Segments pack(std::span<const std::shared_ptr<const Segments>> images,
              int rows_per_image) {
  Segments all;
  all.cu_seqlens.push_back(0);
  if (!images.empty()) all.scales = images[0]->scales;
  for (size_t b = 0; b < images.size(); ++b) {
    const int32_t first_row = static_cast<int32_t>(b) * rows_per_image,
                  first_packed = static_cast<int32_t>(all.rows.size());
    all.whole.push_back(all.count());
    for (const int32_t r : images[b]->rows) all.rows.push_back(first_row + r);
    for (size_t s = 1; s < images[b]->cu_seqlens.size(); ++s)
      all.cu_seqlens.push_back(first_packed + images[b]->cu_seqlens[s]);
  }
  return all;
}

WholeRows whole_rows(const Segments& batch, int rows_per_image) {
  WholeRows whole{{}, {0}};
  for (const int32_t segment : batch.whole) {
    for (int32_t r = 0; r < rows_per_image; ++r)
      whole.rows.push_back(batch.cu_seqlens[static_cast<size_t>(segment)] + r);
    whole.cu_seqlens.push_back(whole.cu_seqlens.back() + rows_per_image);
  }
  return whole;
}

}  // namespace alfa
