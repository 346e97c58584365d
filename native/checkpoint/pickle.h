// PyTorch's pickles (.pt, .pth, .bin, .ckpt) are programs: we never run one,
// but say how to turn it into safetensors.
#pragma once
#include <string>
#include <string_view>

namespace alfa {

bool has_pickle_name(std::string_view file_name);
bool has_pickle_bytes(
    std::string_view bytes);  // of a file that is known not to be safetensors

std::string conversion_hint(const std::string& pickle,
                            const std::string& safetensors);

}  // namespace alfa
