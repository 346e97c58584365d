// Contextual score and the two prompt directions of one image (method sec. 4,
// 5; eq. 2-4, 10). Labels: 0 normal, 1 abnormal. All embeddings are unit rows
// of width E.
#pragma once
#include <cstdint>
#include <vector>

namespace alfa::kernels {

enum class Weighting {
  kUniform,
  kScore
};  // mean of the kept prompts | mean weighted by their contextual score

// When a side keeps none: that side counts whole | both do.
enum class Fallback { kSide, kBoth };

struct ContextualOptions {
  bool enabled = {};  // false keeps every prompt
  float slope = {};   // k of the logistic
  Weighting weighting = {};
  Fallback fallback = {};
};

struct ContextualResult {
  std::vector<float> similarity;  // [n0 + n1]  s_t, normal prompts first
  std::vector<float>
      score;  // [n0 + n1]  S_c(t) in [0, 1); all 0 when not enabled
  std::vector<uint8_t> kept;  // [n0 + n1]  1 where the prompt counts; a side
                              // that kept none counts whole
  int kept_count[2];  // prompts that count, per label, after the fallback
  bool fallback[2];   // the side fell back to all its prompts
  std::vector<float> direction;  // [2, E]     f_T, unit rows
};

// image [E]; prompts[l] [counts[l], E]; counts[l] >= 1.
ContextualResult contextual_score(const float* image,
                                  const float* const prompts[2],
                                  const int counts[2], int embed_dim,
                                  const ContextualOptions& options);

// softmax over the two labels of sim(feature, direction[l]) / temperature, the
// abnormal part (eq. 10, 11). feature [E] unit, direction [2, E] unit rows;
// stable for any finite input; in (0, 1) up to rounding.
float abnormal_probability(const float* feature, const float* direction,
                           int embed_dim, float temperature);

}  // namespace alfa::kernels
