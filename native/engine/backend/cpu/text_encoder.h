// The text tower. It runs on the CPU in fp32, whatever the device of the images
// is.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/architecture.h"
#include "runtime/session.h"

namespace alfa {

class TextEncoder {
 public:
  // The architecture must have a text tower and outlive the encoder. `log_id`:
  // of a LogTap.
  TextEncoder(Runtime& runtime, const Architecture& architecture, int threads,
              const std::string& log_id);

  // As Engine::encode_text.
  std::vector<float> encode(std::span<const int32_t> ids,
                            std::span<const int32_t> lengths,
                            RunControl* control);

 private:
  // The texts of one run of the session.
  std::vector<float> encode_group(std::span<const int32_t> ids,
                                  std::span<const int32_t> lengths,
                                  RunControl* control);

  const Architecture& architecture_;
  // Not shared with other sessions. With it, the session uses the weights in
  // the file instead of copying them.
  Ort::PrepackedWeightsContainer packed_;
  std::unique_ptr<Session> session_;
};

}  // namespace alfa
