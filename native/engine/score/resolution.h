// Brings a map to the category's resolution.
#pragma once
#include "checkpoint/architecture.h"
#include "engine.h"

namespace alfa {

// d.map is the map of a view of the whole image (width x height pixels): of the
// grid's size, or already of the model's image size. Returns the box of the new
// map that the view fills: all of it, unless the image was cropped and the map
// has the image's size. Outside of that box the map is 0.
kernels::Box to_resolution(Detection& d, const Settings& settings,
                           const VisionTower& vision, int width, int height);

}  // namespace alfa
