// The settings of recipe `alfa` for the developer tools. The product gets its
// defaults from lib/settings/settings.ts.
#pragma once
#include "settings.h"

namespace alfa {

inline Settings alfa_settings() {
  Settings settings;
  settings.scales = {2, 3};
  settings.temperature = 0.07f;
  settings.aligner = Aligner::kRidge;
  settings.lambda = 10;
  settings.class_row = true;
  settings.context = {true, 1, Weighting::kUniform, Fallback::kSide};
  settings.map = MapSource::kWindows;
  settings.smoothing = 1;
  settings.features.neighbourhoods = {1};
  settings.features.windows = true;
  settings.bank.max_entries = 8192;
  settings.bank.share = 1;
  settings.resolution = Resolution::kModel;
  return settings;
}

}  // namespace alfa
