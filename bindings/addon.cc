// The addon. Each exported function reads its arguments, hands the work to an
// engine's worker or to a background thread, and says how the result becomes a
// JavaScript value. The work itself is in native/.
#include "engine.h"
#include "exports.h"

namespace alfa::node {
namespace {

Napi::Object init(Napi::Env, Napi::Object object) {
  prepare_process();
  Exports exports(object);
  export_engine(exports);
  export_category(exports);
  export_detect(exports);
  export_mutual_set(exports);
  export_metrics(exports);
#ifdef ALFA_TEST_API
  export_test_api(exports);
#endif
  return object;
}

}  // namespace

NODE_API_MODULE(alfa, init)

}  // namespace alfa::node
