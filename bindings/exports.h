// The functions that JavaScript sees, by subject. lib/native/addon.ts has the
// same list with types.
#pragma once
#include "js.h"

namespace alfa::node {

class Exports {
 public:
  explicit Exports(Napi::Object object) : object_(object) {}
  template <typename Function>
  void add(const char* name, Function function) {
    object_.Set(name, Napi::Function::New(object_.Env(), function, name));
  }

 private:
  Napi::Object object_;
};

void export_engine(Exports& exports);
void export_category(Exports& exports);
void export_detect(Exports& exports);
void export_mutual_set(Exports& exports);
void export_metrics(Exports& exports);
// For tests and benchmarks. lib/ does not call these functions, and prebuilt
// addons do not have them.
void export_test_api(Exports& exports);

}  // namespace alfa::node
