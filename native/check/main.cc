// alfa-check: every kernel on every backend present against a float64
// reference; with --bench the same cases timed. Exit: 0 all passed, 1 a case
// failed, 2 wrong arguments.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <thread>

#include "check/cases.h"
#include "check/cases_engine.h"
#include "check/report.h"

namespace {

using namespace alfa::check;

constexpr char kUsage[] =
    "alfa-check [--bench] [--filter TEXT] [--backend NAME] [--light] [--list] "
    "[--json] [--threads N] [--model DIR --runtime FILE]\n"
    "  --bench        time each case too\n"
    "  --filter TEXT  only cases whose name contains TEXT\n"
    "  --backend NAME only that one of the backends that it lists at its "
    "start, which must be there\n"
    "  --light        without the cases that are heavy where a kernel is "
    "watched or emulated\n"
    "  --list         print the names and stop\n"
    "  --json         one JSON document on stdout\n"
    "  --threads N    threads of the CPU backend (default: one per hardware "
    "thread)\n"
    "  --model DIR    whole detections of this checkpoint too, the GPU's "
    "against the CPU's; it needs\n"
    "  --runtime FILE libonnxruntime, on a GPU the one beside its CUDA "
    "provider\n";

struct Options {
  bool bench = false, list = false, json = false, light = false;
  std::string filter, backend, model, runtime;
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
      options.backend = argv[++i];
    else if (argument == "--threads" && has_value && std::atoi(argv[i + 1]) > 0)
      options.threads = std::atoi(argv[++i]);
    else if (argument == "--model" && has_value)
      options.model = argv[++i];
    else if (argument == "--runtime" && has_value)
      options.runtime = argv[++i];
    else
      return false;
  }
  return options.model.empty() == options.runtime.empty();
}

// At least 3 measurements and a tenth of a second of them. The best is what the
// kernel can do; the median, what it did. On a device a measurement is of 20
// calls between two events: a kernel is shorter than its launch.
Timing time_call(Backend& backend, const Call& call) {
  const int calls =
      backend.kind() == Kind::kCuda && !backend.emulated() ? 20 : 1;
  std::vector<double> seconds;
  for (double total = 0;
       seconds.size() < 3 || (total < 0.1 && seconds.size() < 100000);
       total += seconds.back() * calls)
    seconds.push_back(backend.time(call.launch, calls) / calls);
  std::sort(seconds.begin(), seconds.end());
  return {seconds.front(), seconds[seconds.size() / 2],
          static_cast<int>(seconds.size()) * calls};
}

// False where the backend has no such operator.
bool run(const Case& subject, Backend& backend, bool bench, Outcome& outcome) {
  outcome = {backend.name(), &subject, {}, {}};
  try {
    const Work work = subject.make();
    const Call call = work.prepare(backend);
    if (!call.launch) return false;
    call.launch();
    backend.wait();
    const std::vector<float> out = call.fetch();
    outcome.deviation = compare(out, work.reference(), subject.tolerance);
    if (const std::string problem = work.property ? work.property(out) : "";
        !problem.empty()) {
      outcome.deviation.within = false;
      outcome.deviation.problem +=
          (outcome.deviation.problem.empty() ? "" : "; ") + problem;
    }
    if (bench) outcome.timing = time_call(backend, call);
  } catch (const std::exception& error) {
    outcome.deviation.within = false;
    outcome.deviation.problem = std::string("threw ") + error.what();
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  Cases cases = all_cases();
  if (!options.model.empty()) {
    engine_cases(cases, options.model, options.runtime);
#if defined(ALFA_CUDA_EMULATED) && !defined(ALFA_CUDA_SANITIZED)
    emulated_engine_cases(cases, options.model, options.runtime);
#endif
  }
  std::erase_if(cases, [&](const Case& c) {
    return c.name.find(options.filter) == std::string::npos;
  });
  if (cases.empty()) {
    std::fprintf(
        stderr,
        "alfa-check: no case has \"%s\" in its name; --list prints the names\n",
        options.filter.c_str());
    return 2;
  }
  if (options.list) {
    for (const Case& subject : cases) std::printf("%s\n", subject.name.c_str());
    return 0;
  }

  Backends backends = find_backends(options.threads);
  if (!options.backend.empty()) {
    std::erase_if(backends.present, [&](const auto& backend) {
      return backend->name() != options.backend;
    });
    if (backends.present.empty()) {
      print_backends(backends);
      std::fprintf(stderr, "alfa-check: there is no backend \"%s\" here\n",
                   options.backend.c_str());
      return 2;
    }
  }
  if (!options.json) print_backends(backends);
  std::vector<Outcome> outcomes;
  int heavy = 0;
  for (const auto& backend : backends.present) {
    for (const Case& subject : cases) {
      if (subject.heavy && (options.light || backend->emulated())) {
        ++heavy;
        continue;
      }
      Outcome outcome;
      if (!run(subject, *backend, options.bench, outcome)) continue;
      if (!options.json) print_outcome(outcome);
      outcomes.push_back(std::move(outcome));
    }
  }
  if (options.json) {
    print_json(backends, outcomes, heavy);
  } else {
    print_summary(outcomes, heavy);
  }
  return std::all_of(outcomes.begin(), outcomes.end(),
                     [](const Outcome& o) { return o.passed(); })
             ? 0
             : 1;
}
