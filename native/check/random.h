// Random numbers that are the same on every machine and easy to reproduce:
// number i of a seed is splitmix64(seed, i).
#pragma once
#include <cmath>
#include <cstdint>
#include <vector>

namespace alfa::check {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t bits() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // In (0, 1).
  double uniform() {
    return (static_cast<double>(bits() >> 11) + 0.5) * 0x1p-53;
  }
  int below(int n) {
    return static_cast<int>(bits() % static_cast<uint64_t>(n));
  }
  uint8_t byte() { return static_cast<uint8_t>(bits() >> 56); }
  double normal() {
    return std::sqrt(-2 * std::log(uniform())) *
           std::cos(6.283185307179586 * uniform());
  }

  std::vector<float> normals(size_t n, double scale = 1) {
    std::vector<float> values(n);
    for (float& v : values) v = static_cast<float>(scale * normal());
    return values;
  }
  std::vector<float> unit_rows(size_t rows, size_t width) {
    std::vector<float> values(rows * width);
    for (size_t r = 0; r < rows; ++r) {
      std::vector<double> row(width);
      double squares = 0;
      for (double& v : row) {
        v = normal();
        squares += v * v;
      }
      for (size_t i = 0; i < width; ++i)
        values[r * width + i] = static_cast<float>(row[i] / std::sqrt(squares));
    }
    return values;
  }

 private:
  uint64_t state_;
};

}  // namespace alfa::check
