#include "check/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace alfa::check {
namespace {

using Unit = Tolerance::Unit;

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + '"';
}

// JSON has no NaN and no infinity.
std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return std::isfinite(value) ? text : "null";
}

std::string format(const char* pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

std::string duration(double seconds) {
  if (seconds < 1e-6) return format("%.0f ns", seconds * 1e9);
  if (seconds < 1e-3) return format("%.2f us", seconds * 1e6);
  return format("%.2f ms", seconds * 1e3);
}

const char* unit_name(Unit unit) {
  switch (unit) {
    case Unit::kUlp:
      return "ulp";
    case Unit::kBeyondHalf:
      return "absolute beyond fp16";
    case Unit::kAbsolute:
      break;
  }
  return "absolute";
}

size_t count_passed(const std::vector<Outcome>& outcomes) {
  return static_cast<size_t>(
      std::count_if(outcomes.begin(), outcomes.end(),
                    [](const Outcome& o) { return o.passed(); }));
}

void print_timing(const Case& subject, double seconds) {
  std::printf(" %12s", duration(seconds).c_str());
  if (subject.flops > 0) {
    const double gigaflops = subject.flops / seconds * 1e-9;
    if (gigaflops < 1e4)
      std::printf("  %8.2f GFLOP/s", gigaflops);
    else
      std::printf("  %8.2f TFLOP/s", gigaflops * 1e-3);
  }
  if (subject.bytes > 0)
    std::printf("  %8.2f GB/s", subject.bytes / seconds * 1e-9);
}

void print_deviation(const Deviation& deviation, const Tolerance& tolerance) {
  std::printf(" max abs %-9.3g", deviation.max_abs);
  if (tolerance.unit == Unit::kUlp) {
    std::printf(" %.3g of %.3g ULP", deviation.max_ulp, tolerance.limit);
    return;
  }
  const bool half = tolerance.unit == Unit::kBeyondHalf;
  std::printf(" of %.3g%s", tolerance.limit, half ? " beyond fp16" : "");
}

void print_json_case(const Outcome& outcome) {
  const Case& subject = *outcome.subject;
  const Tolerance& tolerance = subject.tolerance;
  std::printf("{\"backend\": %s, \"name\": %s, \"passed\": %s",
              quoted(outcome.device).c_str(), quoted(subject.name).c_str(),
              outcome.passed() ? "true" : "false");
  std::printf(", \"maxAbs\": %s, \"maxUlp\": %s",
              number(outcome.deviation.max_abs).c_str(),
              number(outcome.deviation.max_ulp).c_str());
  std::printf(", \"tolerance\": %s, \"unit\": \"%s\", \"reason\": %s",
              number(tolerance.limit).c_str(), unit_name(tolerance.unit),
              quoted(tolerance.reason).c_str());
  if (!outcome.passed())
    std::printf(", \"problem\": %s", quoted(outcome.deviation.problem).c_str());
  if (outcome.timing.calls > 0) {
    std::printf(", \"bestSeconds\": %s, \"medianSeconds\": %s, \"calls\": %d",
                number(outcome.timing.best).c_str(),
                number(outcome.timing.median).c_str(), outcome.timing.calls);
    std::printf(", \"flops\": %s, \"bytes\": %s", number(subject.flops).c_str(),
                number(subject.bytes).c_str());
  }
  std::printf("}");
}

}  // namespace

void print_devices(const Devices& devices) {
  for (const auto& device : devices.available)
    std::printf("%s: %s\n", device->name().c_str(),
                device->description().c_str());
  for (const auto& missing : devices.missing)
    std::printf("%s: skipped: %s\n", missing.name.c_str(),
                missing.reason.c_str());
}

void print_outcome(const Outcome& outcome) {
  const Case& subject = *outcome.subject;
  std::printf("%-4s %-8s %-66s", outcome.passed() ? "ok" : "FAIL",
              outcome.device.c_str(), subject.name.c_str());
  if (outcome.timing.calls > 0)
    print_timing(subject, outcome.timing.best);
  else
    print_deviation(outcome.deviation, subject.tolerance);
  std::printf("\n");
  if (!outcome.passed())
    std::printf("     %s\n     tolerance: %s\n",
                outcome.deviation.problem.c_str(),
                subject.tolerance.reason.c_str());
  std::fflush(stdout);
}

void print_summary(const std::vector<Outcome>& outcomes, int skipped) {
  const size_t passed = count_passed(outcomes);
  std::printf("%zu passed, %zu failed", passed, outcomes.size() - passed);
  if (skipped > 0) std::printf(", %d heavy cases skipped", skipped);
  std::printf("\n");
}

void print_json(const Devices& devices, const std::vector<Outcome>& outcomes,
                int skipped) {
  std::printf("{\n  \"backends\": [");
  const char* comma = "";
  for (const auto& device : devices.available) {
    std::printf("%s\n    {\"name\": %s, \"description\": %s}", comma,
                quoted(device->name()).c_str(),
                quoted(device->description()).c_str());
    comma = ",";
  }
  for (const auto& missing : devices.missing) {
    std::printf("%s\n    {\"name\": %s, \"skipped\": %s}", comma,
                quoted(missing.name).c_str(), quoted(missing.reason).c_str());
    comma = ",";
  }
  std::printf("\n  ],\n  \"cases\": [");
  comma = "";
  for (const Outcome& outcome : outcomes) {
    std::printf("%s\n    ", comma);
    print_json_case(outcome);
    comma = ",";
  }
  const size_t passed = count_passed(outcomes);
  std::printf("\n  ],\n  \"passed\": %zu,\n  \"failed\": %zu,\n", passed,
              outcomes.size() - passed);
  std::printf("  \"skipped\": %d\n}\n", skipped);
}

}  // namespace alfa::check
