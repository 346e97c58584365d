// From the features of a batch to results on the device (docs/method.md, steps
// 6 to 11): contextual score, aligned windows, harmonic map, memory bank,
// upsampling. Each step is one kernel or two. All launches are recorded as one
// CUDA graph, whose last node copies the results to the host.
#pragma once
#include <memory>
#include <vector>

#include "engine.h"
#include "engine/backend/cuda/device_category.h"
#include "engine/backend/cuda/tower.h"
#include "kernels/nearest/nearest_cuda.h"

namespace alfa {

// Assigns offsets within one allocation, each aligned for vector loads.
class BufferLayout {
 public:
  size_t reserve(size_t bytes) {
    const size_t offset = bytes_;
    bytes_ = (bytes_ + bytes + 255) / 256 * 256;
    return offset;
  }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_ = 0;
};

// The scoring of one category for images [first, first + count) of a layout.
class ScoringGraph {
 public:
  ScoringGraph(CudaTower& tower, const CudaLayout& layout, size_t first,
               size_t count, const Category& category,
               std::shared_ptr<DeviceCategory> on_device);

  bool is_for(const DeviceCategory& category, const CudaLayout& layout,
              size_t first, size_t count) const {
    return on_device_.get() == &category && layout_id_ == layout.id &&
           first_ == first && count_ == count;
  }
  const DeviceCategory& category() const { return *on_device_; }

  // Launches the scoring of what the layout holds now.
  void run();
  // The results of the last run. The stream must have finished it.
  std::vector<Detection> results() const;

 private:
  // A place in one of two allocations: `results_` is copied to the host,
  // `work_` stays on the device.
  template <typename T>
  struct Slot {
    bool in_results = false;
    size_t offset = 0;
  };
  template <typename T>
  T* device_pointer(Slot<T> slot) const {
    const DeviceBuffer& buffer = slot.in_results ? results_ : work_;
    return reinterpret_cast<T*>(buffer.as<char>() + slot.offset);
  }
  template <typename T>
  const T* host(Slot<T> slot) const {
    return reinterpret_cast<const T*>(host_results_.as<char>() + slot.offset);
  }

  // One level of the memory bank.
  struct Level {
    kernels::CudaNearest search;  // without addresses of results
    Slot<char> rows;              // the queries, if they are patches
    Slot<float> similarity, distance;
    Slot<char> scratch;
  };

  void collect_segments();
  void allocate();
  void add_level(size_t level, BufferLayout& work);
  void launch();
  void launch_windows();
  void launch_bank();
  void launch_level(size_t level);

  CudaTower& tower_;
  const CudaLayout& layout_;
  int layout_id_;
  size_t first_, count_;
  Settings settings_;
  int counts_[2];  // of normal and abnormal prompts
  std::shared_ptr<DeviceCategory> on_device_;

  bool windows_;    // whether the zero-shot map is made of windows
  bool map_;        // whether there is a map
  bool upsampled_;  // whether the map gets the model's image size here
  int window_count_ = 0, longest_window_ = 0;
  DeviceBuffer window_segments_;  // the segments to score
  DeviceBuffer whole_segments_;   // the segment of each whole image

  DeviceBuffer work_, results_;
  DeviceBuffer host_results_;  // pinned
  Slot<float> similarity_, global_, score_, local_, embedding_;
  Slot<uint8_t> kept_;
  Slot<int32_t> summary_;
  Slot<float> grid_map_, full_map_;
  Slot<float> prompt_score_, direction_, window_score_, bank_map_;
  std::vector<Level> levels_;

  CudaGraph graph_;
  bool warm_ = false;  // whether it was launched once without recording
};

}  // namespace alfa
