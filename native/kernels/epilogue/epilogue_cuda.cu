// Activation, unit rows, gathering and conversion. Each kernel is limited by
// memory: it reads its elements once and writes them once.
// residual_norm_cuda.cu has the remaining function of epilogue_cuda.h.
#include "kernels/chunk.cuh"
#include "kernels/epilogue/epilogue_cuda.h"
#include "kernels/launch.cuh"

namespace alfa::kernels {
namespace {

constexpr int kWarps = 4;  // of a block; each takes one row

// x / 2 (1 + erf(x / sqrt(2))). erf is approximated by formula 7.1.26 of
// Abramowitz and Stegun, with an error of at most 1.5e-7. The formula needs ten
// multiplications and two special functions. With erff, arithmetic would take
// longer than memory.
__device__ inline float gelu(float x) {
  const float a = fabsf(x);
  const float t = __fdividef(1.0f, fmaf(0.23164190f, a, 1.0f));
  float p = 1.061405429f;
  p = fmaf(p, t, -1.453152027f);
  p = fmaf(p, t, 1.421413741f);
  p = fmaf(p, t, -0.284496736f);
  p = fmaf(p, t, 0.254829592f) * t;
  const float erf = fmaf(-p, exp2f(-0.72134752f * x * x), 1.0f);
  return 0.5f * fmaf(a, erf, x);
}

template <Activation activation>
__device__ inline float activate(float x) {
  if constexpr (activation == Activation::kGelu) return gelu(x);
  if constexpr (activation == Activation::kQuickGelu)
    return __fdividef(x, 1.0f + __expf(-1.702f * x));
  return x;
}

// The block of activate_chunks: kColumns x kRows threads. Each thread takes one
// chunk of columns in kRowsPerThread rows.
constexpr int kColumns = 64;
constexpr int kRows = 4;
constexpr int kRowsPerThread = 4;

// A thread loads the bias of its columns once. The loads of all its rows are in
// flight together. Lower bound for one image of ViT-B-16-plus-240 (2,896 rows
// of 3,584 halves): 41.5 MB, 9.7 us at 4.3 TB/s. The arithmetic of GELU takes
// about 6 us of the same time.
template <typename T, Activation activation>
__global__ void __launch_bounds__(kColumns* kRows)
    activate_chunks(const T* x, const float* bias, int64_t count, int width,
                    T* out) {
  constexpr int kPer = kPerChunk<T>;
  const int column = (static_cast<int>(blockIdx.y) * kColumns +
                      static_cast<int>(threadIdx.x)) *
                     kPer;
  if (column >= width) return;
  const int64_t first =
      static_cast<int64_t>(blockIdx.x) * (kRows * kRowsPerThread) + threadIdx.y;
  float b[kPer] = {};
  if (bias) load_floats(bias + column, b);
  uint4 raw[kRowsPerThread];
#pragma unroll
  for (int i = 0; i < kRowsPerThread; ++i)
    if (first + i * kRows < count)
      raw[i] = load_chunk(x + (first + i * kRows) * width + column);
#pragma unroll
  for (int i = 0; i < kRowsPerThread; ++i) {
    if (first + i * kRows >= count) break;
    float v[kPer];
    unpack(raw[i], v);
#pragma unroll
    for (int j = 0; j < kPer; ++j) v[j] = activate<activation>(v[j] + b[j]);
    store_chunk(out + (first + i * kRows) * width + column, pack(v));
  }
}

template <typename T, Activation activation>
__global__ void activate_elements(const T* x, const float* bias, int64_t total,
                                  int width, T* out) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= total) return;
  out[i] = from_float<T>(
      activate<activation>(to_float(x[i]) + (bias ? bias[i % width] : 0.0f)));
}

template <typename T, Activation activation>
void bias_activation(const T* x, const float* bias, int64_t count, int width,
                     T* out, CudaStream stream) {
  if (width % kPerChunk<T> == 0 && aligned16(x) && aligned16(bias) &&
      aligned16(out)) {
    const dim3 grid(blocks_for(count, kRows * kRowsPerThread),
                    blocks_for(width / kPerChunk<T>, kColumns));
    return launch("bias_activation", activate_chunks<T, activation>, grid,
                  dim3(kColumns, kRows), 0, stream, x, bias, count, width, out);
  }
  const int64_t total = count * width;
  launch("bias_activation", activate_elements<T, activation>,
         blocks_for(total, 256), 256, 0, stream, x, bias, total, width, out);
}

template <typename T>
void bias_activation(const T* x, const float* bias, int64_t count, int width,
                     Activation activation, T* out, CudaStream stream) {
  switch (activation) {
    case Activation::kNone:
      return bias_activation<T, Activation::kNone>(x, bias, count, width, out,
                                                   stream);
    case Activation::kGelu:
      return bias_activation<T, Activation::kGelu>(x, bias, count, width, out,
                                                   stream);
    case Activation::kQuickGelu:
      return bias_activation<T, Activation::kQuickGelu>(x, bias, count, width,
                                                        out, stream);
  }
}

// A warp to a row. It reads the row twice; the second time, the L1 cache has
// it. kAtOnce: elements in one load. 4 where width and alignment allow it,
// else 1.
template <typename In, typename Out, int kAtOnce>
__global__ void __launch_bounds__(32 * kWarps)
    unit_rows(const In* x, int64_t count, int width, Out* out) {
  struct __align__(sizeof(In) * kAtOnce) InGroup {
    In v[kAtOnce];
  };
  struct __align__(sizeof(Out) * kAtOnce) OutGroup {
    Out v[kAtOnce];
  };
  const int64_t row =
      static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  if (row >= count) return;
  const auto* from = reinterpret_cast<const InGroup*>(x + row * width);
  auto* to = reinterpret_cast<OutGroup*>(out + row * width);
  const int groups = width / kAtOnce;
  const int lane = threadIdx.x % 32;
  float squares = 0;
  for (int i = lane; i < groups; i += 32) {
    const InGroup in = from[i];
#pragma unroll
    for (int j = 0; j < kAtOnce; ++j)
      squares += to_float(in.v[j]) * to_float(in.v[j]);
  }
  squares = warp_sum(squares);
  // 0 for a row of zeros. NaN for a row with a NaN, because NaN > 0 is false.
  const float inverse = squares > 0 ? 1.0f / sqrtf(squares) : squares;
  for (int i = lane; i < groups; i += 32) {
    const InGroup in = from[i];
    OutGroup scaled;
#pragma unroll
    for (int j = 0; j < kAtOnce; ++j)
      scaled.v[j] = from_float<Out>(to_float(in.v[j]) * inverse);
    to[i] = scaled;
  }
}

// A warp to a row. Piece: an unsigned type, as wide as alignment allows. Four
// loads of a lane are in flight at once.
template <typename Piece>
__global__ void __launch_bounds__(32 * kWarps)
    gather(const Piece* __restrict__ in, const int32_t* __restrict__ rows,
           int64_t count, int pieces, Piece* __restrict__ out) {
  const int64_t row =
      static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  if (row >= count) return;
  const Piece* from = in + static_cast<int64_t>(rows[row]) * pieces;
  Piece* to = out + row * pieces;
#pragma unroll 4
  for (int i = threadIdx.x % 32; i < pieces; i += 32) to[i] = from[i];
}

// kAligned: in and out are 16-byte aligned, and a thread takes 8 elements. Else
// it takes one.
template <typename In, typename Out, bool kAligned>
__global__ void convert(const In* in, Out* out, int64_t count) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if constexpr (!kAligned) {
    if (i < count) out[i] = from_float<Out>(to_float(in[i]));
  } else if (8 * (i + 1) <= count) {
    float v[8];
#pragma unroll
    for (int first = 0; first < 8; first += kPerChunk<In>) {
      float chunk[kPerChunk<In>];
      unpack(load_chunk(in + 8 * i + first), chunk);
#pragma unroll
      for (int j = 0; j < kPerChunk<In>; ++j) v[first + j] = chunk[j];
    }
#pragma unroll
    for (int first = 0; first < 8; first += kPerChunk<Out>) {
      float chunk[kPerChunk<Out>];
#pragma unroll
      for (int j = 0; j < kPerChunk<Out>; ++j) chunk[j] = v[first + j];
      store_chunk(out + 8 * i + first, pack(chunk));
    }
  } else {
    for (int64_t j = 8 * i; j < count; ++j)
      out[j] = from_float<Out>(to_float(in[j]));
  }
}

// Calls f(In{}, Out{}) with values of the C++ types that the elements name.
template <typename F>
void dispatch(Element in, Element out, F f) {
  if (in == Element::kFloat)
    return out == Element::kFloat ? f(0.0f, 0.0f) : f(0.0f, __half{});
  return out == Element::kFloat ? f(__half{}, 0.0f) : f(__half{}, __half{});
}

}  // namespace

void bias_activation_cuda(Element element, const void* x, const float* bias,
                          int64_t count, int width, Activation activation,
                          void* out, CudaStream stream) {
  if (count == 0) return;
  if (element == Element::kHalf)
    bias_activation(static_cast<const __half*>(x), bias, count, width,
                    activation, static_cast<__half*>(out), stream);
  else
    bias_activation(static_cast<const float*>(x), bias, count, width,
                    activation, static_cast<float*>(out), stream);
}

void unit_rows_cuda(Element in, const void* x, int64_t count, int width,
                    Element out_element, void* out, CudaStream stream) {
  if (count == 0) return;
  dispatch(in, out_element, [&](auto from, auto to) {
    using In = decltype(from);
    using Out = decltype(to);
    const auto kernel = width % 4 == 0 && aligned16(x) && aligned16(out)
                            ? unit_rows<In, Out, 4>
                            : unit_rows<In, Out, 1>;
    launch("unit_rows", kernel, blocks_for(count, kWarps), 32 * kWarps, 0,
           stream, static_cast<const In*>(x), count, width,
           static_cast<Out*>(out));
  });
}

void gather_rows_cuda(Element element, const void* in, const int32_t* rows,
                      int64_t count, int width, void* out, CudaStream stream) {
  if (count == 0) return;
  const int bytes = width * bytes_of(element);
  const auto run = [&](auto piece) {
    using Piece = decltype(piece);
    launch("gather_rows", gather<Piece>, blocks_for(count, kWarps), 32 * kWarps,
           0, stream, static_cast<const Piece*>(in), rows, count,
           bytes / static_cast<int>(sizeof(Piece)), static_cast<Piece*>(out));
  };
  if (bytes % 16 == 0 && aligned16(in) && aligned16(out))
    run(uint4{});
  else if (element == Element::kFloat)
    run(uint32_t{});
  else
    run(uint16_t{});
}

void convert_cuda(Element from, const void* in, Element to, void* out,
                  int64_t count, CudaStream stream) {
  if (count == 0) return;
  dispatch(from, to, [&](auto a, auto b) {
    using In = decltype(a);
    using Out = decltype(b);
    const bool aligned = aligned16(in) && aligned16(out);
    const auto kernel =
        aligned ? convert<In, Out, true> : convert<In, Out, false>;
    constexpr int kThreads = 256;
    const int per_block = aligned ? 8 * kThreads : kThreads;
    launch("convert", kernel, blocks_for(count, per_block), kThreads, 0, stream,
           static_cast<const In*>(in), static_cast<Out*>(out), count);
  });
}

}  // namespace alfa::kernels
