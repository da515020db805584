// What the two kinds of query have in common: norms built up coordinate by coordinate, distances to boxes, and the
// points of one leaf that ask together. Internal to kdtree_*.cpp.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/kdtree.hpp"
#include "support/simd.hpp"

namespace hartley::kdtree {

using namespace simd;

// A norm is accumulated from differences; add() grows with |difference| and with total, rounding included, and that
// makes every box distance below a true bound of the distances computed for the points inside.
struct Chebyshev {
  template <class V>
  HARTLEY_INLINE static V add(V total, V difference) {
    if constexpr (std::is_floating_point_v<V>)
      return std::max(std::abs(difference), total);
    else
      return max(abs(difference), total);
  }
};
struct SquaredEuclidean {
  template <class V>
  HARTLEY_INLINE static V add(V total, V difference) {
    return total + difference * difference;
  }
};

// The lowest n <= 64 bits.
constexpr std::uint64_t first_bits(std::size_t n) { return n == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1; }

// How far x lies outside [low, high], 0 inside.
template <class V>
HARTLEY_INLINE V outside(V x_low, V x_high, V low, V high) {
  return max(max(low - x_high, x_low - high), V{});
}

template <class T>
inline constexpr std::size_t kWidth = static_cast<std::size_t>(kLanes<T>);

// kDim coordinates, or as many as the tree says where kDim is 0; leaves of that dimension.
template <int kDim>
struct Shape {
  static constexpr std::size_t kCapacity = leaf_capacity(kDim == 0 ? 64 : static_cast<std::size_t>(kDim));
  std::size_t tree_d;
  HARTLEY_INLINE std::size_t d() const { return kDim == 0 ? tree_d : static_cast<std::size_t>(kDim); }
};

// The points of one leaf, and the box around them.
template <class T, int kDim>
struct LeafOfQueries : Shape<kDim> {
  static constexpr std::size_t kCapacity = Shape<kDim>::kCapacity, kFan = KdTree<T>::kFan;
  const T* points;
  const T *low, *high;  // of dimension 0; the next dimension is 2 kFan further
  std::size_t size;
  Buffer<T> rows;  // many dimensions only: the points once more, one after the other (a column's stride is a power of
                   // two, its entries would evict each other from L1)

  LeafOfQueries(const KdTree<T>& tree, std::size_t leaf)
      : Shape<kDim>{tree.d},
        points(tree.leaf(leaf)),
        low(tree.boxes(0, leaf / kFan) + leaf % kFan),
        high(low + kFan),
        size(tree.leaf_size[leaf]),
        rows(kDim == 0 ? size * tree.d : 0) {
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = points[i % tree.d * kCapacity + i / tree.d];
  }

  HARTLEY_INLINE Vec<T> coordinates(std::size_t dim, std::size_t group) const {
    return load(points + dim * kCapacity + group * kWidth<T>);
  }
};

// Distances from the leaf's box to the boxes of a node's children.
template <class T, class Norm, int kDim>
HARTLEY_INLINE void distances_to_children(const LeafOfQueries<T, kDim>& queries, const T* boxes, T* nearest) {
  constexpr std::size_t kFan = KdTree<T>::kFan;
  for (std::size_t lane = 0; lane < kFan; lane += kWidth<T>) {
    Vec<T> total{};
    for (std::size_t dim = 0; dim < queries.d(); ++dim) {
      const T* box = boxes + dim * 2 * kFan + lane;
      total = Norm::add(total, outside(splat(queries.low[dim * 2 * kFan]), splat(queries.high[dim * 2 * kFan]),
                                       load(box), load(box + kFan)));
    }
    store(nearest + lane, total);
  }
}

template <class T>
HARTLEY_INLINE std::uint64_t group_bits(std::uint64_t mask, std::size_t group) {
  return mask >> (group * kWidth<T>)&kAllLanes<T>;
}

// Which of the active queries are nearer to a box (corners 2 kFan apart for each dimension) than their limit.
template <class T, class Norm, int kDim>
HARTLEY_INLINE std::uint64_t queries_near(const LeafOfQueries<T, kDim>& queries, const T* low, const T* limits,
                                          std::uint64_t active) {
  constexpr std::size_t kFan = KdTree<T>::kFan;
  std::uint64_t near = 0;
  for (std::size_t group = 0; group * kWidth<T> < queries.kCapacity; ++group) {
    if (group_bits<T>(active, group) == 0) continue;
    Vec<T> total{};
    for (std::size_t dim = 0; dim < queries.d(); ++dim) {
      const Vec<T> x = queries.coordinates(dim, group);
      total = Norm::add(total, outside(x, x, splat(low[dim * 2 * kFan]), splat(low[dim * 2 * kFan + kFan])));
    }
    near |= static_cast<std::uint64_t>(less_bits(total, load(limits + group * kWidth<T>))) << (group * kWidth<T>);
  }
  return near & active;
}

inline constexpr std::size_t kAbandonEvery = 8;  // dimensions between two looks whether any candidate is still in reach

// Candidates whose distances are computed together: two vectors in many dimensions share the loads of the query.
template <class T, int kDim>
inline constexpr std::size_t kVectors = kDim == 0 ? 2 : 1;

// Distances from query point `slot` to the next kVectors vectors of another leaf's points; false where all of them are
// known to be at least `limit` away (the distances are then unfinished).
template <class T, class Norm, int kDim>
HARTLEY_INLINE bool distances_to_points(const LeafOfQueries<T, kDim>& queries, std::size_t slot, const T* candidates,
                                        Vec<T> limit, Vec<T> (&total)[kVectors<T, kDim>]) {
  constexpr std::size_t kCapacity = Shape<kDim>::kCapacity;
  for (Vec<T>& v : total) v = Vec<T>{};
  if constexpr (kDim != 0) {
    for (std::size_t dim = 0; dim < queries.d(); ++dim)
      total[0] =
          Norm::add(total[0], load(candidates + dim * kCapacity) - splat(queries.points[dim * kCapacity + slot]));
  } else {
    const T* const query = queries.rows.data() + slot * queries.d();
    const auto add_dimension = [&](std::size_t dim) {
      const Vec<T> x = splat(query[dim]);
      for (std::size_t v = 0; v < kVectors<T, kDim>; ++v)
        total[v] = Norm::add(total[v], load(candidates + dim * kCapacity + v * kWidth<T>) - x);
    };
    std::size_t dim = 0;
    for (; dim + kAbandonEvery <= queries.d(); dim += kAbandonEvery) {
      for (std::size_t j = 0; j < kAbandonEvery; ++j) add_dimension(dim + j);
      if ((less_bits(total[0], limit) | less_bits(total[1], limit)) == 0) return false;
    }
    for (; dim < queries.d(); ++dim) add_dimension(dim);
  }
  return true;
}

// Calls f with the dimension as a compile-time constant where a special case pays.
template <class F>
void with_dimension(std::size_t d, F&& f) {
  switch (d) {
    case 1:
      return f(std::integral_constant<int, 1>{});
    case 2:
      return f(std::integral_constant<int, 2>{});
    case 3:
      return f(std::integral_constant<int, 3>{});
    case 4:
      return f(std::integral_constant<int, 4>{});
    case 5:
      return f(std::integral_constant<int, 5>{});
    case 6:
      return f(std::integral_constant<int, 6>{});
    default:
      return f(std::integral_constant<int, 0>{});
  }
}

}  // namespace hartley::kdtree
