#include "checkpoint/pickle.h"

namespace alfa {

bool has_pickle_name(std::string_view file_name) {
  for (std::string_view ending : {".pt", ".pth", ".bin", ".ckpt"})
    if (file_name.size() > ending.size() &&
        file_name.substr(file_name.size() - ending.size()) == ending)
      return true;
  return false;
}

bool has_pickle_bytes(std::string_view bytes) {
  const bool zip = bytes.substr(0, 4) == "PK\x03\x04";
  const bool bare =
      bytes.size() > 1 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5;
  return zip || bare;
}

std::string conversion_hint(const std::string& pickle,
                            const std::string& safetensors) {
  // open(): torch.load would believe the name of a pickle called .safetensors.
  // clone(): save_file rejects tensors that share memory.
  return "If you trust its source, convert it once in Python (for a "
         "TorchScript archive such as OpenAI's: w = "
         "torch.jit.load(...).state_dict()):\n"
         "  import torch; from safetensors.torch import save_file; w = "
         "torch.load(open(r\"" +
         pickle +
         "\", \"rb\"), map_location=\"cpu\", weights_only=True); w = "
         "w.get(\"state_dict\", w)\n"
         "  save_file({k.removeprefix(\"module.\"): v.clone().contiguous() for "
         "k, v in w.items() if "
         "torch.is_tensor(v)}, r\"" +
         safetensors + "\")";
}

}  // namespace alfa
