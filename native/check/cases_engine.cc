// Whole detections with CUDA against the same on the CPU in fp32, with the
// settings of every recipe.
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>

#include "check/alfa_settings.h"
#include "check/random.h"
#include "check/registry.h"
#include "engine.h"

namespace alfa::check {
namespace {

struct Image {
  std::vector<uint8_t> rgb;
  int width, height;
  PixelView view() const { return {rgb.data(), width, height, 3}; }
};

// Smooth waves, an edge and noise.
Image make_image(int width, int height, uint64_t seed) {
  Random random(seed);
  Image image{{}, width, height};
  const double fx = 2 + random.uniform() * 10;
  const double fy = 2 + random.uniform() * 10;
  const double edge = random.uniform();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double u = static_cast<double>(x) / width;
      const double v = static_cast<double>(y) / height;
      for (int c = 0; c < 3; ++c) {
        const double value =
            128 + 60 * std::sin(fx * u + c) * std::cos(fy * v) +
            (u + v > 2 * edge ? 40 : -20) + 10 * random.normal();
        image.rgb.push_back(
            static_cast<uint8_t>(std::fmin(255, std::fmax(0, value))));
      }
    }
  }
  return image;
}

std::vector<Image> test_images() {
  return {make_image(201, 130, 1), make_image(64, 150, 2)};
}

// Each engine is opened once and kept, since a case is short.
Engine& shared_engine(const ModelFiles& files, const std::string& device,
                      Precision precision) {
  static std::map<std::string, std::unique_ptr<Engine>> engines;
  auto& engine = engines[device + " " + std::string(name_of(precision))];
  if (!engine) {
    OpenOptions options;
    options.directory = files.checkpoint;
    options.runtime = files.runtime;
    options.device = device;
    options.precision = precision;
    options.max_batch = 3;
    engine = Engine::open(options);
  }
  return *engine;
}

struct DetectionCase {
  const char* name;
  std::function<void(Settings&)> change;
  bool references = false;
  bool prompts = true;
  float pixel_threshold = std::numeric_limits<float>::infinity();
};

// Unit rows near one direction, as the prompts of one class are: their
// similarities to an image differ by hundredths.
std::vector<float> make_prompts(uint64_t seed, size_t count, size_t width) {
  const std::vector<float> base = Random(10).unit_rows(1, width);
  std::vector<float> rows = Random(seed).unit_rows(count, width);
  for (size_t r = 0; r < count; ++r) {
    double squares = 0;
    for (size_t e = 0; e < width; ++e) {
      float& v = rows[r * width + e];
      v = base[e] + 0.5f * v;
      squares += static_cast<double>(v) * static_cast<double>(v);
    }
    for (size_t e = 0; e < width; ++e)
      rows[r * width + e] /= static_cast<float>(std::sqrt(squares));
  }
  return rows;
}

std::shared_ptr<const Category> make_category(Engine& engine,
                                              const DetectionCase& c) {
  Settings settings = alfa_settings();
  c.change(settings);
  const size_t E = static_cast<size_t>(engine.info().embed_dim);
  std::vector<float> normal, abnormal, descriptors;
  if (c.prompts) {
    normal = make_prompts(11, 19, E);
    abnormal = make_prompts(12, 23, E);
    descriptors = make_prompts(13, 4, E);
  }
  std::shared_ptr<const Bank> bank;
  if (c.references) {
    const auto builder = engine.new_bank(settings);
    for (const uint64_t seed : {21, 22})
      engine.add_reference(*builder, make_image(120, 100, seed).view(),
                           nullptr);
    bank = engine.finish_bank(*builder);
  }
  return engine.make_category(settings, normal, abnormal, descriptors, bank);
}

void append(std::vector<float>& out, const Detection& d) {
  const auto number = [](float v) { return std::isnan(v) ? -1.0f : v; };
  out.insert(out.end(), {number(d.score), number(d.global_score),
                         number(d.local_score), static_cast<float>(d.map_width),
                         static_cast<float>(d.map_height)});
  out.insert(out.end(), d.map.begin(), d.map.end());
  out.insert(out.end(), d.similarity.begin(), d.similarity.end());
  out.insert(out.end(), d.embedding.begin(), d.embedding.end());
  // Rounding may change the number of regions, but not whether there are any.
  if (!d.regions.empty()) {
    const auto& reasons = d.regions.front().similarity;
    out.insert(out.end(), reasons.begin(), reasons.end());
  }
}

// Both images, one of them, then both again, twice and in the other order. So
// batches of different sizes use the same memory, and CUDA graphs are replayed
// with other images than those they were recorded with.
std::vector<float> run_detections(Engine& engine, const DetectionCase& c) {
  const auto images = test_images();
  const auto category = make_category(engine, c);
  std::vector<DetectRequest> requests;
  for (const Image& image : images)
    requests.push_back({image.view(), {{category, c.pixel_threshold}}});
  std::vector<float> out;
  const auto run = [&](std::span<const DetectRequest> batch) {
    for (const auto& parts : engine.detect(batch, nullptr))
      for (const Detection& d : parts) append(out, d);
  };
  run(requests);
  run({&requests[1], 1});
  std::swap(requests[0], requests[1]);
  run(requests);
  run(requests);
  return out;
}

std::vector<float> run_features(Engine& engine) {
  const auto images = test_images();
  std::vector<float> out =
      engine.embed_image(images[1].view(), Fit::kCrop, nullptr);
  const std::vector<int> scales{2, 3};
  for (const Image& image : images) {
    const Engine::WindowFeatures f =
        engine.embed_windows(image.view(), Fit::kSquash, scales, nullptr);
    out.insert(out.end(), f.embedding.begin(), f.embedding.end());
    out.insert(out.end(), f.value.begin(), f.value.end());
  }
  return out;
}

// Activations in fp16 have a relative error of 2^-12 in each layer: about 1e-3
// of an embedding after a dozen layers. The softmax with temperature 0.07
// multiplies a difference of similarities by up to 14 / 4.
Tolerance tolerance_of(Precision precision) {
  return precision == Precision::kFp16
             ? absolute(8e-3, "fp16 activations")
             : absolute(2e-4, "another order of fp32 sums");
}

void add_case(Cases& cases, const ModelFiles& files, const std::string& name,
              Precision precision,
              const std::function<std::vector<float>(Engine&)>& compute) {
  const auto make = [=] {
    return Work{
        [=](Device& device) -> Call {
          if (!device.is_cuda()) return {};
          const auto out = std::make_shared<std::vector<float>>();
          return {
              [=] { *out = compute(shared_engine(files, "cuda", precision)); },
              [=] { return *out; }};
        },
        [=] {
          const auto out =
              compute(shared_engine(files, "cpu", Precision::kFp32));
          return std::vector<double>(out.begin(), out.end());
        }};
  };
  cases.push_back({"engine/" + name + ", " + std::string(name_of(precision)),
                   tolerance_of(precision), make});
}

std::vector<DetectionCase> detection_cases() {
  return {
      {"default recipe", [](Settings&) {}},
      {"reasons of regions", [](Settings&) {}, false, true, 0.3f},
      {"aligner off", [](Settings& s) { s.aligner = Aligner::kOff; }},
      {"pinv, class rows left out, raw values",
       [](Settings& s) {
         s.aligner = Aligner::kPinv;
         s.class_row = false;
         s.values = Values::kRaw;
         s.lambda = 0.5f;
       }},
      {"global score as a scale, no context",
       [](Settings& s) {
         s.harmonic.include_global = true;
         s.context.enabled = false;
         s.aligner = Aligner::kOff;
         s.image_score = ImageScore::kGlobal;
       }},
      {"one scale, weighted prompts, lambda 10",
       [](Settings& s) {
         s.scales = {3};
         s.context.weighting = Weighting::kScore;
         s.lambda = 10;
       }},
      {"four scales, map on the grid",
       [](Settings& s) {
         s.scales = {1, 2, 3, 4};
         s.resolution = Resolution::kGrid;
       }},
      {"map of the image's size, crop",
       [](Settings& s) {
         s.resolution = Resolution::kImage;
         s.fit = Fit::kCrop;
       }},
      {"no windows",
       [](Settings& s) {
         s.scales = {};
         s.map = MapSource::kNone;
         s.features.windows = false;
       }},
      {"MaskCLIP",
       [](Settings& s) {
         s.scales = {};
         s.map = MapSource::kValues;
         s.image_score = ImageScore::kGlobal;
       }},
      {"AnoVL",
       [](Settings& s) {
         s.scales = {};
         s.map = MapSource::kPath;
         s.smoothing = 3;
         s.align_corners = true;
         s.image_score = ImageScore::kGlobal;
       }},
      {"Trans-MM",
       [](Settings& s) {
         s.scales = {};
         s.context.enabled = false;
         s.map = MapSource::kRelevance;
         s.image_score = ImageScore::kGlobal;
       }},
      {"few-shot", [](Settings& s) { s.features.layers = {1, 3}; }, true},
      {"few-shot, neighbourhoods, Euclidean, no map of its own",
       [](Settings& s) {
         s.features.layers = {2};
         s.features.neighbourhoods = {1, 3};
         s.features.windows = false;
         s.bank.distance = Distance::kEuclidean;
         s.map = MapSource::kNone;
       },
       true},
      {"PatchCore",
       [](Settings& s) {
         s.scales = {};
         s.map = MapSource::kNone;
         s.features = {{2, 3}, {3}, true, false, false};
         s.image_score = ImageScore::kReweighted;
       },
       true, false},
      {"windows black, not dropped",
       [](Settings& s) {
         s.mask = Mask::kZero;
         s.scales = {4};
       }},
      {"tiles",
       [](Settings& s) {
         s.tile = {64, 16};
         s.resolution = Resolution::kImage;
       },
       false, true, 0.4f},
  };
}

void add_cases(Cases& cases, const ModelFiles& files) {
  for (const Precision precision : {Precision::kFp32, Precision::kFp16}) {
    add_case(cases, files, "features", precision, run_features);
    for (const DetectionCase& c : detection_cases())
      add_case(cases, files, c.name, precision,
               [c](Engine& engine) { return run_detections(engine, c); });
  }
}

const CaseGroup group("engine", add_cases);

}  // namespace

}  // namespace alfa::check
