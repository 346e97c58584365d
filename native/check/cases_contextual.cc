#include <algorithm>
#include <cmath>
#include <memory>

#include "check/cases.h"
#include "check/host_call.h"
#include "check/random.h"
#include "kernels/contextual/contextual.h"

namespace alfa::check {
namespace {

using kernels::Fallback;
using kernels::Weighting;
using Similarities = std::vector<double>;

struct Input {
  int embed_dim;
  std::vector<float> image;
  std::vector<float> prompts[2];
  kernels::ContextualOptions options;

  int count(int label) const { return static_cast<int>(prompts[label].size()) / embed_dim; }
};

// A unit prompt with a given similarity to the image, the rest of it in a random direction.
std::vector<float> prompt_at(double similarity, const std::vector<float>& image, Random& random) {
  std::vector<double> side(image.size());
  double along = 0, squares = 0;
  for (size_t i = 0; i < side.size(); ++i) {
    side[i] = random.normal();
    along += side[i] * image[i];
  }
  for (size_t i = 0; i < side.size(); ++i) {
    side[i] -= along * image[i];
    squares += side[i] * side[i];
  }
  std::vector<float> prompt(image.size());
  const double rest = std::sqrt((1 - similarity * similarity) / squares);
  for (size_t i = 0; i < side.size(); ++i) prompt[i] = static_cast<float>(similarity * image[i] + rest * side[i]);
  return prompt;
}

Input at_similarities(int embed_dim, const Similarities& normal, const Similarities& abnormal) {
  Random random(77);
  Input input{embed_dim, random.unit_rows(1, embed_dim), {}, {}};
  for (int label = 0; label < 2; ++label) {
    for (const double s : label ? abnormal : normal) {
      const auto prompt = prompt_at(s, input.image, random);
      input.prompts[label].insert(input.prompts[label].end(), prompt.begin(), prompt.end());
    }
  }
  return input;
}

Input random_prompts(int embed_dim, int normal, int abnormal) {
  Random random(78);
  return {embed_dim,
          random.unit_rows(1, embed_dim),
          {random.unit_rows(normal, embed_dim), random.unit_rows(abnormal, embed_dim)},
          {}};
}

// The method's section 4, line by line.
std::vector<double> reference(const Input& in) {
  const size_t width = in.embed_dim;
  std::vector<double> s[2], score[2], kept[2], direction;
  double low[2], high[2], kept_count[2], fallback[2];
  for (int l = 0; l < 2; ++l) {
    for (int t = 0; t < in.count(l); ++t) {
      double sum = 0;
      for (size_t e = 0; e < width; ++e) sum += static_cast<double>(in.image[e]) * in.prompts[l][t * width + e];
      s[l].push_back(sum);
    }
    low[l] = *std::min_element(s[l].begin(), s[l].end());
    high[l] = *std::max_element(s[l].begin(), s[l].end());
  }
  double counts[2] = {0, 0};
  for (int l = 0; l < 2; ++l) {
    for (const double x : s[l]) {
      double distance[2];
      for (int i = 0; i < 2; ++i) distance[i] = std::max({0.0, low[i] - x, x - high[i]});
      const double delta = std::abs(distance[0] - distance[1]);
      score[l].push_back(in.options.enabled ? 2 / (1 + std::exp(-in.options.slope * delta)) - 1 : 0.0);
      kept[l].push_back(!in.options.enabled || delta > 0);
      counts[l] += kept[l].back();
    }
  }
  for (int l = 0; l < 2; ++l) {
    fallback[l] = counts[l] == 0 || (in.options.fallback == Fallback::kBoth && counts[1 - l] == 0);
    if (fallback[l]) kept[l].assign(kept[l].size(), 1);
    kept_count[l] = fallback[l] ? in.count(l) : counts[l];
    std::vector<double> mean(width);
    for (int t = 0; t < in.count(l); ++t) {
      const bool weighted = in.options.weighting == Weighting::kScore && in.options.enabled && !fallback[l];
      for (size_t e = 0; e < width; ++e)
        mean[e] += kept[l][t] * (weighted ? score[l][t] : 1) * in.prompts[l][t * width + e];
    }
    double squares = 0;
    for (const double m : mean) squares += m * m;
    for (const double m : mean) direction.push_back(squares > 0 ? m / std::sqrt(squares) : 0);
  }
  std::vector<double> all;
  for (const auto& part : {s[0], s[1], score[0], score[1], kept[0], kept[1]})
    all.insert(all.end(), part.begin(), part.end());
  all.insert(all.end(), {kept_count[0], kept_count[1], fallback[0], fallback[1]});
  all.insert(all.end(), direction.begin(), direction.end());
  return all;
}

std::vector<float> run(const Input& in) {
  const float* prompts[2] = {in.prompts[0].data(), in.prompts[1].data()};
  const int counts[2] = {in.count(0), in.count(1)};
  const auto r = kernels::contextual_score(in.image.data(), prompts, counts, in.embed_dim, in.options);
  std::vector<float> all(r.similarity);
  all.insert(all.end(), r.score.begin(), r.score.end());
  for (const uint8_t k : r.kept) all.push_back(k);
  for (const int count : r.kept_count) all.push_back(static_cast<float>(count));
  for (const bool fallback : r.fallback) all.push_back(fallback);
  all.insert(all.end(), r.direction.begin(), r.direction.end());
  return all;
}

}  // namespace

void contextual_cases(Cases& cases) {
  const auto add = [&](const char* name, std::function<Input()> input, double slope = 1) {
    const auto make = [input] {
      const auto in = std::make_shared<Input>(input());
      return Work{host_call([=] { return run(*in); }), [=] { return reference(*in); }};
    };
    const Input sizes = input();
    const double rows = sizes.count(0) + sizes.count(1);
    cases.push_back({std::string("contextual/") + name,
                     absolute(slope * 5e-7, "a similarity is an fp32 sum; kept and counts must agree exactly"), make,
                     4 * rows * sizes.embed_dim, 8 * rows * sizes.embed_dim});
  };
  const auto with = [](Input input, bool enabled, Weighting weighting, float slope = 1) {
    input.options = {enabled, slope, weighting};
    return input;
  };
  const auto both = [](Input input) {
    input.options.fallback = Fallback::kBoth;
    return input;
  };
  add("72 and 72 prompts, E 640", [] { return random_prompts(640, 72, 72); });
  add("216 and 154 prompts, E 768", [] { return random_prompts(768, 216, 154); });
  add("E 7", [] { return random_prompts(7, 9, 5); });
  add("overlapping intervals", [] { return at_similarities(640, {.1, .2, .3, .25}, {.2001, .35, .4, .28}); });
  add("disjoint intervals", [] { return at_similarities(640, {.1, .12, .15}, {.3, .31, .4}); });
  add("abnormal inside normal: falls back", [] { return at_similarities(640, {.1, .2, .3}, {.15, .17, .25}); });
  add("normal inside abnormal: falls back", [] { return at_similarities(640, {.15, .17, .25}, {.1, .2, .3}); });
  add("equal intervals: both fall back", [] {
    Input input = at_similarities(640, {.1, .2, .3}, {});
    input.prompts[1] = input.prompts[0];
    return input;
  });
  add("one prompt each", [] { return at_similarities(640, {.2}, {.21}); });
  add("one and the same prompt", [] {
    Input input = at_similarities(640, {.2}, {});
    input.prompts[1] = input.prompts[0];
    return input;
  });
  add("one normal prompt inside many", [] { return at_similarities(512, {.2}, {.1, .15, .3}); });
  add("touching intervals", [] {
    Input input = at_similarities(640, {.1, .2}, {.3});
    input.prompts[1].insert(input.prompts[1].end(), input.prompts[0].end() - 640, input.prompts[0].end());
    return input;
  });
  add("similarities -1, 0 and 1", [] { return at_similarities(640, {-1, 0}, {1, 0.5}); });
  add("zero prompts", [] {
    Input input = random_prompts(640, 3, 2);
    std::fill(input.prompts[0].begin(), input.prompts[0].end(), 0.0f);
    return input;
  });
  add("zero image: both fall back", [] {
    Input input = random_prompts(640, 3, 2);
    std::fill(input.image.begin(), input.image.end(), 0.0f);
    return input;
  });
  add("prompts that cancel out", [=] {
    Input input = random_prompts(640, 1, 4);
    for (int e = 0; e < 640; ++e) input.prompts[0].push_back(-input.prompts[0][e]);
    return with(input, false, Weighting::kUniform);
  });
  add("context off", [=] { return with(random_prompts(640, 20, 30), false, Weighting::kUniform); });
  add("weighted by score", [=] { return with(random_prompts(640, 72, 72), true, Weighting::kScore); });
  add("weighted by score, one side falls back", [=] {
    return with(at_similarities(640, {.1, .2, .3}, {.15, .17}), true, Weighting::kScore);
  });
  add("weighted by score, context off", [=] { return with(random_prompts(640, 5, 6), false, Weighting::kScore); });
  add("both fall back: 72 and 72 prompts, neither does", [=] { return both(random_prompts(640, 72, 72)); });
  add("both fall back: abnormal inside normal",
      [=] { return both(at_similarities(640, {.1, .2, .3}, {.15, .17, .25})); });
  add("both fall back: normal inside abnormal",
      [=] { return both(at_similarities(640, {.15, .17, .25}, {.1, .2, .3})); });
  add("both fall back: equal intervals", [=] {
    Input input = both(at_similarities(640, {.1, .2, .3}, {}));
    input.prompts[1] = input.prompts[0];
    return input;
  });
  add("both fall back: weighted by score",
      [=] { return both(with(at_similarities(640, {.1, .2, .3}, {.15, .17}), true, Weighting::kScore)); });
  add("both fall back: context off", [=] { return both(with(random_prompts(640, 5, 6), false, Weighting::kUniform)); });
  add("slope 20", [=] { return with(random_prompts(640, 72, 72), true, Weighting::kUniform, 20); }, 20);
  cases.push_back(refusal("contextual/no abnormal prompt", Code::kRange, [] {
    Input input = random_prompts(8, 1, 1);
    input.prompts[1].clear();
    run(input);
  }));
  cases.push_back(refusal("contextual/slope 0", Code::kRange,
                          [=] { run(with(random_prompts(8, 1, 1), true, Weighting::kUniform, 0)); }));
}

}  // namespace alfa::check
