// Checkpoints of random weights in open_clip's layout, for measuring: speed
// does not depend on their values. The same bytes as
// bench/random-checkpoint.mjs writes.
#pragma once
#include <string>

namespace alfa::bench {

// A folder of its own below the system's temporary one, gone with this. What
// has it open must be gone by then.
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
