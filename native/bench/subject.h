// What is measured: engines on the checkpoint that the options name, and a
// category as recipe `alfa` makes it.
#pragma once
#include <memory>
#include <optional>

#include "bench/options.h"
#include "bench/prompts.h"
#include "bench/random_checkpoint.h"

namespace alfa::bench {

class Subject {
 public:
  explicit Subject(const Options& options);  // writes the random checkpoint
                                             // where one is asked for

  std::unique_ptr<Engine> open(const std::string& device, Precision precision,
                               int max_batch) const;
  std::shared_ptr<const Category> category(
      const Engine& engine, const Prompts& prompts,
      bool context = true) const;  // contextual selection

  const std::string& folder() const { return folder_; }
  std::string name() const;

 private:
  const Options& options_;
  std::optional<RandomCheckpoint> random_;
  std::string folder_;
};

// Both borrow the pictures. `count` requests take the pictures in turn.
DetectRequest request_of(const Pixels& picture,
                         const std::shared_ptr<const Category>& category);
std::vector<DetectRequest> requests_of(
    const std::vector<Pixels>& pictures,
    const std::shared_ptr<const Category>& category, int count);

}  // namespace alfa::bench
