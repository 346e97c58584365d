// The gradient for Trans-MM in closed form (docs/method.md, "Recipes"), through
// the last block and for a few class rows. With the attention's output o and
// the residual x of a row:
//   y = x + o W_o^T + b_o
//   z = y + fc2(gelu(fc1(ln2(y))))
//   e = proj(ln_last(z))
//   cos = e . t / |e|, with the unit target t
// cosine_gradient returns d cos / d o. It computes the forward of these rows
// again, which costs little: there are P of them, and T packed rows.
//
// In the code, dX is the gradient of cos with respect to X.
#include "graph/tower_writer.h"

namespace alfa {

namespace {
const char* const kLastAxis = "last_axis";  // the constant [-1]
}

TowerWriter::NormParts TowerWriter::norm_parts(const std::string& x,
                                               const LayerNorm& ln,
                                               const std::string& name) {
  const std::string mean = op("ReduceMean", {x, kLastAxis});
  const std::string difference = op("Sub", {x, mean});
  const std::string squares = op("Mul", {difference, difference});
  const std::string variance = op("ReduceMean", {squares, kLastAxis});
  const std::string shifted = op("Add", {variance, scalar(tower_.epsilon)});
  const std::string inverse = op("Reciprocal", {op("Sqrt", {shifted})});
  const std::string centred = op("Mul", {difference, inverse});
  const std::string scaled =
      op("Mul", {centred, weight(name + ".weight", ln.weight)});
  return {centred, inverse,
          op("Add", {scaled, weight(name + ".bias", ln.bias)})};
}

// inverse * (u - mean(u) - centred * mean(u * centred)), where u = gradient *
// weight.
std::string TowerWriter::norm_gradient(const NormParts& n,
                                       const std::string& gradient,
                                       const LayerNorm& ln,
                                       const std::string& name) {
  const std::string u =
      op("Mul", {gradient, weight(name + ".weight", ln.weight)});
  const std::string correlation =
      op("ReduceMean", {op("Mul", {u, n.centred}), kLastAxis});
  const std::string along = op("Mul", {n.centred, correlation});
  const std::string mean = op("ReduceMean", {u, kLastAxis});
  const std::string difference = op("Sub", {op("Sub", {u, mean}), along});
  return op("Mul", {n.inverse, difference});
}

TowerWriter::GeluParts TowerWriter::gelu_parts(const std::string& u) {
  if (tower_.gelu == Gelu::kErf) {
    // gelu(u) = u F(u) and gelu'(u) = F(u) + u f(u), with the distribution
    // function F and the density f of the normal distribution.
    const std::string erf = op("Erf", {op("Mul", {u, scalar(0.70710678f)})});
    const std::string distribution =
        op("Mul", {op("Add", {erf, scalar(1)}), scalar(0.5f)});
    const std::string exponent = op("Mul", {op("Mul", {u, u}), scalar(-0.5f)});
    const std::string density =
        op("Mul", {op("Exp", {exponent}), scalar(0.39894228f)});
    const std::string out = op("Mul", {u, distribution});
    return {out, op("Add", {distribution, op("Mul", {u, density})})};
  }
  // gelu(u) = u s and gelu'(u) = s + 1.702 gelu(u) (1 - s), with s =
  // sigmoid(1.702 u).
  const std::string sigmoid = op("Sigmoid", {op("Mul", {u, scalar(1.702f)})});
  const std::string out = op("Mul", {u, sigmoid});
  const std::string scaled = op("Mul", {out, scalar(1.702f)});
  const std::string rest = op("Sub", {scalar(1), sigmoid});
  return {out, op("Add", {sigmoid, op("Mul", {scaled, rest})})};
}

std::string TowerWriter::cosine_gradient(const std::string& attended,
                                         const std::string& residual,
                                         const std::string& target) {
  const Block& b = block_of(last());
  const Projection& p = tower_.projection;
  const std::string name = block_name(last());
  onnx.constant(kLastAxis, {1}, std::vector<int64_t>{-1});

  // Forward.
  const std::string update =
      linear(attended, b.out.weight, b.out.bias, name + "out");
  const std::string y = op("Add", {update, residual});
  const NormParts inner = norm_parts(y, b.ln2, name + "out.norm");
  const std::string u =
      linear(inner.out, b.fc1.weight, b.fc1.bias, name + "fc1");
  const GeluParts gelu = gelu_parts(u);
  const std::string mlp =
      linear(gelu.out, b.fc2.weight, b.fc2.bias, name + "fc2");
  const std::string z = op("Add", {mlp, y});
  const NormParts outer = norm_parts(z, tower_.ln_last, name + "fc2.norm");
  const std::string e =
      p.weight ? matmul(outer.out, p.weight, "projection", !p.input_rows)
               : outer.out;

  // ONNX Runtime's CUDA provider needs cuDNN for all reductions except means.
  const auto sum = [&](const std::string& x) {
    if (!cuda()) return op("ReduceSum", {x, kLastAxis});
    const std::string mean = op("ReduceMean", {x, kLastAxis});
    return op("Mul", {mean, scalar(static_cast<float>(embed_dim_))});
  };
  const std::string length = cuda() ? op("Sqrt", {sum(op("Mul", {e, e}))})
                                    : op("ReduceL2", {e, kLastAxis});
  const std::string unit = op("Div", {e, length});
  const std::string cosine = sum(op("Mul", {unit, target}));

  // Backward. d cos / de = (t - cos * e / |e|) / |e|.
  const std::string along = op("Mul", {cosine, unit});
  const std::string de = op("Div", {op("Sub", {target, along}), length});
  const std::string d_outer =
      p.weight ? matmul(de, p.weight, "projection", p.input_rows) : de;
  const std::string dz =
      norm_gradient(outer, d_outer, tower_.ln_last, name + "fc2.norm");
  const std::string d_gelu =
      matmul(dz, b.fc2.weight, name + "fc2.weight", false);
  const std::string du = op("Mul", {d_gelu, gelu.derivative});
  const std::string d_inner =
      matmul(du, b.fc1.weight, name + "fc1.weight", false);
  const std::string dy =
      op("Add", {dz, norm_gradient(inner, d_inner, b.ln2, name + "out.norm")});
  return matmul(dy, b.out.weight, name + "out.weight", false);
}

}  // namespace alfa
