// Neighbours by looking at every pair: for periodic boxes, for time windows, and as a check of the tree.
//
// The same definitions as kdtree.hpp: a distance is max |.| or the root of the sum of squares of the coordinates'
// differences, in the type of the points. O(n m d), memory for one more copy of the points.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kdtree.hpp"

namespace hartley {

template <class T>
struct BruteForce {
  Rows<T> asking, points;
  bool is_own;         // row i of `asking` is row i of `points`: it and rows less than `window` + 1 away do not count
  std::size_t window;  // 0: the row itself alone
  Metric metric;
  const T* box;  // length of the box along each coordinate, 0 where it is open; coordinates lie in [0, box)
};

// The k nearest points of each row, nearest first, equally near ones by their rows; k of them have to be there.
template <class T>
void nearest(const BruteForce<T>& search, std::size_t k, T* distances, std::uint32_t* indices, int n_threads,
             ProgressRange progress = {});

// Points at distance < radius[i] from row i.
template <class T>
void count_within(const BruteForce<T>& search, const T* radius, std::uint32_t* counts, int n_threads,
                  ProgressRange progress = {});

}  // namespace hartley
