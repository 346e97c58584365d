#include <algorithm>
#include <cmath>
#include <memory>

#include "check/align_window.h"
#include "check/call.h"
#include "check/random.h"
#include "check/registry.h"
#include "check/solve.h"

namespace alfa::check {
namespace {

using kernels::Aligner;

struct Input {
  Aligner aligner;
  float lambda;
  int n, embed_dim;
  std::vector<float> a;          // [m, E]
  std::vector<int32_t> rows;     // [n]
  std::vector<float> b;          // [n, E]
  std::vector<float> direction;  // [2, E]
};

Input random_window(Aligner aligner, float lambda, int n, int embed_dim) {
  Random random(90 + n);
  Input in{aligner,
           lambda,
           n,
           embed_dim,
           random.unit_rows(n + 20, embed_dim),
           {},
           {},
           random.unit_rows(2, embed_dim)};
  for (int i = 0; i < n; ++i) in.rows.push_back((7 * i + 3) % (n + 20));
  // The values of the window are near the global values, as in a tower.
  for (int i = 0; i < n; ++i) {
    std::vector<double> row(embed_dim);
    double squares = 0;
    for (int e = 0; e < embed_dim; ++e) {
      row[e] = in.a[static_cast<size_t>(in.rows[i]) * embed_dim + e] +
               0.5 / std::sqrt(embed_dim) * random.normal();
      squares += row[e] * row[e];
    }
    for (const double r : row)
      in.b.push_back(static_cast<float>(r / std::sqrt(squares)));
  }
  return in;
}

// The E x E form, which equals the n x n form of the kernel:
//   W = (B^T A + lambda P)(A^T A + lambda I)^-1,  f' = W f
// with P = I (ridge) or P = 0 (pinv). Neither the algebra nor the solver is
// that of the kernel.
std::vector<double> reference(const Input& in) {
  const int n = in.n, width = in.embed_dim;
  const auto a = [&](int i, int e) {
    return static_cast<double>(
        in.a[static_cast<size_t>(in.rows[i]) * width + e]);
  };
  std::vector<double> out;
  for (int label = 0; label < 2; ++label) {
    std::vector<double> x(in.direction.begin() + label * width,
                          in.direction.begin() + (label + 1) * width);
    const std::vector<double> f = x;
    if (in.aligner != Aligner::kOff) {
      std::vector<double> system(static_cast<size_t>(width) * width);
      for (int e = 0; e < width; ++e) {
        for (int i = 0; i < n; ++i) {
          for (int g = 0; g < width; ++g)
            system[e * width + g] += a(i, e) * a(i, g);
        }
        system[e * width + e] += in.lambda;
      }
      solve(system, width, x);
      std::vector<double> aligned(width);
      for (int e = 0; in.aligner == Aligner::kRidge && e < width; ++e)
        aligned[e] = in.lambda * x[e];
      for (int i = 0; i < n; ++i) {
        double along = 0;
        for (int g = 0; g < width; ++g) along += a(i, g) * x[g];
        for (int e = 0; e < width; ++e)
          aligned[e] += along * in.b[static_cast<size_t>(i) * width + e];
      }
      double squares = 0;
      for (const double v : aligned) squares += v * v;
      x = f;
      for (int e = 0; squares > 0 && e < width; ++e)
        x[e] = aligned[e] / std::sqrt(squares);
    }
    out.insert(out.end(), x.begin(), x.end());
  }
  return out;
}

std::vector<float> run(const Input& in) {
  std::vector<float> out(in.direction.size());
  align_window(in.aligner, in.lambda, in.a.data(),
               static_cast<int>(in.a.size()) / in.embed_dim, in.rows,
               in.b.data(), in.embed_dim, in.direction.data(), out.data());
  return out;
}

// Moves A to the even coordinates and the directions to the odd coordinates.
Input orthogonal(Aligner aligner) {
  Input in = random_window(aligner, 0.1f, 5, 64);
  for (size_t i = 0; i < in.a.size(); ++i) in.a[i] = i % 2 ? 0 : in.a[i];
  for (size_t i = 0; i < in.direction.size(); ++i)
    in.direction[i] = i % 2 ? in.direction[i] : 0;
  double squares[2] = {0, 0};
  for (size_t i = 0; i < in.direction.size(); ++i)
    squares[i / 64] += static_cast<double>(in.direction[i]) * in.direction[i];
  for (size_t i = 0; i < in.direction.size(); ++i)
    in.direction[i] /= static_cast<float>(std::sqrt(squares[i / 64]));
  return in;
}

void add_cases(Cases& cases) {
  const auto add = [&](const std::string& name, std::function<Input()> input,
                       Tolerance tolerance) {
    const auto make = [input] {
      const auto in = std::make_shared<Input>(input());
      return Work{on_cpu([=] { return run(*in); }),
                  [=] { return reference(*in); }};
    };
    const Input sizes = input();
    const double n = sizes.n, width = sizes.embed_dim;
    cases.push_back({"aligner/" + name, std::move(tolerance), make,
                     (n * (n + 1) + 10 * n) * width + n * n * n / 3,
                     8 * n * width});
  };
  const Tolerance rounded = absolute(
      1e-7, "computed in double; only the unit row is rounded to floats");
  for (const Aligner aligner : {Aligner::kRidge, Aligner::kPinv}) {
    const std::string label = aligner == Aligner::kRidge ? "ridge, " : "pinv, ";
    const auto plain = [=](float lambda, int n, int embed_dim) {
      return [=] { return random_window(aligner, lambda, n, embed_dim); };
    };
    add(label + "n 5, E 640", plain(0.1f, 5, 640), rounded);
    add(label + "n 10, E 640", plain(0.1f, 10, 640), rounded);
    add(label + "n 17, E 512, lambda 1e-3", plain(1e-3f, 17, 512), rounded);
    add(label + "n 226, E 320", plain(1, 226, 320), rounded);
    add(label + "n 1, E 33", plain(0.1f, 1, 33), rounded);
    add(label + "n 10, E 7", plain(0.1f, 10, 7), rounded);
    add(label + "lambda 1e-6", plain(1e-6f, 10, 128), rounded);
    add(label + "lambda 1e6", plain(1e6f, 10, 128), rounded);
    add(
        label + "repeated rows: A A^T singular, lambda 1e-6",
        [=] {
          Input in = random_window(aligner, 1e-6f, 10, 128);
          for (int i = 0; i < 10; ++i) in.rows[i] = in.rows[i % 3];
          return in;
        },
        rounded);
    add(
        label + "nearly repeated rows, lambda 1e-6",
        [=] {  // A A^T in fp32 would lose these differences
          Input in = random_window(aligner, 1e-6f, 10, 128);
          Random random(6);
          for (int i = 3; i < 10; ++i) {
            for (int e = 0; e < 128; ++e) {
              in.a[128 * in.rows[i] + e] =
                  in.a[128 * in.rows[i % 3] + e] +
                  static_cast<float>(1e-4 * random.normal());
            }
          }
          return in;
        },
        rounded);
    add(
        label + "A and B all zero",
        [=] {
          Input in = random_window(aligner, 0.1f, 5, 64);
          std::fill(in.a.begin(), in.a.end(), 0.0f);
          std::fill(in.b.begin(), in.b.end(), 0.0f);
          return in;
        },
        rounded);
    add(
        label + "one zero row",
        [=] {
          Input in = random_window(aligner, 0.1f, 5, 64);
          std::fill_n(in.a.begin() + 64 * in.rows[2], 64, 0.0f);
          return in;
        },
        rounded);
    add(
        label + "A orthogonal to the directions: not aligned",
        [=] { return orthogonal(aligner); }, rounded);
    add(
        label + "B equal to A",
        [=] {
          Input in = random_window(aligner, 0.1f, 5, 64);
          for (int i = 0; i < 5; ++i)
            std::copy_n(in.a.begin() + 64 * in.rows[i], 64,
                        in.b.begin() + 64 * i);
          return in;
        },
        rounded);
    add(
        label + "zero direction stays zero",
        [=] {
          Input in = random_window(aligner, 0.1f, 5, 64);
          std::fill_n(in.direction.begin(), 64, 0.0f);
          return in;
        },
        rounded);
  }
  add(
      "off", [] { return random_window(Aligner::kOff, 0, 5, 640); },
      exact("a copy"));
  cases.push_back(expect_error("aligner/lambda 0", Code::kRange, [] {
    run(random_window(Aligner::kRidge, 0, 2, 8));
  }));
}

const CaseGroup group("aligner", add_cases);

}  // namespace

}  // namespace alfa::check
