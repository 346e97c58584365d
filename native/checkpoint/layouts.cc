#include "checkpoint/layout.h"

namespace alfa {

// One line here and one file per layout.
extern const Layout kOpenClip, kHuggingFaceClip, kDinov2, kTimm;

std::span<const Layout* const> layouts() {
  static constexpr const Layout* kLayouts[] = {&kOpenClip, &kHuggingFaceClip,
                                               &kDinov2, &kTimm};
  return kLayouts;
}

}  // namespace alfa
