// The abnormal probability of a feature for two directions, and that of windows
// for directions that the aligner moved to their space. On CUDA both are one
// kernel.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "check/align_window.h"
#include "check/call.h"
#include "check/elements.h"
#include "check/random.h"
#include "check/registry.h"
#include "check/solve.h"
#include "kernels/aligner/aligner_cuda.h"
#include "kernels/contextual/contextual.h"

namespace alfa::check {
namespace {

using kernels::Aligner;
using kernels::Element;

struct Input {
  int embed_dim;
  float temperature;
  std::vector<float> features, directions;  // [windows, E], [2, E]
};

std::vector<float> run(const Input& in) {
  std::vector<float> out(in.features.size() / in.embed_dim);
  for (size_t w = 0; w < out.size(); ++w) {
    out[w] = kernels::abnormal_probability(
        in.features.data() + w * in.embed_dim, in.directions.data(),
        in.embed_dim, in.temperature);
  }
  return out;
}

std::vector<double> reference(const Input& in) {
  std::vector<double> out;
  for (size_t from = 0; from < in.features.size(); from += in.embed_dim) {
    double logit[2] = {0, 0};
    for (int label = 0; label < 2; ++label) {
      for (int e = 0; e < in.embed_dim; ++e) {
        logit[label] += static_cast<double>(in.features[from + e]) *
                        in.directions[label * in.embed_dim + e] /
                        in.temperature;
      }
    }
    out.push_back(1 / (1 + std::exp(logit[0] - logit[1])));
  }
  return out;
}

// Directions f and -f, and features with similarities from -1 to 1 to f. The
// logits go up to +-2/temperature.
Input swept(int embed_dim, float temperature) {
  Random random(5);
  Input in{embed_dim, temperature, {}, random.unit_rows(1, embed_dim)};
  for (int e = 0; e < embed_dim; ++e)
    in.directions.push_back(-in.directions[e]);
  for (int step = -10; step <= 10; ++step) {
    for (int e = 0; e < embed_dim; ++e)
      in.features.push_back(static_cast<float>(step / 10.0 * in.directions[e]));
  }
  return in;
}

// Without an aligner. The features are the windows of one image.
Call cuda_call(Device& device, const Input& in) {
  const int count = static_cast<int>(in.features.size()) / in.embed_dim;
  std::vector<int32_t> all(count);
  for (int i = 0; i < count; ++i) all[i] = i;
  const auto features = device.upload(in.features),
             directions = device.upload(in.directions),
             scores = nan_output(device, count);
  const auto windows = device.upload(all);
  const auto launch = [=, &device, embed_dim = in.embed_dim,
                       temperature = in.temperature] {
    kernels::CudaWindowScores task{};
    task.aligner = Aligner::kOff;
    task.temperature = temperature;
    task.embedding = features.data();
    task.direction = directions.data();
    task.windows = windows.data();
    task.images = 1;
    task.count = count;
    task.embed_dim = embed_dim;
    task.scores = scores.data();
    if constexpr (kCudaBuilt)
      kernels::window_scores_cuda(task, device.stream());
  };
  return {launch, [=, &device] { return device.download(scores); }};
}

enum class Values { kNear, kRepeated, kZero, kOrthogonal, kBroken };

// The windows of an image as the tower packs them, and the settings of a score.
struct Windows {
  Aligner aligner;
  Element element = Element::kFloat;
  int grid = 4, embed_dim = 64;
  std::vector<int> scales = {2, 3};
  float lambda = 0.1f;
  Values values = Values::kNear;
  int prefix = 1, skip = 0, images = 1;
  int gap = 0;  // elements between images
  bool heavy = false;
};

constexpr float kTemperature = 0.07f;

struct Data {
  std::vector<int32_t> cu{0}, rows, segments;
  std::vector<float> value, embedding,
      direction;  // [images, T, E], [images, S, E], [images, 2, E]
  int longest = 0;
};

Data data_of(const Windows& w) {
  Data d;
  Random random(55);
  const int view = w.prefix + w.grid * w.grid;
  for (int r = 0; r < view; ++r) d.rows.push_back(r);
  d.cu.push_back(view);
  for (const int k : w.scales) {
    for (int at = 0; at < (w.grid - k + 1) * (w.grid - k + 1); ++at) {
      for (int r = 0; r < w.prefix; ++r) d.rows.push_back(r);
      for (int p = 0; p < k * k; ++p)
        d.rows.push_back(w.prefix + (at / (w.grid - k + 1) + p / k) * w.grid +
                         at % (w.grid - k + 1) + p % k);
      d.segments.insert(d.segments.begin(), static_cast<int32_t>(d.cu.size()) -
                                                1);  // in reverse order
      d.cu.push_back(static_cast<int32_t>(d.rows.size()));
      d.longest = std::max(d.longest, w.prefix + k * k - w.skip);
    }
  }
  const size_t E = w.embed_dim;
  for (int image = 0; image < w.images; ++image) {
    std::vector<float> a = random.unit_rows(view, E),
                       f = random.unit_rows(2, E);
    for (size_t i = 0; i < a.size(); ++i) {
      const size_t row = i / E;
      if (w.values == Values::kZero) a[i] = 0;
      if (w.values == Values::kOrthogonal && i % 2) a[i] = 0;
      if (w.values == Values::kRepeated && row > 2)
        a[i] = a[i % (3 * E)] + static_cast<float>(1e-4 * random.normal());
      if (w.values == Values::kBroken && row == 3)
        a[i] = std::numeric_limits<float>::infinity();
    }
    for (size_t i = 0; w.values == Values::kOrthogonal && i < f.size(); i += 2)
      f[i] = 0;
    d.value.insert(d.value.end(), a.begin(), a.end());
    for (size_t r = view; r < d.rows.size(); ++r)
      for (size_t e = 0; e < E; ++e)
        d.value.push_back(
            a[static_cast<size_t>(d.rows[r]) * E + e] +
            static_cast<float>(w.values == Values::kZero
                                   ? 0
                                   : 0.5 / std::sqrt(E) * random.normal()));
    d.direction.insert(d.direction.end(), f.begin(), f.end());
  }
  d.value = rounded(w.element, d.value);
  d.embedding = random.unit_rows(w.images * (d.cu.size() - 1), E);
  return d;
}

// The n x n form, which cases_aligner.cc compares with the E x E form. The
// solver is another one than the kernel's.
std::vector<double> reference(const Windows& w, const Data& d) {
  const size_t E = w.embed_dim, T = d.rows.size(), S = d.cu.size() - 1;
  std::vector<double> out;
  for (size_t image = 0; image < static_cast<size_t>(w.images); ++image) {
    for (const int32_t segment : d.segments) {
      const size_t first = d.cu[segment] + w.skip;
      const int n = d.cu[segment + 1] - static_cast<int>(first);
      const auto value = [&](size_t row, size_t e) {
        return static_cast<double>(d.value[(image * T + row) * E + e]);
      };
      double similarity[2];
      for (size_t label = 0; label < 2; ++label) {
        const float *f = &d.direction[(image * 2 + label) * E],
                    *embedding = &d.embedding[(image * S + segment) * E];
        std::vector<double> system(static_cast<size_t>(n) * n), x(n),
            aligned(f, f + E);
        for (int i = 0; i < n; ++i) {
          for (size_t e = 0; e < E; ++e) {
            for (int j = 0; j < n; ++j)
              system[i * n + j] +=
                  value(d.rows[first + i], e) * value(d.rows[first + j], e);
            x[i] += value(d.rows[first + i], e) * f[e];
          }
          system[i * n + i] += w.lambda;
        }
        solve(system, n, x);
        for (size_t e = 0; e < E; ++e) {
          if (w.aligner == Aligner::kPinv) aligned[e] = 0;
          for (int i = 0; i < n; ++i)
            aligned[e] +=
                x[i] * (value(first + i, e) - (w.aligner == Aligner::kRidge
                                                   ? value(d.rows[first + i], e)
                                                   : 0));
        }
        double squares = 0, along = 0, plain = 0;
        for (size_t e = 0; e < E; ++e) {
          squares += aligned[e] * aligned[e];
          along += aligned[e] * embedding[e];
          plain += static_cast<double>(f[e]) * embedding[e];
        }
        similarity[label] =
            squares > 0 && std::isfinite(squares) && w.aligner != Aligner::kOff
                ? along / std::sqrt(squares)
                : plain;
      }
      out.push_back(
          1 / (1 + std::exp((similarity[0] - similarity[1]) / kTemperature)));
    }
  }
  return out;
}

std::vector<float> run(const Windows& w, const Data& d) {
  const size_t E = w.embed_dim, T = d.rows.size(), S = d.cu.size() - 1;
  std::vector<float> out, aligned(2 * E);
  for (size_t image = 0; image < static_cast<size_t>(w.images); ++image) {
    for (const int32_t segment : d.segments) {
      const size_t first = d.cu[segment] + w.skip;
      const std::span<const int32_t> rows(&d.rows[first],
                                          d.cu[segment + 1] - first);
      align_window(w.aligner, w.lambda, &d.value[image * T * E],
                   w.prefix + w.grid * w.grid, rows,
                   &d.value[(image * T + first) * E], w.embed_dim,
                   &d.direction[image * 2 * E], aligned.data());
      out.push_back(kernels::abnormal_probability(
          &d.embedding[(image * S + segment) * E], aligned.data(), w.embed_dim,
          kTemperature));
    }
  }
  return out;
}

Call cuda_call(Device& device, const Windows& w, const Data& d) {
  const size_t values = d.rows.size() * w.embed_dim,
               embeddings = (d.cu.size() - 1) * w.embed_dim;
  const auto spread = [&](const std::vector<float>& rows, size_t each) {
    std::vector<float> all(w.images * (each + w.gap),
                           std::numeric_limits<float>::quiet_NaN());
    for (int i = 0; i < w.images; ++i)
      std::copy_n(rows.begin() + i * each, each,
                  all.begin() + i * (each + w.gap));
    return all;
  };
  const Elements value = upload(device, w.element, spread(d.value, values));
  const auto embedding = device.upload(spread(d.embedding, embeddings)),
             direction = device.upload(d.direction);
  const auto segments = device.upload(d.segments), cu = device.upload(d.cu),
             rows = device.upload(d.rows);
  const auto scores = nan_output(device, w.images * d.segments.size());
  const kernels::CudaWindowScores task{
      w.aligner,
      w.lambda,
      kTemperature,
      w.element,
      w.aligner == Aligner::kOff ? nullptr : value.data(),
      static_cast<ptrdiff_t>(values) + w.gap,
      embedding.data(),
      static_cast<ptrdiff_t>(embeddings) + w.gap,
      direction.data(),
      segments.data(),
      cu.data(),
      rows.data(),
      w.skip,
      d.longest,
      w.images,
      static_cast<int>(d.segments.size()),
      w.embed_dim,
      scores.data()};
  const auto launch = [=, &device] {
    (void)value, (void)embedding, (void)direction, (void)segments, (void)cu,
        (void)rows;  // keeps the memory
    if constexpr (kCudaBuilt)
      kernels::window_scores_cuda(task, device.stream());
  };
  return {launch, [=, &device] { return device.download(scores); }};
}

void window_scores_cases(Cases& cases) {
  const auto add = [&](const std::string& name, const Windows& w) {
    const auto make = [w] {
      const auto d = std::make_shared<Data>(data_of(w));
      const auto host = on_cpu([=] { return run(w, *d); });
      return Work{
          on_both(host,
                  [=](Device& device) { return cuda_call(device, w, *d); }),
          [=] { return reference(w, *d); }};
    };
    const char* aligner = w.aligner == Aligner::kOff     ? "off, "
                          : w.aligner == Aligner::kRidge ? "ridge, "
                                                         : "pinv, ";
    double rows = 0, products = 0;
    for (const int k : w.scales) {
      const double n = k * k + w.prefix - w.skip,
                   windows = (w.grid - k + 1) * (w.grid - k + 1);
      rows += windows * n;
      products += windows * n * (n + 11);
    }
    cases.push_back(
        {"window_scores/" + std::string(aligner) + name + ", E " +
             std::to_string(w.embed_dim) + " " + name_of(w.element),
         absolute(1.5e-6,
                  "two similarities with errors of 2e-7 over the "
                  "temperature; the slope of the sigmoid is at most 1/4"),
         make, w.images * products * w.embed_dim,
         w.images * (rows + w.grid * w.grid) * w.embed_dim *
             bytes_of(w.element),
         w.heavy});
  };
  for (const Element element : {Element::kHalf, Element::kFloat}) {
    for (const Aligner aligner : {Aligner::kRidge, Aligner::kPinv}) {
      const auto with =
          [w = Windows{.aligner = aligner, .element = element}](auto change) {
            auto changed = w;
            change(changed);
            return changed;
          };
      add("grid 4", with([](Windows& w) { w.embed_dim = 640; }));
      for (const int width : {7, 36, 136})
        add("3 images",
            with([=](Windows& w) { w.embed_dim = width, w.images = 3; }));
      for (const int gap : {1, 8})
        add("2 images, gap " + std::to_string(gap),
            with([=](Windows& w) { w.gap = gap, w.images = 2; }));
      add("scales 1, 3, 5 of 5",
          with([](Windows& w) { w.grid = 5, w.scales = {1, 3, 5}; }));
      add("65 rows", with([](Windows& w) { w.grid = 9, w.scales = {8}; }));
      add("without class rows", with([](Windows& w) { w.skip = 1; }));
      add("without 5 prefix rows",
          with([](Windows& w) { w.prefix = 5, w.skip = 5; }));
      add("nearly repeated rows, lambda 1e-6", with([](Windows& w) {
            w.values = Values::kRepeated, w.lambda = 1e-6f;
          }));
      add("lambda 1e6", with([](Windows& w) { w.lambda = 1e6; }));
      add("all values 0", with([](Windows& w) { w.values = Values::kZero; }));
      add("A orthogonal to the directions",
          with([](Windows& w) { w.values = Values::kOrthogonal; }));
      add("an infinite value",
          with([](Windows& w) { w.values = Values::kBroken; }));
    }
    add("grid 15", {.aligner = Aligner::kRidge,
                    .element = element,
                    .grid = 15,
                    .embed_dim = 640,
                    .heavy = true});
    add("grid 15, 16 images", {.aligner = Aligner::kRidge,
                               .element = element,
                               .grid = 15,
                               .embed_dim = 640,
                               .images = 16,
                               .heavy = true});
  }
  for (const int width : {640, 33})
    add("2 images",
        {.aligner = Aligner::kOff, .embed_dim = width, .images = 2});
}

void add_cases(Cases& cases) {
  const auto add = [&](const char* name, Tolerance tolerance,
                       std::function<Input()> input) {
    const auto make = [input] {
      const auto in = std::make_shared<Input>(input());
      const auto host = on_cpu([=] { return run(*in); });
      return Work{
          on_both(host, [=](Device& device) { return cuda_call(device, *in); }),
          [=] { return reference(*in); }};
    };
    const Input sizes = input();
    cases.push_back({std::string("abnormal_probability/") + name,
                     std::move(tolerance), make,
                     4.0 * static_cast<double>(sizes.features.size()),
                     4.0 * static_cast<double>(sizes.features.size())});
  };
  const char* reason =
      "relative error = (rounding of two fp32 similarities) / temperature";
  add("365 windows, T 0.07, E 640", ulps(40, reason), [] {
    Random random(6);
    return Input{640, 0.07f, random.unit_rows(365, 640),
                 random.unit_rows(2, 640)};
  });
  add("logits up to 28", ulps(60, reason), [] { return swept(640, 0.07f); });
  add("logits up to 80", ulps(200, reason), [] { return swept(640, 0.025f); });
  add("logits up to 2,000: 0 and 1",
      absolute(1e-3, "an error of 1e-7 / 0.001 in a logit near 0"),
      [] { return swept(640, 0.001f); });
  add("zero feature: one half", exact("equal logits"), [] {
    Random random(7);
    return Input{640, 0.07f, std::vector<float>(640), random.unit_rows(2, 640)};
  });
  add("equal directions: one half", exact("equal logits"), [] {
    Random random(8);
    Input in{33, 0.01f, random.unit_rows(5, 33), random.unit_rows(1, 33)};
    in.directions.insert(in.directions.end(), in.directions.begin(),
                         in.directions.begin() + 33);
    return in;
  });
  window_scores_cases(cases);
}

const CaseGroup group("abnormal_probability", add_cases);

}  // namespace

}  // namespace alfa::check
