// Synthetic prompt embeddings: encoding is not part of a detection, and random
// weights do not understand text.
#pragma once
#include <vector>

#include "bench/images.h"
#include "engine.h"

namespace alfa::bench {

constexpr int kPrompts = 146;  // of both labels; the mean in the paper

struct Prompts {  // unit rows, [kPrompts / 2, E] each
  std::vector<float> normal, abnormal;
};

Prompts random_prompts(int embed_dim, uint64_t seed);

// Prompts that separate the windows of this model, so that scores vary and the
// contextual selection has prompts to drop. The windows of `images` are ordered
// along the direction in which their embeddings differ most. Each prompt leans
// towards a window at one end (normal) or at the other end (abnormal), with
// some noise. The amount is chosen so that the scores spread as with a trained
// model: neither all near 0.5 nor all at 0 and 1.
Prompts separating_prompts(Engine& engine, const std::vector<TestImage>& images,
                           const std::vector<int>& scales, uint64_t seed);

}  // namespace alfa::bench
