// Categories and memory banks: create, add references, save, load.
#include "arguments.h"
#include "calls.h"
#include "exports.h"
#include "settings.h"
#include "values.h"

namespace alfa::node {
namespace {

// (engine, settings, normal, abnormal, descriptors, bank?) -> category
Napi::Value create_category(const Napi::CallbackInfo& info) {
  return throw_in_js(info.Env(), [&] {
    // Read the settings before the arrays: a getter among them could transfer
    // the arrays' buffers.
    const Settings settings = settings_of(info[1]);
    auto bank =
        info[5].IsUndefined() ? nullptr : object_in<const Bank>(info[5]);
    auto category = worker_of(info).engine().make_category(
        settings, span_of<float>(info[2], "normal"),
        span_of<float>(info[3], "abnormal"),
        span_of<float>(info[4], "descriptors"), std::move(bank));
    return make_handle<const Category>(info.Env(), std::move(category));
  });
}

// (engine, settings) -> bank builder
Napi::Value create_bank(const Napi::CallbackInfo& info) {
  return throw_in_js(info.Env(), [&] {
    return make_handle<BankBuilder>(
        info.Env(), worker_of(info).engine().new_bank(settings_of(info[1])));
  });
}

// (engine, bank builder, image, cancel?) -> promise
Napi::Value add_reference(const Napi::CallbackInfo& info) {
  auto task = new_task(info, 3);
  const auto builder = object_in<BankBuilder>(info[1]);
  const PixelView image = image_of(info[2], task->keep);
  return submit(info, std::move(task),
                [builder, image](Engine& engine, RunControl* control) {
                  engine.add_reference(*builder, image, control);
                });
}

// { images, entries, bank }
void set_bank(Napi::Object object, const std::shared_ptr<const Bank>& bank) {
  const Napi::Env env = object.Env();
  const auto size = Engine::size_of(*bank);
  object.Set("images", size.images);
  object.Set("entries", to_js(env, std::span<const int>(size.entries)));
  object.Set("bank", make_handle<const Bank>(env, bank));
}

// (engine, bank builder, cancel?) -> promise of { images, entries, bank }
Napi::Value finish_bank(const Napi::CallbackInfo& info) {
  using BankPointer = std::shared_ptr<const Bank>;
  return submit<BankPointer>(
      info, new_task(info, 2),
      [builder = object_in<BankBuilder>(info[1])](Engine& engine, RunControl*) {
        return engine.finish_bank(*builder);
      },
      [](Napi::Env env, BankPointer& bank) -> Napi::Value {
        auto object = Napi::Object::New(env);
        set_bank(object, bank);
        return object;
      });
}

// (engine, category, header, file) -> promise
Napi::Value save_category(const Napi::CallbackInfo& info) {
  return submit(
      info, new_task(info, 4),
      [category = object_in<const Category>(info[1]),
       header = string_of(info[2], "header"),
       file = string_of(info[3], "file")](Engine& engine, RunControl*) {
        engine.save_category(*category, header, file);
      });
}

// (engine, file, cancel?) -> promise of { header, normal, abnormal,
// descriptors } and, if it has a bank, { images, entries, bank }
Napi::Value load_category(const Napi::CallbackInfo& info) {
  using Saved = Engine::SavedCategory;
  return submit<Saved>(
      info, new_task(info, 2),
      [file = string_of(info[1], "file")](Engine& engine, RunControl*) {
        return engine.load_category(file);
      },
      [](Napi::Env env, Saved& saved) -> Napi::Value {
        auto object = Napi::Object::New(env);
        const auto set = [&](const char* key, const std::vector<float>& rows) {
          object.Set(key, to_js(env, std::span<const float>(rows)));
        };
        object.Set("header", saved.header);
        set("normal", saved.prompts[0]);
        set("abnormal", saved.prompts[1]);
        set("descriptors", saved.descriptors);
        if (saved.bank) set_bank(object, saved.bank);
        return object;
      });
}

}  // namespace

void export_category(Exports& exports) {
  exports.add("createCategory", create_category);
  exports.add("createBank", create_bank);
  exports.add("addReference", add_reference);
  exports.add("finishBank", finish_bank);
  exports.add("saveCategory", save_category);
  exports.add("loadCategory", load_category);
}

}  // namespace alfa::node
