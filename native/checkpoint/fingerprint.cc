#include "checkpoint/fingerprint.h"

#include <algorithm>

#include "checkpoint/sha256.h"

namespace alfa {

std::string fingerprint(const Safetensors& file, const std::string& config,
                        const std::string& preprocessor,
                        const std::optional<VisionTower>& vision) {
  constexpr size_t kSample = 1024;
  Sha256 digest;
  for (std::string_view part : {file.header(), std::string_view(config),
                                std::string_view(preprocessor)}) {
    digest.add(part.size());
    digest.add(part.data(), part.size());
  }
  digest.add(file.size());
  for (const auto& [name, tensor] : file.tensors()) {
    const size_t sample = std::min(kSample, tensor.bytes);
    digest.add(tensor.data, sample);
    digest.add(tensor.data + tensor.bytes - sample, sample);
  }
  if (vision && vision->image_size != vision->config_image_size)
    digest.add(static_cast<uint64_t>(vision->image_size));
  return digest.hex();
}

}  // namespace alfa
