// Patch features of one layer for the memory bank (docs/method.md, "Reference
// images"): the mean of each patch and its neighbours, scaled to a given
// length.
#pragma once

namespace alfa::kernels {

// Standardises a layer over the whole image, like MuSc's LayerNorm without
// parameters: out = (x - mean) / sqrt(variance + 1e-5). mean and variance are
// taken over all grid * grid * width numbers. tokens, out [grid * grid, width];
// they may be the same memory.
void standardise(const float* tokens, int grid, int width, float* out);

// tokens [grid * grid, width] -> grid * grid rows of `width` floats, `stride`
// floats apart. Row p is the sum over the patches of the neighbours x
// neighbours square around patch p, scaled to `length`. The square is cut off
// at the edge of the grid. PatchCore pads with zeros and takes the mean, which
// differs by a factor only. A row of zeros stays zero. Throws Error(kRange)
// unless neighbours is odd.
void patch_features(const float* tokens, int grid, int width, int neighbours,
                    float length, float* out, int stride);

}  // namespace alfa::kernels
