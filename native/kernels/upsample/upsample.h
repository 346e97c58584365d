// Bilinear upsampling of a map as
// torch.nn.functional.interpolate(mode='bilinear') without antialias; also
// shrinks. kCentres: align_corners = false, pixel centres at half integers,
// edges clamped. kCorners: align_corners = true, the corner pixels lie on each
// other.
#pragma once

namespace alfa::kernels {

enum class Align { kCentres, kCorners };

// in [height, width] -> out [out_height, out_width]; every output lies within
// the input's range.
void upsample_bilinear(const float* in, int width, int height, int out_width,
                       int out_height, float* out,
                       Align align = Align::kCentres);

}  // namespace alfa::kernels
