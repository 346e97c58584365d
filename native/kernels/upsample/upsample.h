// Bilinear interpolation of a map (docs/method.md, step 11), equal to PyTorch's
// torch.nn.functional.interpolate(mode='bilinear', antialias=False). It can
// also make a map smaller.
#pragma once

namespace alfa::kernels {

enum class Align {
  kCentres,  // align_corners = false: pixel centres are at half integers, and
             // positions outside the map are clamped to its edge
  kCorners,  // align_corners = true: corner pixels map to corner pixels
};

// in [height, width] -> out [out_height, out_width], which must not overlap.
// Every output is between the smallest and the largest input. Throws
// Error(kRange) where a side is below 1.
void upsample_bilinear(const float* in, int width, int height, int out_width,
                       int out_height, float* out,
                       Align align = Align::kCentres);

}  // namespace alfa::kernels
