// Prints the results on stdout, or writes them as JSON.
#pragma once
#include <string>

#include "bench/compare.h"
#include "bench/measure.h"
#include "bench/peak.h"

namespace alfa::bench {

void print(const std::string& model, const Options& options, const Speed& speed,
           const Peaks& peaks);
void print(const std::string& model, const Comparison& comparison);
std::string json_of(const std::string& model, const Options& options,
                    const Speed& speed, const Peaks& peaks);
std::string json_of(const std::string& model, const Comparison& comparison);

}  // namespace alfa::bench
