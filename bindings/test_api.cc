// For tests and benchmarks. lib/ does not call these functions, and prebuilt
// addons do not have them.
#ifdef ALFA_TEST_API
#include "arguments.h"
#include "calls.h"
#include "exports.h"
#include "values.h"

namespace alfa::node {
namespace {

// (engine, image, fit, scales, cancel?) -> promise of { embedding, value }
Napi::Value embed_windows(const Napi::CallbackInfo& info) {
  using Features = Engine::WindowFeatures;
  auto task = new_task(info, 4);
  const PixelView image = image_of(info[1], task->keep);
  const Fit fit = enum_of<Fit>(info[2], "fit");
  const Napi::Array array = array_of(info[3], "scales");
  std::vector<int> scales;
  for (uint32_t i = 0; i < array.Length(); ++i)
    scales.push_back(count_of(array.Get(i), "scales", 1));
  return submit<Features>(
      info, std::move(task),
      [image, fit, scales](Engine& engine, RunControl* control) {
        return engine.embed_windows(image, fit, scales, control);
      },
      [](Napi::Env env, Features& features) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("embedding",
                   to_js(env, std::span<const float>(features.embedding)));
        object.Set("value", to_js(env, std::span<const float>(features.value)));
        return object;
      });
}

// (image, width, height, fit) -> RGB, [height * width * 3] ('crop': [width *
// width * 3]). Runs on the event loop's thread.
Napi::Value resize(const Napi::CallbackInfo& info) {
  constexpr double kMaxSide = 1 << 15;
  std::vector<Napi::ObjectReference> keep;
  const PixelView image = image_of(info[0], keep);
  const auto side = [&](size_t index, const char* name) {
    return static_cast<int>(integer_of(info[index], name, 1, kMaxSide));
  };
  const auto rgb = resize_image(image, side(1, "width"), side(2, "height"),
                                enum_of<Fit>(info[3], "fit"));
  return to_js(info.Env(), std::span<const uint8_t>(rgb));
}

}  // namespace

void export_test_api(Exports& exports) {
  exports.add("embedWindows", embed_windows);
  exports.add("resize", resize);
}

}  // namespace alfa::node
#endif
