// alfa-bench: the engine's speed, or how far its precisions and devices lie apart, on any machine and without Node.
#include <cstdio>
#include <exception>
#include <fstream>

#include "bench/options.h"
#include "bench/report.h"

namespace {

using namespace alfa::bench;

void save(const std::string& file, const std::string& json) {
  std::ofstream out(file);
  out << json;
  if (!out.flush()) throw alfa::Error(alfa::Code::kWrite, file + " could not be written.");
}

void run(const Options& options) {
  const Subject subject(options);
  std::string json;
  if (options.compare != Compare::kNone) {
    const Comparison comparison = compare(options, subject);
    print(subject.name(), comparison);
    json = json_of(subject.name(), comparison);
  } else {
    const Speed speed = measure_speed(options, subject);
    std::fprintf(stderr, "the machine's own peaks\n");
    const Peaks peaks = measure_peaks(options.runtime, options.device, speed.info.precision, speed.info.threads, options.seconds / 2);
    print(subject.name(), options, speed, peaks);
    json = json_of(subject.name(), options, speed, peaks);
  }
  if (!options.json.empty()) save(options.json, json);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = parse(argc, argv);
    if (options.help) std::fputs(kUsage, stdout);
    else run(options);
    return 0;
  } catch (const alfa::Error& error) {
    std::fprintf(stderr, "alfa-bench: %s\n", error.what());
    return error.code == alfa::Code::kArgument ? 2 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "alfa-bench: %s\n", error.what());
    return 1;
  }
}
