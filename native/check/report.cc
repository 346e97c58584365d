#include "check/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace alfa::check {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + '"';
}

std::string number(double value) {  // JSON knows no NaN and no infinity
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

bool in_ulps(const Case& subject) {
  return subject.tolerance.unit == Tolerance::Unit::kUlp;
}

const char* unit_name(Tolerance::Unit unit) {
  return unit == Tolerance::Unit::kUlp          ? "\"ulp\""
         : unit == Tolerance::Unit::kBesideHalf ? "\"absolute beside fp16\""
                                                : "\"absolute\"";
}

size_t passed(const std::vector<Outcome>& outcomes) {
  return static_cast<size_t>(
      std::count_if(outcomes.begin(), outcomes.end(),
                    [](const Outcome& o) { return o.passed(); }));
}

}  // namespace

void print_backends(const Backends& backends) {
  for (const auto& backend : backends.present)
    std::printf("%s: %s\n", backend->name().c_str(),
                backend->description().c_str());
  for (const auto& skipped : backends.skipped)
    std::printf("%s: skipped: %s\n", skipped.name.c_str(), skipped.why.c_str());
}

void print_outcome(const Outcome& outcome) {
  const Case& subject = *outcome.subject;
  std::printf("%-4s %-8s %-66s", outcome.passed() ? "ok" : "FAIL",
              outcome.backend.c_str(), subject.name.c_str());
  if (outcome.timing.calls > 0) {
    const double best = outcome.timing.best;
    std::printf(" %12s", duration(best).c_str());
    if (subject.flops > 0) {
      const double rate = subject.flops / best * 1e-9;
      std::printf(rate < 1e4 ? "  %8.2f GFLOP/s" : "  %8.2f TFLOP/s",
                  rate < 1e4 ? rate : rate * 1e-3);
    }
    if (subject.bytes > 0)
      std::printf("  %8.2f GB/s", subject.bytes / best * 1e-9);
  } else if (in_ulps(subject)) {
    std::printf(" max abs %-9.3g %.3g of %.3g ULP", outcome.deviation.max_abs,
                outcome.deviation.max_ulp, subject.tolerance.limit);
  } else {
    const bool half = subject.tolerance.unit == Tolerance::Unit::kBesideHalf;
    std::printf(" max abs %-9.3g of %.3g%s", outcome.deviation.max_abs,
                subject.tolerance.limit, half ? " beside fp16" : "");
  }
  std::printf("\n");
  if (!outcome.passed()) {
    std::printf("     %s\n     the tolerance's reason: %s\n",
                outcome.deviation.problem.c_str(),
                subject.tolerance.reason.c_str());
  }
  std::fflush(stdout);
}

void print_summary(const std::vector<Outcome>& outcomes, int heavy) {
  std::printf("%zu passed, %zu failed", passed(outcomes),
              outcomes.size() - passed(outcomes));
  if (heavy > 0) std::printf(", %d heavy ones skipped", heavy);
  std::printf("\n");
}

void print_json(const Backends& backends, const std::vector<Outcome>& outcomes,
                int heavy) {
  std::printf("{\n  \"backends\": [");
  const char* comma = "";
  for (const auto& backend : backends.present) {
    std::printf("%s\n    {\"name\": %s, \"description\": %s}", comma,
                quoted(backend->name()).c_str(),
                quoted(backend->description()).c_str());
    comma = ",";
  }
  for (const auto& skipped : backends.skipped) {
    std::printf("%s\n    {\"name\": %s, \"skipped\": %s}", comma,
                quoted(skipped.name).c_str(), quoted(skipped.why).c_str());
    comma = ",";
  }
  std::printf("\n  ],\n  \"cases\": [");
  comma = "";
  for (const Outcome& o : outcomes) {
    const Case& subject = *o.subject;
    std::printf(
        "%s\n    {\"backend\": %s, \"name\": %s, \"passed\": %s, \"maxAbs\": "
        "%s, \"maxUlp\": %s, \"tolerance\": %s, "
        "\"unit\": %s, \"reason\": %s",
        comma, quoted(o.backend).c_str(), quoted(subject.name).c_str(),
        o.passed() ? "true" : "false", number(o.deviation.max_abs).c_str(),
        number(o.deviation.max_ulp).c_str(),
        number(subject.tolerance.limit).c_str(),
        unit_name(subject.tolerance.unit),
        quoted(subject.tolerance.reason).c_str());
    if (!o.passed())
      std::printf(", \"problem\": %s", quoted(o.deviation.problem).c_str());
    if (o.timing.calls > 0) {
      std::printf(
          ", \"bestSeconds\": %s, \"medianSeconds\": %s, \"calls\": %d, "
          "\"flops\": %s, \"bytes\": %s",
          number(o.timing.best).c_str(), number(o.timing.median).c_str(),
          o.timing.calls, number(subject.flops).c_str(),
          number(subject.bytes).c_str());
    }
    std::printf("}");
    comma = ",";
  }
  std::printf(
      "\n  ],\n  \"passed\": %zu,\n  \"failed\": %zu,\n  \"skipped\": %d\n}\n",
      passed(outcomes), outcomes.size() - passed(outcomes), heavy);
}

}  // namespace alfa::check
