// The second pass of a search for neighbours and their rows: when the k-th distances are known, everything within them
// is gathered.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/kdtree_scan.hpp"

namespace hartley::kdtree {

// Every point of the tree at most as far as the k-th distance of each query, which is known by now.
template <class T, class Norm, int kDim>
class LeafCollect {
 public:
  struct Found {
    T distance;
    std::uint32_t row;
    bool operator<(const Found& other) const {
      return distance < other.distance || (distance == other.distance && row < other.row);
    }
  };

  // `own` are the rows of the queries where they are points of the tree themselves, else null.
  LeafCollect(const LeafOfQueries<T, kDim>& queries, const KdTree<T>& tree, std::size_t k, const T* kth,
              const std::uint32_t* own, std::vector<std::vector<Found>>& found)
      : tree_(tree), queries_(queries), most_ties_(std::max(k, kMostTies)), kth_(kth), own_(own), found_(found) {
    found_.resize(kCapacity);
    std::fill_n(limit_, kCapacity, T{-1});
    for (std::size_t slot = 0; slot < queries.size; ++slot) {
      found_[slot].clear();
      limit_[slot] = std::nextafter(kth[slot], std::numeric_limits<T>::infinity());  // the k-th itself is wanted
      bound_ = std::max(bound_, limit_[slot]);
    }
    descend(tree.levels.size() - 1, 0, first_bits(queries.size));
  }

 private:
  static constexpr std::size_t kMostTies = 1024;  // of a query: all of them would make equal points cost n²
  static constexpr std::size_t kFan = KdTree<T>::kFan, kCapacity = LeafOfQueries<T, kDim>::kCapacity;
  static constexpr std::size_t kStep = kVectors<T, kDim> * kWidth<T>;

  void descend(std::size_t level, std::size_t node, std::uint64_t active) {
    const T* boxes = tree_.boxes(level, node);
    alignas(kVectorBytes) T box_distance[kFan];
    distances_to_children<T, Norm, kDim>(queries_, boxes, box_distance);
    for (std::size_t child = 0; child < kFan; ++child) {
      if (!(box_distance[child] < bound_)) continue;
      const std::uint64_t near = queries_near<T, Norm, kDim>(queries_, boxes + child, limit_, active);
      if (near == 0) continue;
      if (level == 0)
        scan(node * kFan + child, near);
      else
        descend(level - 1, node * kFan + child, near);
    }
  }

  void scan(std::size_t leaf, std::uint64_t active) {
    stop_if_asked();
    const T* candidates = tree_.leaf(leaf);
    const std::uint32_t* rows = tree_.index.data() + leaf * tree_.capacity;
    for (; active != 0; active &= active - 1) {
      const auto slot = static_cast<std::size_t>(std::countr_zero(active));
      const Vec<T> limit = splat(limit_[slot]);
      for (std::size_t first = 0; first < tree_.leaf_size[leaf]; first += kStep) {
        Vec<T> distance[kVectors<T, kDim>];
        if (!distances_to_points<T, Norm, kDim>(queries_, slot, candidates + first, limit, distance)) continue;
        for (std::size_t v = 0; v < kVectors<T, kDim>; ++v) {
          T lanes[kWidth<T>];
          store(lanes, distance[v]);
          for (std::uint64_t near = less_bits(distance[v], limit); near != 0; near &= near - 1) {
            const auto lane = static_cast<std::size_t>(std::countr_zero(near));
            const std::uint32_t row = rows[first + v * kWidth<T> + lane];
            if (own_ != nullptr && row == own_[slot]) continue;
            if (lanes[lane] == kth_[slot] && ++n_ties_[slot] > most_ties_) {
              limit_[slot] = kth_[slot];  // enough of them: only what is strictly nearer is still wanted
              continue;
            }
            found_[slot].push_back({lanes[lane], row});
          }
        }
      }
    }
  }

  const KdTree<T>& tree_;
  const LeafOfQueries<T, kDim>& queries_;
  std::size_t most_ties_;
  const T* kth_;
  const std::uint32_t* own_;
  std::vector<std::vector<Found>>& found_;
  alignas(kVectorBytes) T limit_[kCapacity];
  std::size_t n_ties_[kCapacity]{};
  T bound_ = 0;
};

}  // namespace hartley::kdtree
