#include "engine/features/mutual_set.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "engine/clock.h"
#include "engine/features/levels.h"
#include "engine/validate.h"

namespace alfa {
namespace {

// The fraction of the other images that count for a patch: the closest ones.
constexpr double kClosestFraction = 0.3;

// The score is the mean of three smoothed scores, over the 1, 2 and 3 images
// with the most similar embeddings. The image itself is one of them.
constexpr size_t kNeighbourCounts[] = {1, 2, 3};
constexpr size_t kMaxNeighbours = 3;

struct Neighbour {
  size_t image;
  double similarity;
};

// The images with the most similar embeddings, most similar first.
std::vector<Neighbour> most_similar(const std::vector<MutualSet::Image>& images,
                                    size_t index) {
  const std::vector<float>& query = images[index].embedding;
  std::vector<Neighbour> all;
  for (size_t j = 0; j < images.size(); ++j)
    all.push_back({j, std::inner_product(query.begin(), query.end(),
                                         images[j].embedding.begin(), 0.0)});
  const size_t count = std::min(kMaxNeighbours, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<ptrdiff_t>(count),
                    all.end(), [](const Neighbour& a, const Neighbour& b) {
                      return a.similarity != b.similarity
                                 ? a.similarity > b.similarity
                                 : a.image < b.image;
                    });
  all.resize(count);
  return all;
}

}  // namespace

size_t MutualSet::level_count() const {
  const FeatureSettings& f = category_->settings.features;
  return f.layers.size() * f.neighbourhoods.size();
}

const MutualSet::Image& MutualSet::image(int index) const {
  check_range(index >= 0 && static_cast<size_t>(index) < images_.size(),
              "Expected the index of one of the set's " +
                  std::to_string(images_.size()) + " images but received " +
                  std::to_string(index) + ".");
  return images_[static_cast<size_t>(index)];
}

void MutualSet::add(Image image) {
  check_range(level_ == 0 && next_image_ == 0,
              "Expected all images of the set before the first comparison.");
  const size_t patches =
      static_cast<size_t>(grid_) * static_cast<size_t>(grid_);
  image.distance_sum.assign(patches, 0.0);
  images_.push_back(std::move(image));
}

bool MutualSet::step(const kernels::ParallelFor& parallel_for) {
  check_range(images_.size() >= 2,
              "Expected at least 2 images to compare with each other but "
              "received " +
                  std::to_string(images_.size()) + ".");
  if (finished()) return false;
  if (next_image_ == 0) pack_level(parallel_for);
  compare(next_image_++, parallel_for);
  if (next_image_ == images_.size()) {
    packed_.clear();
    next_image_ = 0;
    ++level_;
  }
  return !finished();
}

void MutualSet::pack_level(const kernels::ParallelFor& parallel_for) {
  const auto start = Clock::now();
  const auto& sides = category_->settings.features.neighbourhoods;
  const size_t layer = level_ / sides.size();
  const int side = sides[level_ % sides.size()];
  packed_.resize(images_.size());
  parallel_for(images_.size(), [&](size_t i) {
    const LevelRows rows =
        patch_level({images_[i].tokens[layer].data()}, grid_, width_, side);
    packed_[i] = kernels::pack_rows(rows.data(), rows.count, rows.width);
  });
  const double ms = ms_since(start) / static_cast<double>(images_.size());
  for (Image& image : images_) image.score_ms += ms;
}

void MutualSet::compare(size_t index,
                        const kernels::ParallelFor& parallel_for) {
  const auto start = Clock::now();
  Image& image = images_[index];
  const size_t patches = image.distance_sum.size();
  const size_t others = images_.size() - 1;
  const kernels::PackedRows& own = packed_[index];
  std::vector<float> queries(patches * static_cast<size_t>(own.width));
  for (int r = 0; r < own.count; ++r)
    kernels::unpack_row(own, r,
                        queries.data() + static_cast<ptrdiff_t>(r) * own.width);

  std::vector<float> similarity(others * patches);  // [others, patches]
  std::vector<kernels::Search> searches;
  for (size_t j = 0; j < images_.size(); ++j)
    if (j != index)
      searches.push_back({queries.data(), own.count, &packed_[j],
                          similarity.data() + searches.size() * patches,
                          nullptr});
  kernels::find_nearest(searches, parallel_for);

  const Distance distance = category_->settings.bank.distance;
  const size_t closest = std::max<size_t>(
      1, static_cast<size_t>(kClosestFraction * static_cast<double>(others)));
  std::vector<float> distances(others);  // of one patch to each other image
  for (size_t p = 0; p < patches; ++p) {
    for (size_t j = 0; j < others; ++j)
      distances[j] =
          kernels::distance_of(distance, similarity[j * patches + p]);
    std::sort(distances.begin(), distances.end());
    const double sum = std::accumulate(
        distances.begin(), distances.begin() + static_cast<ptrdiff_t>(closest),
        0.0);
    image.distance_sum[p] += sum / static_cast<double>(closest);
  }
  image.score_ms += ms_since(start);
}

std::vector<float> MutualSet::map(int index) const {
  const Image& of = image(index);
  check_range(finished(),
              "Expected every image of the set to be compared first.");
  std::vector<float> map;
  for (const double sum : of.distance_sum)
    map.push_back(static_cast<float>(sum / static_cast<double>(level_count())));
  return map;
}

float MutualSet::score(int index) {
  image(index);
  if (scores_.empty()) compute_scores();
  return scores_[static_cast<size_t>(index)];
}

void MutualSet::compute_scores() {
  std::vector<float> largest;
  for (size_t i = 0; i < images_.size(); ++i) {
    const std::vector<float> m = map(static_cast<int>(i));
    largest.push_back(*std::max_element(m.begin(), m.end()));
  }
  for (size_t i = 0; i < images_.size(); ++i) {
    const std::vector<Neighbour> neighbours = most_similar(images_, i);
    double mean = 0;
    for (const size_t count : kNeighbourCounts) {
      double weights = 0, sum = 0;
      for (size_t k = 0; k < std::min(count, neighbours.size()); ++k) {
        const auto& [image, similarity] = neighbours[k];
        weights += similarity;
        sum += similarity * static_cast<double>(largest[image]);
      }
      mean += sum / weights / static_cast<double>(std::size(kNeighbourCounts));
    }
    scores_.push_back(static_cast<float>(std::clamp(mean, 0.0, 1.0)));
  }
}

void MutualSet::clear() {
  images_ = {};
  packed_ = {};
  scores_ = {};
}

}  // namespace alfa
