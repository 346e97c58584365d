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

// Something to see: smooth waves, a few edges, noise.
Image picture(int width, int height, uint64_t seed) {
  Random random(seed);
  Image image{{}, width, height};
  const double fx = 2 + random.uniform() * 10, fy = 2 + random.uniform() * 10,
               edge = random.uniform();
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c) {
        const double u = static_cast<double>(x) / width,
                     v = static_cast<double>(y) / height;
        double value = 128 + 60 * std::sin(fx * u + c) * std::cos(fy * v) +
                       (u + v > 2 * edge ? 40 : -20) + 10 * random.normal();
        image.rgb.push_back(
            static_cast<uint8_t>(std::fmin(255, std::fmax(0, value))));
      }
  return image;
}

std::vector<Image> pictures() {
  return {picture(201, 130, 1), picture(64, 150, 2)};
}

// One engine per device and precision, opened when first needed and kept: a
// case is one category's detections.
Engine& engine_of(const ModelFiles& files, const std::string& device,
                  Precision precision) {
  static std::map<std::string, std::unique_ptr<Engine>> engines;
  auto& engine = engines[device + std::to_string(static_cast<int>(precision))];
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

using Change = std::function<void(Settings&)>;
struct Wanted {
  const char* name;
  Change change;
  bool references = false, prompts = true;
  float threshold = std::numeric_limits<float>::infinity();
};

// Unit rows around one direction: what they say of an image differs by
// hundredths, as prompts of one kind of thing do.
std::vector<float> texts(uint64_t seed, size_t count, size_t width) {
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

Settings settings_of(const Wanted& wanted) {
  Settings s = alfa_settings();
  wanted.change(s);
  return s;
}

std::shared_ptr<const Category> category_of(Engine& engine,
                                            const Wanted& wanted) {
  const Settings s = settings_of(wanted);
  const size_t E = static_cast<size_t>(engine.info().embed_dim);
  std::vector<float> normal, abnormal, descriptors;
  if (wanted.prompts) {
    normal = texts(11, 19, E);
    abnormal = texts(12, 23, E);
    descriptors = texts(13, 4, E);
  }
  std::shared_ptr<const Bank> bank;
  if (wanted.references) {
    const auto builder = engine.new_bank(s);
    for (const uint64_t seed : {21, 22})
      engine.add_reference(*builder, picture(120, 100, seed).view(), nullptr);
    bank = engine.finish_bank(*builder);
  }
  return engine.make_category(s, normal, abnormal, descriptors, bank);
}

void append(std::vector<float>& out, const Detection& d) {
  const auto number = [](float v) { return std::isnan(v) ? -1.0f : v; };
  out.insert(out.end(), {number(d.score), number(d.global_score),
                         number(d.local_score), static_cast<float>(d.map_width),
                         static_cast<float>(d.map_height)});
  out.insert(out.end(), d.map.begin(), d.map.end());
  out.insert(out.end(), d.similarity.begin(), d.similarity.end());
  out.insert(out.end(), d.embedding.begin(), d.embedding.end());
  // Where two regions lie may turn on a pixel at the threshold; how many
  // windows' reasons there are does not.
  for (const auto& r : d.regions)
    if (&r == &d.regions.front())
      out.insert(out.end(), r.similarity.begin(), r.similarity.end());
}

// Both pictures at once, one alone, and both again, thrice: batches of other
// sizes over the same memory, recorded graphs.
std::vector<float> detections(Engine& engine, const Wanted& wanted) {
  const auto images = pictures();
  const auto category = category_of(engine, wanted);
  std::vector<DetectRequest> requests;
  for (const Image& image : images)
    requests.push_back({image.view(), {{category, wanted.threshold}}});
  std::vector<float> out;
  const auto run = [&](std::span<const DetectRequest> some) {
    for (const auto& parts : engine.detect(some, nullptr))
      for (const Detection& d : parts) append(out, d);
  };
  run(requests);
  run({&requests[1], 1});
  std::swap(
      requests[0],
      requests[1]);  // what a graph replays must read this call's pictures
  run(requests);
  run(requests);
  return out;
}

std::vector<float> features(Engine& engine) {
  const auto images = pictures();
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

void add_cases(Cases& cases, const ModelFiles& files) {
  const auto add = [&](const std::string& name, Precision precision,
                       std::function<std::vector<float>(Engine&)> run) {
    const bool half = precision == Precision::kFp16;
    const auto make = [=] {
      return Work{
          [=](Device& device) -> Call {
            if (!device.is_cuda()) return {};
            const auto out = std::make_shared<std::vector<float>>();
            return {[=] { *out = run(engine_of(files, "cuda", precision)); },
                    [=] { return *out; }};
          },
          [=] {
            const auto out = run(engine_of(files, "cpu", Precision::kFp32));
            return std::vector<double>(out.begin(), out.end());
          }};
    };
    // A dozen layers of activations rounded to 11 bits, each a relative 2^-12,
    // add up to about 1e-3 of an embedding's length; the softmax at temperature
    // 0.07 multiplies a difference of similarities by up to 14 / 4.
    cases.push_back({"engine/" + name + (half ? ", fp16" : ", fp32"),
                     half ? absolute(8e-3, "fp16 activations")
                          : absolute(2e-4, "other orders of fp32 sums"),
                     make});
  };
  const std::vector<Wanted> all{
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
         s.context.weighting = kernels::Weighting::kScore;
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
  for (const Precision precision : {Precision::kFp32, Precision::kFp16}) {
    add("features", precision, features);
    for (const Wanted& wanted : all)
      add(wanted.name, precision,
          [wanted](Engine& engine) { return detections(engine, wanted); });
  }
}

const CaseGroup group("engine", add_cases);

}  // namespace

}  // namespace alfa::check
