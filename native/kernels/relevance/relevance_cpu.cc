#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "kernels/dot.h"
#include "kernels/relevance/relevance.h"
#include "kernels/size.h"

namespace alfa::kernels {

void relevance(const Relevance& t) {
  const ptrdiff_t width = row_offset(t.heads, t.head_width);
  const double scale = std::sqrt(static_cast<double>(t.head_width));
  std::vector<double> attention(to_size(t.length));
  std::vector<double> sum(to_size(t.length));  // over the heads
  for (int i = 0; i < t.count; ++i) {
    const int segment = t.segment[i];
    const ptrdiff_t first_row = row_offset(t.cu_seqlens[segment], width);
    std::fill(sum.begin(), sum.end(), 0.0);
    for (int h = 0; h < t.heads; ++h) {
      const ptrdiff_t column = row_offset(h, t.head_width);
      const float* q = t.q + row_offset(segment, width) + column;
      const float* g = t.gradient + row_offset(i, width) + column;
      const float* k = t.k + first_row + column;
      const float* v = t.v + first_row + column;
      double largest = -INFINITY;
      for (double& a : attention) {
        a = dot_in_double(q, k, t.head_width) / scale;
        largest = std::max(largest, a);
        k += width;
      }
      double total = 0;
      for (double& a : attention) {
        a = std::exp(a - largest);
        total += a;
      }
      for (size_t j = 0; j < sum.size(); ++j, v += width) {
        const double gradient = dot_in_double(v, g, t.head_width);
        sum[j] += std::max(0.0, attention[j] / total * gradient);
      }
    }
    float* out = t.out + row_offset(i, t.length);
    for (const double s : sum) *out++ = static_cast<float>(s / t.heads);
  }
}

}  // namespace alfa::kernels
