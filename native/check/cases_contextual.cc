#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "check/call.h"
#include "check/random.h"
#include "check/registry.h"
#include "kernels/contextual/contextual_cuda.h"

namespace alfa::check {
namespace {

using kernels::Fallback;
using kernels::Weighting;
using Similarities = std::vector<double>;

constexpr float kTemperature = 0.5f;  // keeps S_G as exact as a similarity

struct Input {
  int embed_dim;
  std::vector<float> image;  // [images, E]
  std::vector<float> prompts[2];
  kernels::ContextualOptions options{true, 1, Weighting::kUniform,
                                     Fallback::kSide};
  int gap = 0;  // floats between the embeddings of two images on CUDA

  int images() const { return static_cast<int>(image.size()) / embed_dim; }
  int count(int label) const {
    return static_cast<int>(prompts[label].size()) / embed_dim;
  }
};

// A unit prompt with this similarity to the image. The rest of it has a random
// direction.
std::vector<float> prompt_at(double similarity, const std::vector<float>& image,
                             Random& random) {
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
  for (size_t i = 0; i < side.size(); ++i)
    prompt[i] = static_cast<float>(similarity * image[i] + rest * side[i]);
  return prompt;
}

Input at_similarities(int embed_dim, const Similarities& normal,
                      const Similarities& abnormal) {
  Random random(77);
  Input input;
  input.embed_dim = embed_dim;
  input.image = random.unit_rows(1, embed_dim);
  for (int label = 0; label < 2; ++label) {
    for (const double s : label ? abnormal : normal) {
      const auto prompt = prompt_at(s, input.image, random);
      input.prompts[label].insert(input.prompts[label].end(), prompt.begin(),
                                  prompt.end());
    }
  }
  return input;
}

Input random_prompts(int embed_dim, int normal, int abnormal) {
  Random random(78);
  return {embed_dim,
          random.unit_rows(1, embed_dim),
          {random.unit_rows(normal, embed_dim),
           random.unit_rows(abnormal, embed_dim)}};
}

// Sections 4 and 5 of docs/method.md for one image.
std::vector<double> reference(const Input& in, const float* image) {
  const size_t width = in.embed_dim;
  std::vector<double> s[2], score[2], kept[2], direction;
  double low[2], high[2], kept_count[2], fallback[2];
  for (int l = 0; l < 2; ++l) {
    for (int t = 0; t < in.count(l); ++t) {
      double sum = 0;
      for (size_t e = 0; e < width; ++e)
        sum += static_cast<double>(image[e]) * in.prompts[l][t * width + e];
      s[l].push_back(sum);
    }
    low[l] = *std::min_element(s[l].begin(), s[l].end());
    high[l] = *std::max_element(s[l].begin(), s[l].end());
  }
  double counts[2] = {0, 0};
  for (int l = 0; l < 2; ++l) {
    for (const double x : s[l]) {
      double distance[2];
      for (int i = 0; i < 2; ++i)
        distance[i] = std::max({0.0, low[i] - x, x - high[i]});
      const double delta = std::abs(distance[0] - distance[1]);
      score[l].push_back(in.options.enabled
                             ? -std::expm1(-in.options.slope * delta) /
                                   (1 + std::exp(-in.options.slope * delta))
                             : 0.0);
      kept[l].push_back(!in.options.enabled || delta > 0);
      counts[l] += kept[l].back();
    }
  }
  for (int l = 0; l < 2; ++l) {
    fallback[l] = counts[l] == 0 || (in.options.fallback == Fallback::kBoth &&
                                     counts[1 - l] == 0);
    if (fallback[l]) kept[l].assign(kept[l].size(), 1);
    kept_count[l] = fallback[l] ? in.count(l) : counts[l];
    std::vector<double> mean(width);
    for (int t = 0; t < in.count(l); ++t) {
      const bool weighted = in.options.weighting == Weighting::kScore &&
                            in.options.enabled && !fallback[l];
      for (size_t e = 0; e < width; ++e)
        mean[e] += kept[l][t] * (weighted ? score[l][t] : 1) *
                   in.prompts[l][t * width + e];
    }
    double squares = 0;
    for (const double m : mean) squares += m * m;
    for (const double m : mean)
      direction.push_back(squares > 0 ? m / std::sqrt(squares) : 0);
  }
  std::vector<double> all;
  for (const auto& part : {s[0], s[1], score[0], score[1], kept[0], kept[1]})
    all.insert(all.end(), part.begin(), part.end());
  all.insert(all.end(),
             {kept_count[0], kept_count[1], fallback[0], fallback[1]});
  all.insert(all.end(), direction.begin(), direction.end());
  double logit = 0;
  for (size_t e = 0; e < width; ++e)
    logit += image[e] * (direction[width + e] - direction[e]) / kTemperature;
  all.push_back(1 / (1 + std::exp(-logit)));
  return all;
}

std::vector<double> reference(const Input& in) {
  std::vector<double> all;
  for (int i = 0; i < in.images(); ++i) {
    const auto one = reference(
        in, in.image.data() + static_cast<ptrdiff_t>(i) * in.embed_dim);
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

std::vector<float> run(const Input& in) {
  const float* prompts[2] = {in.prompts[0].data(), in.prompts[1].data()};
  const int counts[2] = {in.count(0), in.count(1)};
  std::vector<float> all;
  for (int i = 0; i < in.images(); ++i) {
    const float* image =
        in.image.data() + static_cast<ptrdiff_t>(i) * in.embed_dim;
    const auto r = kernels::contextual_score(image, prompts, counts,
                                             in.embed_dim, in.options);
    all.insert(all.end(), r.similarity.begin(), r.similarity.end());
    all.insert(all.end(), r.score.begin(), r.score.end());
    for (const uint8_t k : r.kept) all.push_back(k);
    for (const int count : r.kept_count)
      all.push_back(static_cast<float>(count));
    for (const bool fallback : r.fallback) all.push_back(fallback);
    all.insert(all.end(), r.direction.begin(), r.direction.end());
    all.push_back(kernels::abnormal_probability(image, r.direction.data(),
                                                in.embed_dim, kTemperature));
  }
  return all;
}

Call cuda_call(Device& device, const Input& in) {
  const size_t images = in.images(), E = in.embed_dim,
               n = in.count(0) + in.count(1), stride = E + in.gap;
  std::vector<float> image(images * stride,
                           std::numeric_limits<float>::quiet_NaN()),
      both = in.prompts[0];
  for (size_t i = 0; i < images; ++i)
    std::copy_n(in.image.begin() + i * E, E, image.begin() + i * stride);
  both.insert(both.end(), in.prompts[1].begin(), in.prompts[1].end());
  const auto x = device.upload(image), prompts = device.upload(both);
  const auto similarity = nan_output(device, images * n),
             score = nan_output(device, images * n);
  const auto direction = nan_output(device, images * 2 * E),
             global = nan_output(device, images);
  const auto kept = device.upload(std::vector<uint8_t>(images * n, 99));
  const auto summary = device.upload(std::vector<int32_t>(images * 4, 99));
  const kernels::CudaContextual task{x.data(),
                                     static_cast<ptrdiff_t>(stride),
                                     static_cast<int>(images),
                                     prompts.data(),
                                     {in.count(0), in.count(1)},
                                     in.embed_dim,
                                     in.options,
                                     kTemperature,
                                     similarity.data(),
                                     score.data(),
                                     kept.data(),
                                     summary.data(),
                                     direction.data(),
                                     global.data()};
  const auto launch = [task, x, prompts, &device] {
    if constexpr (kCudaBuilt) kernels::contextual_cuda(task, device.stream());
  };
  return {launch, [=, &device] {
            std::vector<float> all;
            const auto take = [&all](const auto& from, size_t i, size_t count) {
              all.insert(all.end(), from.begin() + i * count,
                         from.begin() + (i + 1) * count);
            };
            const auto s = device.download(similarity),
                       c = device.download(score),
                       d = device.download(direction),
                       g = device.download(global);
            const auto k = device.download(kept);
            const auto sum = device.download(summary);
            for (size_t i = 0; i < images; ++i)
              take(s, i, n), take(c, i, n), take(k, i, n), take(sum, i, 4),
                  take(d, i, 2 * E), take(g, i, 1);
            return all;
          }};
}

void add_cases(Cases& cases) {
  const auto add = [&](const char* name, std::function<Input()> input,
                       double slope = 1, bool heavy = false) {
    const auto make = [input] {
      const auto in = std::make_shared<Input>(input());
      const auto host = on_cpu([=] { return run(*in); });
      return Work{
          on_both(host, [=](Device& device) { return cuda_call(device, *in); }),
          [=] { return reference(*in); }};
    };
    const Input sizes = input();
    const double rows = sizes.count(0) + sizes.count(1);
    cases.push_back(
        {std::string("contextual/") + name,
         absolute(slope * 5e-7,
                  "fp32 sums; kept prompts and counts must be equal"),
         make, 4 * rows * sizes.embed_dim * sizes.images(),
         8 * rows * sizes.embed_dim, heavy});
  };
  const auto with = [](Input input, bool enabled, Weighting weighting,
                       float slope = 1) {
    input.options = {enabled, slope, weighting};
    return input;
  };
  const auto batch = [](Input input, int images, int gap = 0) {
    input.image = Random(79).unit_rows(images, input.embed_dim);
    input.gap = gap;
    return input;
  };
  const auto both = [](Input input) {
    input.options.fallback = Fallback::kBoth;
    return input;
  };
  add("72 and 72 prompts, E 640", [] { return random_prompts(640, 72, 72); });
  add("216 and 154 prompts, E 768",
      [] { return random_prompts(768, 216, 154); });
  add("E 7", [] { return random_prompts(7, 9, 5); });
  for (const int images : {3, 5}) {
    add(images == 3 ? "3 images" : "5 images",
        [=] { return batch(random_prompts(640, 72, 96), images); });
  }
  add("5 images, E 33, weighted by score", [=] {
    return with(batch(random_prompts(33, 11, 8), 5), true, Weighting::kScore);
  });
  add("2 images, gap 1", [=] { return batch(random_prompts(64, 9, 7), 2, 1); });
  add("2 images, gap 4", [=] { return batch(random_prompts(64, 9, 7), 2, 4); });
  add("1,100 and 600 prompts, E 64",
      [] { return random_prompts(64, 1100, 600); });
  add("E 1028", [] { return random_prompts(1028, 12, 9); });
  add(
      "16 images, 144 and 156 prompts",
      [=] { return batch(random_prompts(640, 144, 156), 16); }, 1, true);
  add("overlapping intervals", [] {
    return at_similarities(640, {.1, .2, .3, .25}, {.2001, .35, .4, .28});
  });
  add("disjoint intervals",
      [] { return at_similarities(640, {.1, .12, .15}, {.3, .31, .4}); });
  add("abnormal inside normal: falls back",
      [] { return at_similarities(640, {.1, .2, .3}, {.15, .17, .25}); });
  add("normal inside abnormal: falls back",
      [] { return at_similarities(640, {.15, .17, .25}, {.1, .2, .3}); });
  add("equal intervals: both fall back", [] {
    Input input = at_similarities(640, {.1, .2, .3}, {});
    input.prompts[1] = input.prompts[0];
    return input;
  });
  add("one prompt each", [] { return at_similarities(640, {.2}, {.21}); });
  add("equal prompts", [] {
    Input input = at_similarities(640, {.2}, {});
    input.prompts[1] = input.prompts[0];
    return input;
  });
  add("one normal prompt inside many",
      [] { return at_similarities(512, {.2}, {.1, .15, .3}); });
  add("touching intervals", [] {
    Input input = at_similarities(640, {.1, .2}, {.3});
    input.prompts[1].insert(input.prompts[1].end(),
                            input.prompts[0].end() - 640,
                            input.prompts[0].end());
    return input;
  });
  add("similarities -1, 0 and 1",
      [] { return at_similarities(640, {-1, 0}, {1, 0.5}); });
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
    for (int e = 0; e < 640; ++e)
      input.prompts[0].push_back(-input.prompts[0][e]);
    return with(input, false, Weighting::kUniform);
  });
  add("context off", [=] {
    return with(random_prompts(640, 20, 30), false, Weighting::kUniform);
  });
  add("weighted by score", [=] {
    return with(random_prompts(640, 72, 72), true, Weighting::kScore);
  });
  add("weighted by score, one side falls back", [=] {
    return with(at_similarities(640, {.1, .2, .3}, {.15, .17}), true,
                Weighting::kScore);
  });
  add("weighted by score, context off", [=] {
    return with(random_prompts(640, 5, 6), false, Weighting::kScore);
  });
  add("fallback both, not used: 72 and 72 prompts",
      [=] { return both(random_prompts(640, 72, 72)); });
  add("fallback both: abnormal inside normal", [=] {
    return both(at_similarities(640, {.1, .2, .3}, {.15, .17, .25}));
  });
  add("fallback both: normal inside abnormal", [=] {
    return both(at_similarities(640, {.15, .17, .25}, {.1, .2, .3}));
  });
  add("fallback both: equal intervals", [=] {
    Input input = both(at_similarities(640, {.1, .2, .3}, {}));
    input.prompts[1] = input.prompts[0];
    return input;
  });
  add("fallback both: weighted by score", [=] {
    return both(with(at_similarities(640, {.1, .2, .3}, {.15, .17}), true,
                     Weighting::kScore));
  });
  add("fallback both: context off", [=] {
    return both(with(random_prompts(640, 5, 6), false, Weighting::kUniform));
  });
  add("weighted by score, slope 1e-36", [=] {
    return with(random_prompts(640, 20, 30), true, Weighting::kScore, 1e-36f);
  });
  add(
      "slope 20",
      [=] {
        return with(random_prompts(640, 72, 72), true, Weighting::kUniform, 20);
      },
      20);
  cases.push_back(
      expect_error("contextual/no abnormal prompt", Code::kRange, [] {
        Input input = random_prompts(8, 1, 1);
        input.prompts[1].clear();
        run(input);
      }));
  cases.push_back(expect_error("contextual/slope 0", Code::kRange, [=] {
    run(with(random_prompts(8, 1, 1), true, Weighting::kUniform, 0));
  }));
}

const CaseGroup group("contextual", add_cases);

}  // namespace

}  // namespace alfa::check
