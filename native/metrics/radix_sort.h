// Ascending, in place: most significant digit first (McIlroy, Bostic and
// McIlroy, Engineering Radix Sort, 1993). The largest category's pixels fill
// most of the memory that it may take, so there is none for a second array.
#pragma once
#include <cstdint>
#include <span>

namespace alfa::metrics {

// On at most `threads` threads, this one included.
template <typename Key>
void radix_sort(std::span<Key> keys, int threads);

}  // namespace alfa::metrics
