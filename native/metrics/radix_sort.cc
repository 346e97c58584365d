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

constexpr int kFirstDigit = 11, kDigit = 8;  // bits; the first one makes enough
                                             // parts for the threads to share
constexpr int kCounted = 20;    // bits whose table still fits a core's cache
constexpr size_t kSmall = 256;  // keys that std::sort sorts sooner
constexpr size_t kPerThread = 1 << 16;  // keys worth a thread

// Where the keys are about as many as the values that they can have, a table of
// how many there are of each says all. `bits`: the lowest ones, which tell the
// keys apart.
template <typename Key>
void count_out(std::span<Key> keys, int bits) {
  std::vector<uint32_t> times(size_t{1} << bits);
  const Key mask = (Key{1} << bits) - 1, prefix = keys[0] & ~mask;
  for (const Key key : keys) ++times[key & mask];
  auto to = keys.begin();
  for (size_t value = 0; value < times.size(); ++value)
    to = std::fill_n(to, times[value], prefix | static_cast<Key>(value));
}

// Sorts by the `digit` highest bits that tell the keys apart. Calls part(keys)
// for every part of equal digits that is not sorted yet.
template <typename Key, typename Part>
void split(std::span<Key> keys, int digit, Part part) {
  Key all = ~Key{0}, any = 0;
  for (const Key key : keys) all &= key, any |= key;
  const int bits = std::bit_width(
      static_cast<Key>(all ^ any));  // those above are equal in all
  if (bits == 0) return;
  if (bits <= kCounted && keys.size() >= (size_t{1} << bits) / 4 &&
      keys.size() <= UINT32_MAX)
    return count_out(keys, bits);
  const int shift = std::max(0, bits - digit);
  const Key mask = (Key{1} << digit) - 1;
  const auto digit_of = [=](Key key) {
    return static_cast<size_t>((key >> shift) & mask);
  };

  std::vector<size_t> end(size_t{1} << digit);
  for (const Key key : keys) ++end[digit_of(key)];
  std::vector<size_t> next(end.size());  // of each part, the first place whose
                                         // key may not belong there
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
void sort_alone(std::span<Key> keys) {
  if (keys.size() <= kSmall)
    std::sort(keys.begin(), keys.end());
  else
    split(keys, kDigit, [](std::span<Key> part) { sort_alone(part); });
}

}  // namespace

template <typename Key>
void radix_sort(std::span<Key> keys, int threads) {
  if (keys.size() <= kSmall) return sort_alone(keys);
  std::vector<std::span<Key>> parts;
  split(keys, kFirstDigit, [&](std::span<Key> part) { parts.push_back(part); });
  std::atomic<size_t> taken{0};
  std::mutex mutex;
  std::exception_ptr failed;  // no memory for a table
  const auto work = [&] {
    try {
      for (size_t i; (i = taken++) < parts.size();) sort_alone(parts[i]);
    } catch (...) {
      const std::scoped_lock lock(mutex);
      failed = std::current_exception();
    }
  };
  const size_t most = std::min<size_t>(
      static_cast<size_t>(std::max(threads, 1)), keys.size() / kPerThread + 1);
  std::vector<std::thread> others;
  others.reserve(most);
  try {
    while (others.size() + 1 < most) others.emplace_back(work);
  } catch (const std::exception&) {
    // The system gives no more threads: those there are do the work.
  }
  work();
  for (auto& thread : others) thread.join();
  if (failed) std::rethrow_exception(failed);
}

template void radix_sort<uint32_t>(std::span<uint32_t>, int);
template void radix_sort<uint64_t>(std::span<uint64_t>, int);

}  // namespace alfa::metrics
