// Sorts in ascending order, in place, from the most significant digit (McIlroy,
// Bostic and McIlroy, Engineering Radix Sort, 1993). In place, because the
// pixels of a large category leave no memory for a second array.
#pragma once
#include <cstdint>
#include <span>

namespace alfa::metrics {

// Uses at most `threads` threads, including the calling thread.
template <typename Key>
void radix_sort(std::span<Key> keys, int threads);

}  // namespace alfa::metrics
