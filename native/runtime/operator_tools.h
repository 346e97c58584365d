// Helpers for our ONNX Runtime operators. Internal to runtime/.
#pragma once
#include <cstddef>
#include <functional>

#include "kernels/parallel_for.h"
#include "runtime/runtime.h"

namespace alfa {

// ONNX Runtime's own thread pool, so that our operators run on the threads that
// its matmuls use.
inline kernels::ParallelFor pool_of(const Ort::KernelContext& context) {
  return [&context](size_t tasks, const std::function<void(size_t)>& body) {
    context.ParallelFor(
        [](void* f, size_t i) {
          (*static_cast<const std::function<void(size_t)>*>(f))(i);
        },
        tasks, tasks, const_cast<std::function<void(size_t)>*>(&body));
  };
}

// `message` says what was expected. These errors are faults of the graph or the
// engine, not of the user.
inline void expect(bool ok, const char* message) {
  if (!ok) ORT_CXX_API_THROW(message, ORT_INVALID_ARGUMENT);
}

// Input i, which must have exactly `count` floats.
inline const float* floats_of(const Ort::KernelContext& context, size_t i,
                              int64_t count, const char* message) {
  const auto input = context.GetInput(i);
  const size_t found = input.GetTensorTypeAndShapeInfo().GetElementCount();
  expect(static_cast<int64_t>(found) == count, message);
  return input.GetTensorData<float>();
}

// An operator lists its inputs and outputs as a string with one letter each: F
// for fp32, I for int32; lower case if it is optional.
inline ONNXTensorElementDataType type_of(char letter) {
  return letter == 'I' || letter == 'i' ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32
                                        : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}
inline OrtCustomOpInputOutputCharacteristic characteristic_of(char letter) {
  return letter >= 'a' ? INPUT_OUTPUT_OPTIONAL : INPUT_OUTPUT_REQUIRED;
}

}  // namespace alfa
