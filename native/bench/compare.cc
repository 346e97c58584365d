#include "bench/compare.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace alfa::bench {
namespace {

constexpr int kImages = 16;
constexpr int kBatch = 4;
constexpr uint64_t kSeed = 2404;

double correlation(const std::vector<float>& a, const std::vector<float>& b) {
  double mean_a = 0, mean_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    mean_a += a[i] / static_cast<double>(a.size());
    mean_b += b[i] / static_cast<double>(a.size());
  }
  double aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i] - mean_a, y = b[i] - mean_b;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return ab / std::sqrt(aa * bb);  // NaN for a constant map
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// NaN counts as the largest difference and as the lowest correlation.
void raise(double& most, double value) { most = value <= most ? most : value; }
void lower(double& least, double value) {
  least = value >= least ? least : value;
}

// [image][0: with contextual selection, 1: without]
using Detections = std::vector<std::vector<Detection>>;

Detections detections(const Options& options, const Subject& subject,
                      Engine& engine, const std::vector<TestImage>& images,
                      Prompts& prompts) {
  if (prompts.normal.empty())
    prompts = separating_prompts(engine, {images[0], images[1]}, options.scales,
                                 kSeed);
  const auto selected = subject.category(engine, prompts, true);
  const auto unselected = subject.category(engine, prompts, false);
  std::vector<DetectRequest> requests = requests_of(images, selected, kImages);
  for (DetectRequest& request : requests) request.parts.push_back({unselected});
  return engine.detect(requests, nullptr);
}

std::string name_of(const Info& info) {
  return info.device + " " + info.precision;
}

void add(Difference& d, const Detection& a, const Detection& b) {
  if (a.map.size() != b.map.size())
    throw Error(Code::kInternal, "the compared maps have different sizes");
  raise(d.score, std::fabs(a.score - b.score));
  raise(d.global, std::fabs(a.global_score - b.global_score));
  raise(d.local, std::fabs(a.local_score - b.local_score));
  for (size_t i = 0; i < a.map.size(); ++i)
    raise(d.map, std::fabs(a.map[i] - b.map[i]));
  lower(d.correlation, correlation(a.map, b.map));
}

void add(Comparison& c, const Detections& reference,
         const Detections& compared) {
  for (size_t i = 0; i < reference.size(); ++i) {
    const Detection &a = reference[i][0], &b = compared[i][0];
    add(c.selected, a, b);
    add(c.unselected, reference[i][1], compared[i][1]);
    for (size_t p = 0; p < a.kept_mask.size(); ++p)
      c.kept_differently += a.kept_mask[p] != b.kept_mask[p];
    c.prompts += static_cast<int>(a.kept_mask.size());
    lower(c.embedding, cosine(a.embedding, b.embedding));
    for (size_t j = 0; j < i; ++j)
      lower(c.between_images, cosine(a.embedding, reference[j][0].embedding));
    c.lowest = std::min<double>(c.lowest, a.score);
    c.highest = std::max<double>(c.highest, a.score);
  }
}

}  // namespace

// One engine after the other, because both may not fit into the device memory.
Comparison compare(const Options& options, const Subject& subject) {
  const bool cpu = options.compare == Compare::kCpu;
  Comparison c;
  Prompts prompts;  // of the reference, for both
  std::vector<TestImage> images;
  Detections reference, compared;
  {
    std::fprintf(stderr, "detecting with the reference\n");
    const auto engine =
        subject.open(cpu ? "cpu" : options.device, Precision::kFp32, kBatch);
    c.images = kImages;
    c.image = options.image > 0 ? options.image : engine->info().image_size;
    c.reference = name_of(engine->info());
    images = smooth_images(kImages, c.image, kSeed);
    reference = detections(options, subject, *engine, images, prompts);
  }
  {
    std::fprintf(stderr, "detecting with the compared engine\n");
    const auto engine = subject.open(
        options.device,
        cpu && options.precision == Precision::kAuto ? Precision::kFp32
                                                     : options.precision,
        kBatch);
    c.compared = name_of(engine->info());
    if (c.compared == c.reference)
      throw Error(Code::kArgument,
                  "Both engines are " + c.compared +
                      "; choose another --precision or --device.");
    compared = detections(options, subject, *engine, images, prompts);
  }
  add(c, reference, compared);
  return c;
}

}  // namespace alfa::bench
