// alfa-check: runs every case on every device and compares the outputs with
// float64 references. With --bench it times the same cases.
// Exit codes: 0 all cases passed, 1 a case failed, 2 wrong arguments.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "check/registry.h"
#include "check/report.h"

namespace {

using namespace alfa::check;

constexpr char kUsage[] =
    "usage: alfa-check [options]\n"
    "  --bench         also time each case\n"
    "  --filter TEXT   run only cases whose name contains TEXT\n"
    "  --backend NAME  run only on this device: cpu, cuda or emulated\n"
    "  --light         skip heavy cases (the emulated device always does)\n"
    "  --list          print the names of the cases and stop\n"
    "  --json          print one JSON document\n"
    "  --threads N     threads of the CPU (default: all hardware threads)\n"
    "  --model DIR     also compare whole detections on the GPU with the CPU,\n"
    "                  with this checkpoint; needs --runtime\n"
    "  --runtime FILE  libonnxruntime; for a GPU the one beside its CUDA\n"
    "                  provider\n";

struct Options {
  bool bench = false, list = false, json = false, light = false;
  std::string filter, device;
  ModelFiles files;
  int threads =
      std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
};

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--bench")
      options.bench = true;
    else if (argument == "--light")
      options.light = true;
    else if (argument == "--list")
      options.list = true;
    else if (argument == "--json")
      options.json = true;
    else if (argument == "--filter" && has_value)
      options.filter = argv[++i];
    else if (argument == "--backend" && has_value)
      options.device = argv[++i];
    else if (argument == "--threads" && has_value && std::atoi(argv[i + 1]) > 0)
      options.threads = std::atoi(argv[++i]);
    else if (argument == "--model" && has_value)
      options.files.checkpoint = argv[++i];
    else if (argument == "--runtime" && has_value)
      options.files.runtime = argv[++i];
    else
      return false;
  }
  return options.files.checkpoint.empty() == options.files.runtime.empty();
}

Cases select_cases(const Options& options) {
  const bool has_model = !options.files.checkpoint.empty();
  Cases cases = all_cases(has_model ? &options.files : nullptr);
  std::erase_if(cases, [&](const Case& c) {
    return c.name.find(options.filter) == std::string::npos;
  });
  return cases;
}

Devices select_devices(const Options& options) {
  Devices devices = find_devices(options.threads);
  if (options.device.empty()) return devices;
  std::erase_if(devices.available, [&](const auto& device) {
    return device->name() != options.device;
  });
  return devices;
}

int check(const Options& options, const Cases& cases, const Devices& devices) {
  if (!options.json) print_devices(devices);
  std::vector<Outcome> outcomes;
  int skipped = 0;
  for (const auto& device : devices.available) {
    for (const Case& subject : cases) {
      if (subject.heavy && (options.light || device->is_emulated())) {
        ++skipped;
        continue;
      }
      const auto outcome = run_case(subject, *device, options.bench);
      if (!outcome) continue;
      if (!options.json) print_outcome(*outcome);
      outcomes.push_back(*outcome);
    }
  }
  if (options.json)
    print_json(devices, outcomes, skipped);
  else
    print_summary(outcomes, skipped);
  const bool passed =
      std::all_of(outcomes.begin(), outcomes.end(),
                  [](const Outcome& outcome) { return outcome.passed(); });
  return passed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const Cases cases = select_cases(options);
  if (cases.empty()) {
    std::fprintf(stderr,
                 "alfa-check: no case has \"%s\" in its name. --list prints "
                 "the names.\n",
                 options.filter.c_str());
    return 2;
  }
  if (options.list) {
    for (const Case& subject : cases) std::printf("%s\n", subject.name.c_str());
    return 0;
  }
  const Devices devices = select_devices(options);
  if (devices.available.empty()) {
    print_devices(devices);
    std::fprintf(stderr, "alfa-check: the device \"%s\" is not available\n",
                 options.device.c_str());
    return 2;
  }
  return check(options, cases, devices);
}
