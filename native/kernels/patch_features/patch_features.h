// Patch features of one layer as rows that banks compare (method sec. 8, 10):
// each patch's mean with its neighbours, of unit length.
#pragma once

namespace alfa::kernels {

// tokens [grid*grid, width] -> out, the same shape: (x - mean) / sqrt(variance
// + 1e-5) over all numbers of the image, as MuSc's LayerNorm without
// parameters.
void standardise(const float* tokens, int grid, int width, float* out);

// tokens [grid*grid, width] -> out rows `stride` floats apart: the sum over the
// neighbours x neighbours patches around (odd; nothing beyond the edge, as
// PatchCore's zero-padded mean but for a factor), scaled to length `length`. A
// zero row stays zero.
void patch_features(const float* tokens, int grid, int width, int neighbours,
                    float length, float* out, int stride);

}  // namespace alfa::kernels
