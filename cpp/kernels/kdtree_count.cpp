#include <algorithm>
#include <cmath>

#include "kernels/kdtree_scan.hpp"

namespace hartley {
namespace kdtree {
namespace {

// The least s whose rounded root is at least radius: a distance is below the radius if and only if its square is below
// s.
template <class T>
T squared_limit(T radius) {
  T s = radius * radius;
  while (s > 0 && std::sqrt(s) >= radius) s = std::nextafter(s, T{0});
  while (std::sqrt(s) < radius) s = std::nextafter(s, std::numeric_limits<T>::infinity());
  return s;
}

template <class T, class Norm, int kDim>
class LeafCount {
 public:
  LeafCount(const KdTree<T>& asking, const KdTree<T>& tree, std::size_t leaf, const T* radius)
      : tree_(tree), queries_(asking, leaf), index_(asking.index.data() + leaf * asking.capacity) {
    std::fill_n(radius_, kCapacity, T{-1});
    std::fill_n(count_, kCapacity, 0u);
    least_ = std::numeric_limits<T>::infinity();
    for (std::size_t slot = 0; slot < queries_.size; ++slot) {
      radius_[slot] = radius[index_[slot]];
      if (std::is_same_v<Norm, SquaredEuclidean> && radius_[slot] > 0) radius_[slot] = squared_limit(radius_[slot]);
      largest_ = std::max(largest_, radius_[slot]);
      least_ = std::min(least_, radius_[slot]);
      if (radius_[slot] > 0) asking_ |= std::uint64_t{1} << slot;
    }
    if (asking_ != 0) descend(tree.levels.size() - 1, 0, asking_);
  }

  void write(std::uint32_t* counts) const {
    for (std::size_t slot = 0; slot < queries_.size; ++slot) counts[index_[slot]] = count_[slot] + for_all_;
  }

 private:
  static constexpr std::size_t kFan = KdTree<T>::kFan, kCapacity = LeafOfQueries<T, kDim>::kCapacity;

  // Distances from the leaf's box to the far corners of a node's children: no two points are further apart.
  void farthest_of_children(const T* boxes, T* farthest) const {
    for (std::size_t lane = 0; lane < kFan; lane += kWidth<T>) {
      Vec<T> total{};
      for (std::size_t dim = 0; dim < queries_.d(); ++dim) {
        const T* box = boxes + dim * 2 * kFan + lane;
        total = Norm::add(total, max(splat(queries_.high[dim * 2 * kFan]) - load(box),
                                     load(box + kFan) - splat(queries_.low[dim * 2 * kFan])));
      }
      store(farthest + lane, total);
    }
  }

  // Splits the active queries at a box: those whose ball holds it whole are credited, those whose ball cuts it are
  // returned.
  std::uint64_t credit_or_cut(const T* low, std::uint32_t box_count, std::uint64_t active) {
    std::uint64_t cut = 0;
    for (std::size_t group = 0; group * kWidth<T> < kCapacity; ++group) {
      const std::uint64_t asking = group_bits<T>(active, group);
      if (asking == 0) continue;
      Vec<T> nearest{}, farthest{};
      for (std::size_t dim = 0; dim < queries_.d(); ++dim) {
        const Vec<T> from_low = queries_.coordinates(dim, group) - splat(low[dim * 2 * kFan]);
        const Vec<T> to_high = splat(low[dim * 2 * kFan + kFan]) - queries_.coordinates(dim, group);
        nearest = Norm::add(nearest, max(max(-from_low, -to_high), Vec<T>{}));
        farthest = Norm::add(farthest, max(from_low, to_high));
      }
      const Vec<T> radius = load(radius_ + group * kWidth<T>);
      const std::uint64_t inside = less_bits(farthest, radius) & asking;
      const std::uint64_t reached = less_bits(nearest, radius) & asking;
      for (std::uint64_t rest = inside; rest != 0; rest &= rest - 1)
        count_[group * kWidth<T> + static_cast<std::size_t>(std::countr_zero(rest))] += box_count;
      cut |= (reached & ~inside) << (group * kWidth<T>);
    }
    return cut;
  }

  void descend(std::size_t level, std::size_t node, std::uint64_t active) {
    const T* boxes = tree_.boxes(level, node);
    const std::uint32_t* box_counts = tree_.levels[level].counts.data() + node * kFan;
    alignas(kVectorBytes) T nearest[kFan], farthest[kFan];
    distances_to_children<T, Norm, kDim>(queries_, boxes, nearest);
    farthest_of_children(boxes, farthest);
    for (std::size_t i = 0; i < kFan; ++i) {
      if (box_counts[i] == 0 || !(nearest[i] < largest_)) continue;
      if (farthest[i] < least_ && active == asking_) {
        for_all_ += box_counts[i];
        continue;
      }
      const std::uint64_t cut = credit_or_cut(boxes + i, box_counts[i], active);
      if (cut == 0) continue;
      if (level == 0)
        scan(node * kFan + i, cut);
      else
        descend(level - 1, node * kFan + i, cut);
    }
  }

  void scan(std::size_t leaf, std::uint64_t active) {
    const T* candidates = tree_.leaf(leaf);
    const std::size_t size = tree_.leaf_size[leaf];
    for (; active != 0; active &= active - 1) {
      const auto slot = static_cast<std::size_t>(std::countr_zero(active));
      const Vec<T> radius = splat(radius_[slot]);
      std::uint32_t inside = 0;
      for (std::size_t first = 0; first < size; first += kVectors<T, kDim> * kWidth<T>) {
        Vec<T> distance[kVectors<T, kDim>];
        if (!distances_to_points<T, Norm, kDim>(queries_, slot, candidates + first, radius, distance)) continue;
        for (const Vec<T>& v : distance) inside += static_cast<std::uint32_t>(std::popcount(less_bits(v, radius)));
      }
      count_[slot] += inside;
    }
  }

  const KdTree<T>& tree_;
  LeafOfQueries<T, kDim> queries_;
  const std::uint32_t* index_;
  alignas(kVectorBytes) T radius_[kCapacity];
  std::uint32_t count_[kCapacity];
  std::uint64_t asking_ = 0;
  std::uint32_t for_all_ = 0;  // points of boxes that lie inside the ball of every query
  T largest_ = 0, least_;
};

}  // namespace
}  // namespace kdtree

template <class T>
void count_within(const KdTree<T>& asking, const KdTree<T>& tree, const T* radius, Metric metric, std::uint32_t* counts,
                  int n_threads, ProgressRange progress) {
  const auto count = [&](auto norm) {
    kdtree::with_dimension(tree.d, [&](auto dim) {
      parallel_for(
          asking.n_leaves, n_threads,
          [&](std::size_t leaf, int) {
            kdtree::LeafCount<T, decltype(norm), dim()>(asking, tree, leaf, radius).write(counts);
          },
          progress);
    });
  };
  if (metric == Metric::kChebyshev)
    count(kdtree::Chebyshev{});
  else
    count(kdtree::SquaredEuclidean{});
}

#define HARTLEY_INSTANTIATE(T)                                                                             \
  template void count_within<T>(const KdTree<T>&, const KdTree<T>&, const T*, Metric, std::uint32_t*, int, \
                                ProgressRange);
HARTLEY_INSTANTIATE(double)
HARTLEY_INSTANTIATE(float)

}  // namespace hartley
