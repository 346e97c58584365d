// Which rows go through the transformer together (method sec. 2): per image the
// whole grid, then every window of every scale, row-major; a segment is the
// class row, the register rows where the model has any, and the segment's
// patches, row-major.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace alfa {

// Rows of an image are 0 for the class token, then its registers, and prefix +
// y * grid + x for a patch.
struct Segments {             // of one image, or of a batch laid end to end
  std::vector<int32_t> rows;  // [T]    row of the image, or of the batch's
                              // images one after another
  std::vector<int32_t> cu;  // [S+1]  segment s is packed rows cu[s] .. cu[s+1]
  std::vector<int32_t> whole{};  // [B]    the segment of each image that is the
                                 // whole of it, its rows in order
  std::vector<int> scales{};     // of the windows, in their order
  int grid = 0, prefix = 1;      // of an image
  int count() const { return static_cast<int>(cu.size()) - 1; }
  int first_window(int scale) const;  // its segment; the scale must be there
};

int windows_of(int grid, int scale);  // (grid - scale + 1)^2
int64_t rows_of(int grid, int prefix,
                std::span<const int> scales);  // T of one image

Segments image_segments(int grid, int prefix, std::span<const int> scales);

// `images[b]` are image b's segments, all of the same scales -> all of them,
// rows offset by b * rows_per_image.
Segments pack(std::span<const std::shared_ptr<const Segments>> images,
              int rows_per_image);

struct WholeRows {            // of a batch's whole images, R rows each
  std::vector<int32_t> rows;  // [B*R] their packed rows, image by image
  std::vector<int32_t> cu;    // [B+1] 0, R, 2R, ...
};
WholeRows whole_rows(const Segments& batch, int rows_per_image);

}  // namespace alfa
