// A cache of the most recently used items.
#pragma once
#include <algorithm>
#include <cstddef>
#include <list>
#include <utility>

namespace alfa {

template <typename T>
class LruCache {
 public:
  explicit LruCache(size_t capacity) : capacity_(capacity) {}

  // The item for which `matches` is true becomes the most recently used. Null
  // if there is none. A reference stays valid until its item is removed.
  template <typename Matches>
  T* find(Matches matches) {
    const auto found = std::find_if(items_.begin(), items_.end(), matches);
    if (found == items_.end()) return nullptr;
    items_.splice(items_.end(), items_, found);
    return &items_.back();
  }

  // Removes the least recently used item if the cache is full.
  T& add(T item) {
    if (items_.size() >= capacity_) items_.pop_front();
    items_.push_back(std::move(item));
    return items_.back();
  }

  template <typename Matches>
  void remove_if(Matches matches) {
    items_.remove_if(matches);
  }

 private:
  size_t capacity_;
  std::list<T> items_;  // the most recently used last
};

}  // namespace alfa
