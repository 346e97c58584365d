// A checkpoint layout: how one library names its config keys and its tensors.
// To add a layout, write one file that defines a Layout, and list it in
// layouts.cc.
#pragma once
#include <span>

#include "checkpoint/architecture.h"
#include "checkpoint/reader.h"
#include "checkpoint/section.h"

namespace alfa {

struct LayoutConfig {
  Section config;            // the whole config file
  const Json* preprocessor;  // the preprocessor file, null if absent
  int image_size;            // as in open_checkpoint
};

struct Layout {
  const char* name;  // becomes Architecture::layout
  const char* config_file;
  const char* weights_file;
  const char* preprocessor_file;  // null if the layout has none
  const char* models;             // for messages: "CLIP of open_clip"
  const char* configs;            // for messages: what `matches` looks for
  bool (*matches)(const Section& config);
  // Adds the towers and embed_dim to `model`. `reader` takes the tensors.
  void (*read)(const LayoutConfig& files, Reader& reader, Architecture& model);
};

// In the order in which they are tried.
std::span<const Layout* const> layouts();

}  // namespace alfa
