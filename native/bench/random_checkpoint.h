// Checkpoints of random weights in the layout of open_clip. Speed does not
// depend on the values. bench/random-checkpoint.mjs writes the same bytes.
#pragma once
#include <string>

namespace alfa::bench {

// A temporary folder, deleted with this object. Engines that use it must be
// closed before.
class RandomCheckpoint {
 public:
  // "full-size": open_clip's ViT-B-16-plus-240, 830 MB. "tiny": 4 x 4 patches,
  // 3 layers. Error(kArgument) | kWrite.
  explicit RandomCheckpoint(const std::string& name);
  ~RandomCheckpoint();
  RandomCheckpoint(const RandomCheckpoint&) = delete;
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

}  // namespace alfa::bench
