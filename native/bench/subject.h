// What is measured: engines with the checkpoint of the options, and a category
// with the settings of recipe `alfa`.
#pragma once
#include <memory>
#include <optional>

#include "bench/options.h"
#include "bench/prompts.h"
#include "bench/random_checkpoint.h"

namespace alfa::bench {

class Subject {
 public:
  // Writes the random checkpoint if the options ask for one.
  explicit Subject(const Options& options);

  std::unique_ptr<Engine> open(const std::string& device, Precision precision,
                               int max_batch) const;
  std::shared_ptr<const Category> category(
      const Engine& engine, const Prompts& prompts,
      bool contextual_selection = true) const;

  const std::string& folder() const { return folder_; }
  std::string name() const;

 private:
  const Options& options_;
  std::optional<RandomCheckpoint> random_;
  std::string folder_;
};

// The requests point into the images. With fewer images than `count`, the
// images repeat.
DetectRequest request_of(const TestImage& image,
                         const std::shared_ptr<const Category>& category);
std::vector<DetectRequest> requests_of(
    const std::vector<TestImage>& images,
    const std::shared_ptr<const Category>& category, int count);

}  // namespace alfa::bench
