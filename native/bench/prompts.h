// Embeddings that stand for encoded prompts: encoding is no part of a
// detection, and random weights understand no text.
#pragma once
#include <vector>

#include "bench/pictures.h"
#include "engine.h"

namespace alfa::bench {

constexpr int kPrompts = 146;  // of both labels: the paper's mean

struct Prompts {  // [kPrompts / 2, E] each, unit rows
  std::vector<float> normal, abnormal;
};

Prompts random_prompts(int embed_dim, uint64_t seed);

// Prompts that tell this model's windows apart, so that scores vary and the
// contextual selection has something to select: the window embeddings of
// `pictures` are laid along the direction in which they differ most, and each
// prompt leans towards a window of one end (normal) or of the other (abnormal),
// with noise of its own. How far they lean is chosen so that the windows'
// scores spread as a trained model's do, neither all near 0.5 nor all at 0
// and 1.
Prompts telling_prompts(Engine& engine, const std::vector<Pixels>& pictures,
                        const std::vector<int>& scales, uint64_t seed);

}  // namespace alfa::bench
