#include "engine/features/features.h"

namespace alfa {

const float* Features::layer(int layer) const {
  for (const auto& [index, rows] : hidden)
    if (index == layer) return rows + static_cast<ptrdiff_t>(prefix()) * width;
  return nullptr;
}

const float* Features::first_window(int scale) const {
  return embedding +
         static_cast<ptrdiff_t>(segments->first_window(scale)) * embed_dim;
}

Features ForwardOutputs::view(size_t index, const Segments& segments,
                              int embed_dim, int width) const {
  const size_t E = static_cast<size_t>(embed_dim);
  const size_t S = static_cast<size_t>(segments.count());
  const size_t T = segments.rows.size();
  const size_t R =
      static_cast<size_t>(segments.prefix + segments.grid * segments.grid);
  const auto offset = [index](const float* all, size_t floats_per_view) {
    return all ? all + index * floats_per_view : nullptr;
  };
  Features f;
  f.embedding = offset(embedding, S * E);
  f.value = offset(value, T * E);
  f.raw_value = offset(raw_value, T * E);
  f.path = offset(path, R * E);
  for (const auto& [layer, rows] : hidden)
    f.hidden.emplace_back(layer, offset(rows, R * static_cast<size_t>(width)));
  f.segments = &segments;
  f.embed_dim = embed_dim;
  f.width = width;
  return f;
}

}  // namespace alfa
