// k-d tree of points for all-nearest-neighbour questions: every point of the tree asks about the others.
//
// Points are permuted into leaf order. A leaf holds up to `capacity` points as structure of arrays, padded with +inf,
// so that a vector of candidates is one load. Above the leaves stands an implicit kFan-ary tree: node j of level l has
// the children kFan j … kFan j + kFan - 1 of level l - 1 (level 0: the leaves), and keeps their boxes side by side, so
// that one or a few vectors hold all of them. Splits are by position, never by value: equal points divide like any
// others and the depth is log(n) for every input.
//
// Distances are computed as a difference for each coordinate, then max |.| or the sum of squares in the order of the
// coordinates, in the type of the points and never fused: the same bits on every level. Box distances go through the
// same monotonic operations, so that pruning is exact: what is skipped cannot be nearer, to the last bit.
//
// Preconditions: finite coordinates, 1 <= n < 2^32, d >= 1, 1 <= k < n.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/buffer.hpp"
#include "support/parallel.hpp"

namespace hartley {

enum class Metric { kChebyshev, kEuclidean };

// n points in rows of d coordinates.
template <class T>
struct Rows {
  const T* data;
  std::size_t n, d;
};

template <class T>
struct KdTree {
  static constexpr std::size_t kFan = 64 / sizeof(T);  // children of a node: one vector of the widest level
  static constexpr std::size_t kMaxCapacity = 64;      // points of a leaf: one bit each in a mask

  struct Level {
    std::size_t n_nodes;
    Buffer<T> boxes;               // [node][dimension][lower, upper][child]; empty children have lower > upper
    Buffer<std::uint32_t> counts;  // [node][child]: points below
  };

  std::size_t n, d, capacity, n_leaves;
  Buffer<T> points;             // [leaf][dimension][slot]
  Buffer<std::uint32_t> index;  // [leaf][slot]: row of the point
  Buffer<std::uint8_t> leaf_size;
  std::vector<Level> levels;  // levels.back() is the root alone

  const T* leaf(std::size_t i) const { return points.data() + i * d * capacity; }
  const T* boxes(std::size_t level, std::size_t node) const { return levels[level].boxes.data() + node * d * 2 * kFan; }
};

// 48 points for d < 5, 64 above: measured best in scans (bench_knn).
constexpr std::size_t leaf_capacity(std::size_t d) { return d < 5 ? 48 : 64; }

// Coordinates are multiplied by `scale` on their way in (a power of two: squares then stay in range).
template <class T>
KdTree<T> build_kdtree(Rows<T> rows, T scale, int n_threads);

// The points of `asking` look for points of `tree`; where both are the same object every point looks for the others.
// 1 <= k <= tree.n, less the point itself. kth_distance[i] is the answer for row i of `asking`; is_tied[i] (null where
// nobody asks) is 1 where the next point is as far as that.
template <class T>
void kth_distances(const KdTree<T>& asking, const KdTree<T>& tree, std::size_t k, Metric metric, T* kth_distance,
                   std::uint8_t* is_tied, int n_threads, ProgressRange progress = {});

// The k nearest points, nearest first, equally near ones by their rows (past 1024 as far as the k-th, some of them, the
// same ones on every number of threads): distances[i * k + j], indices[i * k + j].
template <class T>
void nearest(const KdTree<T>& asking, const KdTree<T>& tree, std::size_t k, Metric metric, T* distances,
             std::uint32_t* indices, int n_threads, ProgressRange progress = {});

// counts[i] = points of `tree` (row i itself among them, if it is the same tree) at distance < radius[i] from row i of
// `asking`. Rows with radius[i] <= 0 get 0.
template <class T>
void count_within(const KdTree<T>& asking, const KdTree<T>& tree, const T* radius, Metric metric, std::uint32_t* counts,
                  int n_threads, ProgressRange progress = {});

}  // namespace hartley
