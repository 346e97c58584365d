#include "bench/subject.h"

#include <cmath>
#include <cstdio>

#include "check/alfa_settings.h"

namespace alfa::bench {
namespace {

void print_warning(LogLevel level, const std::string& message) {
  if (level >= LogLevel::kWarn)
    std::fprintf(stderr, "alfa-bench: %s\n", message.c_str());
}

}  // namespace

Subject::Subject(const Options& options)
    : options_(options), folder_(options.model) {
  if (!folder_.empty()) return;
  std::fprintf(stderr, "writing a random checkpoint (%s)\n",
               options.random.c_str());
  folder_ = random_.emplace(options.random).folder();
}

std::unique_ptr<Engine> Subject::open(const std::string& device,
                                      Precision precision,
                                      int max_batch) const {
  OpenOptions o;
  o.directory = folder_;
  o.runtime = options_.runtime;
  o.device = device;
  o.threads = options_.threads;
  o.max_batch = max_batch;
  o.precision = precision;
  o.log = print_warning;
  return Engine::open(o);
}

std::shared_ptr<const Category> Subject::category(
    const Engine& engine, const Prompts& prompts,
    bool contextual_selection) const {
  Settings settings = alfa_settings();
  settings.scales = options_.scales;
  settings.context.enabled = contextual_selection;
  return engine.make_category(settings, prompts.normal, prompts.abnormal, {},
                              nullptr);
}

std::string Subject::name() const {
  return options_.model.empty() ? "random weights, " + options_.random
                                : options_.model;
}

DetectRequest request_of(const TestImage& image,
                         const std::shared_ptr<const Category>& category) {
  return {image.view(), {{category}}};
}

std::vector<DetectRequest> requests_of(
    const std::vector<TestImage>& images,
    const std::shared_ptr<const Category>& category, int count) {
  std::vector<DetectRequest> requests;
  for (int i = 0; i < count; ++i)
    requests.push_back(
        request_of(images[static_cast<size_t>(i) % images.size()], category));
  return requests;
}

}  // namespace alfa::bench
