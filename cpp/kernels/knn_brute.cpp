#include "kernels/knn_brute.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace hartley {
namespace {

constexpr std::size_t kBlock = 512;   // points whose distances are computed together: 4 KiB
constexpr std::size_t kQueries = 16;  // rows a task

// The points as structure of arrays: one coordinate of many points is one load.
template <class T>
Buffer<T> transposed(Rows<T> points, int n_threads) {
  Buffer<T> columns(points.n * points.d);
  parallel_for(count_blocks(points.n, kBlock), n_threads, [&](std::size_t block, int) {
    for (std::size_t i = block * kBlock; i < std::min(points.n, (block + 1) * kBlock); ++i)
      for (std::size_t c = 0; c < points.d; ++c) columns[c * points.n + i] = points.data[i * points.d + c];
  });
  return columns;
}

// Distances from row i to `size` points from `first` on; those that do not count are infinitely far.
template <class T>
void distances_to_block(const BruteForce<T>& search, const T* columns, std::size_t i, std::size_t first,
                        std::size_t size, T* distance) {
  std::fill_n(distance, size, T{0});
  for (std::size_t c = 0; c < search.points.d; ++c) {
    const T x = search.asking.data[i * search.asking.d + c];
    const T* y = columns + c * search.points.n + first;
    const T length = search.box == nullptr || search.box[c] == 0 ? std::numeric_limits<T>::infinity() : search.box[c];
    if (search.metric == Metric::kChebyshev) {
      for (std::size_t j = 0; j < size; ++j) {
        const T apart = std::abs(y[j] - x);
        distance[j] = std::max(distance[j], std::min(apart, length - apart));
      }
    } else {
      for (std::size_t j = 0; j < size; ++j) {
        const T apart = std::abs(y[j] - x), nearer = std::min(apart, length - apart);
        distance[j] += nearer * nearer;
      }
    }
  }
  if (search.metric == Metric::kEuclidean)
    for (std::size_t j = 0; j < size; ++j) distance[j] = std::sqrt(distance[j]);
  if (!search.is_own) return;
  const std::size_t low = std::max(first, i - std::min(i, search.window));
  const std::size_t high = std::min(first + size, i + search.window + 1);
  for (std::size_t j = low; j < high; ++j) distance[j - first] = std::numeric_limits<T>::infinity();
}

// visit(row, first point, number, distances) for every block of points of every row, a task of rows at a time.
template <class T, class Visit>
void for_each_block(const BruteForce<T>& search, int n_threads, ProgressRange progress, Visit&& visit) {
  const Buffer<T> columns = transposed(search.points, n_threads);
  parallel_for(
      count_blocks(search.asking.n, kQueries), n_threads,
      [&](std::size_t task, int) {
        T distance[kBlock];
        for (std::size_t i = task * kQueries; i < std::min(search.asking.n, (task + 1) * kQueries); ++i) {
          stop_if_asked();
          for (std::size_t first = 0; first < search.points.n; first += kBlock) {
            const std::size_t size = std::min(kBlock, search.points.n - first);
            distances_to_block(search, columns.data(), i, first, size, distance);
            visit(i, first, size, distance);
          }
        }
      },
      progress);
}

}  // namespace

template <class T>
void nearest(const BruteForce<T>& search, std::size_t k, T* distances, std::uint32_t* indices, int n_threads,
             ProgressRange progress) {
  std::fill_n(distances, search.asking.n * k, std::numeric_limits<T>::infinity());
  std::fill_n(indices, search.asking.n * k, 0u);
  for_each_block(search, n_threads, progress,
                 [&](std::size_t i, std::size_t first, std::size_t size, const T* distance) {
                   T* const found = distances + i * k;
                   std::uint32_t* const rows = indices + i * k;
                   for (std::size_t j = 0; j < size; ++j) {
                     if (!(distance[j] < found[k - 1])) continue;  // equally near ones: the first row stays
                     std::size_t at = k - 1;
                     for (; at > 0 && distance[j] < found[at - 1]; --at) {
                       found[at] = found[at - 1];
                       rows[at] = rows[at - 1];
                     }
                     found[at] = distance[j];
                     rows[at] = static_cast<std::uint32_t>(first + j);
                   }
                 });
}

template <class T>
void count_within(const BruteForce<T>& search, const T* radius, std::uint32_t* counts, int n_threads,
                  ProgressRange progress) {
  std::fill_n(counts, search.asking.n, 0u);
  for_each_block(search, n_threads, progress, [&](std::size_t i, std::size_t, std::size_t size, const T* distance) {
    std::uint32_t inside = 0;
    for (std::size_t j = 0; j < size; ++j) inside += distance[j] < radius[i] ? 1 : 0;
    counts[i] += inside;
  });
}

#define HARTLEY_INSTANTIATE(T)                                                                         \
  template void nearest<T>(const BruteForce<T>&, std::size_t, T*, std::uint32_t*, int, ProgressRange); \
  template void count_within<T>(const BruteForce<T>&, const T*, std::uint32_t*, int, ProgressRange);
HARTLEY_INSTANTIATE(double)
HARTLEY_INSTANTIATE(float)

}  // namespace hartley
