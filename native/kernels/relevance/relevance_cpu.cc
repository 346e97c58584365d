#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "kernels/dot.h"
#include "kernels/relevance/relevance.h"

namespace alfa::kernels {
void relevance(const Relevance& t) {
  const ptrdiff_t width = static_cast<ptrdiff_t>(t.heads) * t.head_width;
  std::vector<double> attention(static_cast<size_t>(t.length)),
      sum(static_cast<size_t>(t.length));
  for (int i = 0; i < t.count; ++i) {
    const ptrdiff_t first = t.cu_seqlens[t.segment[i]];
    std::fill(sum.begin(), sum.end(), 0.0);
    for (int h = 0; h < t.heads; ++h) {
      const ptrdiff_t column = static_cast<ptrdiff_t>(h) * t.head_width;
      const float* q = t.q + t.segment[i] * width + column;
      double largest = -INFINITY, total = 0;
      for (int j = 0; j < t.length; ++j) {
        attention[j] =
            dot_in_double(q, t.k + (first + j) * width + column, t.head_width) /
            std::sqrt(static_cast<double>(t.head_width));
        largest = std::max(largest, attention[j]);
      }
      for (double& a : attention) total += a = std::exp(a - largest);
      for (int j = 0; j < t.length; ++j) {
        const double gradient =
            dot_in_double(t.v + (first + j) * width + column,
                          t.gradient + i * width + column, t.head_width);
        sum[j] += std::max(0.0, attention[j] / total * gradient);
      }
    }
    for (int j = 0; j < t.length; ++j)
      t.out[static_cast<ptrdiff_t>(i) * t.length + j] =
          static_cast<float>(sum[j] / t.heads);
  }
}

}  // namespace alfa::kernels
