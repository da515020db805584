// Wasserstein distances between two parts of one sample, for many ways to part it: what a permutation test asks for.
//
// Pooled points (n_points, n_features) are projected onto each direction and sorted once; every partition then takes
// the sorted values apart in one pass and folds them (quantile_steps.hpp). Parts weigh equally inside.
// Cost: one sort a direction and O(n_points) a direction and partition. Scratch: 40 bytes a point and thread.
// The caller checks: finite points whose projections do not overflow, parts that are not empty, 1 <= p <= inf, fewer
// than 2^32 points.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hartley {

template <class T>
struct PooledCloud {
  const T* points;
  std::size_t n_points, n_features;
};

// distances (n_partitions, n_directions) of labels (n_partitions, n_points): 1 where a point belongs to the first part,
// 0 to the second. directions (n_directions, n_features).
template <class T>
void permuted_lines(const PooledCloud<T>& cloud, std::span<const double> directions,
                    std::span<const std::uint8_t> labels, double p, std::span<double> distances, int n_threads);

}  // namespace hartley
