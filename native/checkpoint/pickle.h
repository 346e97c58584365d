// PyTorch pickles (.pt, .pth, .bin, .ckpt) are programs. They are never run;
// error messages say how to convert them to safetensors.
#pragma once
#include <string>
#include <string_view>

namespace alfa {

bool has_pickle_name(std::string_view file_name);
// For a file that is known not to be safetensors.
bool has_pickle_bytes(std::string_view bytes);

std::string conversion_hint(const std::string& pickle,
                            const std::string& safetensors);

}  // namespace alfa
