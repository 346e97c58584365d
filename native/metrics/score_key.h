// Scores as unsigned integers with the same order. -0 and 0 have the same key.
#pragma once
#include <bit>
#include <cstdint>
#include <type_traits>

namespace alfa::metrics {

template <typename Score>
using Key = std::conditional_t<sizeof(Score) == 4, uint32_t, uint64_t>;
template <typename Score>
constexpr Key<Score> kSign = Key<Score>{1} << (8 * sizeof(Score) - 1);

template <typename Score>
Key<Score> key_of(Score score) {
  const auto bits = std::bit_cast<Key<Score>>(score + Score{0});  // -0 + 0 = 0
  return bits & kSign<Score> ? static_cast<Key<Score>>(~bits)
                             : bits | kSign<Score>;
}

template <typename Score>
Score score_of(Key<Score> key) {
  return std::bit_cast<Score>(
      key & kSign<Score> ? key ^ kSign<Score> : static_cast<Key<Score>>(~key));
}

}  // namespace alfa::metrics
