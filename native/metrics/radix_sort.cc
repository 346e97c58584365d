#include "metrics/radix_sort.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace alfa::metrics {
namespace {

constexpr int kFirstDigit = 11;   // bits; gives enough parts for all threads
constexpr int kDigit = 8;         // bits of the other digits
constexpr int kCountedBits = 20;  // a table of so many bits fits into a cache
constexpr size_t kSmall = 256;    // keys for which std::sort is faster
constexpr size_t kPerThread = 1 << 16;  // fewer keys are not worth a thread

// Counting sort, for keys that are about as many as their possible values. The
// keys only differ in the lowest `bits`.
template <typename Key>
void counting_sort(std::span<Key> keys, int bits) {
  std::vector<uint32_t> counts(size_t{1} << bits);
  const Key mask = (Key{1} << bits) - 1, prefix = keys[0] & ~mask;
  for (const Key key : keys) ++counts[key & mask];
  auto to = keys.begin();
  for (size_t value = 0; value < counts.size(); ++value)
    to = std::fill_n(to, counts[value], prefix | static_cast<Key>(value));
}

// Sorts by the highest `digit` bits in which the keys differ. Calls part(keys)
// for each part with equal digits that is not sorted yet.
template <typename Key, typename Part>
void split(std::span<Key> keys, int digit, Part part) {
  Key all = ~Key{0}, any = 0;
  for (const Key key : keys) {
    all &= key;
    any |= key;
  }
  // All keys are equal in the bits above these.
  const int bits =
      static_cast<int>(std::bit_width(static_cast<Key>(all ^ any)));
  if (bits == 0) return;
  if (bits <= kCountedBits && keys.size() >= (size_t{1} << bits) / 4 &&
      keys.size() <= UINT32_MAX)
    return counting_sort(keys, bits);
  const int shift = std::max(0, bits - digit);
  const Key mask = (Key{1} << digit) - 1;
  const auto digit_of = [=](Key key) {
    return static_cast<size_t>((key >> shift) & mask);
  };

  std::vector<size_t> end(size_t{1} << digit);
  for (const Key key : keys) ++end[digit_of(key)];
  // The first position of each part whose key may belong to another part.
  std::vector<size_t> next(end.size());
  for (size_t d = 1; d < end.size(); ++d) {
    next[d] = end[d - 1];
    end[d] += end[d - 1];
  }
  for (size_t d = 0; d < end.size(); ++d) {
    while (next[d] < end[d]) {
      Key key = keys[next[d]];
      for (size_t to = digit_of(key); to != d; to = digit_of(key))
        std::swap(key, keys[next[to]++]);
      keys[next[d]++] = key;
    }
  }
  if (shift == 0) return;
  for (size_t d = 0; d < end.size(); ++d) {
    const size_t begin = d == 0 ? 0 : end[d - 1];
    if (end[d] - begin > 1) part(keys.subspan(begin, end[d] - begin));
  }
}

template <typename Key>
void sort_on_one_thread(std::span<Key> keys) {
  if (keys.size() <= kSmall)
    std::sort(keys.begin(), keys.end());
  else
    split(keys, kDigit, [](std::span<Key> part) { sort_on_one_thread(part); });
}

}  // namespace

template <typename Key>
void radix_sort(std::span<Key> keys, int threads) {
  if (keys.size() <= kSmall) return sort_on_one_thread(keys);
  std::vector<std::span<Key>> parts;
  split(keys, kFirstDigit, [&](std::span<Key> part) { parts.push_back(part); });
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;  // no memory for a table
  const auto work = [&] {
    try {
      for (size_t i; (i = next++) < parts.size();) sort_on_one_thread(parts[i]);
    } catch (...) {
      const std::scoped_lock lock(mutex);
      failure = std::current_exception();
    }
  };
  const size_t most = std::min<size_t>(
      static_cast<size_t>(std::max(threads, 1)), keys.size() / kPerThread + 1);
  std::vector<std::thread> others;
  others.reserve(most);
  try {
    while (others.size() + 1 < most) others.emplace_back(work);
  } catch (const std::exception&) {
    // The system has no more threads. The existing threads do the work.
  }
  work();
  for (auto& thread : others) thread.join();
  if (failure) std::rethrow_exception(failure);
}

template void radix_sort<uint32_t>(std::span<uint32_t>, int);
template void radix_sort<uint64_t>(std::span<uint64_t>, int);

}  // namespace alfa::metrics
