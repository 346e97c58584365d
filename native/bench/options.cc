#include "bench/options.h"

#include <charconv>
#include <cstring>

#include "bench/find_runtime.h"

namespace alfa::bench {

const char* const kUsage =
    "usage: alfa-bench [options]\n"
    "Measures how fast this build detects on this machine. Needs no Node.\n"
    "  --device DEVICE     cpu (default), cuda or cuda:N\n"
    "  --precision NAME    auto (default), fp32, fp16 or int8; auto is what "
    "the\n"
    "                      engine chooses on that device\n"
    "  --runtime PATH      libonnxruntime or its folder (default: "
    "ALFA_ORT_DIR,\n"
    "                      then the folder of this program)\n"
    "  --model DIR         a checkpoint folder\n"
    "  --random NAME       instead of --model: random weights of size "
    "full-size\n"
    "                      (ViT-B-16-plus-240, default) or tiny, written to a\n"
    "                      temporary folder\n"
    "  --batch N,N,...     batch sizes (default: 1,4,16,64 on a GPU, 1,4 on "
    "the\n"
    "                      CPU)\n"
    "  --seconds S         shortest time of each measurement (default: 5)\n"
    "  --scales K,K,...    sides of the windows in patches (default: 2,3)\n"
    "  --image PX          side of the images (default: the model's)\n"
    "  --threads N         CPU threads (default: one per core)\n"
    "  --json FILE         also write the results as JSON\n"
    "  --compare [fp32]    instead of times: compare detections with those in\n"
    "                      fp32 on the same device\n"
    "  --compare cpu       instead of times: compare detections on the device\n"
    "                      (in fp32 without --precision) with those in fp32 "
    "on\n"
    "                      the CPU\n"
    "Exit codes: 0 done, 1 failed, 2 wrong arguments.\n";

namespace {

constexpr int kLargest = 1000000;  // of any number

[[noreturn]] void reject(const std::string& problem) {
  throw Error(Code::kArgument, problem + "; --help lists the options");
}

template <typename T>
T number(const char* option, std::string_view text, int least) {
  T value{};
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() ||
      !(value >= least) || !(value <= kLargest))
    reject(std::string(option) + ": expected a number from " +
           std::to_string(least) + " to " + std::to_string(kLargest) +
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
  reject("--precision: expected auto, fp32, fp16 or int8 but received '" +
         name + "'");
}

std::string device_of(const std::string& name) {
  const bool has_number =
      name.rfind("cuda:", 0) == 0 && name.size() > 5 &&
      name.find_first_not_of("0123456789", 5) == std::string::npos;
  if (name != "cpu" && name != "cuda" && !has_number)
    reject("--device: expected cpu, cuda or cuda:N but received '" + name +
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
        reject("--compare: expected fp32 or cpu but received '" + with + "'");
      o.compare = with == "cpu" ? Compare::kCpu : Compare::kPrecision;
      continue;
    }
    const auto value = [&]() -> std::string {
      if (i + 1 >= argc) reject(name + " needs a value");
      return argv[++i];
    };
    random = random || name == "--random";
    if (name == "--device")
      o.device = device_of(value());
    else if (name == "--precision")
      o.precision = precision_of(value());
    else if (name == "--runtime")
      runtime = value();
    else if (name == "--model")
      o.model = value();
    else if (name == "--random")
      o.random = value();
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
      reject("unknown option '" + name + "'");
  }
  if (random && !o.model.empty())
    reject("--model and --random cannot be used together");
  if (o.batches.empty())
    o.batches = o.device == "cpu" ? std::vector<int>{1, 4}
                                  : std::vector<int>{1, 4, 16, 64};
  o.runtime = find_runtime(runtime, argv[0]);
  return o;
}

}  // namespace alfa::bench
