// The contextual score and the prompt directions of one image (docs/method.md,
// steps 6 and 7; eq. 2-4, 10). Label 0 is normal, label 1 is abnormal. All
// embeddings have width E and unit length.
//
//   s_t = image . prompt_t
//   I_l = [min, max] of s over the prompts of label l
//   delta_t = |distance(s_t, I_0) - distance(s_t, I_1)|
//   S_c(t) = 2 / (1 + exp(-slope * delta_t)) - 1
// The prompts with S_c > 0 are kept. The direction f_T of a label is the
// normalised mean of its kept prompts.
#pragma once
#include <cstdint>
#include <vector>

namespace alfa::kernels {

enum class Weighting {
  kUniform,  // the mean of the kept prompts
  kScore,    // their mean weighted by S_c
};

// If a label keeps no prompt, all prompts of these labels are kept:
enum class Fallback {
  kSide,  // of that label
  kBoth,  // of both labels
};

struct ContextualOptions {
  bool enabled = {};  // false: every prompt is kept
  float slope = {};   // above 0
  Weighting weighting = {};
  Fallback fallback = {};
};

// Prompts are in the order: all normal ones, then all abnormal ones. n is their
// number.
struct ContextualResult {
  std::vector<float> similarity;  // [n], s_t
  std::vector<float> score;       // [n], S_c in [0, 1); 0 if not enabled
  std::vector<uint8_t> kept;      // [n], 1 or 0, after the fallback
  int kept_count[2];              // of each label, after the fallback
  bool fallback[2];               // whether the label fell back
  std::vector<float> direction;   // [2, E], unit rows
};

// image [E]; prompts[l] [counts[l], E]. Equal prompts get the same similarity,
// bit for bit. Throws Error(kRange) where a count is below 1 or the slope is
// not above 0.
ContextualResult contextual_score(const float* image,
                                  const float* const prompts[2],
                                  const int counts[2], int embed_dim,
                                  const ContextualOptions& options);

// The probability of the abnormal label (eq. 10, 11): the softmax over the
// labels l of feature . direction[l] / temperature. feature [E]; direction [2,
// E]; all unit rows. It does not overflow at any temperature.
float abnormal_probability(const float* feature, const float* direction,
                           int embed_dim, float temperature);

}  // namespace alfa::kernels
