#include "bench/flops.h"

namespace alfa::bench {

// An image has R rows: prefix and grid * grid patches. They are packed into T
// rows in S segments. With width D, MLP width M and joint width E, a matmul of
// r rows with a [i, o] matrix counts 2 r i o:
// - patch embedding: R rows, [3 patch^2, D]
// - first block: q, k, v on R rows, [D, 3D]; the rest on T rows
// - middle blocks: T rows, [D, 3D], [D, D], [D, M], [M, D]
// - last block: k, v on T rows, [D, 2D]; q and the rest on S rows
// - embedding: S rows, [D, E]
// - values: T rows, [D, D], [D, E]
//
// Attention over all heads of a segment of n rows counts 4 n^2 D. In the last
// block, where only the class row is a query, it counts 4 n D.
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
  const auto matmul = [](double rows, double in, double out) {
    return 2 * rows * in * out;
  };
  const auto rest = [&](double rows) {
    return matmul(rows, D, D) + matmul(rows, D, M) + matmul(rows, M, D);
  };

  ForwardFlops f;
  f.matmuls = matmul(R, 3.0 * tower.patch * tower.patch, D);
  if (L > 1)
    f.matmuls += matmul(R, D, 3 * D) + rest(T) +
                 (L - 2) * (matmul(T, D, 3 * D) + rest(T));
  f.matmuls +=
      matmul(S, D, D) + matmul(T, D, 2 * D) + rest(S) + matmul(S, D, E);
  if (value) f.matmuls += matmul(T, D, D) + matmul(T, D, E);
  f.attention = (L - 1) * 4 * squares * D + 4 * T * D;
  return f;
}

}  // namespace alfa::bench
