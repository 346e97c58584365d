// Inputs of CUDA operators in fp32 or fp16. References use rounded() values, so
// that the rounding of inputs does not count as an error of the operator.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "check/device.h"
#include "kernels/cuda.h"
#include "runtime/half.h"

namespace alfa::check {

inline const char* name_of(kernels::Element element) {
  return element == kernels::Element::kHalf ? "fp16" : "fp32";
}

inline std::vector<float> rounded(kernels::Element element,
                                  std::vector<float> values) {
  if (element == kernels::Element::kHalf)
    for (float& v : values) v = from_half(to_half(v));
  return values;
}

// An array of one device.
struct Elements {
  kernels::Element element = kernels::Element::kFloat;
  DeviceArray<float> floats;
  DeviceArray<uint16_t> halves;
  void* data() const {
    return element == kernels::Element::kHalf
               ? static_cast<void*>(halves.data())
               : floats.data();
  }
};

inline Elements upload(Device& device, kernels::Element element,
                       const std::vector<float>& values) {
  if (element == kernels::Element::kFloat)
    return {element, device.upload(values), {}};
  std::vector<uint16_t> halves;
  halves.reserve(values.size());
  for (const float v : values) halves.push_back(to_half(v));
  return {element, {}, device.upload(halves)};
}

inline std::vector<float> download(Device& device, const Elements& elements) {
  if (elements.element == kernels::Element::kFloat)
    return device.download(elements.floats);
  std::vector<float> values;
  for (const uint16_t v : device.download(elements.halves))
    values.push_back(from_half(v));
  return values;
}

}  // namespace alfa::check
