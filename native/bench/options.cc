#include "bench/options.h"

#include <charconv>
#include <cstring>

#include "bench/find_runtime.h"

namespace alfa::bench {

const char* const kUsage =
    "alfa-bench [OPTIONS]: how fast this build detects on this machine, "
    "without Node.\n"
    "  --device cpu|cuda|cuda:N           default cpu\n"
    "  --precision auto|fp32|fp16|int8    default auto: what the engine takes "
    "on that device\n"
    "  --runtime PATH     libonnxruntime or a folder that holds it; default "
    "ALFA_ORT_DIR, else the one beside this program\n"
    "  --model DIR        a checkpoint; or\n"
    "  --random NAME      full-size (ViT-B-16-plus-240, default) or tiny, of "
    "random weights, written to a temporary folder\n"
    "  --batch N,N,...    images at once; default 1,4,16,64 on a GPU, 1,4 on "
    "the CPU\n"
    "  --seconds S        of each measurement, at least; default 5\n"
    "  --scales K,K,...   sides of the windows, in patches; default 2,3\n"
    "  --image PX         side of the pictures; default the model's own\n"
    "  --threads N        default one per core\n"
    "  --json FILE        the same as JSON\n"
    "  --compare [fp32]   instead of times: how far detections in this "
    "precision lie from fp32 on the same device\n"
    "  --compare cpu      how far detections on the device (fp32 unless "
    "--precision says otherwise) lie from the CPU's in fp32\n"
    "Exit: 0 done, 1 it failed, 2 wrong arguments.\n";

namespace {

constexpr int kMost = 1000000;  // of any number here

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Code::kArgument, what + "; --help says what there is");
}

template <typename T>
T number(const char* option, std::string_view text, int least) {
  T value{};
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() ||
      !(value >= least) || !(value <= kMost))
    refuse(std::string(option) + ": expected a number from " +
           std::to_string(least) + " to " + std::to_string(kMost) +
           " but received '" + std::string(text) + "'");
  return value;
}

std::vector<int> numbers(const char* option, std::string_view text) {
  std::vector<int> values;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    values.push_back(number<int>(option, text.substr(at, comma - at), 1));
    at = comma + 1;
  }
  return values;
}

Precision precision_of(const std::string& name) {
  if (name == "auto") return Precision::kAuto;
  if (name == "fp32") return Precision::kFp32;
  if (name == "fp16") return Precision::kFp16;
  if (name == "int8") return Precision::kInt8;
  refuse("--precision: expected auto, fp32, fp16 or int8 but received '" +
         name + "'");
}

std::string device_of(const std::string& name) {
  const bool numbered =
      name.rfind("cuda:", 0) == 0 && name.size() > 5 &&
      name.find_first_not_of("0123456789", 5) == std::string::npos;
  if (name != "cpu" && name != "cuda" && !numbered)
    refuse("--device: expected cpu, cuda or cuda:N but received '" + name +
           "'");
  return name;
}

}  // namespace

Options parse(int argc, char** argv) {
  Options o;
  std::string runtime;
  bool random = false;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--help") {
      o.help = true;
      return o;
    }
    if (name == "--compare") {
      const std::string with =
          i + 1 < argc && std::strncmp(argv[i + 1], "--", 2) != 0 ? argv[++i]
                                                                  : "fp32";
      if (with != "fp32" && with != "cpu")
        refuse("--compare: expected fp32 or cpu but received '" + with + "'");
      o.compare = with == "cpu" ? Compare::kCpu : Compare::kPrecision;
      continue;
    }
    const auto value = [&]() -> std::string {
      if (i + 1 >= argc) refuse(name + " needs a value");
      return argv[++i];
    };
    if (name == "--device")
      o.device = device_of(value());
    else if (name == "--precision")
      o.precision = precision_of(value());
    else if (name == "--runtime")
      runtime = value();
    else if (name == "--model")
      o.model = value();
    else if (name == "--random")
      o.random = value(), random = true;
    else if (name == "--batch")
      o.batches = numbers("--batch", value());
    else if (name == "--seconds")
      o.seconds = number<double>("--seconds", value(), 0);
    else if (name == "--scales")
      o.scales = numbers("--scales", value());
    else if (name == "--image")
      o.image = number<int>("--image", value(), 1);
    else if (name == "--threads")
      o.threads = number<int>("--threads", value(), 1);
    else if (name == "--json")
      o.json = value();
    else
      refuse("There is no option '" + name + "'");
  }
  if (random && !o.model.empty())
    refuse("--model and --random exclude each other");
  if (o.batches.empty())
    o.batches = o.device == "cpu" ? std::vector<int>{1, 4}
                                  : std::vector<int>{1, 4, 16, 64};
  o.runtime = find_runtime(runtime, argv[0]);
  return o;
}

}  // namespace alfa::bench
