#include "engine/backend/masked_windows.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace alfa {
namespace {

constexpr size_t kWindowsPerForward = 8;

// The embeddings and values of all segments, and the forward that computed the
// other outputs.
struct Memory {
  ForwardOutputs whole;
  std::vector<float> embedding, value, raw_value;
};

// Copies the patches of one view [R, 3*patch*patch] and paints every patch
// black whose row is not among `rows`.
void copy_masked(const VisionTower& v, const float* patches,
                 std::span<const int32_t> rows, float* out) {
  const size_t area = static_cast<size_t>(v.patch * v.patch);
  const size_t patch = 3 * area;
  const size_t prefix = static_cast<size_t>(v.prefix);
  const size_t all = prefix + static_cast<size_t>(v.grid * v.grid);
  std::fill_n(out, prefix * patch, 0.0f);
  for (size_t r = prefix; r < all; ++r)
    for (size_t c = 0; c < 3; ++c)
      std::fill_n(out + r * patch + c * area, area,
                  (0.0f - v.mean[c]) / v.std[c]);
  for (const int32_t row : rows) {
    const size_t at = static_cast<size_t>(row) * patch;
    std::copy_n(patches + at, patch, out + at);
  }
}

void copy_rows(const float* from, std::span<const int32_t> rows, size_t width,
               float* to) {
  for (const int32_t row : rows) {
    std::copy_n(from + static_cast<size_t>(row) * width, width, to);
    to += width;
  }
}

std::span<const int32_t> rows_of(const Segments& segments, size_t segment) {
  const auto begin = static_cast<size_t>(segments.cu_seqlens[segment]);
  const auto end = static_cast<size_t>(segments.cu_seqlens[segment + 1]);
  return std::span(segments.rows).subspan(begin, end - begin);
}

}  // namespace

ForwardOutputs add_masked_windows(ForwardOutputs whole, ImageForward& tower,
                                  const Architecture& architecture,
                                  std::span<const float> patches,
                                  const Segments& segments,
                                  const ImageOutputs& requested,
                                  RunControl* control) {
  const VisionTower& v = *architecture.vision;
  const size_t E = static_cast<size_t>(architecture.embed_dim);
  const size_t R = static_cast<size_t>(v.prefix + v.grid * v.grid);
  const size_t T = segments.rows.size();
  const size_t S = static_cast<size_t>(segments.count());
  const size_t floats = R * static_cast<size_t>(v.patch_weight.shape[1]);
  const size_t views = patches.size() / floats;
  const auto view_segments =
      std::make_shared<const Segments>(image_segments(v.grid, v.prefix, {}));
  ImageOutputs outputs;
  outputs.value = requested.value;
  outputs.raw_value = requested.raw_value;

  const auto memory = std::make_shared<Memory>();
  memory->embedding.resize(views * S * E);
  if (outputs.value) memory->value.resize(views * T * E);
  if (outputs.raw_value) memory->raw_value.resize(views * T * E);

  std::vector<float> masked;
  for (size_t view = 0; view < views; ++view) {
    float* embedding = memory->embedding.data() + view * S * E;
    float* value =
        outputs.value ? memory->value.data() + view * T * E : nullptr;
    float* raw_value =
        outputs.raw_value ? memory->raw_value.data() + view * T * E : nullptr;
    // Segment 0 is the whole view: R rows in order.
    std::copy_n(whole.embedding + view * E, E, embedding);
    if (outputs.value) std::copy_n(whole.value + view * R * E, R * E, value);
    if (outputs.raw_value)
      std::copy_n(whole.raw_value + view * R * E, R * E, raw_value);

    for (size_t first = 1; first < S; first += kWindowsPerForward) {
      const size_t count = std::min(kWindowsPerForward, S - first);
      masked.resize(count * floats);
      for (size_t i = 0; i < count; ++i)
        copy_masked(v, patches.data() + view * floats,
                    rows_of(segments, first + i), masked.data() + i * floats);
      const Segments batch =
          pack(std::vector(count, view_segments), static_cast<int>(R));
      const ForwardOutputs out =
          tower.forward(masked, batch, outputs, {}, control);
      std::copy_n(out.embedding, count * E, embedding + first * E);
      for (size_t i = 0; i < count; ++i) {
        const auto rows = rows_of(segments, first + i);
        const size_t at =
            static_cast<size_t>(segments.cu_seqlens[first + i]) * E;
        if (outputs.value)
          copy_rows(out.value + i * R * E, rows, E, value + at);
        if (outputs.raw_value)
          copy_rows(out.raw_value + i * R * E, rows, E, raw_value + at);
      }
    }
  }

  ForwardOutputs all = whole;
  memory->whole = std::move(whole);
  all.embedding = memory->embedding.data();
  all.value = outputs.value ? memory->value.data() : nullptr;
  all.raw_value = outputs.raw_value ? memory->raw_value.data() : nullptr;
  all.memory = memory;
  return all;
}

}  // namespace alfa
