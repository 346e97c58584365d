// alfa-bench: measures the speed of the engine, or compares its precisions and
// devices. Needs no Node.
#include <cstdio>
#include <exception>
#include <fstream>

#include "bench/options.h"
#include "bench/report.h"

namespace {

using namespace alfa::bench;

// The JSON file. It is opened before the measurement, so that an error appears
// at once.
class Output {
 public:
  explicit Output(const std::string& file) : file_(file) {
    if (!file.empty()) out_.open(file);
    check();
  }
  void write(const std::string& text) {
    if (file_.empty()) return;
    out_ << text << std::flush;
    check();
  }

 private:
  void check() const {
    if (!out_)
      throw alfa::Error(alfa::Code::kWrite, file_ + ": cannot be written");
  }
  std::string file_;
  std::ofstream out_;
};

void run(const Options& options) {
  Output output(options.json);
  const Subject subject(options);
  if (options.compare != Compare::kNone) {
    const Comparison comparison = compare(options, subject);
    print(subject.name(), comparison);
    output.write(json_of(subject.name(), comparison));
    return;
  }
  const Speed speed = measure_speed(options, subject);
  std::fprintf(stderr, "measuring the peaks of the machine\n");
  const Peaks peaks =
      measure_peaks(options.runtime, options.device, speed.info.precision,
                    speed.info.threads, options.seconds / 2);
  print(subject.name(), options, speed, peaks);
  output.write(json_of(subject.name(), options, speed, peaks));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = parse(argc, argv);
    if (options.help)
      std::fputs(kUsage, stdout);
    else
      run(options);
    return 0;
  } catch (const alfa::Error& error) {
    std::fprintf(stderr, "alfa-bench: %s\n", error.what());
    return error.code == alfa::Code::kArgument ? 2 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "alfa-bench: %s\n", error.what());
    return 1;
  }
}
