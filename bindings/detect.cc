// Detection: one image, one or several categories.
#include "arguments.h"
#include "calls.h"
#include "exports.h"
#include "values.h"

namespace alfa::node {
namespace {

// The arrays have one element per category.
std::vector<DetectRequest::Part> parts_of(const Napi::Array& categories,
                                          const Napi::Array& thresholds) {
  if (categories.Length() == 0 || categories.Length() != thresholds.Length())
    throw_range(categories.Env(),
                "Expected at least one category, and as many pixelThresholds "
                "as categories.");
  std::vector<DetectRequest::Part> parts;
  for (uint32_t i = 0; i < categories.Length(); ++i)
    parts.push_back(
        {object_in<const Category>(categories.Get(i)),
         static_cast<float>(number_of(thresholds.Get(i), "pixelThreshold"))});
  return parts;
}

// (engine, categories, image, pixelThresholds, cancel?) -> promise of results
Napi::Value detect(const Napi::CallbackInfo& info) {
  auto task = new_task(info, 4);
  auto work = std::make_unique<DetectWork>();
  work->request.parts = parts_of(array_of(info[1], "categories"),
                                 array_of(info[3], "pixelThresholds"));
  work->request.image = image_of(info[2], task->keep);
  task->result = [done = work.get()](Napi::Env env) -> Napi::Value {
    auto results = Napi::Array::New(env, done->detections.size());
    for (uint32_t i = 0; i < done->detections.size(); ++i)
      results.Set(i,
                  to_js(env, std::move(done->detections[i]), done->queue_ms));
    return results;
  };
  task->detect = std::move(work);
  return submit(info, std::move(task));
}

// (engine, category, cancel?) -> promise
Napi::Value warm_up(const Napi::CallbackInfo& info) {
  return submit(info, new_task(info, 2),
                [category = object_in<const Category>(info[1])](
                    Engine& engine, RunControl* control) {
                  engine.warm_up(category, control);
                });
}

}  // namespace

void export_detect(Exports& exports) {
  exports.add("detect", detect);
  exports.add("warmUp", warm_up);
}

}  // namespace alfa::node
