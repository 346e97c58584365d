// The share of (positive, negative) pairs that the scores order rightly, ties half. Both classes are sorted apart, by
// radix: a category's pixels pooled are tens of millions, and counting pairs in 64-bit integers leaves no rounding.
#include "metrics/auroc.h"

#include <array>
#include <bit>
#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

#include "error.h"

namespace alfa::metrics {
namespace {

// Unsigned numbers in the order of the floats; -0 and 0 are one.
template <typename Score>
auto ordered(Score score) {
  using Key = std::conditional_t<sizeof(Score) == 4, uint32_t, uint64_t>;
  constexpr Key sign = Key{1} << (8 * sizeof(Key) - 1);
  const Key bits = std::bit_cast<Key>(score == 0 ? Score{0} : score);
  return bits & sign ? Key(~bits) : Key(bits | sign);
}

template <typename Key>
void sort(std::vector<Key>& keys, std::vector<Key>& spare) {
  constexpr int kDigit = 11, kValues = 1 << kDigit;
  spare.resize(keys.size());
  for (int shift = 0; shift < static_cast<int>(8 * sizeof(Key)); shift += kDigit) {
    std::array<size_t, kValues> start{};
    for (const Key key : keys) ++start[(key >> shift) & (kValues - 1)];
    if (start[(keys[0] >> shift) & (kValues - 1)] == keys.size()) continue;  // the digit tells nothing apart
    size_t sum = 0;
    for (size_t& count : start) {
      const size_t here = count;
      count = sum;
      sum += here;
    }
    for (const Key key : keys) spare[start[(key >> shift) & (kValues - 1)]++] = key;
    keys.swap(spare);
  }
}

}  // namespace

template <typename Score>
double auroc(const uint8_t* labels, const Score* scores, size_t n) {
  using Key = decltype(ordered(Score{}));
  std::vector<Key> keys[2];
  size_t positives = 0;
  for (size_t i = 0; i < n; ++i) positives += labels[i] != 0;
  keys[0].reserve(n - positives);
  keys[1].reserve(positives);
  for (size_t i = 0; i < n; ++i) {
    if (std::isnan(scores[i])) {
      throw Error(Code::kRange, "AUROC: expected numbers as scores but found NaN at " + std::to_string(i));
    }
    keys[labels[i] != 0].push_back(ordered(scores[i]));
  }
  if (keys[0].empty() || keys[1].empty()) {
    throw Error(Code::kRange, "AUROC: expected both normal and abnormal samples but found " +
                                  std::to_string(keys[0].size()) + " normal and " + std::to_string(positives) +
                                  " abnormal");
  }
  std::vector<Key> spare;
  for (auto& side : keys) sort(side, spare);

  uint64_t twice = 0;  // 2 * pairs in order + pairs tied
  size_t below = 0, upto = 0;  // negatives under the positive's score, and under or at it
  for (const Key key : keys[1]) {
    while (below < keys[0].size() && keys[0][below] < key) ++below;
    while (upto < keys[0].size() && keys[0][upto] <= key) ++upto;
    twice += below + upto;
  }
  return static_cast<double>(twice) / 2 / static_cast<double>(keys[0].size()) / static_cast<double>(positives);
}

template double auroc<float>(const uint8_t*, const float*, size_t);
template double auroc<double>(const uint8_t*, const double*, size_t);

}  // namespace alfa::metrics
