#include <cmath>
#include <functional>
#include <limits>
#include <memory>

#include "check/call.h"
#include "check/random.h"
#include "check/registry.h"
#include "metrics/image_metrics.h"

namespace alfa::check {
namespace {

template <typename Score>
struct Sample {
  std::vector<uint8_t> labels;
  std::vector<Score> scores;
};

// By the definition: all pairs of an anomalous and a normal sample.
template <typename Score>
std::vector<double> reference(const Sample<Score>& sample) {
  double right = 0, pairs = 0;
  for (size_t i = 0; i < sample.labels.size(); ++i) {
    for (size_t j = 0; sample.labels[i] && j < sample.labels.size(); ++j) {
      if (sample.labels[j]) continue;
      right += sample.scores[i] > sample.scores[j]    ? 1
               : sample.scores[i] == sample.scores[j] ? 0.5
                                                      : 0;
      ++pairs;
    }
  }
  return {right / pairs};
}

template <typename Score>
double run(const Sample<Score>& sample) {
  return metrics::image_metrics(sample.labels.data(), sample.scores.data(),
                                sample.scores.size())
      .auroc;
}

template <typename Score>
void add(Cases& cases, const char* name, std::function<Sample<Score>()> input) {
  const auto make = [input] {
    const auto sample = std::make_shared<Sample<Score>>(input());
    return Work{on_cpu([=] { return std::vector<double>{run(*sample)}; }),
                [=] { return reference(*sample); }};
  };
  const double n = static_cast<double>(input().labels.size());
  cases.push_back({std::string("auroc/") + name,
                   ulps(0.51, "pairs are counted in integers"), make, 0,
                   n * (1 + sizeof(Score))});
}

template <typename Score>
Sample<Score> separated(size_t n, double shift, double step, double share) {
  Random random(12);
  Sample<Score> sample;
  for (size_t i = 0; i < n; ++i) {
    sample.labels.push_back(random.uniform() < share);
    const double score = random.normal() + shift * sample.labels.back();
    sample.scores.push_back(
        static_cast<Score>(step > 0 ? std::round(score / step) * step : score));
  }
  return sample;
}

void add_cases(Cases& cases) {
  add<float>(cases, "20,000 scores",
             [] { return separated<float>(20000, 1, 0, 0.3); });
  add<double>(cases, "20,000 double scores",
              [] { return separated<double>(20000, 1, 0, 0.3); });
  add<float>(cases, "2,000,000 scores, 20 abnormal", [] {
    auto sample = separated<float>(2000000, 0, 0, 0);
    for (int i = 0; i < 20; ++i) {
      sample.labels[i * 99991] = 1;
      sample.scores[i * 99991] += 2;
    }
    return sample;
  });
  add<float>(cases, "many ties",
             [] { return separated<float>(5000, 1, 0.5, 0.5); });
  add<double>(cases, "doubles that are equal as floats", [] {
    auto sample = separated<double>(3000, 1, 0, 0.5);
    for (double& s : sample.scores) s = 1 + s * 1e-12;
    return sample;
  });
  add<float>(cases, "all equal", [] {
    return Sample<float>{{0, 1, 0, 1, 1}, {.5f, .5f, .5f, .5f, .5f}};
  });
  add<float>(cases, "perfect",
             [] { return Sample<float>{{0, 1, 0, 1}, {.1f, .9f, .2f, .8f}}; });
  add<float>(cases, "reversed",
             [] { return Sample<float>{{1, 0, 1, 0}, {.1f, .9f, .2f, .8f}}; });
  add<float>(cases, "two samples",
             [] { return Sample<float>{{0, 1}, {-1, -2}}; });
  add<float>(cases, "0 and -0 tie, extremes and denormals", [] {
    const float most = std::numeric_limits<float>::max();
    return Sample<float>{
        {0, 1, 0, 1, 0, 1, 0, 1},
        {0.0f, -0.0f, -most, most, 1e-45f, -1e-45f, most, -most}};
  });
  cases.push_back(expect_error("auroc/no abnormal sample", Code::kRange,
                               [] { run(Sample<float>{{0, 0}, {1, 2}}); }));
  cases.push_back(expect_error("auroc/no sample", Code::kRange,
                               [] { run(Sample<float>{}); }));
  cases.push_back(expect_error("auroc/NaN", Code::kRange, [] {
    run(Sample<double>{{0, 1}, {1, std::nan("")}});
  }));
  cases.push_back(expect_error("auroc/infinity", Code::kRange, [] {
    run(Sample<float>{{0, 1}, {1, std::numeric_limits<float>::infinity()}});
  }));
}

const CaseGroup group("auroc", add_cases);

}  // namespace

}  // namespace alfa::check
