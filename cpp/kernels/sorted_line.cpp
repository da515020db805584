#include "kernels/sorted_line.hpp"

#include <algorithm>
#include <limits>
#include <span>

#include "support/simd.hpp"
#include "support/sort.hpp"

namespace hartley {
namespace {

using namespace simd;

constexpr std::size_t kBlock = 4096;    // points a task
constexpr std::size_t kMaxWindow = 48;  // neighbours tried one by one; beyond, a binary search finds the window
constexpr std::size_t kTogether = 8;    // searches in lockstep: their latencies overlap

// The k nearest others of a sorted point are the k others of a window of k + 1 neighbours that contains it: the k-th
// distance is the least over windows of the larger of the distances to both ends.
template <class T>
T nearest_window(const T* x, std::size_t n, std::size_t i, std::size_t k) {
  const auto reach = [&](std::size_t first) { return std::max(x[i] - x[first], x[first + k] - x[i]); };
  std::size_t first = i < k ? 0 : i - k, last = std::min(i, n - 1 - k);
  while (last - first > 1) {  // the left end comes nearer, the right end goes away: they cross once
    const std::size_t middle = first + (last - first) / 2;
    (x[middle + k] - x[i] < x[i] - x[middle] ? first : last) = middle;
  }
  return std::min(reach(first), reach(last));
}

template <class T>
void kth_distances_of_block(const SortedLine<T>& line, std::size_t begin, std::size_t end, std::size_t k, T* out) {
  constexpr auto kWidth = static_cast<std::size_t>(kLanes<T>);
  const T* x = line.values.data();
  std::size_t i = begin;
  while (i < end) {
    if (k > kMaxWindow || i < k || i + kWidth + k > line.n || i + kWidth > end) {
      out[line.order[i]] = nearest_window(x, line.n, i, k);
      ++i;
      continue;
    }
    const Vec<T> own = load(x + i);
    Vec<T> least = splat(std::numeric_limits<T>::infinity());
    for (std::size_t first = i - k; first <= i; ++first)
      least = min(max(own - load(x + first), load(x + first + k) - own), least);
    T distances[kWidth];
    store(distances, least);
    for (std::size_t lane = 0; lane < kWidth; ++lane) out[line.order[i + lane]] = distances[lane];
    i += kWidth;
  }
}

// Counts for sorted points first … first + kTogether - 1 (repeats of the last one pad a shorter batch).
template <class T>
void count_batch(const T* x, std::size_t n, std::size_t first, std::size_t n_points, const T* radius,
                 std::uint32_t* count) {
  const std::size_t last = first + n_points - 1;
  const T widest = *std::max_element(radius, radius + n_points);
  // a bracket that holds every ball of the batch, found by doubling
  std::size_t low = first, high = last + 1;
  for (std::size_t step = 1; low > 0 && x[first] - x[low] < widest; step *= 2) low -= std::min(step, low);
  for (std::size_t step = 1; high < n && x[high] - x[last] < widest; step *= 2) high += std::min(step, n - high);
  T own[kTogether], reach[kTogether];
  std::size_t left[kTogether], right[kTogether];
  for (std::size_t j = 0; j < kTogether; ++j) {
    own[j] = x[first + std::min(j, n_points - 1)];
    reach[j] = radius[std::min(j, n_points - 1)];
    left[j] = low;
    right[j] = first;
  }
  for (std::size_t length = last - low + 1; length > 1;) {  // first point inside
    const std::size_t half = length / 2;
    for (std::size_t j = 0; j < kTogether; ++j) left[j] += own[j] - x[left[j] + half - 1] < reach[j] ? 0 : half;
    length -= half;
  }
  for (std::size_t length = high - first + 1; length > 1;) {  // first point beyond
    const std::size_t half = length / 2;
    for (std::size_t j = 0; j < kTogether; ++j) right[j] += x[right[j] + half - 1] - own[j] < reach[j] ? half : 0;
    length -= half;
  }
  for (std::size_t j = 0; j < n_points; ++j)
    count[j] = reach[j] > 0 ? static_cast<std::uint32_t>(right[j] - left[j]) : 0;
}

}  // namespace

template <class T>
SortedLine<T> sort_line(const T* x, std::size_t n, int n_threads) {
  SortedLine<T> line{n, Buffer<T>(n), Buffer<std::uint32_t>(n)};
  sort_values<T>({x, n}, {line.values.data(), n}, {line.order.data(), n}, n_threads);
  return line;
}

template <class T>
void kth_distances(const SortedLine<T>& line, std::size_t k, T* kth_distance, int n_threads, ProgressRange progress) {
  parallel_for(
      count_blocks(line.n, kBlock), n_threads,
      [&](std::size_t block, int) {
        kth_distances_of_block(line, block * kBlock, std::min(line.n, (block + 1) * kBlock), k, kth_distance);
      },
      progress);
}

template <class T>
void count_within(const SortedLine<T>& line, const T* radius, std::uint32_t* counts, int n_threads,
                  ProgressRange progress) {
  parallel_for(
      count_blocks(line.n, kBlock), n_threads,
      [&](std::size_t block, int) {
        const std::size_t end = std::min(line.n, (block + 1) * kBlock);
        T reach[kBlock];
        for (std::size_t i = block * kBlock; i < end; ++i) reach[i - block * kBlock] = radius[line.order[i]];
        for (std::size_t i = block * kBlock; i < end; i += kTogether) {
          const std::size_t n_points = std::min(kTogether, end - i);
          std::uint32_t count[kTogether];
          count_batch(line.values.data(), line.n, i, n_points, reach + (i - block * kBlock), count);
          for (std::size_t j = 0; j < n_points; ++j) counts[line.order[i + j]] = count[j];
        }
      },
      progress);
}

template SortedLine<double> sort_line(const double*, std::size_t, int);
template SortedLine<float> sort_line(const float*, std::size_t, int);
template void kth_distances(const SortedLine<double>&, std::size_t, double*, int, ProgressRange);
template void kth_distances(const SortedLine<float>&, std::size_t, float*, int, ProgressRange);
template void count_within(const SortedLine<double>&, const double*, std::uint32_t*, int, ProgressRange);
template void count_within(const SortedLine<float>&, const float*, std::uint32_t*, int, ProgressRange);

}  // namespace hartley
