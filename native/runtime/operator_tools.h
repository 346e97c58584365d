// What every operator of ours needs inside ONNX Runtime. Internal to runtime/.
#pragma once
#include "kernels/parallel_for.h"
#include "runtime/runtime.h"

namespace alfa {

// ORT's own pool: our operators run on the threads that the matrix products
// use.
inline kernels::ParallelFor pool_of(const Ort::KernelContext& context) {
  return [&context](size_t tasks, const std::function<void(size_t)>& body) {
    context.ParallelFor(
        [](void* f, size_t i) {
          (*static_cast<const std::function<void(size_t)>*>(f))(i);
        },
        tasks, tasks, const_cast<std::function<void(size_t)>*>(&body));
  };
}

inline void expect(bool ok, const char* what) {
  if (!ok) ORT_CXX_API_THROW(what, ORT_INVALID_ARGUMENT);
}

// An input of exactly `count` floats.
inline const float* floats_of(const Ort::KernelContext& context, size_t i,
                              int64_t count, const char* what) {
  const auto input = context.GetInput(i);
  expect(static_cast<int64_t>(
             input.GetTensorTypeAndShapeInfo().GetElementCount()) == count,
         what);
  return input.GetTensorData<float>();
}

// Of an operator's inputs and outputs, a letter each: F fp32, I int32; in lower
// case it may be absent.
inline ONNXTensorElementDataType type_of(char letter) {
  return letter == 'I' || letter == 'i' ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32
                                        : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}
inline OrtCustomOpInputOutputCharacteristic needed(char letter) {
  return letter >= 'a' ? INPUT_OUTPUT_OPTIONAL : INPUT_OUTPUT_REQUIRED;
}

}  // namespace alfa
