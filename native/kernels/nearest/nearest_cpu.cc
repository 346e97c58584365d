// A tile of MR queries times a panel of the bank stays in registers over the
// whole width: 12 x 2 AVX-512 registers, 6 x 2 AVX2 ones. The panel comes from
// the second-level cache, where a task's queries find it again.
#include <algorithm>
#include <limits>
#include <string>

#include "error.h"
#include "kernels/multiversion.h"
#include "kernels/nearest/nearest.h"

namespace alfa::kernels {
namespace {

constexpr int kPanel = PackedRows::kPanel;
constexpr int kQueriesPerTask = 12;
constexpr int kFew = 4;  // what is left of a task's queries goes through in
                         // fours, then one by one

template <int kBytes>
struct Vector {
  typedef float type __attribute__((vector_size(kBytes), aligned(4)));
};

// MR queries (rows `width` apart) times kColumns rows of a panel -> sums
// [MR][kPanel], from the panel's first column on.
template <int kBytes, int MR, int NV>
ALFA_INLINE void tile(const float* queries, const float* panel, int width,
                      float* sums) {
  using V = typename Vector<kBytes>::type;
  constexpr int kLanes = kBytes / 4;
  V sum[MR][NV] = {};
  for (int e = 0; e < width; ++e) {
    V row[NV];
    for (int v = 0; v < NV; ++v)
      row[v] = *reinterpret_cast<const V*>(
          panel + static_cast<size_t>(e) * kPanel + v * kLanes);
    for (int m = 0; m < MR; ++m) {
      const float q = queries[static_cast<size_t>(m) * width + e];
      for (int v = 0; v < NV; ++v) sum[m][v] += q * row[v];
    }
  }
  for (int m = 0; m < MR; ++m)
    for (int v = 0; v < NV; ++v)
      *reinterpret_cast<V*>(sums + m * kPanel + v * kLanes) = sum[m][v];
}

struct Task {
  const float* queries;  // of this task
  int count;
  const PackedRows* bank;
  float* best;     // [count]
  int32_t* index;  // [count]
};

template <int kBytes, int MR, int NV>
ALFA_INLINE void panel_products(const float* queries, const float* panel,
                                int width, float* sums) {
  for (int c = 0; c < kPanel; c += NV * kBytes / 4)
    tile<kBytes, MR, NV>(queries, panel + c, width, sums + c);
}

template <int kBytes, int MR, int NV>
ALFA_INLINE void search(const Task& t) {
  const int width = t.bank->width, rows = t.bank->count;
  float sums[MR * kPanel];
  for (int first = 0; first < rows; first += kPanel) {
    const float* panel =
        t.bank->data.data() + static_cast<size_t>(first) * width;
    const int valid = std::min(kPanel, rows - first);
    for (int q = 0; q < t.count;) {
      const float* queries = t.queries + static_cast<size_t>(q) * width;
      const int left = t.count - q;
      const int done = left >= MR ? MR : left >= kFew ? kFew : 1;
      if (done == MR)
        panel_products<kBytes, MR, NV>(queries, panel, width, sums);
      else if (done == kFew)
        panel_products<kBytes, kFew, NV>(queries, panel, width, sums);
      else
        panel_products<kBytes, 1, NV>(queries, panel, width, sums);
      for (int m = 0; m < done; ++m) {
        for (int j = 0; j < valid; ++j) {
          if (sums[m * kPanel + j] > t.best[q + m]) {
            t.best[q + m] = sums[m * kPanel + j];
            t.index[q + m] = first + j;
          }
        }
      }
      q += done;
    }
  }
}

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && \
    !defined(ALFA_NO_CLONES)
__attribute__((target(
    "arch=x86-64-v4,prefer-vector-width=512"))) void search_v4(const Task& t) {
  search<64, 12, 2>(t);
}
__attribute__((target("arch=x86-64-v3"))) void search_v3(const Task& t) {
  search<32, 6, 2>(t);
}
void search_base(const Task& t) { search<16, 4, 2>(t); }

void search(const Task& t) {
  static void (*const chosen)(const Task&) =
      __builtin_cpu_supports("x86-64-v4")   ? search_v4
      : __builtin_cpu_supports("x86-64-v3") ? search_v3
                                            : search_base;
  chosen(t);
}
#else
void search(const Task& t) { search<16, 4, 2>(t); }
#endif

void expect_rows(const PackedRows& bank) {
  if (bank.count < 1 || bank.width < 1)
    throw Error(Code::kRange,
                "memory bank: expected at least 1 row but found " +
                    std::to_string(bank.count));
}

}  // namespace

PackedRows pack_rows(const float* rows, int count, int width) {
  PackedRows packed{count, width, {}};
  packed.data.resize(static_cast<size_t>((count + kPanel - 1) / kPanel) *
                     kPanel * width);
  for (int r = 0; r < count; ++r) {
    const float* in = rows + static_cast<size_t>(r) * width;
    float* out = packed.data.data() +
                 static_cast<size_t>(r / kPanel) * kPanel * width + r % kPanel;
    for (int e = 0; e < width; ++e)
      out[static_cast<size_t>(e) * kPanel] = in[e];
  }
  return packed;
}

void unpack_row(const PackedRows& packed, int row, float* out) {
  const float* in = packed.data.data() +
                    static_cast<size_t>(row / kPanel) * kPanel * packed.width +
                    row % kPanel;
  for (int e = 0; e < packed.width; ++e)
    out[e] = in[static_cast<size_t>(e) * kPanel];
}

void find_nearest(std::span<const Search> searches,
                  const ParallelFor& parallel_for) {
  struct Part {
    const Search* search;
    int first;
  };
  std::vector<Part> parts;
  for (const Search& s : searches) {
    expect_rows(*s.bank);
    for (int first = 0; first < s.count; first += kQueriesPerTask)
      parts.push_back({&s, first});
  }
  parallel_for(parts.size(), [&](size_t task) {
    const auto [s, first] = parts[task];
    const int n = std::min(kQueriesPerTask, s->count - first);
    int32_t found[kQueriesPerTask] = {};
    std::fill(s->similarity + first, s->similarity + first + n,
              -std::numeric_limits<float>::infinity());
    search({s->queries + static_cast<size_t>(first) * s->bank->width, n,
            s->bank, s->similarity + first, found});
    if (s->index) std::copy(found, found + n, s->index + first);
  });
}

void find_nearest(const float* queries, int count, const PackedRows& bank,
                  const ParallelFor& parallel_for, float* similarity,
                  int32_t* index) {
  const Search one{queries, count, &bank, similarity, index};
  find_nearest(std::span(&one, 1), parallel_for);
}

void similarities(const float* query, const PackedRows& bank, float* out) {
  expect_rows(bank);
  for (int first = 0; first < bank.count; first += kPanel) {
    float sums[kPanel] = {};
    const float* panel =
        bank.data.data() + static_cast<size_t>(first) * bank.width;
    for (int e = 0; e < bank.width; ++e)
      for (int j = 0; j < kPanel; ++j)
        sums[j] += query[e] * panel[static_cast<size_t>(e) * kPanel + j];
    std::copy(sums, sums + std::min(kPanel, bank.count - first), out + first);
  }
}

}  // namespace alfa::kernels
