// Mutual sets: unlabelled images that are scored against each other (MuSc).
#include "arguments.h"
#include "calls.h"
#include "exports.h"
#include "values.h"

namespace alfa::node {
namespace {

constexpr double kMaxImages = 1 << 30;

// (engine, category) -> set
Napi::Value create_set(const Napi::CallbackInfo& info) {
  return throw_in_js(info.Env(), [&] {
    auto category = object_in<const Category>(info[1]);
    return make_handle<MutualSet>(
        info.Env(),
        worker_of(info).engine().new_mutual_set(std::move(category)));
  });
}

// (engine, set, image, cancel?) -> promise
Napi::Value add_to_set(const Napi::CallbackInfo& info) {
  auto task = new_task(info, 3);
  const auto set = object_in<MutualSet>(info[1]);
  const PixelView image = image_of(info[2], task->keep);
  return submit(info, std::move(task),
                [set, image](Engine& engine, RunControl* control) {
                  engine.add_to_set(*set, image, control);
                });
}

// (engine, set, cancel?) -> promise of whether comparisons are left
Napi::Value compare_in_set(const Napi::CallbackInfo& info) {
  return submit<bool>(
      info, new_task(info, 2),
      [set = object_in<MutualSet>(info[1])](Engine& engine, RunControl*) {
        return engine.compare_in_set(*set);
      },
      [](Napi::Env env, bool& left) -> Napi::Value {
        return Napi::Boolean::New(env, left);
      });
}

// (engine, set, index of the image, pixelThreshold, cancel?) -> promise of a
// result
Napi::Value result_in_set(const Napi::CallbackInfo& info) {
  const int image =
      static_cast<int>(integer_of(info[2], "the image's index", 0, kMaxImages));
  const float threshold =
      static_cast<float>(number_of(info[3], "pixelThreshold"));
  return submit<Detection>(
      info, new_task(info, 4),
      [set = object_in<MutualSet>(info[1]), image, threshold](Engine& engine,
                                                              RunControl*) {
        return engine.result_in_set(*set, image, threshold);
      },
      [](Napi::Env env, Detection& detection) -> Napi::Value {
        return to_js(env, std::move(detection), 0);
      });
}

// (engine, set) -> promise. Garbage collection would free the set too, but it
// does not know how much memory the set holds.
Napi::Value clear_set(const Napi::CallbackInfo& info) {
  return submit(info, new_task(info, 2),
                [set = object_in<MutualSet>(info[1])](Engine&, RunControl*) {
                  Engine::clear_set(*set);
                });
}

}  // namespace

void export_mutual_set(Exports& exports) {
  exports.add("createSet", create_set);
  exports.add("addToSet", add_to_set);
  exports.add("compareInSet", compare_in_set);
  exports.add("resultInSet", result_in_set);
  exports.add("clearSet", clear_set);
}

}  // namespace alfa::node
