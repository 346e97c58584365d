#include "bench/flops.h"

namespace alfa::bench {

// With R rows of an image (prefix and grid * grid patches), T packed rows in S
// segments of n rows each, width D, MLP M, joint width E, a product of r rows
// with a [i, o] matrix counts 2 r i o:
//   patch embedding   R rows, [3 patch^2, D] (the prefix rows, all zeros, are
//   multiplied too) first block       q, k, v once per row of the image: R
//   rows, [D, 3D]; all that follows on T rows middle blocks     T rows: [D,
//   3D], [D, D], [D, M], [M, D] last block        k and v on T rows: [D, 2D]; q
//   and all that follows the attention on S rows embedding         S rows, [D,
//   E] values            T rows: [D, D], [D, E]
// Attention over all heads of a segment: 4 n^2 D, in the last block, where the
// class row alone asks, 4 n D.
ForwardFlops forward_flops(const VisionTower& tower, int embed_dim,
                           std::span<const int> scales, bool value) {
  const double D = tower.width, M = tower.mlp, E = embed_dim, L = tower.layers;
  const double R = tower.prefix + static_cast<double>(tower.grid) * tower.grid;
  double T = R, S = 1, squares = R * R;
  for (const int k : scales) {
    const double windows = static_cast<double>(tower.grid - k + 1) *
                           (tower.grid - k + 1),
                 n = tower.prefix + k * k;
    S += windows;
    T += windows * n;
    squares += windows * n * n;
  }
  const auto product = [](double rows, double in, double out) {
    return 2 * rows * in * out;
  };
  const auto rest = [&](double rows) {
    return product(rows, D, D) + product(rows, D, M) + product(rows, M, D);
  };

  ForwardFlops f;
  f.products = product(R, 3.0 * tower.patch * tower.patch, D);
  if (L > 1)
    f.products += product(R, D, 3 * D) + rest(T) +
                  (L - 2) * (product(T, D, 3 * D) + rest(T));
  f.products +=
      product(S, D, D) + product(T, D, 2 * D) + rest(S) + product(S, D, E);
  if (value) f.products += product(T, D, D) + product(T, D, E);
  f.attention = (L - 1) * 4 * squares * D + 4 * T * D;
  return f;
}

}  // namespace alfa::bench
