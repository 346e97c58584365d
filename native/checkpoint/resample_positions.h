// Position embeddings of a square patch grid carried to another, when a model
// is opened at another image size.
#pragma once

namespace alfa {

// torch.nn.functional.interpolate(mode="bicubic", align_corners=False), with
// antialias=False or True. The kernels differ too: a = -0.75 over the four
// nearest rows, edges repeated; or a = -0.5, stretched when the grid shrinks,
// cut off at the edges and what is left made to add up to 1.
enum class Bicubic { kPlain, kAntialias };

// rows [from*from, width] -> out [to*to, width]; a copy where the sizes agree.
void resample_positions(const float* rows, int from, int to, int width,
                        Bicubic kind, float* out);

}  // namespace alfa
