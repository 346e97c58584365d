// The inner loop multiplies a tile of queries by a panel of the bank. Its sums
// stay in registers over the whole width: 12 queries x 2 registers of AVX-512,
// or 6 x 2 of AVX2. The panel comes from the second-level cache: all queries of
// a task read it before the next panel.
#include <algorithm>
#include <limits>
#include <string>

#include "error.h"
#include "kernels/multiversion.h"
#include "kernels/nearest/nearest.h"
#include "kernels/size.h"

namespace alfa::kernels {
namespace {

constexpr int kPanel = PackedRows::kPanel;
constexpr int kQueriesPerTask = 12;
// If fewer queries than a tile are left, they go in tiles of kSmallTile, and
// then one by one.
constexpr int kSmallTile = 4;

template <int kBytes>
struct Vector {
  typedef float type __attribute__((vector_size(kBytes), aligned(4)));
};

// Template parameters below:
// - kBytes: the size of a vector register
// - kQueries: the queries of a tile
// - kVectors: the registers of a tile across the panel

// kQueries rows times kVectors registers of panel rows -> sums [kQueries,
// kPanel].
template <int kBytes, int kQueries, int kVectors>
ALFA_INLINE void multiply_tile(const float* queries, const float* panel,
                               int width, float* sums) {
  using V = typename Vector<kBytes>::type;
  constexpr int kLanes = kBytes / 4;
  V sum[kQueries][kVectors] = {};
  for (int e = 0; e < width; ++e) {
    V row[kVectors];
    for (int v = 0; v < kVectors; ++v)
      row[v] = *reinterpret_cast<const V*>(panel + row_offset(e, kPanel) +
                                           v * kLanes);
    for (int m = 0; m < kQueries; ++m) {
      const float q = queries[row_offset(m, width) + e];
      for (int v = 0; v < kVectors; ++v) sum[m][v] += q * row[v];
    }
  }
  for (int m = 0; m < kQueries; ++m)
    for (int v = 0; v < kVectors; ++v)
      *reinterpret_cast<V*>(sums + m * kPanel + v * kLanes) = sum[m][v];
}

// kQueries rows times all rows of a panel -> sums [kQueries, kPanel].
template <int kBytes, int kQueries, int kVectors>
ALFA_INLINE void multiply_panel(const float* queries, const float* panel,
                                int width, float* sums) {
  for (int c = 0; c < kPanel; c += kVectors * kBytes / 4)
    multiply_tile<kBytes, kQueries, kVectors>(queries, panel + c, width,
                                              sums + c);
}

struct Task {
  const float* queries;  // [count, bank->width]
  int count;
  const PackedRows* bank;
  float* best;     // [count], the largest similarity so far
  int32_t* index;  // [count], its row
};

template <int kBytes, int kQueries, int kVectors>
ALFA_INLINE void search(const Task& t) {
  const int width = t.bank->width;
  const int rows = t.bank->count;
  float sums[kQueries * kPanel];
  for (int first = 0; first < rows; first += kPanel) {
    const float* panel = t.bank->data.data() + row_offset(first, width);
    const int valid = std::min(kPanel, rows - first);
    for (int q = 0; q < t.count;) {
      const float* queries = t.queries + row_offset(q, width);
      const int left = t.count - q;
      int done = 1;
      if (left >= kQueries) {
        done = kQueries;
        multiply_panel<kBytes, kQueries, kVectors>(queries, panel, width, sums);
      } else if (left >= kSmallTile) {
        done = kSmallTile;
        multiply_panel<kBytes, kSmallTile, kVectors>(queries, panel, width,
                                                     sums);
      } else {
        multiply_panel<kBytes, 1, kVectors>(queries, panel, width, sums);
      }
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

// The tile depends on the instruction set, so ALFA_MULTIVERSION, which compiles
// one source for each set, does not fit here.
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

using SearchFunction = void (*)(const Task&);

SearchFunction choose_search() {
  if (__builtin_cpu_supports("x86-64-v4")) return search_v4;
  if (__builtin_cpu_supports("x86-64-v3")) return search_v3;
  return search_base;
}

void search(const Task& t) {
  static const SearchFunction chosen = choose_search();
  chosen(t);
}
#else
void search(const Task& t) { search<16, 4, 2>(t); }
#endif

void require_rows(const PackedRows& bank) {
  if (bank.count < 1 || bank.width < 1)
    throw Error(Code::kRange,
                "memory bank: expected at least 1 row but received " +
                    std::to_string(bank.count) + ".");
}

// Where the elements of row `row` start. They are kPanel floats apart.
ptrdiff_t offset_of(int row, int width) {
  const int in_panel = row % kPanel;
  return row_offset(row - in_panel, width) + in_panel;
}

}  // namespace

PackedRows pack_rows(const float* rows, int count, int width) {
  const int panels = (count + kPanel - 1) / kPanel;
  PackedRows packed{count, width, {}};
  packed.data.resize(to_size(panels) * kPanel * to_size(width));
  for (int r = 0; r < count; ++r) {
    const float* in = rows + row_offset(r, width);
    float* out = packed.data.data() + offset_of(r, width);
    for (int e = 0; e < width; ++e) out[row_offset(e, kPanel)] = in[e];
  }
  return packed;
}

void unpack_row(const PackedRows& packed, int row, float* out) {
  const float* in = packed.data.data() + offset_of(row, packed.width);
  for (int e = 0; e < packed.width; ++e) out[e] = in[row_offset(e, kPanel)];
}

void find_nearest(std::span<const Search> searches,
                  const ParallelFor& parallel_for) {
  struct Part {
    const Search* search;
    int first;  // query
  };
  std::vector<Part> parts;
  for (const Search& s : searches) {
    require_rows(*s.bank);
    for (int first = 0; first < s.count; first += kQueriesPerTask)
      parts.push_back({&s, first});
  }
  // All searches share one loop, so that no thread waits at the end of each.
  parallel_for(parts.size(), [&](size_t task) {
    const auto [s, first] = parts[task];
    const int count = std::min(kQueriesPerTask, s->count - first);
    const float* queries = s->queries + row_offset(first, s->bank->width);
    float* similarity = s->similarity + first;
    int32_t index[kQueriesPerTask] = {};
    std::fill_n(similarity, count, -std::numeric_limits<float>::infinity());
    search({queries, count, s->bank, similarity, index});
    if (s->index) std::copy_n(index, count, s->index + first);
  });
}

void find_nearest(const float* queries, int count, const PackedRows& bank,
                  const ParallelFor& parallel_for, float* similarity,
                  int32_t* index) {
  const Search single{queries, count, &bank, similarity, index};
  find_nearest(std::span(&single, 1), parallel_for);
}

void similarities(const float* query, const PackedRows& bank, float* out) {
  require_rows(bank);
  for (int first = 0; first < bank.count; first += kPanel) {
    float sums[kPanel] = {};
    const float* panel = bank.data.data() + row_offset(first, bank.width);
    for (int e = 0; e < bank.width; ++e)
      for (int j = 0; j < kPanel; ++j)
        sums[j] += query[e] * panel[row_offset(e, kPanel) + j];
    std::copy_n(sums, std::min(kPanel, bank.count - first), out + first);
  }
}

}  // namespace alfa::kernels
