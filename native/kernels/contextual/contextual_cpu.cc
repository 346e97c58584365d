#include <algorithm>
#include <cmath>
#include <string>

#include "error.h"
#include "kernels/contextual/contextual.h"
#include "kernels/dot.h"
#include "kernels/size.h"

namespace alfa::kernels {
namespace {

float similarity(const float* a, const float* b, int embed_dim) {
  return dot<Tail::kFirstSum>(a, b, embed_dim);
}

struct Interval {
  double low, high;
  double distance(double s) const { return std::max({0.0, low - s, s - high}); }
};

// out = the normalised mean of the kept rows, weighted if `weight` is not null.
// Zeros where they cancel each other out.
void mean_direction(const float* rows, const uint8_t* kept, const float* weight,
                    int count, int embed_dim, float* out) {
  std::vector<double> mean(to_size(embed_dim));
  for (int t = 0; t < count; ++t) {
    if (!kept[t]) continue;
    const float* __restrict row = rows + row_offset(t, embed_dim);
    double* __restrict sum = mean.data();
    const double w = weight ? static_cast<double>(weight[t]) : 1.0;
    for (int e = 0; e < embed_dim; ++e)
      sum[e] += w * static_cast<double>(row[e]);
  }
  double squares = 0;
  for (const double m : mean) squares += m * m;
  const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
  for (const double m : mean) *out++ = static_cast<float>(m * scale);
}

void validate(const int counts[2], const ContextualOptions& options) {
  for (int label = 0; label < 2; ++label) {
    if (counts[label] < 1)
      throw Error(Code::kRange, std::string("prompts: expected at least 1 ") +
                                    (label ? "abnormal" : "normal") +
                                    " prompt but received " +
                                    std::to_string(counts[label]) + ".");
  }
  if (!(options.slope > 0))
    throw Error(Code::kRange,
                "contextual slope: expected a number above 0 but received " +
                    std::to_string(options.slope) + ".");
}

// S_c. 2 / (1 + exp(-x)) - 1 equals tanh(x / 2), which stays above 0 for a
// small delta. The result is limited to the largest float below 1.
float score_of(double delta, float slope) {
  const auto score =
      static_cast<float>(std::tanh(static_cast<double>(slope) * delta / 2));
  return std::min(score, std::nextafter(1.0f, 0.0f));
}

}  // namespace

ContextualResult contextual_score(const float* image,
                                  const float* const prompts[2],
                                  const int counts[2], int embed_dim,
                                  const ContextualOptions& options) {
  validate(counts, options);
  const size_t total = to_size(counts[0]) + to_size(counts[1]);
  ContextualResult result;
  result.similarity.resize(total);
  result.score.assign(total, 0.0f);
  result.kept.assign(total, 1);
  result.direction.resize(2 * to_size(embed_dim));

  Interval interval[2];
  for (int label = 0; label < 2; ++label) {
    float* s = result.similarity.data() + label * counts[0];
    for (int t = 0; t < counts[label]; ++t)
      s[t] = similarity(image, prompts[label] + row_offset(t, embed_dim),
                        embed_dim);
    const auto [low, high] = std::minmax_element(s, s + counts[label]);
    interval[label] = {*low, *high};
  }

  int kept[2] = {0, 0};
  for (int label = 0; options.enabled && label < 2; ++label) {
    const int first = label * counts[0];
    for (size_t t = to_size(first); t < to_size(first + counts[label]); ++t) {
      const double s = static_cast<double>(result.similarity[t]);
      const double delta =
          std::abs(interval[0].distance(s) - interval[1].distance(s));
      result.score[t] = score_of(delta, options.slope);
      result.kept[t] = result.score[t] > 0;
      kept[label] += result.kept[t];
    }
  }

  const bool none_kept = kept[0] == 0 || kept[1] == 0;
  const bool both_fall_back = none_kept && options.fallback == Fallback::kBoth;
  for (int label = 0; label < 2; ++label) {
    const int first = label * counts[0];
    uint8_t* label_kept = result.kept.data() + first;
    result.fallback[label] =
        options.enabled && (kept[label] == 0 || both_fall_back);
    const bool keep_all = !options.enabled || result.fallback[label];
    if (keep_all) std::fill_n(label_kept, counts[label], uint8_t{1});
    result.kept_count[label] = keep_all ? counts[label] : kept[label];
    const bool weighted = options.weighting == Weighting::kScore && !keep_all;
    mean_direction(prompts[label], label_kept,
                   weighted ? result.score.data() + first : nullptr,
                   counts[label], embed_dim,
                   result.direction.data() + row_offset(label, embed_dim));
  }
  return result;
}

float abnormal_probability(const float* feature, const float* direction,
                           int embed_dim, float temperature) {
  const double normal = similarity(feature, direction, embed_dim);
  const double abnormal = similarity(feature, direction + embed_dim, embed_dim);
  const double logit = (abnormal - normal) / static_cast<double>(temperature);
  // At most 1, so nothing overflows.
  const double e = std::exp(-std::abs(logit));
  return static_cast<float>((logit < 0 ? e : 1.0) / (1.0 + e));
}

}  // namespace alfa::kernels
