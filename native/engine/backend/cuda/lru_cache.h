// The last few of something that is dear to make: what is found or added
// becomes the latest, the oldest is forgotten.
#pragma once
#include <algorithm>
#include <cstddef>
#include <list>
#include <utility>

namespace alfa {

template <typename T>
class Recent {
 public:
  explicit Recent(size_t most) : most_(most) {}

  // Null where none fits. References stay good until it is forgotten.
  template <typename Fits>
  T* find(Fits fits) {
    const auto found = std::find_if(items_.begin(), items_.end(), fits);
    if (found == items_.end()) return nullptr;
    items_.splice(items_.end(), items_, found);
    return &items_.back();
  }
  T& add(T item) {
    if (items_.size() >= most_) items_.pop_front();
    items_.push_back(std::move(item));
    return items_.back();
  }
  template <typename Which>
  void forget(Which which) {
    items_.remove_if(which);
  }

 private:
  size_t most_;
  std::list<T> items_;
};

}  // namespace alfa
