// The kernels of the forward once more, as a CPU without AVX would run them: see cases_variants.cc.
#include "check/cases.h"

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && !defined(ALFA_NO_CLONES)

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "check/host_call.h"
#include "check/random.h"
#include "kernels/multiversion.h"
#include "kernels/parallel_for.h"

#undef ALFA_MULTIVERSION
#define ALFA_MULTIVERSION
namespace alfa::attention_again {  // their header came with check/backend.h
using kernels::ParallelFor;
using kernels::Queries;
using kernels::SegmentAttention;
}  // namespace alfa::attention_again
#define kernels attention_again
#include "kernels/segment_attention/segment_attention_cpu.cc"
#undef kernels
namespace alfa::rows_again {
using attention_again::exp_nonpositive;
using kernels::ParallelFor;
}  // namespace alfa::rows_again
#define kernels rows_again
#include "kernels/row_pass/row_pass_cpu.cc"
#undef kernels

namespace alfa::check {
namespace {

void add_attention(Cases& cases, int head_width) {
  const auto make = [=] {
    constexpr int kHeads = 3;
    const auto cu = std::make_shared<std::vector<int32_t>>(std::vector<int32_t>{0, 1, 6, 16, 33, 50});
    const int rows = cu->back(), width = kHeads * head_width;
    const auto qkv = std::make_shared<std::vector<float>>(Random(84).normals(static_cast<size_t>(rows) * 3 * width));
    return Work{host_call([=] {
                  std::vector<float> out(static_cast<size_t>(rows) * width);
                  const float* q = qkv->data();
                  attention_again::segment_attention({q, q + width, q + 2 * width, 3 * width, 3 * width, cu->data(), nullptr, static_cast<int>(cu->size()) - 1, kHeads,
                                                      head_width, attention_again::Queries::kAll, false, out.data()}, make_parallel_for(1));
                  return out;
                }),
                [=] {
                  std::vector<double> out(static_cast<size_t>(rows) * width);
                  const auto at = [&](int row, int part, int head, int e) { return static_cast<double>((*qkv)[static_cast<size_t>(row) * 3 * width + part * width + head * head_width + e]); };
                  for (size_t s = 0; s + 1 < cu->size(); ++s)
                    for (int i = (*cu)[s]; i < (*cu)[s + 1]; ++i)
                      for (int h = 0; h < kHeads; ++h) {
                        std::vector<double> weight;
                        double total = 0;
                        for (int j = (*cu)[s]; j < (*cu)[s + 1]; ++j) {
                          double dot = 0;
                          for (int e = 0; e < head_width; ++e) dot += at(i, 0, h, e) * at(j, 1, h, e);
                          weight.push_back(std::exp(dot / std::sqrt(static_cast<double>(head_width))));
                          total += weight.back();
                        }
                        for (int e = 0; e < head_width; ++e)
                          for (int j = (*cu)[s]; j < (*cu)[s + 1]; ++j)
                            out[static_cast<size_t>(i) * width + h * head_width + e] += weight[static_cast<size_t>(j - (*cu)[s])] / total * at(j, 2, h, e);
                      }
                  return out;
                }};
  };
  cases.push_back({"variants/segment_attention, baseline, heads of " + std::to_string(head_width), absolute(5e-6, "fp32 sums and exponentials"), make, 0, 0});
}

void add_row_pass(Cases& cases, ptrdiff_t width) {
  const auto make = [=] {
    const auto x = std::make_shared<std::vector<float>>(Random(85).normals(static_cast<size_t>(5 * width)));
    return Work{host_call([=] {
                  std::vector<uint8_t> q(x->size());
                  std::vector<float> scale(5), out;
                  rows_again::RowPass p{.rows = 5, .width = width};
                  p.x = x->data();
                  p.activation = rows_again::Activation::kGelu;
                  p.quantised = q.data();
                  p.scale = scale.data();
                  rows_again::row_pass(p, make_parallel_for(1));
                  for (size_t i = 0; i < q.size(); ++i) out.push_back(static_cast<float>(q[i] - rows_again::kQuantisedZero));
                  return out;
                }),
                [=] {
                  std::vector<double> out;
                  for (int row = 0; row < 5; ++row) {
                    std::vector<double> values;
                    double most = 0;
                    for (ptrdiff_t i = 0; i < width; ++i) {
                      const double v = (*x)[static_cast<size_t>(row * width + i)];
                      values.push_back(0.5 * v * std::erfc(-v / std::sqrt(2.0)));
                      most = std::max(most, std::fabs(values.back()));
                    }
                    for (const double v : values) out.push_back(127 * v / most);
                  }
                  return out;
                }};
  };
  cases.push_back({"variants/row_pass, baseline, gelu, quantise, width " + std::to_string(width), absolute(0.502, "half a step, and fp32 beside it"), make, 0, 0});
}

}  // namespace

void forward_variant_cases(Cases& cases) {
  for (const int head_width : {64, 32, 80, 7}) add_attention(cases, head_width);
  for (const ptrdiff_t width : {896, 37}) add_row_pass(cases, width);
}

}  // namespace alfa::check

#else

namespace alfa::check {
void forward_variant_cases(Cases&) {}
}  // namespace alfa::check

#endif
