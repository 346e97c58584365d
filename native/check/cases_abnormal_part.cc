#include <cmath>
#include <memory>

#include "check/cases.h"
#include "check/host_call.h"
#include "check/random.h"
#include "kernels/contextual/contextual.h"

namespace alfa::check {
namespace {

struct Input {
  int embed_dim;
  float temperature;
  std::vector<float> features, directions;  // [windows, E], [2, E]
};

std::vector<float> run(const Input& in) {
  std::vector<float> out(in.features.size() / in.embed_dim);
  for (size_t w = 0; w < out.size(); ++w) {
    out[w] = kernels::abnormal_part(in.features.data() + w * in.embed_dim, in.directions.data(), in.embed_dim,
                                    in.temperature);
  }
  return out;
}

std::vector<double> reference(const Input& in) {
  std::vector<double> out;
  for (size_t from = 0; from < in.features.size(); from += in.embed_dim) {
    double logit[2] = {0, 0};
    for (int label = 0; label < 2; ++label) {
      for (int e = 0; e < in.embed_dim; ++e) {
        logit[label] +=
            static_cast<double>(in.features[from + e]) * in.directions[label * in.embed_dim + e] / in.temperature;
      }
    }
    out.push_back(1 / (1 + std::exp(logit[0] - logit[1])));
  }
  return out;
}

// Directions f and -f, features of similarity in [-1, 1] to f: logits of every size up to +-2/temperature.
Input swept(int embed_dim, float temperature) {
  Random random(5);
  Input in{embed_dim, temperature, {}, random.unit_rows(1, embed_dim)};
  for (int e = 0; e < embed_dim; ++e) in.directions.push_back(-in.directions[e]);
  for (int step = -10; step <= 10; ++step) {
    for (int e = 0; e < embed_dim; ++e) in.features.push_back(static_cast<float>(step / 10.0 * in.directions[e]));
  }
  return in;
}

}  // namespace

void abnormal_part_cases(Cases& cases) {
  const auto add = [&](const char* name, Tolerance tolerance, std::function<Input()> input) {
    const auto make = [input] {
      const auto in = std::make_shared<Input>(input());
      return Work{host_call([=] { return run(*in); }), [=] { return reference(*in); }};
    };
    const Input sizes = input();
    cases.push_back({std::string("abnormal_part/") + name, std::move(tolerance), make,
                     4.0 * static_cast<double>(sizes.features.size()),
                     4.0 * static_cast<double>(sizes.features.size())});
  };
  const char* reason = "relative error = (rounding of two fp32 similarities) / temperature";
  add("365 windows, T 0.07, E 640", ulps(40, reason), [] {
    Random random(6);
    return Input{640, 0.07f, random.unit_rows(365, 640), random.unit_rows(2, 640)};
  });
  add("logits up to 28", ulps(60, reason), [] { return swept(640, 0.07f); });
  add("logits up to 80", ulps(200, reason), [] { return swept(640, 0.025f); });
  add("logits up to 2,000: 0 and 1", absolute(1e-3, "at the middle alone: an error of 1e-7 / 0.001 in the logit"),
      [] { return swept(640, 0.001f); });
  add("zero feature: one half", exact("equal logits"), [] {
    Random random(7);
    return Input{640, 0.07f, std::vector<float>(640), random.unit_rows(2, 640)};
  });
  add("equal directions: one half", exact("equal logits"), [] {
    Random random(8);
    Input in{33, 0.01f, random.unit_rows(5, 33), random.unit_rows(1, 33)};
    in.directions.insert(in.directions.end(), in.directions.begin(), in.directions.begin() + 33);
    return in;
  });
}

}  // namespace alfa::check
