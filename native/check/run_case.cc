#include "check/run_case.h"

#include <algorithm>
#include <exception>

namespace alfa::check {
namespace {

// At least 3 measurements that take 0.1 s together. A kernel can be shorter
// than its launch, so a measurement on a GPU is the mean of 20 calls between
// two events.
Timing time_call(Device& device, const Call& call) {
  constexpr size_t kMostMeasurements = 100000;
  const int calls = device.is_cuda() && !device.is_emulated() ? 20 : 1;
  std::vector<double> seconds;
  double total = 0;
  while (seconds.size() < 3 ||
         (total < 0.1 && seconds.size() < kMostMeasurements)) {
    const double measured = device.time(call.launch, calls);
    seconds.push_back(measured / calls);
    total += measured;
  }
  std::sort(seconds.begin(), seconds.end());
  return {seconds.front(), seconds[seconds.size() / 2],
          static_cast<int>(seconds.size()) * calls};
}

void add_problem(Deviation& deviation, const std::string& problem) {
  if (problem.empty()) return;
  deviation.within = false;
  if (!deviation.problem.empty()) deviation.problem += "; ";
  deviation.problem += problem;
}

}  // namespace

std::optional<Outcome> run_case(const Case& subject, Device& device,
                                bool timed) {
  Outcome outcome{device.name(), &subject, {}, {}};
  try {
    const Work work = subject.make();
    const Call call = work.prepare(device);
    if (!call.launch) return std::nullopt;
    call.launch();
    device.wait();
    const std::vector<float> output = call.fetch();
    outcome.deviation = compare(output, work.reference(), subject.tolerance);
    if (work.property) add_problem(outcome.deviation, work.property(output));
    if (timed) outcome.timing = time_call(device, call);
  } catch (const std::exception& error) {
    add_problem(outcome.deviation, std::string("threw: ") + error.what());
  }
  return outcome;
}

}  // namespace alfa::check
