// Points on a line: neighbours and counts from one sort. The one-dimensional counterpart of kdtree.hpp, with the same
// definitions: a distance is the difference |x_i - x_j| as rounded in the type of the points, and it is that difference
// which is compared (x ± radius would round differently and let the point on the boundary in).
#pragma once

#include <cstddef>
#include <cstdint>

#include "support/buffer.hpp"
#include "support/parallel.hpp"

namespace hartley {

template <class T>
struct SortedLine {
  std::size_t n;
  Buffer<T> values;
  Buffer<std::uint32_t> order;  // values[i] is the point of row order[i]
};

template <class T>
SortedLine<T> sort_line(const T* x, std::size_t n, int n_threads);

// kth_distance[i] = distance from row i to the k-th nearest other row; 1 <= k < n.
template <class T>
void kth_distances(const SortedLine<T>& line, std::size_t k, T* kth_distance, int n_threads,
                   ProgressRange progress = {});

// counts[i] = rows, i itself included, at distance < radius[i] from row i. Rows with radius[i] <= 0 get 0.
template <class T>
void count_within(const SortedLine<T>& line, const T* radius, std::uint32_t* counts, int n_threads,
                  ProgressRange progress = {});

}  // namespace hartley
