// Bilinear upsampling of a map, align_corners = false (pixel centres at half integers, edges clamped), as
// torch.nn.functional.interpolate(mode='bilinear', align_corners=False) without antialias. Also shrinks (no antialias).
#pragma once

namespace alfa::kernels {

// in [height, width] -> out [out_height, out_width]; every output lies within the input's range.
void upsample_bilinear(const float* in, int width, int height, int out_width, int out_height, float* out);

}  // namespace alfa::kernels
