// Metrics. With `later`, the work runs on a background thread and the promise
// of the value is returned. The thread reads the caller's arrays: lib/ passes
// private copies, whose buffers users cannot transfer.
#include <memory>
#include <mutex>
#include <vector>

#include "arguments.h"
#include "background.h"
#include "exports.h"
#include "handles.h"
#include "values.h"

namespace alfa::node {

struct PixelScoresHandle {
  std::unique_ptr<metrics::PixelScores> scores;  // null once freed
  std::mutex mutex;  // guards `scores`: a thread may still add to them

  metrics::PixelScores& get() const {
    if (!scores) throw Error(Code::kClosed, "These pixel scores were freed.");
    return *scores;
  }
};

template <>
struct HandleType<PixelScoresHandle> {
  static constexpr const char* kName = "pixel scores";
  static constexpr napi_type_tag kTag{0x5e07b9d21c6843fa, 0xa92f4e6d8031c75b};
};

namespace {

constexpr size_t kMaxPixels = 1 << 30;  // of one map

bool is_true(const Napi::Value& value) {
  return value.IsBoolean() && value.As<Napi::Boolean>();
}

Napi::Value to_undefined(Napi::Env env) { return env.Undefined(); }

// Runs `work` now or later. `arrays`: the typed arrays that it reads.
Napi::Value run(const Napi::CallbackInfo& info, bool later,
                std::initializer_list<Napi::Value> arrays,
                std::function<void()> work,
                std::function<Napi::Value(Napi::Env)> result) {
  if (!later) {
    if (const auto error = catch_error(work))
      throw Napi::Error(info.Env(), error_to_js(info.Env(), *error));
    return result(info.Env());
  }
  const auto keep = std::make_shared<std::vector<Napi::ObjectReference>>();
  for (const Napi::Value& array : arrays)
    keep->push_back(Napi::Persistent(array.As<Napi::Object>()));
  return run_in_background(info.Env(), std::move(work),
                           [keep, result = std::move(result)](Napi::Env env) {
                             return result(env);
                           });
}

Napi::Object curve_to_js(Napi::Env env, const metrics::Curve& curve) {
  auto object = Napi::Object::New(env);
  object.Set("x", to_js(env, std::span<const double>(curve.x)));
  object.Set("y", to_js(env, std::span<const double>(curve.y)));
  return object;
}

Napi::Value metrics_to_js(Napi::Env env, const metrics::Metrics& metrics) {
  auto object = Napi::Object::New(env);
  object.Set("auroc", metrics.auroc);
  object.Set("averagePrecision", metrics.average_precision);
  object.Set("aupr", metrics.aupr_trapezoid);
  object.Set("f1", metrics.f1);
  object.Set("threshold", metrics.threshold);
  object.Set("pro", metrics.pro);
  object.Set("roc", curve_to_js(env, metrics.roc));
  object.Set("pr", curve_to_js(env, metrics.pr));
  object.Set("proCurve", curve_to_js(env, metrics.pro_curve));
  return object;
}

Napi::Value run_metrics(const Napi::CallbackInfo& info, bool later,
                        std::initializer_list<Napi::Value> arrays,
                        std::function<metrics::Metrics()> compute) {
  const auto metrics = std::make_shared<metrics::Metrics>();
  return run(
      info, later, arrays,
      [metrics, compute = std::move(compute)] { *metrics = compute(); },
      [metrics](Napi::Env env) { return metrics_to_js(env, *metrics); });
}

template <typename Score>
Napi::Value image_metrics_of(const Napi::CallbackInfo& info) {
  const auto labels = span_of<uint8_t>(info[0], "labels");
  const auto scores = span_of<Score>(info[1], "scores");
  const bool curves = is_true(info[2]);
  if (scores.size() != labels.size())
    throw_range(info.Env(), "Expected as many scores as labels.");
  return run_metrics(info, is_true(info[3]), {info[0], info[1]},
                     [labels, scores, curves] {
                       return metrics::image_metrics(
                           labels.data(), scores.data(), labels.size(), curves);
                     });
}

// (labels, scores, curves, later?) -> metrics
Napi::Value image_metrics(const Napi::CallbackInfo& info) {
  const bool doubles =
      info[1].IsTypedArray() &&
      info[1].As<Napi::TypedArray>().TypedArrayType() == napi_float64_array;
  return doubles ? image_metrics_of<double>(info)
                 : image_metrics_of<float>(info);
}

// (pixels of all images together) -> scores
Napi::Value create_pixel_scores(const Napi::CallbackInfo& info) {
  const double pixels = integer_of(info[0], "pixels", 0, 1e12);
  const auto handle = std::make_shared<PixelScoresHandle>();
  const auto error = catch_error([&] {
    handle->scores =
        std::make_unique<metrics::PixelScores>(static_cast<size_t>(pixels));
  });
  if (error) throw Napi::Error(info.Env(), error_to_js(info.Env(), *error));
  return make_handle(info.Env(), handle);
}

// The size of a map and its mask, checked against their arrays.
struct Size {
  int width, height;
};

Size size_of(const Napi::Env& env, size_t pixels, double width) {
  if (pixels > kMaxPixels || pixels % static_cast<size_t>(width) != 0)
    throw_range(env,
                "Expected a map and a mask of complete rows and at most 2^30 "
                "pixels.");
  return {static_cast<int>(width),
          static_cast<int>(pixels / static_cast<size_t>(width))};
}

// (scores, map, mask, width, later?)
Napi::Value add_pixels(const Napi::CallbackInfo& info) {
  const auto handle = object_in<PixelScoresHandle>(info[0]);
  const auto map = span_of<float>(info[1], "map");
  const auto mask = span_of<uint8_t>(info[2], "mask");
  if (map.size() != mask.size())
    throw_range(info.Env(), "Expected a map and a mask of the same size.");
  const Size size = size_of(info.Env(), map.size(),
                            integer_of(info[3], "width", 1, kMaxPixels));
  return run(
      info, is_true(info[4]), {info[1], info[2]},
      [handle, map, mask, size] {
        const std::scoped_lock lock(handle->mutex);
        handle->get().add(map.data(), mask.data(), size.width, size.height);
      },
      to_undefined);
}

// (scores, map, mask, { mapWidth, mapHeight, width, height, alignCorners }) ->
// promise. Adds a map of any size, upsampled to the mask's size.
Napi::Value add_map(const Napi::CallbackInfo& info) {
  const auto handle = object_in<PixelScoresHandle>(info[0]);
  const auto map = span_of<float>(info[1], "map");
  const auto mask = span_of<uint8_t>(info[2], "mask");
  const Napi::Object sizes = object_of(info[3], "sizes");
  const auto side = [&](const char* key) {
    return count_of(sizes.Get(key), key, 1);
  };
  const Size from{side("mapWidth"), side("mapHeight")};
  const Size to{side("width"), side("height")};
  const bool corners = boolean_of(sizes.Get("alignCorners"), "alignCorners");
  const auto has_size = [](auto array, const Size& size) {
    return array.size() ==
           static_cast<size_t>(size.width) * static_cast<size_t>(size.height);
  };
  if (!has_size(map, from) || !has_size(mask, to) || mask.size() > kMaxPixels)
    throw_range(info.Env(),
                "Expected a map and a mask of the sizes that are passed, and "
                "at most 2^30 pixels.");
  return run(
      info, true, {info[1], info[2]},
      [=] {
        const auto upsampled = upsample_map(
            map.data(), from.width, from.height, to.width, to.height,
            corners ? Align::kCorners : Align::kCentres);
        const std::scoped_lock lock(handle->mutex);
        handle->get().add(upsampled.data(), mask.data(), to.width, to.height);
      },
      to_undefined);
}

// (scores, { maxFpr, steps, threads, curves }, later?) -> metrics
Napi::Value pixel_metrics(const Napi::CallbackInfo& info) {
  const auto handle = object_in<PixelScoresHandle>(info[0]);
  const Napi::Object object = object_of(info[1], "options");
  metrics::PixelOptions options;
  options.max_fpr = number_of(object.Get("maxFpr"), "maxFpr");
  if (!(options.max_fpr > 0 && options.max_fpr <= 1))
    throw_range(info.Env(), "Expected a maxFpr above 0 and at most 1.");
  options.steps = count_of(object.Get("steps"), "steps", 0);
  options.threads = count_of(object.Get("threads"), "threads", 0);
  options.curves = boolean_of(object.Get("curves"), "curves");
  return run_metrics(info, is_true(info[2]), {}, [handle, options] {
    const std::scoped_lock lock(handle->mutex);
    return handle->get().measure(options);
  });
}

// (scores, later?). Garbage collection would free the scores too, but it does
// not know that they take gigabytes. Freeing that much takes time.
Napi::Value free_pixel_scores(const Napi::CallbackInfo& info) {
  const auto handle = object_in<PixelScoresHandle>(info[0]);
  return run(
      info, is_true(info[1]), {},
      [handle] {
        const std::scoped_lock lock(handle->mutex);
        handle->scores.reset();
      },
      to_undefined);
}

}  // namespace

void export_metrics(Exports& exports) {
  exports.add("imageMetrics", image_metrics);
  exports.add("createPixelScores", create_pixel_scores);
  exports.add("addPixels", add_pixels);
  exports.add("addMap", add_map);
  exports.add("pixelMetrics", pixel_metrics);
  exports.add("freePixelScores", free_pixel_scores);
}

}  // namespace alfa::node
