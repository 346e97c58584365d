// The vector types of CUDA with their sizes and alignments.
#pragma once

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1)
      : x(x_), y(y_), z(z_) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
};

#define ALFA_VECTORS(T, name, align1, align2, align4)                \
  struct name##1 { T x; };                                           \
  struct __attribute__((aligned(align2))) name##2 { T x, y; };       \
  struct __attribute__((aligned(align4))) name##4 { T x, y, z, w; }; \
  constexpr name##1 make_##name##1(T x) { return {x}; }              \
  constexpr name##2 make_##name##2(T x, T y) { return {x, y}; }      \
  constexpr name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }

ALFA_VECTORS(signed char, char, 1, 2, 4)
ALFA_VECTORS(unsigned char, uchar, 1, 2, 4)
ALFA_VECTORS(short, short, 2, 4, 8)
ALFA_VECTORS(unsigned short, ushort, 2, 4, 8)
ALFA_VECTORS(int, int, 4, 8, 16)
ALFA_VECTORS(unsigned, uint, 4, 8, 16)
ALFA_VECTORS(long long, longlong, 8, 16, 16)
ALFA_VECTORS(unsigned long long, ulonglong, 8, 16, 16)
ALFA_VECTORS(float, float, 4, 8, 16)
ALFA_VECTORS(double, double, 8, 16, 16)
#undef ALFA_VECTORS

struct int3 {
  int x, y, z;
};
struct float3 {
  float x, y, z;
};
struct uchar3 {
  unsigned char x, y, z;
};
constexpr uint3 make_uint3(unsigned x, unsigned y, unsigned z) {
  return {x, y, z};
}
constexpr int3 make_int3(int x, int y, int z) { return {x, y, z}; }
constexpr float3 make_float3(float x, float y, float z) { return {x, y, z}; }
constexpr uchar3 make_uchar3(unsigned char x, unsigned char y,
                             unsigned char z) {
  return {x, y, z};
}
