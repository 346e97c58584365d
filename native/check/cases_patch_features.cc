#include <cmath>
#include <memory>

#include "check/cases.h"
#include "check/host_call.h"
#include "check/random.h"
#include "kernels/patch_features/patch_features.h"

namespace alfa::check {
namespace {

enum class Values { kNormal, kOffset, kEqual, kSomeZero, kAllZero, kTiny, kHuge };

const char* name_of(Values values) {
  switch (values) {
    case Values::kNormal: return "";
    case Values::kOffset: return ", far from 0";
    case Values::kEqual: return ", all equal";
    case Values::kSomeZero: return ", some zero rows";
    case Values::kAllZero: return ", all 0";
    case Values::kTiny: return ", of 1e-41";
    case Values::kHuge: return ", of 1e37";
  }
  return "";
}

std::vector<float> make_tokens(int grid, int width, Values values) {
  Random random(51);
  std::vector<float> tokens = random.normals(static_cast<size_t>(grid) * grid * width);
  for (size_t i = 0; i < tokens.size(); ++i) {
    float& t = tokens[i];
    if (values == Values::kOffset) t += 1000;
    if (values == Values::kEqual) t = 0.7f;
    if (values == Values::kSomeZero && (i / width) % grid < static_cast<size_t>(grid) / 2) t = 0;  // the left half
    if (values == Values::kAllZero) t = 0;
    if (values == Values::kTiny) t *= 1e-41f;
    if (values == Values::kHuge) t *= 1e37f;
  }
  return tokens;
}

constexpr float kBetween = -7;  // what lies between the rows before the call, and after it

std::vector<double> reference(const std::vector<float>& tokens, int grid, int width, int neighbours, double length,
                              int stride) {
  std::vector<double> out(static_cast<size_t>(grid) * grid * stride, kBetween);
  for (int y = 0; y < grid; ++y) {
    for (int x = 0; x < grid; ++x) {
      double* row = out.data() + static_cast<size_t>(y * grid + x) * stride;
      double squares = 0;
      for (int e = 0; e < width; ++e) {
        double sum = 0;
        for (int v = 0; v < grid; ++v)
          for (int u = 0; u < grid; ++u)
            if (2 * std::abs(v - y) < neighbours && 2 * std::abs(u - x) < neighbours)
              sum += tokens[static_cast<size_t>(v * grid + u) * width + e];
        row[e] = sum;
        squares += sum * sum;
      }
      for (int e = 0; e < width; ++e) row[e] = squares > 0 ? row[e] * length / std::sqrt(squares) : 0;
    }
  }
  return out;
}

std::string shape_name(int grid, int width) {
  return "grid " + std::to_string(grid) + ", width " + std::to_string(width);
}

void add(Cases& cases, int grid, int width, int neighbours, Values values = Values::kNormal, float length = 1,
         int between = 0) {
  const int stride = width + between;
  const auto make = [=] {
    const auto tokens = std::make_shared<std::vector<float>>(make_tokens(grid, width, values));
    return Work{host_call([=] {
                  std::vector<float> out(static_cast<size_t>(grid) * grid * stride, kBetween);
                  kernels::patch_features(tokens->data(), grid, width, neighbours, length, out.data(), stride);
                  return out;
                }),
                [=] { return reference(*tokens, grid, width, neighbours, length, stride); }};
  };
  std::string name = "patch_features/" + shape_name(grid, width) + ", " + std::to_string(neighbours) + " around";
  if (between > 0) name += ", rows " + std::to_string(between) + " apart";
  if (length != 1) name += ", length " + std::to_string(length).substr(0, 4);
  cases.push_back({name + name_of(values),
                   values == Values::kTiny
                       ? absolute(1e-3 * length, "a float of 1e-41 has 4 digits")
                       : absolute(5e-7 * length, "fp32 sums of neighbours"),
                   make, 0, 8.0 * grid * grid * width});
}

std::vector<double> standardised(const std::vector<float>& tokens) {
  double mean = 0, variance = 0;
  for (const float t : tokens) mean += t / static_cast<double>(tokens.size());
  for (const float t : tokens) variance += (t - mean) * (t - mean) / static_cast<double>(tokens.size());
  std::vector<double> out;
  for (const float t : tokens) out.push_back((t - mean) / std::sqrt(variance + 1e-5));
  return out;
}

void add_standardise(Cases& cases, int grid, int width, Values values = Values::kNormal) {
  const auto make = [=] {
    const auto tokens = std::make_shared<std::vector<float>>(make_tokens(grid, width, values));
    return Work{host_call([=] {
                  std::vector<float> out(tokens->size());
                  kernels::standardise(tokens->data(), grid, width, out.data());
                  return out;
                }),
                [=] { return standardised(*tokens); }};
  };
  cases.push_back({"standardise/" + shape_name(grid, width) + name_of(values),
                   absolute(5e-7, "double inside, one rounding of values up to 5"), make, 0, 8.0 * grid * grid * width});
}

}  // namespace

void patch_features_cases(Cases& cases) {
  for (const int width : {7, 192, 896}) add_standardise(cases, 15, width);
  add_standardise(cases, 1, 1);
  add_standardise(cases, 1, 64);
  for (const Values values : {Values::kOffset, Values::kEqual, Values::kAllZero, Values::kTiny, Values::kSomeZero})
    add_standardise(cases, 6, 64, values);
  for (const int neighbours : {1, 3, 5}) add(cases, 15, 896, neighbours);
  for (const int grid : {1, 2, 6})
    for (const int neighbours : {1, 3, 5, 31}) add(cases, grid, 64, neighbours);
  add(cases, 15, 64, 29);
  add(cases, 15, 64, 31);
  add(cases, 15, 64, 2147483647);
  for (const int width : {1, 7, 192}) add(cases, 6, width, 3);
  add(cases, 15, 192, 3, Values::kNormal, 0.5f, 576);
  add(cases, 2, 7, 3, Values::kNormal, 10, 1);
  add(cases, 1, 1, 1, Values::kNormal, 1, 6);
  for (const int neighbours : {1, 3})
    for (const Values values :
         {Values::kOffset, Values::kEqual, Values::kSomeZero, Values::kAllZero, Values::kTiny, Values::kHuge})
      add(cases, 6, 64, neighbours, values);
  for (const int neighbours : {0, 2, -1})
    cases.push_back(refusal("patch_features/" + std::to_string(neighbours) + " around", Code::kRange, [=] {
      float value = 0;
      kernels::patch_features(&value, 1, 1, neighbours, 1, &value, 1);
    }));
}

}  // namespace alfa::check
