// Operations of the 32 lanes of a warp. Only full masks are supported.
#pragma once
#include <cstring>

#include "cuda_emulator/block.h"
#include "cuda_emulator/sanitizer.h"

namespace alfa::emulated {

// The value of a lane, and the lane whose value it gets.
template <typename T>
struct Shuffle {
  T value;
  int source;
};

template <typename T>
T shuffle(const Location& location, unsigned mask, T value, int source) {
  Shuffle<T> own{value, source};
  sync_warp(location, mask, &own, [](void* const* lanes, int count) {
    T values[32];
    for (int i = 0; i < count; ++i)
      values[i] = static_cast<Shuffle<T>*>(lanes[i])->value;
    for (int i = 0; i < count; ++i) {
      auto* lane = static_cast<Shuffle<T>*>(lanes[i]);
      if (lane->source < count)
        lane->value = values[lane->source];
      else
        std::memset(static_cast<void*>(&lane->value), 0xff,
                    sizeof(T));  // a lane that does not exist
    }
  });
  return own.value;
}

template <typename T, typename Reduce>
T reduce(const Location& location, unsigned mask, T value, Reduce) {
  sync_warp(location, mask, &value, [](void* const* lanes, int count) {
    T result = *static_cast<T*>(lanes[0]);
    for (int i = 1; i < count; ++i)
      result = Reduce{}(result, *static_cast<T*>(lanes[i]));
    for (int i = 0; i < count; ++i) *static_cast<T*>(lanes[i]) = result;
  });
  return value;
}

}  // namespace alfa::emulated

inline void __syncwarp(unsigned mask = 0xffffffffu, ALFA_LOCATION) {
  alfa::emulated::sync_warp(
      {"__syncwarp", file, line}, mask, nullptr,
      [](void* const*, int) { alfa::emulated::sanitizer::warp_synced(); });
}

template <typename T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              ALFA_LOCATION) {
  const int lane = alfa::emulated::lane_of_warp(), first = lane & ~(width - 1);
  return alfa::emulated::shuffle({"__shfl_sync", file, line}, mask, value,
                                 first | (source & (width - 1)));
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                 ALFA_LOCATION) {
  const int lane = alfa::emulated::lane_of_warp(),
            source = lane - static_cast<int>(delta);
  return alfa::emulated::shuffle(
      {"__shfl_up_sync", file, line}, mask, value,
      source < (lane & ~(width - 1)) ? lane : source);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                   ALFA_LOCATION) {
  const int lane = alfa::emulated::lane_of_warp(),
            source = lane + static_cast<int>(delta);
  return alfa::emulated::shuffle(
      {"__shfl_down_sync", file, line}, mask, value,
      source >= (lane & ~(width - 1)) + width ? lane : source);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32,
                  ALFA_LOCATION) {
  const int lane = alfa::emulated::lane_of_warp(), source = lane ^ lanes;
  return alfa::emulated::shuffle(
      {"__shfl_xor_sync", file, line}, mask, value,
      source >= (lane & ~(width - 1)) + width ? lane : source);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, ALFA_LOCATION) {
  const unsigned bit = predicate ? 1u << alfa::emulated::lane_of_warp() : 0;
  return alfa::emulated::reduce({"__ballot_sync", file, line}, mask, bit,
                                [](unsigned a, unsigned b) { return a | b; });
}
inline int __any_sync(unsigned mask, int predicate, ALFA_LOCATION) {
  return alfa::emulated::reduce({"__any_sync", file, line}, mask,
                                predicate != 0 ? 1 : 0,
                                [](int a, int b) { return a | b; });
}
inline int __all_sync(unsigned mask, int predicate, ALFA_LOCATION) {
  return alfa::emulated::reduce({"__all_sync", file, line}, mask,
                                predicate != 0 ? 1 : 0,
                                [](int a, int b) { return a & b; });
}

#define ALFA_REDUCE(name, T, expression)                                   \
  inline T name(unsigned mask, T value, ALFA_LOCATION) {                   \
    return alfa::emulated::reduce({#name, file, line}, mask, value,        \
                                  [](T a, T b) { return T(expression); }); \
  }
ALFA_REDUCE(__reduce_add_sync, unsigned, a + b)
ALFA_REDUCE(__reduce_min_sync, unsigned, a < b ? a : b)
ALFA_REDUCE(__reduce_max_sync, unsigned, a > b ? a : b)
ALFA_REDUCE(__reduce_and_sync, unsigned, a& b)
ALFA_REDUCE(__reduce_or_sync, unsigned, a | b)
ALFA_REDUCE(__reduce_xor_sync, unsigned, a ^ b)
ALFA_REDUCE(__reduce_add_sync, int, unsigned(a) + unsigned(b))
ALFA_REDUCE(__reduce_min_sync, int, a < b ? a : b)
ALFA_REDUCE(__reduce_max_sync, int, a > b ? a : b)
#undef ALFA_REDUCE
