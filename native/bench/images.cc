#include "bench/images.h"

#include <algorithm>
#include <cmath>

#include "check/random.h"

namespace alfa::bench {
namespace {

constexpr int kOctaves[] = {3, 7, 15, 31};  // cells a side
constexpr float kFalloff = 0.6f;  // amplitude of an octave, relative to the
                                  // octave before

TestImage make_image(int side, check::Random& random) {
  std::vector<float> sum(static_cast<size_t>(side) * side * 3, 128.0f);
  float amplitude = 70;
  for (const int cells : kOctaves) {
    std::vector<float> grid(static_cast<size_t>(cells + 1) * (cells + 1) * 3);
    for (float& v : grid)
      v = amplitude * static_cast<float>(2 * random.uniform() - 1);
    const float step = static_cast<float>(cells) / static_cast<float>(side);
    for (int y = 0; y < side; ++y) {
      const float fy = static_cast<float>(y) * step;
      const int y0 = static_cast<int>(fy);
      for (int x = 0; x < side; ++x) {
        const float fx = static_cast<float>(x) * step, u = fx - std::floor(fx),
                    v = fy - static_cast<float>(y0);
        const float* corner =
            grid.data() +
            (static_cast<size_t>(y0) * (cells + 1) + static_cast<size_t>(fx)) *
                3;
        const float* below = corner + (cells + 1) * 3;
        for (int c = 0; c < 3; ++c)
          sum[(static_cast<size_t>(y) * side + x) * 3 + c] +=
              (1 - v) * ((1 - u) * corner[c] + u * corner[c + 3]) +
              v * ((1 - u) * below[c] + u * below[c + 3]);
      }
    }
    amplitude *= kFalloff;
  }
  const double cx = side * random.uniform(), cy = side * random.uniform(),
               radius = side * (0.03 + 0.12 * random.uniform());
  TestImage p{std::vector<uint8_t>(sum.size()), side};
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const double distance = std::hypot(x - cx, y - cy) / radius;
      const float light = distance < 1 ? 0.35f : 1.0f;
      for (int c = 0; c < 3; ++c) {
        const size_t i = (static_cast<size_t>(y) * side + x) * 3 + c;
        p.rgb[i] =
            static_cast<uint8_t>(std::clamp(light * sum[i], 0.0f, 255.0f));
      }
    }
  }
  return p;
}

}  // namespace

std::vector<TestImage> smooth_images(int count, int side, uint64_t seed) {
  check::Random random(seed);
  std::vector<TestImage> all;
  for (int i = 0; i < count; ++i) all.push_back(make_image(side, random));
  return all;
}

}  // namespace alfa::bench
