// The last block's gradient in closed form, for a handful of rows: from
// cos(normalise(proj(ln_last(z))), t) back through
//   z = y + down(gelu(up(ln2(y))))     y = x + o W_o^T + b_o
// to the attention's output o. The rows' own forward is computed again here, P
// rows being nothing beside the packed T.
#include "graph/tower_writer.h"

namespace alfa {

namespace {
const char* const kLastAxis = "last_axis";
}

TowerWriter::Normal TowerWriter::open_norm(const std::string& x,
                                           const LayerNorm& ln,
                                           const std::string& name) {
  const std::string c = op("Sub", {x, op("ReduceMean", {x, kLastAxis})});
  const std::string variance = op("ReduceMean", {op("Mul", {c, c}), kLastAxis});
  const std::string inverse =
      op("Reciprocal",
         {op("Sqrt", {op("Add", {variance, number(tower_.epsilon)})})});
  const std::string centred = op("Mul", {c, inverse});
  const std::string scaled =
      op("Mul", {centred, weight(name + ".gain", ln.weight)});
  return {centred, inverse,
          op("Add", {scaled, weight(name + ".bias", ln.bias)})};
}

// inverse * (u - mean(u) - centred * mean(u * centred)), u = gradient * gain
std::string TowerWriter::norm_gradient(const Normal& n,
                                       const std::string& gradient,
                                       const LayerNorm& ln,
                                       const std::string& name) {
  const std::string u =
      op("Mul", {gradient, weight(name + ".gain", ln.weight)});
  const std::string along =
      op("Mul",
         {n.centred, op("ReduceMean", {op("Mul", {u, n.centred}), kLastAxis})});
  return op(
      "Mul",
      {n.inverse,
       op("Sub", {op("Sub", {u, op("ReduceMean", {u, kLastAxis})}), along})});
}

std::string TowerWriter::cosine_gradient(const std::string& attended,
                                         const std::string& residual,
                                         const std::string& target) {
  const int i = tower_.layers - 1;
  const Block& b = tower_.blocks[i];
  const std::string name = "block" + std::to_string(i) + ".";
  onnx.constant(kLastAxis, {1}, std::vector<int64_t>{-1});

  const std::string y =
      op("Add",
         {product(attended, b.out.weight, b.out.bias, name + "out"), residual});
  const Normal inner = open_norm(y, b.ln2, name + "out.norm");
  const std::string u =
      product(inner.out, b.fc1.weight, b.fc1.bias, name + "up");
  std::string hidden, slope;  // gelu(u) and its derivative
  if (tower_.gelu == Gelu::kErf) {
    const std::string erf = op("Erf", {op("Mul", {u, number(0.70710678f)})});
    const std::string below =
        op("Mul", {op("Add", {erf, number(1)}),
                   number(0.5f)});  // the normal distribution's
    const std::string density =
        op("Mul", {op("Exp", {op("Mul", {op("Mul", {u, u}), number(-0.5f)})}),
                   number(0.39894228f)});
    hidden = op("Mul", {u, below});
    slope = op("Add", {below, op("Mul", {u, density})});
  } else {
    const std::string sigmoid = op("Sigmoid", {op("Mul", {u, number(1.702f)})});
    hidden = op("Mul", {u, sigmoid});
    const std::string rest = op("Mul", {op("Mul", {hidden, number(1.702f)}),
                                        op("Sub", {number(1), sigmoid})});
    slope = op("Add", {sigmoid, rest});
  }
  const std::string z =
      op("Add", {product(hidden, b.fc2.weight, b.fc2.bias, name + "down"), y});
  const Normal outer = open_norm(z, tower_.ln_last, name + "down.norm");
  const Projection& p = tower_.projection;
  const std::string e =
      p.weight ? product(outer.out, p.weight, "projection", !p.input_rows)
               : outer.out;

  // cos = <e, t> / |e|, t of unit length: its gradient is (t - cos e/|e|) / |e|
  // ONNX Runtime's CUDA provider takes means without cuDNN, other reductions
  // not.
  const auto sum = [&](const std::string& x) {
    return gpu() ? op("Mul", {op("ReduceMean", {x, kLastAxis}),
                              number(static_cast<float>(embed_dim_))})
                 : op("ReduceSum", {x, kLastAxis});
  };
  const std::string length = gpu() ? op("Sqrt", {sum(op("Mul", {e, e}))})
                                   : op("ReduceL2", {e, kLastAxis});
  const std::string unit = op("Div", {e, length});
  const std::string cosine = sum(op("Mul", {unit, target}));
  const std::string de =
      op("Div", {op("Sub", {target, op("Mul", {cosine, unit})}), length});

  const std::string dn =
      p.weight ? product(de, p.weight, "projection", p.input_rows) : de;
  const std::string dz =
      norm_gradient(outer, dn, tower_.ln_last, name + "down.norm");
  const std::string du = op(
      "Mul", {product(dz, b.fc2.weight, name + "down.weight", false), slope});
  const std::string dy =
      op("Add",
         {dz, norm_gradient(
                  inner, product(du, b.fc1.weight, name + "up.weight", false),
                  b.ln2, name + "out.norm")});
  return product(dy, b.out.weight, name + "out.weight", false);
}

}  // namespace alfa
