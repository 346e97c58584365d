// The kernels of the forward, compiled as for CPUs without AVX-512 (v3: AVX2)
// and without AVX (baseline). See cases_variants.cc.
#include "check/registry.h"

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && \
    !defined(ALFA_NO_CLONES)

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "check/call.h"
#include "check/random.h"
#include "check/variants.h"
#include "kernels/dot.h"
#include "kernels/parallel_for.h"
#include "kernels/segment_attention/segment_attention.h"
#include "kernels/size.h"
#include "kernels/softmax.h"

// The headers above declare their types in alfa::kernels. The namespaces below
// only add functions.
namespace alfa::attention_baseline {
using namespace alfa::kernels;
}
namespace alfa::attention_v3 {
using namespace alfa::kernels;
}
namespace alfa::absorbed_baseline {
using namespace alfa::kernels;
}
namespace alfa::absorbed_v3 {
using namespace alfa::kernels;
}
namespace alfa::rows_baseline {
using namespace alfa::kernels;
}
namespace alfa::rows_v3 {
using namespace alfa::kernels;
}

#undef ALFA_MULTIVERSION
#define ALFA_MULTIVERSION
#define kernels attention_baseline
#include "kernels/segment_attention/segment_attention_cpu.cc"
#undef kernels
#define kernels absorbed_baseline
#include "kernels/absorbed_attention/absorbed_attention_cpu.cc"
#undef kernels
#define kernels rows_baseline
#include "kernels/epilogue/epilogue_cpu.cc"
#undef kernels
#undef ALFA_MULTIVERSION
#define ALFA_MULTIVERSION __attribute__((target("arch=x86-64-v3")))
#define kernels attention_v3
#include "kernels/segment_attention/segment_attention_cpu.cc"
#undef kernels
#define kernels absorbed_v3
#include "kernels/absorbed_attention/absorbed_attention_cpu.cc"
#undef kernels
#define kernels rows_v3
#include "kernels/epilogue/epilogue_cpu.cc"
#undef kernels

namespace alfa::check {
namespace {

using kernels::Queries;
using AttentionKernel = void (*)(const kernels::SegmentAttention&,
                                 const kernels::ParallelFor&);

struct Shape {
  int head_width;
  Queries queries;
  bool causal;
};

void add_attention(Cases& cases, const std::string& set,
                   AttentionKernel attention, const Shape& shape) {
  const auto make = [=] {
    constexpr int kHeads = 3;
    const bool all = shape.queries == Queries::kAll;
    const auto cu = std::make_shared<std::vector<int32_t>>(
        std::vector<int32_t>{0, 1, 6, 16, 33, 50});
    const int head_width = shape.head_width,
              segments = static_cast<int>(cu->size()) - 1, rows = cu->back(),
              width = kHeads * head_width;
    const auto qkv = std::make_shared<std::vector<float>>(
        Random(84).normals(static_cast<size_t>(rows) * 3 * width));
    return Work{
        on_cpu([=] {
          std::vector<float> out(static_cast<size_t>(all ? rows : segments) *
                                 width);
          const float* q = qkv->data();
          attention({q, q + width, q + 2 * width, 3 * width, 3 * width,
                     cu->data(), nullptr, segments, kHeads, head_width,
                     shape.queries, shape.causal, out.data()},
                    make_parallel_for(1));
          return out;
        }),
        [=] {
          std::vector<double> out(static_cast<size_t>(all ? rows : segments) *
                                  width);
          const auto at = [&](int row, int part, int head, int e) {
            return static_cast<double>(
                (*qkv)[static_cast<size_t>(row) * 3 * width + part * width +
                       head * head_width + e]);
          };
          for (int s = 0; s < segments; ++s) {
            const int begin = (*cu)[s], end = (*cu)[s + 1];
            for (int i = begin; i < (all ? end : begin + 1); ++i) {
              const int query = all ? i : s, seen = shape.causal ? i + 1 : end;
              for (int h = 0; h < kHeads; ++h) {
                std::vector<double> weight;
                double total = 0;
                for (int j = begin; j < seen; ++j) {
                  double dot = 0;
                  for (int e = 0; e < head_width; ++e)
                    dot += at(query, 0, h, e) * at(j, 1, h, e);
                  weight.push_back(std::exp(
                      dot / std::sqrt(static_cast<double>(head_width))));
                  total += weight.back();
                }
                for (int e = 0; e < head_width; ++e)
                  for (int j = begin; j < seen; ++j)
                    out[static_cast<size_t>(query) * width + h * head_width +
                        e] += weight[static_cast<size_t>(j - begin)] / total *
                              at(j, 2, h, e);
              }
            }
          }
          return out;
        }};
  };
  const char* kind = shape.queries == Queries::kOne ? ", class queries"
                     : shape.causal                 ? ", causal"
                                                    : "";
  cases.push_back({"variants/segment_attention, " + set + ", heads of " +
                       std::to_string(shape.head_width) + kind,
                   absolute(5e-6, "fp32 sums and exponentials"), make, 0, 0});
}

void add_set(Cases& cases, const std::string& set, AttentionKernel attention,
             AbsorbedAttentionFunction mix, EpilogueKernel rows) {
  for (const int head_width : {64, 32, 80, 7}) {
    add_attention(cases, set, attention, {head_width, Queries::kAll, false});
    add_attention(cases, set, attention, {head_width, Queries::kAll, true});
    add_attention(cases, set, attention, {head_width, Queries::kOne, false});
  }
  add_absorbed_attention_cases(
      cases, "variants/absorbed_attention, " + set + ", ", mix);
  add_epilogue_cases(cases, "variants/epilogue, " + set + ", ", rows,
                     {896, 37});
}

void add_cases(Cases& cases) {
  if (__builtin_cpu_supports("x86-64-v3"))
    add_set(cases, "v3", attention_v3::segment_attention,
            absorbed_v3::absorbed_attention, rows_v3::epilogue);
  add_set(cases, "baseline", attention_baseline::segment_attention,
          absorbed_baseline::absorbed_attention, rows_baseline::epilogue);
}

const CaseGroup group("variants_forward", add_cases);

}  // namespace

}  // namespace alfa::check

#endif
