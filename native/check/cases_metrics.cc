#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <set>

#include "check/call.h"
#include "check/random.h"
#include "check/registry.h"
#include "metrics/pixel_metrics.h"

namespace alfa::check {
namespace {

struct Category {  // images of one size
  int width, height;
  std::vector<float> maps;     // [images, height, width]
  std::vector<uint8_t> masks;  // the same
  size_t pixels() const {
    return static_cast<size_t>(width) * static_cast<size_t>(height);
  }
  size_t images() const { return maps.size() / pixels(); }
};

std::vector<float> run(const Category& category,
                       const metrics::PixelOptions& options) {
  metrics::PixelScores scores(category.maps.size());
  for (size_t i = 0; i < category.images(); ++i) {
    const size_t at = i * category.pixels();
    scores.add(&category.maps[at], &category.masks[at], category.width,
               category.height);
  }
  const metrics::Metrics m = scores.measure(options);
  std::vector<float> out;
  for (const double each : {m.auroc, m.average_precision, m.aupr_trapezoid,
                            m.f1, m.threshold, m.pro})
    out.push_back(static_cast<float>(each));
  return out;
}

// The pixels of each region, by flood fill.
std::vector<std::vector<size_t>> regions_of(const Category& c) {
  std::vector<std::vector<size_t>> regions;
  std::vector<char> seen(c.masks.size());
  for (size_t start = 0; start < c.masks.size(); ++start) {
    if (seen[start] || !c.masks[start]) continue;
    std::vector<size_t> members{start};
    seen[start] = 1;
    for (size_t i = 0; i < members.size(); ++i) {
      const size_t image = members[i] / c.pixels();
      const int x = static_cast<int>(members[i] % c.pixels()) % c.width,
                y = static_cast<int>(members[i] % c.pixels()) / c.width;
      for (int v = std::max(0, y - 1); v <= std::min(c.height - 1, y + 1);
           ++v) {
        for (int u = std::max(0, x - 1); u <= std::min(c.width - 1, x + 1);
             ++u) {
          const size_t next =
              image * c.pixels() + static_cast<size_t>(v * c.width + u);
          if (!seen[next] && c.masks[next])
            seen[next] = 1, members.push_back(next);
        }
      }
    }
    regions.push_back(members);
  }
  return regions;
}

struct Rates {
  double tp = 0, fp = 0, overlap = 0;
};

Rates above(const Category& c, const std::vector<std::vector<size_t>>& regions,
            const std::function<bool(double)>& anomalous) {
  Rates rates;
  for (size_t i = 0; i < c.maps.size(); ++i)
    (c.masks[i] ? rates.tp : rates.fp) += anomalous(c.maps[i]);
  for (const auto& region : regions) {
    const auto found =
        std::count_if(region.begin(), region.end(),
                      [&](size_t i) { return anomalous(c.maps[i]); });
    rates.overlap += static_cast<double>(found) /
                     static_cast<double>(region.size()) /
                     static_cast<double>(regions.size());
  }
  return rates;
}

// All metrics by their definitions: all pixels for each threshold.
std::vector<double> reference(const Category& c,
                              const metrics::PixelOptions& options) {
  const auto regions = regions_of(c);
  const Rates all = above(c, regions, [](double) { return true; });
  std::set<double, std::greater<>> thresholds(c.maps.begin(), c.maps.end());
  double auroc = 0, ap = 0, trapezoid = 0, f1 = 0, best = 0, pro = 0;
  Rates last;
  double last_precision = 1;
  for (const double t : thresholds) {
    const Rates now =
        above(c, regions, [t](double score) { return score >= t; });
    const double precision = now.tp / (now.tp + now.fp),
                 recall = (now.tp - last.tp) / all.tp;
    auroc += (now.fp - last.fp) / all.fp * (now.tp + last.tp) / 2 / all.tp;
    ap += recall * precision;
    trapezoid += recall * (precision + last_precision) / 2;
    const double harmonic = 2 * now.tp / (now.tp + now.fp + all.tp);
    if (harmonic > f1) f1 = harmonic, best = t;
    const double x = last.fp / all.fp,
                 to = std::min(now.fp / all.fp, options.max_fpr);
    if (to > x)
      pro += (to - x) *
             (2 * last.overlap +
              (now.overlap - last.overlap) * (to - x) / (now.fp / all.fp - x)) /
             2 / options.max_fpr;
    last = now;
    last_precision = precision;
  }
  if (options.steps > 0) {
    const double min = *thresholds.rbegin(), max = *thresholds.begin();
    std::vector<Rates> kept;
    for (int i = 0; i < options.steps; ++i) {
      const double t = min + i * ((max - min) / options.steps);
      const Rates now =
          above(c, regions, [t](double score) { return score > t; });
      if (now.fp / all.fp < options.max_fpr) kept.push_back(now);
    }
    pro = 0;
    for (size_t i = 1; i < kept.size(); ++i) {
      pro += (kept[i - 1].fp - kept[i].fp) / (kept[0].fp - kept.back().fp) *
             (kept[i - 1].overlap + kept[i].overlap) / 2;
    }
  }
  return {auroc, ap, trapezoid, f1, best, pro};
}

void add(Cases& cases, const char* name, std::function<Category()> input,
         metrics::PixelOptions options = {}) {
  const auto make = [=] {
    const auto category = std::make_shared<Category>(input());
    return Work{on_cpu([=] { return run(*category, options); }),
                [=] { return reference(*category, options); }};
  };
  const double n = static_cast<double>(input().maps.size());
  cases.push_back({std::string("pixel_metrics/") + name,
                   ulps(0.51, "float64 sums, then rounded once"), make, 0,
                   n * (1 + sizeof(float))});
}

// Blobs on noise. Every image has some, except the last, which is normal. With
// step > 0 scores are rounded to multiples of it.
Category blobs(int images, int width, int height, double step, int most = 3) {
  Random random(41);
  Category c{width,
             height,
             {},
             std::vector<uint8_t>(static_cast<size_t>(images) *
                                  static_cast<size_t>(width * height))};
  for (int image = 0; image + 1 < images; ++image) {
    for (int blob = 0; blob <= random.below(most); ++blob) {
      const int cx = random.below(width), cy = random.below(height),
                r = 1 + random.below(std::max(width / 5, 1));
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          if ((x - cx) * (x - cx) + (y - cy) * (y - cy) <= r * r)
            c.masks[image * c.pixels() + static_cast<size_t>(y * width + x)] =
                200;
        }
      }
    }
  }
  for (const uint8_t m : c.masks) {
    const double score = 0.5 + 0.1 * random.normal() + (m ? 0.12 : 0);
    c.maps.push_back(
        static_cast<float>(step > 0 ? std::round(score / step) * step : score));
  }
  return c;
}

Category with_masks(Category c,
                    const std::function<bool(int, int)>& anomalous) {
  for (size_t i = 0; i < c.masks.size(); ++i) {
    const int at = static_cast<int>(i % c.pixels());
    c.masks[i] = anomalous(at % c.width, at / c.width);
  }
  return c;
}

Category constant(Category c, float score) {
  std::fill(c.maps.begin(), c.maps.end(), score);
  return c;
}

void add_cases(Cases& cases) {
  add(cases, "random", [] { return blobs(4, 23, 17, 0); });
  add(cases, "tied", [] { return blobs(6, 31, 29, 0.05); });
  add(cases, "tied, to FPR 1", [] { return blobs(6, 31, 29, 0.05); },
      {.max_fpr = 1});
  add(cases, "tied, to FPR 0.01", [] { return blobs(6, 31, 29, 0.05); },
      {.max_fpr = 0.01});
  add(cases, "constant", [] { return constant(blobs(3, 16, 16, 0), 0.25f); });
  add(cases, "all zero", [] { return constant(blobs(3, 16, 16, 0), 0); });
  add(cases, "one region of one pixel", [] {
    return with_masks(blobs(1, 20, 20, 0),
                      [](int x, int y) { return x == 19 && y == 7; });
  });
  add(cases, "one normal pixel", [] {
    return with_masks(blobs(1, 20, 20, 0),
                      [](int x, int y) { return x != 4 || y != 7; });
  });
  add(cases, "regions with holes", [] {
    return with_masks(blobs(2, 32, 32, 0.01), [](int x, int y) {
      return (x % 8 && y % 8) && !(x % 8 == 4 && y % 8 == 4);
    });
  });
  add(cases, "corners touch", [] {
    return with_masks(blobs(2, 24, 24, 0.01),
                      [](int x, int y) { return (x + y) % 2 && x < 12; });
  });
  add(cases, "rings in rings", [] {
    return with_masks(blobs(1, 25, 25, 0), [](int x, int y) {
      return std::max(std::abs(x - 12), std::abs(y - 12)) % 2;
    });
  });
  add(cases, "negative scores, 0 and -0", [] {
    Category c = blobs(3, 19, 21, 0.25);
    for (float& v : c.maps) v = v == 0.5f ? -0.0f : v == 0.75f ? 0.0f : -v;
    return c;
  });
  add(cases, "denormals and the largest floats", [] {
    Category c = blobs(3, 9, 11, 0.1);
    for (float& v : c.maps)
      v = v < 0.4f   ? -std::numeric_limits<float>::max()
          : v > 0.6f ? std::numeric_limits<float>::max()
                     : v * 1e-43f;
    return c;
  });
  add(cases, "images of one row", [] { return blobs(40, 5, 1, 0); });
  add(cases, "200 steps", [] { return blobs(4, 23, 17, 0); }, {.steps = 200});
  add(cases, "200 steps, tied", [] { return blobs(4, 23, 17, 0.03); },
      {.steps = 200});
  add(cases, "one thread", [] { return blobs(3, 64, 48, 0.02); },
      {.threads = 1});

  cases.push_back(expect_error("pixel_metrics/NaN", Code::kRange, [] {
    Category c = blobs(2, 8, 8, 0);
    c.maps[77] = std::nanf("");
    run(c, {});
  }));
  cases.push_back(expect_error("pixel_metrics/infinity", Code::kRange, [] {
    Category c = blobs(2, 8, 8, 0);
    c.maps[77] = -std::numeric_limits<float>::infinity();
    run(c, {});
  }));
  cases.push_back(expect_error("pixel_metrics/no region", Code::kRange, [] {
    run(with_masks(blobs(2, 8, 8, 0), [](int, int) { return false; }), {});
  }));
  cases.push_back(
      expect_error("pixel_metrics/no normal pixel", Code::kRange, [] {
        run(with_masks(blobs(2, 8, 8, 0), [](int, int) { return true; }), {});
      }));
  cases.push_back(expect_error(
      "pixel_metrics/200 steps of a constant map", Code::kRange,
      [] { run(constant(blobs(2, 8, 8, 0), 1), {.steps = 200}); }));
  cases.push_back(expect_error(
      "pixel_metrics/more pixels than announced", Code::kRange, [] {
        const Category c = blobs(2, 8, 8, 0);
        metrics::PixelScores(63).add(c.maps.data(), c.masks.data(), 8, 8);
      }));
}

const CaseGroup group("metrics", add_cases);

}  // namespace

}  // namespace alfa::check
