// Figures of merit for JavaScript. With `later`, work runs on a thread of its
// own and reads the caller's arrays there: lib/ hands over private copies,
// which nobody can transfer away.
#include "metrics.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

#include "arguments.h"
#include "background.h"
#include "handle.h"
#include "kernels/upsample/upsample.h"
#include "metrics/image_metrics.h"
#include "metrics/pixel_metrics.h"
#include "worker.h"

namespace alfa::node {

struct PixelScoresHandle {
  std::unique_ptr<metrics::PixelScores> scores;  // null once freed
  std::mutex mutex;  // guards the scores: a thread may still be adding

  metrics::PixelScores& open() const {
    if (!scores) throw Error(Code::kClosed, "These pixel scores were freed");
    return *scores;
  }
};

template <>
struct HandleType<PixelScoresHandle> {
  static constexpr const char* name = "a pixel scores";
  static constexpr napi_type_tag tag{0x5e07b9d21c6843fa, 0xa92f4e6d8031c75b};
};

namespace {

// `work`, now or later; `keep` are the arrays that it reads.
Napi::Value now_or_later(const Napi::CallbackInfo& info, bool later,
                         std::initializer_list<Napi::Value> keep,
                         std::function<void()> work,
                         std::function<Napi::Value(Napi::Env)> result) {
  if (later) {
    const auto kept = std::make_shared<std::vector<Napi::ObjectReference>>();
    for (const Napi::Value& array : keep)
      kept->push_back(Napi::Persistent(array.As<Napi::Object>()));
    return in_background(info.Env(), std::move(work),
                         [kept, result = std::move(result)](Napi::Env env) {
                           return result(env);
                         });
  }
  if (const auto error = attempt(work))
    throw Napi::Error(info.Env(), to_js(info.Env(), *error));
  return result(info.Env());
}

bool flag(const Napi::Value& value) {
  return value.IsBoolean() && value.As<Napi::Boolean>();
}

Napi::Object curve_to_js(Napi::Env env, const metrics::Curve& curve) {
  const auto array = [env](const std::vector<double>& values) {
    auto out = Napi::Float64Array::New(env, values.size());
    std::copy(values.begin(), values.end(), out.Data());
    return out;
  };
  auto o = Napi::Object::New(env);
  o.Set("x", array(curve.x));
  o.Set("y", array(curve.y));
  return o;
}

Napi::Value metrics_to_js(Napi::Env env, const metrics::Metrics& m) {
  auto o = Napi::Object::New(env);
  o.Set("auroc", m.auroc);
  o.Set("averagePrecision", m.average_precision);
  o.Set("aupr", m.aupr_trapezoid);
  o.Set("f1", m.f1);
  o.Set("threshold", m.threshold);
  o.Set("pro", m.pro);
  o.Set("roc", curve_to_js(env, m.roc));
  o.Set("pr", curve_to_js(env, m.pr));
  o.Set("proCurve", curve_to_js(env, m.pro_curve));
  return o;
}

Napi::Value measured(const Napi::CallbackInfo& info, bool later,
                     std::initializer_list<Napi::Value> keep,
                     std::function<metrics::Metrics()> measure) {
  const auto out = std::make_shared<metrics::Metrics>();
  return now_or_later(
      info, later, keep,
      [out, measure = std::move(measure)] { *out = measure(); },
      [out](Napi::Env env) { return metrics_to_js(env, *out); });
}

Napi::Value image_metrics(const Napi::CallbackInfo& info) {
  const auto labels = span_of<uint8_t>(info[0], "labels");
  if (!info[1].IsTypedArray())
    throw_argument(info.Env(),
                   "Expected a Float32Array or Float64Array for scores.");
  const auto measure = [&](auto scores) {
    if (scores.size() != labels.size())
      throw_range(info.Env(), "Expected as many scores as labels.");
    return measured(info, flag(info[3]), {info[0], info[1]},
                    [labels, scores, curves = flag(info[2])] {
                      return metrics::image_metrics(
                          labels.data(), scores.data(), labels.size(), curves);
                    });
  };
  const bool wide =
      info[1].As<Napi::TypedArray>().TypedArrayType() == napi_float64_array;
  return wide ? measure(span_of<double>(info[1], "scores"))
              : measure(span_of<float>(info[1], "scores"));
}

Napi::Value create_pixel_scores(const Napi::CallbackInfo& info) {
  const double pixels =
      info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : -1;
  if (!(pixels >= 0 && pixels <= 1e12))
    throw_range(info.Env(), "Expected a number of pixels.");
  const auto handle = std::make_shared<PixelScoresHandle>();
  if (const auto error = attempt([&] {
        handle->scores =
            std::make_unique<metrics::PixelScores>(static_cast<size_t>(pixels));
      })) {
    throw Napi::Error(info.Env(), to_js(info.Env(), *error));
  }
  return make_handle(info.Env(), handle);
}

Napi::Value add_pixels(const Napi::CallbackInfo& info) {
  const auto handle = take_handle<PixelScoresHandle>(info[0]);
  const auto map = span_of<float>(info[1], "map");
  const auto mask = span_of<uint8_t>(info[2], "mask");
  const double width =
      info[3].IsNumber() ? info[3].As<Napi::Number>().DoubleValue() : 0;
  if (!(width >= 1 && width <= 1 << 30) || map.size() != mask.size() ||
      map.size() > 1 << 30 || map.size() % static_cast<size_t>(width) != 0) {
    throw_range(info.Env(),
                "Expected a map and a mask of whole rows, one size, at most "
                "2^30 pixels.");
  }
  return now_or_later(
      info, flag(info[4]), {info[1], info[2]},
      [handle, map, mask, columns = static_cast<size_t>(width)] {
        const std::scoped_lock lock(handle->mutex);
        handle->open().add(map.data(), mask.data(), static_cast<int>(columns),
                           static_cast<int>(map.size() / columns));
      },
      [](Napi::Env env) { return env.Undefined(); });
}

// A map of any size against a mask: brought to the mask's size first, as
// detection brings maps to pixels.
Napi::Value add_map(const Napi::CallbackInfo& info) {
  const auto handle = take_handle<PixelScoresHandle>(info[0]);
  const auto map = span_of<float>(info[1], "map");
  const auto mask = span_of<uint8_t>(info[2], "mask");
  if (!info[3].IsObject())
    throw_argument(info.Env(), "Expected an object of sizes.");
  const Napi::Object o = info[3].As<Napi::Object>();
  const int map_width = count_of(o, "mapWidth", 1),
            map_height = count_of(o, "mapHeight", 1);
  const int width = count_of(o, "width", 1), height = count_of(o, "height", 1);
  if (map.size() != static_cast<size_t>(map_width) * map_height ||
      mask.size() != static_cast<size_t>(width) * height ||
      mask.size() > 1 << 30) {
    throw_range(
        info.Env(),
        "Expected a map and a mask of the sizes given, at most 2^30 pixels.");
  }
  const auto align = boolean_of(o, "alignCorners") ? kernels::Align::kCorners
                                                   : kernels::Align::kCentres;
  return now_or_later(
      info, true, {info[1], info[2]},
      [=] {
        std::vector<float> scaled(mask.size());
        kernels::upsample_bilinear(map.data(), map_width, map_height, width,
                                   height, scaled.data(), align);
        const std::scoped_lock lock(handle->mutex);
        handle->open().add(scaled.data(), mask.data(), width, height);
      },
      [](Napi::Env env) { return env.Undefined(); });
}

Napi::Value pixel_metrics(const Napi::CallbackInfo& info) {
  const auto handle = take_handle<PixelScoresHandle>(info[0]);
  if (!info[1].IsObject())
    throw_argument(info.Env(), "Expected an object of options.");
  const Napi::Object o = info[1].As<Napi::Object>();
  metrics::PixelOptions options;
  options.max_fpr = number_of(o, "maxFpr");
  if (!(options.max_fpr > 0 && options.max_fpr <= 1))
    throw_range(info.Env(), "Expected a maxFpr above 0 and at most 1.");
  options.steps = count_of(o, "steps", 0);
  options.threads = count_of(o, "threads", 0);
  options.curves = boolean_of(o, "curves");
  return measured(info, flag(info[2]), {}, [handle, options] {
    const std::scoped_lock lock(handle->mutex);
    return handle->open().measure(options);
  });
}

// Garbage collection does not see these gigabytes, and would leave them for
// long. Giving them back takes its time too.
Napi::Value free_pixel_scores(const Napi::CallbackInfo& info) {
  return now_or_later(
      info, flag(info[1]), {},
      [handle = take_handle<PixelScoresHandle>(info[0])] {
        const std::scoped_lock lock(handle->mutex);
        handle->scores.reset();
      },
      [](Napi::Env env) { return env.Undefined(); });
}

}  // namespace

void add_metrics(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, auto function) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  add("imageMetrics", image_metrics);
  add("createPixelScores", create_pixel_scores);
  add("addPixels", add_pixels);
  add("addMap", add_map);
  add("pixelMetrics", pixel_metrics);
  add("freePixelScores", free_pixel_scores);
}

}  // namespace alfa::node
