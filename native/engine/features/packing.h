// The rows that go through the transformer together (docs/method.md, step 3).
// An image is cut into segments: first the whole image, then every window of
// every scale, row by row. A segment has the class row, the register rows if
// the model has any, and the patches of the segment, row by row.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace alfa {

// Rows of an image: 0 is the class row, then the registers, then the patches:
// prefix + y * grid + x.
struct Segments {  // of one image, or of a batch of images
  // [T], the image's row of each packed row; in a batch, b * R + row.
  std::vector<int32_t> rows;
  // [S+1]: segment s has the packed rows [cu_seqlens[s], cu_seqlens[s+1]).
  std::vector<int32_t> cu_seqlens;
  // [B], the segment that is the whole of each image.
  std::vector<int32_t> whole{};
  std::vector<int> scales{};  // of the windows, in the segments' order
  int grid = 0, prefix = 1;   // of an image

  int count() const { return static_cast<int>(cu_seqlens.size()) - 1; }
  // The segment of the first window of a scale. Throws Error(kInternal) if
  // there is none.
  int first_window(int scale) const;
};

// The number of windows of a scale: (grid - scale + 1)^2.
int windows_of(int grid, int scale);
// The number of packed rows of one image, T.
int64_t rows_of(int grid, int prefix, std::span<const int> scales);

Segments image_segments(int grid, int prefix, std::span<const int> scales);

// The segments of a batch of images, which all have the same scales.
Segments pack(std::span<const std::shared_ptr<const Segments>> images,
              int rows_per_image);

// The packed rows of a batch's whole images.
struct WholeRows {
  std::vector<int32_t> rows;        // [B*R], image by image
  std::vector<int32_t> cu_seqlens;  // [B+1]: 0, R, 2R, ...
};
WholeRows whole_rows(const Segments& batch, int rows_per_image);

}  // namespace alfa
