// The steps before and after the resize: any image to RGB, and RGB to patches.
#include <cmath>
#include <memory>

#include "check/call.h"
#include "check/random.h"
#include "check/registry.h"
#include "check/resize_call.h"
#include "kernels/resize/resize.h"

namespace alfa::check {
namespace {

using kernels::Element;
using kernels::Fit;

std::vector<uint8_t> noise(size_t bytes) {
  Random random(21);
  std::vector<uint8_t> pixels(bytes);
  for (uint8_t& p : pixels) p = random.byte();
  return pixels;
}

void add_to_rgb(Cases& cases, int width, int height, int channels) {
  const auto make = [=] {
    const auto in = std::make_shared<std::vector<uint8_t>>(
        noise(static_cast<size_t>(width) * height * channels));
    return Work{on_cpu([=] {
                  return kernels::to_rgb({in->data(), width, height, channels});
                }),
                [=] {
                  std::vector<double> out;
                  for (size_t at = 0; at < in->size(); at += channels) {
                    for (int c = 0; c < 3; ++c) {
                      const double value = (*in)[at + (channels == 1 ? 0 : c)];
                      const double alpha =
                          channels == 4 ? (*in)[at + 3] / 255.0 : 1;
                      out.push_back(
                          std::floor(value * alpha + 255 * (1 - alpha) + 0.5));
                    }
                  }
                  return out;
                }};
  };
  cases.push_back(
      {"to_rgb/" + std::to_string(width) + "x" + std::to_string(height) +
           ", channels " + std::to_string(channels),
       exact("rounded to nearest; no ties, because 255 is odd"), make, 0,
       static_cast<double>(width) * height * (channels + 3)});
}

void add_to_patches(Cases& cases, int size, int patch) {
  const int grid = size / patch;
  const size_t row = 3 * static_cast<size_t>(patch) * patch;
  const auto make = [=] {
    const auto rgb = std::make_shared<std::vector<uint8_t>>(
        noise(3 * static_cast<size_t>(size) * size));
    const auto run = [=] {
      std::vector<float> out((1 + static_cast<size_t>(grid) * grid) * row,
                             9.0f);  // row 0 must be written, too
      kernels::to_patches(rgb->data(), size, patch, 1, kMean, kStd, out.data());
      return out;
    };
    const auto definition = [=] {
      std::vector<double> out((1 + static_cast<size_t>(grid) * grid) * row);
      for (int y = 0; y < grid * patch; ++y) {
        for (int x = 0; x < grid * patch; ++x) {
          for (int c = 0; c < 3; ++c) {
            const size_t p =
                1 + static_cast<size_t>(y / patch) * grid + x / patch;
            const size_t at =
                (static_cast<size_t>(c) * patch + y % patch) * patch +
                x % patch;
            const double value =
                (*rgb)[3 * (static_cast<size_t>(y) * size + x) + c] / 255.0;
            out[p * row + at] = (value - static_cast<double>(kMean[c])) /
                                static_cast<double>(kStd[c]);
          }
        }
      }
      return out;
    };
    return Work{on_cpu_or_resize_cuda(
                    on_cpu(run), {size, size, size, Fit::kSquash, patch}, rgb),
                definition};
  };
  cases.push_back(
      {"to_patches/" + std::to_string(size) + ", patch " +
           std::to_string(patch),
       absolute(4e-7, "three fp32 roundings of values up to 2.7, as in torch"),
       make, 0,
       3.0 * size * size + 4.0 * static_cast<double>(row) * (1 + grid * grid)});
}

// From the image to the patches on CUDA: the same bits as the two steps on the
// CPU, rounded to fp16 if requested.
void add_patches_of_image(Cases& cases, const ResizeCall& call) {
  const auto make = [=] {
    const auto rgb = std::make_shared<std::vector<uint8_t>>(
        noise(3 * static_cast<size_t>(call.width) * call.height));
    const auto steps = [=] {
      const auto square = kernels::fit_square(rgb->data(), call.width,
                                              call.height, call.size, call.fit);
      const size_t grid = call.size / call.patch;
      std::vector<float> out((call.prefix + grid * grid) * 3 * call.patch *
                             call.patch);
      kernels::to_patches(square.data(), call.size, call.patch, call.prefix,
                          kMean, kStd, out.data());
      out = rounded(call.element, out);
      return std::vector<double>(out.begin(), out.end());
    };
    return Work{
        on_cpu_or_resize_cuda([](Device&) { return Call{}; }, call, rgb),
        steps};
  };
  const double patches =
      3.0 * call.size * call.size * kernels::bytes_of(call.element);
  cases.push_back({"patches_cuda/" + std::to_string(call.width) + "x" +
                       std::to_string(call.height) +
                       (call.fit == Fit::kCrop ? " cropped to " : " to ") +
                       std::to_string(call.size) + ", patch " +
                       std::to_string(call.patch) + ", " +
                       std::to_string(call.prefix) + " before, " +
                       name_of(call.element),
                   exact("the same fp32 operations as on the CPU, and one "
                         "rounding to fp16"),
                   make, 0, 3.0 * call.width * call.height + patches});
}

void add_cases(Cases& cases) {
  add_to_rgb(cases, 1024, 1024, 1);
  add_to_rgb(cases, 1024, 1024, 3);
  add_to_rgb(cases, 1024, 1024, 4);
  add_to_rgb(cases, 1, 1, 1);
  add_to_rgb(cases, 1, 1, 4);
  cases.push_back(
      {"to_rgb/all values with all alphas", exact("rounded to nearest"), [] {
         const auto in = std::make_shared<std::vector<uint8_t>>();
         for (int i = 0; i < 65536; ++i) {
           for (const int v : {i % 256, 255 - i % 256, i / 256, i / 256})
             in->push_back(static_cast<uint8_t>(v));
         }
         return Work{
             on_cpu([=] { return kernels::to_rgb({in->data(), 256, 256, 4}); }),
             [=] {
               std::vector<double> out;
               for (size_t i = 0; i < in->size(); ++i) {
                 const int alpha = (*in)[i | 3];
                 if (i % 4 != 3)
                   out.push_back(std::nearbyint(
                       ((*in)[i] * alpha + 255.0 * (255 - alpha)) / 255));
               }
               return out;
             }};
       }});
  cases.push_back(expect_error("to_rgb/2 channels", Code::kImage, [] {
    const uint8_t pixel[2] = {};
    kernels::to_rgb({pixel, 1, 1, 2});
  }));
  add_to_patches(cases, 240, 16);
  add_to_patches(cases, 336, 14);
  add_to_patches(cases, 224, 32);
  add_to_patches(cases, 7, 3);  // the last column and row are dropped
  add_to_patches(cases, 1, 1);
  for (const Element element : {Element::kFloat, Element::kHalf}) {
    add_patches_of_image(cases, {256, 256, 240, Fit::kSquash, 16, 1, element});
    add_patches_of_image(cases, {240, 240, 240, Fit::kSquash, 16, 1, element});
    add_patches_of_image(cases, {50, 70, 37, Fit::kCrop, 5, 5, element});
    add_patches_of_image(cases, {70, 50, 37, Fit::kSquash, 7, 0, element});
    add_patches_of_image(cases, {300, 9, 300, Fit::kSquash, 14, 1, element});
    add_patches_of_image(cases,
                         {9, 9, 5, Fit::kSquash, 6, 2,
                          element});  // the patch is larger than the image
    add_patches_of_image(cases, {900, 900, 240, Fit::kSquash, 16, 1, element});
    add_patches_of_image(cases,
                         {1024, 1024, 240, Fit::kSquash, 16, 1, element});
    add_patches_of_image(cases,
                         {4000, 3000, 240, Fit::kSquash, 16, 1, element});
  }
}

const CaseGroup group("pixels", add_cases);

}  // namespace

}  // namespace alfa::check
