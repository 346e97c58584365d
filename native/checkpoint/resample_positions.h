// Resamples position embeddings from one square patch grid to another, for a
// model that is opened with another image size.
#pragma once

namespace alfa {

// torch.nn.functional.interpolate(mode="bicubic", align_corners=False) with
// antialias=False or antialias=True.
enum class Bicubic {
  kPlain,      // a = -0.75 over the four nearest rows; edges are repeated
  kAntialias,  // a = -0.5, stretched if the grid shrinks; cut off at the edges,
               // where the remaining weights are scaled to add up to 1
};

// rows [from*from, width] -> out [to*to, width]. A copy if from == to.
void resample_positions(const float* rows, int from, int to, int width,
                        Bicubic kind, float* out);

}  // namespace alfa
