#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "check/call.h"
#include "check/elements.h"
#include "check/nearest_input.h"
#include "check/registry.h"
#include "kernels/nearest/nearest.h"
#include "kernels/nearest/nearest_cuda.h"

namespace alfa::check {
namespace {

using kernels::Distance;

// The largest similarity of each query, then its row. If sums are not exact,
// two rows may be equal in fp32; then the float64 similarity of the row
// replaces its index.
std::vector<double> reference(const Input& in, bool rows) {
  std::vector<double> best(in.queries, -INFINITY), row(in.queries);
  for (int q = 0; q < in.queries; ++q) {
    for (int r = 0; r < in.rows; ++r) {
      const double s = in.similarity(q, r);
      if (s > best[q]) best[q] = s, row[q] = r;
    }
  }
  const std::vector<double>& second = rows ? row : best;
  best.insert(best.end(), second.begin(), second.end());
  return best;
}

// The result of a search in the same form.
std::vector<float> outcome(const Input& in, std::vector<float> similarity,
                           const std::vector<int32_t>& index, Values values) {
  for (int q = 0; q < in.queries; ++q) {
    const int r = index[q];
    similarity.push_back(
        r < 0 || r >= in.rows ? std::numeric_limits<float>::quiet_NaN()
        : is_exact(values)    ? static_cast<float>(r)
                              : static_cast<float>(in.similarity(q, r)));
  }
  return similarity;
}

Call search_on_cpu(Device& device, std::shared_ptr<Input> in, Values values) {
  const auto bank = std::make_shared<kernels::PackedRows>(
      kernels::pack_rows(in->row.data(), in->rows, in->width));
  const auto similarity = std::make_shared<std::vector<float>>(in->queries);
  const auto index = std::make_shared<std::vector<int32_t>>(in->queries, -1);
  return {[=, &device] {
            kernels::find_nearest(in->query.data(), in->queries, *bank,
                                  device.parallel_for(), similarity->data(),
                                  index->data());
          },
          [=] { return outcome(*in, *similarity, *index, values); }};
}

// Memory of a search on CUDA. Before the queries of an image there are `before`
// elements, as of a class token.
struct CudaSearch {
  Elements queries, bank;
  DeviceArray<float> similarity, distances;
  DeviceArray<int32_t> index;
  DeviceArray<uint8_t> scratch;
  kernels::CudaNearest task;
};

std::shared_ptr<CudaSearch> upload_search(Device& device, const Input& in,
                                          Element element, int images,
                                          int before) {
  if constexpr (kCudaBuilt) {
    const auto memory = std::make_shared<CudaSearch>();
    CudaSearch& m = *memory;
    const int rows = images > 0 ? in.queries / images : 0;
    const ptrdiff_t of_image = static_cast<ptrdiff_t>(rows) * in.width;
    std::vector<float> elements;
    for (int i = 0; i < images; ++i) {
      elements.insert(elements.end(), before, 100.0f);
      elements.insert(elements.end(), in.query.begin() + i * of_image,
                      in.query.begin() + (i + 1) * of_image);
    }
    m.queries = upload(device, element, elements);
    m.bank = upload(device, element, in.row);
    m.similarity = device.upload(std::vector<float>(in.queries, 9.0f));
    m.distances = device.upload(std::vector<float>(in.queries, 9.0f));
    m.index = device.upload(std::vector<int32_t>(in.queries, -1));
    const auto* first = static_cast<const unsigned char*>(m.queries.data()) +
                        before * kernels::bytes_of(element);
    m.task = {element,
              first,
              before + of_image,
              images,
              rows,
              m.bank.data(),
              in.rows,
              in.width,
              Distance::kCosine,
              m.similarity.data(),
              nullptr,
              m.index.data(),
              nullptr};
    m.scratch = device.upload(
        std::vector<uint8_t>(kernels::scratch_bytes(m.task), 0xff));
    m.task.scratch = m.scratch.data();
    return memory;
  } else {
    return nullptr;
  }
}

void launch_search(Device& device, const CudaSearch& memory) {
  if constexpr (kCudaBuilt) kernels::nearest_cuda(memory.task, device.stream());
}

struct Shape {
  int queries, rows, width;
  Values values = Values::kUnit;
  Element element = Element::kFloat;  // halves on CUDA only
  bool heavy = false;
};

void add(Cases& cases, const Shape& s) {
  const auto make = [=] {
    const auto in = std::make_shared<Input>(
        make_input(s.queries, s.rows, s.width, s.values));
    in->query = rounded(s.element, in->query);
    in->row = rounded(s.element, in->row);
    const auto prepare = [=](Device& device) -> Call {
      if (!device.is_cuda())
        return s.element == Element::kFloat
                   ? search_on_cpu(device, in, s.values)
                   : Call{};
      const auto memory = upload_search(device, *in, s.element, 1, 0);
      if (!memory) return {};
      return {[=, &device] { launch_search(device, *memory); },
              [=, &device] {
                return outcome(*in, device.download(memory->similarity),
                               device.download(memory->index), s.values);
              }};
    };
    return Work{prepare, [=] { return reference(*in, is_exact(s.values)); }};
  };
  cases.push_back({"nearest/" + shape_name(s.queries, s.rows, s.width) +
                       name_of(s.values) +
                       (s.element == Element::kHalf ? ", fp16" : ""),
                   tolerance(s.values, s.width, s.element), make,
                   2.0 * s.queries * s.rows * s.width,
                   static_cast<double>(kernels::bytes_of(s.element)) *
                       (s.queries + s.rows) * s.width,
                   s.heavy});
}

// Several images, distances, no index, and rows at any offset. CUDA only.
void add_distances(Cases& cases, int images, int rows_of_image, int rows,
                   int width, int before, Distance distance, Element element,
                   bool heavy = false) {
  const int queries = images * rows_of_image;
  const auto make = [=] {
    const auto in = std::make_shared<Input>(
        make_input(queries, rows, width, Values::kUnit));
    in->query = rounded(element, in->query);
    in->row = rounded(element, in->row);
    const auto prepare = [=](Device& device) -> Call {
      if (!device.is_cuda()) return {};
      const auto memory = upload_search(device, *in, element, images, before);
      if (!memory) return {};
      memory->task.distances = memory->distances.data();
      memory->task.distance = distance;
      memory->task.index = nullptr;
      return {[=, &device] { launch_search(device, *memory); },
              [=, &device] {
                std::vector<float> out = device.download(memory->similarity);
                const std::vector<float> distances =
                    device.download(memory->distances);
                out.insert(out.end(), distances.begin(), distances.end());
                return out;
              }};
    };
    return Work{
        prepare, [=] {
          std::vector<double> out = reference(*in, true);
          out.resize(queries);
          for (int q = 0; q < queries; ++q) {
            const double d = std::clamp((1 - out[q]) / 2, 0.0, 1.0);
            out.push_back(distance == Distance::kCosine ? d : std::sqrt(d));
          }
          return out;
        }};
  };
  cases.push_back(
      {"nearest/distances of " + std::to_string(images) + " images, " +
           shape_name(rows_of_image, rows, width) + ", " +
           std::to_string(before) + " before" +
           (distance == Distance::kEuclidean ? ", Euclidean, " : ", cosine, ") +
           check::name_of(element),
       tolerance(Values::kUnit, width, element), make,
       2.0 * queries * rows * width,
       static_cast<double>(kernels::bytes_of(element)) * (queries + rows) *
           width,
       heavy});
}

// Without an index. The result must not depend on the number of threads.
void add_without_index(Cases& cases) {
  const auto make = [] {
    const auto in =
        std::make_shared<Input>(make_input(61, 100, 192, Values::kUnit));
    const auto run = [=](int threads) {
      std::vector<float> out(in->queries);
      kernels::find_nearest(
          in->query.data(), in->queries,
          kernels::pack_rows(in->row.data(), in->rows, in->width),
          make_parallel_for(threads), out.data(), nullptr);
      return out;
    };
    Work work{on_cpu([=] { return run(1); }), [=] {
                std::vector<double> all = reference(*in, true);
                all.resize(in->queries);
                return all;
              }};
    work.property = [=](const std::vector<float>& out) -> std::string {
      return out == run(2) && out == run(5)
                 ? ""
                 : "depends on the number of threads";
    };
    return work;
  };
  cases.push_back({"nearest/no index, 1, 2 and 5 threads",
                   tolerance(Values::kUnit), make, 2.0 * 61 * 100 * 192});
}

// Both tile sizes of the tensor cores, with full and partial tiles. From 132
// tiles on the larger size is used.
void half_cases(Cases& cases) {
  const auto half = [&](int queries, int rows, int width,
                        Values values = Values::kUnit, bool heavy = false) {
    add(cases, {queries, rows, width, values, Element::kHalf, heavy});
  };
  half(225, 900, 896);
  half(225, 8192, 896, Values::kUnit, true);
  for (const int width : {1, 2, 7, 8, 9, 31, 32, 33, 64, 65, 192})
    half(37, 97, width);
  for (const int queries : {1, 15, 16, 17, 63, 64, 65, 129})
    half(queries, 70, 40);
  for (const int rows : {1, 2, 7, 8, 9, 63, 64, 65, 600}) half(29, rows, 64);
  half(13, 40000, 8);
  half(1409, 1500, 40);
  half(1500, 1409, 33);
  half(5001, 2501, 8);
  half(5001, 2501, 7, Values::kFew);
  for (const int width : {1, 7, 64, 192})
    half(37, 129, width, Values::kNegative);
  for (const Values values :
       {Values::kFew, Values::kEqual, Values::kZeroQueries, Values::kZeroRows,
        Values::kNaN}) {
    half(37, 900, 896, values);
    half(5, 45, 1, values);
    half(1409, 1500, 32, values);
  }
  half(0, 33, 64);
}

void add_cases(Cases& cases) {
  add(cases, {225, 900, 896});
  add(cases, {196, 784, 640});
  add(cases, {225, 8192, 896, Values::kUnit, Element::kFloat, true});
  for (const int width : {1, 7, 64, 192}) add(cases, {225, 900, width});
  for (const int queries : {1, 2, 5, 6, 7, 11, 12, 13, 23, 24, 25, 47, 49})
    add(cases, {queries, 97, 64});
  for (const int rows : {1, 2, 31, 32, 33, 63, 64, 65})
    add(cases, {29, rows, 64});
  add(cases, {1, 1, 1});
  add(cases, {1, 8192, 896});
  add(cases, {13, 8192, 7});
  for (const Values values : {Values::kNegative, Values::kHuge}) {
    add(cases, {37, 1, 64, values});
    add(cases, {37, 33, 7, values});
    add(cases, {37, 900, 192, values});
  }
  for (const Values values :
       {Values::kFew, Values::kEqual, Values::kZeroQueries, Values::kZeroRows,
        Values::kNaN}) {
    add(cases, {37, 900, 896, values});
    add(cases, {5, 45, 1, values});
  }
  add(cases, {0, 33, 64});
  half_cases(cases);
  for (const Element element : {Element::kFloat, Element::kHalf}) {
    for (const Distance distance : {Distance::kCosine, Distance::kEuclidean}) {
      add_distances(cases, 3, 9, 70, 64, 64, distance, element);
      add_distances(cases, 3, 9, 70, 64, 1, distance, element);
      add_distances(cases, 2, 70, 40, 9, 9, distance, element);
    }
    add_distances(cases, 16, 225, 900, 896, 896, Distance::kCosine, element,
                  true);
    add_distances(cases, 16, 196, 784, 640, 0, Distance::kCosine, element,
                  true);
    add_distances(cases, 16, 225, 8192, 896, 896, Distance::kCosine, element,
                  true);
  }
  add_without_index(cases);
  const auto add_error = [&](const char* name, int count, int width) {
    cases.push_back(
        expect_error(std::string("nearest/") + name, Code::kRange, [=] {
          float value = 0;
          kernels::find_nearest(&value, 1,
                                kernels::pack_rows(&value, count, width),
                                make_parallel_for(1), &value, nullptr);
        }));
  };
  add_error("no row", 0, 1);
  add_error("width 0", 1, 0);
}

const CaseGroup group("nearest", add_cases);

}  // namespace

}  // namespace alfa::check
