#include <algorithm>
#include <cmath>
#include <string>

#include "error.h"
#include "kernels/contextual/contextual.h"
#include "kernels/dot.h"

namespace alfa::kernels {
namespace {

struct Interval {
  double low, high;
  double distance(double s) const { return std::max({0.0, low - s, s - high}); }
};

// Weighted mean of the kept rows, normalised; the zero vector where they cancel
// out.
void mean_direction(const float* rows, const uint8_t* kept, const float* weight,
                    int count, int embed_dim, float* out) {
  std::vector<double> mean(embed_dim);
  for (int t = 0; t < count; ++t) {
    if (!kept[t]) continue;
    const float* __restrict row = rows + static_cast<size_t>(t) * embed_dim;
    double* __restrict sum = mean.data();
    const double w = weight ? static_cast<double>(weight[t]) : 1.0;
    for (int e = 0; e < embed_dim; ++e)
      sum[e] += w * static_cast<double>(row[e]);
  }
  double squares = 0;
  for (const double m : mean) squares += m * m;
  const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
  for (int e = 0; e < embed_dim; ++e)
    out[e] = static_cast<float>(mean[e] * scale);
}

}  // namespace

ContextualResult contextual_score(const float* image,
                                  const float* const prompts[2],
                                  const int counts[2], int embed_dim,
                                  const ContextualOptions& options) {
  for (int label = 0; label < 2; ++label) {
    if (counts[label] < 1) {
      throw Error(Code::kRange, std::string("prompts: expected at least 1 ") +
                                    (label ? "abnormal" : "normal") +
                                    " prompt but found " +
                                    std::to_string(counts[label]));
    }
  }
  if (!(options.slope > 0)) {
    throw Error(Code::kRange,
                "contextual slope: expected a number above 0 but found " +
                    std::to_string(options.slope));
  }
  const int total = counts[0] + counts[1];
  ContextualResult result;
  result.similarity.resize(total);
  result.score.assign(total, 0.0f);
  result.kept.assign(total, 1);
  result.direction.resize(2 * static_cast<size_t>(embed_dim));

  Interval interval[2];
  for (int label = 0; label < 2; ++label) {
    float* s = result.similarity.data() + label * counts[0];
    for (int t = 0; t < counts[label]; ++t)
      s[t] = dot<Tail::kFirstSum>(
          image, prompts[label] + static_cast<size_t>(t) * embed_dim,
          embed_dim);
    const auto [low, high] = std::minmax_element(s, s + counts[label]);
    interval[label] = {*low, *high};
  }

  int kept[2] = {0, 0};
  for (int label = 0; options.enabled && label < 2; ++label) {
    const int first = label * counts[0], end = first + counts[label];
    for (int t = first; t < end; ++t) {
      const double s = static_cast<double>(result.similarity[t]);
      const double delta =
          std::abs(interval[0].distance(s) - interval[1].distance(s));
      // 2 / (1 + exp(-x)) - 1 = tanh(x / 2), which keeps a small delta above 0;
      // below 1 by rounding down.
      const float score = static_cast<float>(
          std::tanh(static_cast<double>(options.slope) * delta / 2));
      result.score[t] = std::min(score, std::nextafter(1.0f, 0.0f));
      result.kept[t] = score > 0;
      kept[label] += result.kept[t];
    }
  }
  const bool either = kept[0] == 0 || kept[1] == 0;
  for (int label = 0; label < 2; ++label) {
    const int first = label * counts[0], end = first + counts[label];
    result.fallback[label] =
        options.enabled &&
        (kept[label] == 0 || (either && options.fallback == Fallback::kBoth));
    const bool whole = !options.enabled || result.fallback[label];
    if (whole)
      std::fill(result.kept.begin() + first, result.kept.begin() + end,
                uint8_t{1});
    result.kept_count[label] = whole ? counts[label] : kept[label];
    const bool weighted = options.weighting == Weighting::kScore && !whole;
    mean_direction(
        prompts[label], result.kept.data() + first,
        weighted ? result.score.data() + first : nullptr, counts[label],
        embed_dim,
        result.direction.data() + static_cast<size_t>(label) * embed_dim);
  }
  return result;
}

float abnormal_probability(const float* feature, const float* direction,
                           int embed_dim, float temperature) {
  const double normal =
      static_cast<double>(dot<Tail::kFirstSum>(feature, direction, embed_dim));
  const double abnormal = static_cast<double>(
      dot<Tail::kFirstSum>(feature, direction + embed_dim, embed_dim));
  const double logit = (abnormal - normal) / static_cast<double>(temperature);
  const double part =
      std::exp(-std::abs(logit));  // at most 1: nothing overflows
  return static_cast<float>((logit < 0 ? part : 1.0) / (1.0 + part));
}

}  // namespace alfa::kernels
