// Functions of engine.h that need no open engine.
#include "engine.h"
#include "kernels/resize/resize.h"
#include "kernels/upsample/upsample.h"

namespace alfa {

std::vector<float> upsample_map(const float* map, int width, int height,
                                int out_width, int out_height, Align align) {
  std::vector<float> out(static_cast<size_t>(out_width) *
                         static_cast<size_t>(out_height));
  kernels::upsample_bilinear(map, width, height, out_width, out_height,
                             out.data(), align);
  return out;
}

#ifdef ALFA_TEST_API
std::vector<uint8_t> resize_image(const PixelView& image, int width, int height,
                                  Fit fit) {
  const auto rgb = kernels::to_rgb(image);
  if (fit == Fit::kCrop)
    return kernels::fit_square(rgb.data(), image.width, image.height, width,
                               fit);
  return kernels::resize_bicubic(rgb.data(), image.width, image.height, width,
                                 height);
}
#endif

}  // namespace alfa
