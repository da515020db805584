#include "kernels/knn.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "kernels/sorted_line.hpp"
#include "support/random.hpp"
#include "support/special.hpp"
#include "support/sums.hpp"

namespace hartley {
namespace {

constexpr std::size_t kBlock = 1 << 13;  // samples a task of the passes over terms

template <class Body>
void for_blocks(std::size_t n, int n_threads, Body&& body) {
  parallel_for(count_blocks(n, kBlock), n_threads,
               [&](std::size_t block, int) { body(block * kBlock, std::min(n, (block + 1) * kBlock)); });
}

template <class T>
Buffer<T> join(Rows<T> x, Rows<T> y, int n_threads) {
  const std::size_t d = x.d + y.d;
  Buffer<T> joint(x.n * d);
  for_blocks(x.n, n_threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      std::copy_n(x.data + i * x.d, x.d, joint.data() + i * d);
      std::copy_n(y.data + i * y.d, y.d, joint.data() + i * d + x.d);
    }
  });
  return joint;
}

}  // namespace

template <class T>
double square_safe_scale(Rows<T> rows, int n_threads) {
  constexpr int kFine = sizeof(T) == 8 ? 200 : 20;  // |exponent| that needs no scaling
  std::vector<T> largest(count_blocks(rows.n * rows.d, kBlock));
  for_blocks(rows.n * rows.d, n_threads, [&](std::size_t begin, std::size_t end) {
    T block_largest = 0;
    for (std::size_t i = begin; i < end; ++i) block_largest = std::max(block_largest, std::abs(rows.data[i]));
    largest[begin / kBlock] = block_largest;
  });
  const T scale = *std::max_element(largest.begin(), largest.end());
  if (scale == 0 || std::abs(std::ilogb(scale)) <= kFine) return 1;
  constexpr int kMaxExponent = std::numeric_limits<T>::max_exponent - 1;
  return std::ldexp(1.0, std::clamp(-std::ilogb(scale), -kMaxExponent, kMaxExponent));
}

template <class T>
void knn_kth_distances(Rows<T> rows, std::size_t k, Metric metric, T* kth_distance, std::uint8_t* is_tied,
                       int n_threads, ProgressRange progress) {
  if (rows.d == 1 && is_tied == nullptr)
    return kth_distances(sort_line(rows.data, rows.n, n_threads), k, kth_distance, n_threads, progress);
  const T scale = metric == Metric::kEuclidean ? static_cast<T>(square_safe_scale(rows, n_threads)) : T{1};
  const KdTree<T> tree = build_kdtree(rows, scale, n_threads);
  kth_distances(tree, tree, k, metric, kth_distance, is_tied, n_threads, progress);
  if (scale == 1) return;
  for (std::size_t i = 0; i < rows.n; ++i) kth_distance[i] /= scale;
}

template <class T>
void knn_count_within(Rows<T> rows, const T* radius, std::uint32_t* counts, int n_threads, ProgressRange progress) {
  if (rows.d == 1) return count_within(sort_line(rows.data, rows.n, n_threads), radius, counts, n_threads, progress);
  const KdTree<T> tree = build_kdtree(rows, T{1}, n_threads);
  count_within(tree, tree, radius, Metric::kChebyshev, counts, n_threads, progress);
}

namespace {

// One in so many samples with a tied k-th distance: the data lie on a grid, whose borders hold many samples of either
// side even where the joint distance is not tied.
constexpr std::size_t kGridShare = 100;

// The terms of row i of x with row i of y; count_x(radius, counts, progress) and count_y count in one side alone.
template <class T, class CountX, class CountY>
KsgOutcome ksg_terms(Rows<T> x, Rows<T> y, std::size_t k, CountX&& count_x, CountY&& count_y, double* terms,
                     int n_threads) {
  const std::size_t n = x.n;
  Buffer<T> radius(n);
  Buffer<std::uint32_t> joint_count(n);
  std::size_t n_ties = 0, n_told = 0;
  {
    const Buffer<T> joint = join(x, y, n_threads);
    const KdTree<T> tree = build_kdtree(Rows<T>{joint.data(), n, x.d + y.d}, T{1}, n_threads);
    Buffer<std::uint8_t> is_tied(n);
    kth_distances(tree, tree, k, Metric::kChebyshev, radius.data(), is_tied.data(), n_threads, {0.0, 0.6});
    std::size_t n_zero = 0;
    for (std::size_t i = 0; i < n; ++i) {
      n_zero += radius[i] == 0;
      n_ties += is_tied[i] |= radius[i] == 0;
    }
    n_told = n_zero > 0 || n_ties > n / kGridShare ? n_ties : 0;
    if (n_ties > n / kGridShare) std::fill(is_tied.begin(), is_tied.end(), std::uint8_t{1});
    if (n_ties != 0) {
      // strictly nearer than the next number is at most so far
      Buffer<T> reach(n);
      for (std::size_t i = 0; i < n; ++i) {
        if (is_tied[i]) radius[i] = std::nextafter(radius[i], std::numeric_limits<T>::infinity());
        reach[i] = is_tied[i] ? radius[i] : T{-1};
      }
      count_within(tree, tree, reach.data(), Metric::kChebyshev, joint_count.data(), n_threads);
    } else {
      std::fill(joint_count.begin(), joint_count.end(), 0u);
    }
  }
  Buffer<std::uint32_t> x_count(n), y_count(n);  // the point itself included: n_x + 1
  count_x(radius.data(), x_count.data(), ProgressRange{0.6, 0.8});
  count_y(radius.data(), y_count.data(), ProgressRange{0.8, 1.0});

  const IntegerDigamma& psi = IntegerDigamma::instance();
  const double regular = psi(k) + psi(n);
  std::vector<double> lesser(count_blocks(n, kBlock), 0.0);
  for_blocks(n, n_threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const double in_x = psi(x_count[i]), in_y = psi(y_count[i]);
      lesser[begin / kBlock] += std::min(in_x, in_y);
      if (joint_count[i] == 0)
        terms[i] = regular - in_x - in_y;
      else
        terms[i] = psi(joint_count[i] - 1) + psi(n) - psi(x_count[i] - 1) - psi(y_count[i] - 1);
    }
  });
  return {n_told, pairwise_sum(lesser) / static_cast<double>(n) - psi(k)};
}

// Runs body(task, threads): several tasks at once with one thread each, or one after the other with all threads where
// each is large enough to share.
template <class Body>
void for_each_estimate(std::size_t n_tasks, std::size_t n, int n_threads, Body&& body) {
  constexpr std::size_t kShared = 1 << 17;  // samples: from here on memory for several trees at once does more harm
  if (n < kShared && n_tasks > 1) {
    parallel_for(n_tasks, n_threads, [&](std::size_t task, int) { body(task, 1); }, {0.0, 1.0});
    return;
  }
  for (std::size_t task = 0; task < n_tasks; ++task) body(task, n_threads);
}

}  // namespace

template <class T>
KsgOutcome knn_mutual_information(Rows<T> x, Rows<T> y, std::size_t k, double* terms, int n_threads) {
  const auto count_in = [&](Rows<T> side) {
    return [side, n_threads](const T* radius, std::uint32_t* counts, ProgressRange progress) {
      knn_count_within(side, radius, counts, n_threads, progress);
    };
  };
  return ksg_terms(x, y, k, count_in(x), count_in(y), terms, n_threads);
}

template <class T>
void knn_pairs(const T* columns, std::size_t n_columns, std::size_t n, std::span<const std::uint32_t> pairs,
               std::size_t k, KnnEstimate* estimates, int n_threads) {
  std::vector<SortedLine<T>> lines;
  for (std::size_t c = 0; c < n_columns; ++c) lines.push_back(sort_line(columns + c * n, n, n_threads));
  for_each_estimate(pairs.size() / 2, n, n_threads, [&](std::size_t p, int threads) {
    const std::size_t i = pairs[2 * p], j = pairs[2 * p + 1];
    const auto count_on = [&](std::size_t c) {
      return [&line = lines[c], threads](const T* radius, std::uint32_t* counts, ProgressRange) {
        count_within(line, radius, counts, threads);
      };
    };
    Buffer<double> terms(n);
    const KsgOutcome outcome = ksg_terms(Rows<T>{columns + i * n, n, 1}, Rows<T>{columns + j * n, n, 1}, k, count_on(i),
                                         count_on(j), terms.data(), threads);
    estimates[p] = {knn_mean(terms.data(), n), outcome.n_ties};
  });
}

template <class T>
void knn_permuted(Rows<T> x, Rows<T> y, const std::uint32_t* orders, std::size_t n_orders, std::size_t k,
                  KnnEstimate* estimates, int n_threads) {
  const std::size_t n = x.n;
  SortedLine<T> x_line{}, y_line{};
  if (x.d == 1) x_line = sort_line(x.data, n, n_threads);
  if (y.d == 1) y_line = sort_line(y.data, n, n_threads);
  for_each_estimate(n_orders, n, n_threads, [&](std::size_t p, int threads) {
    const std::uint32_t* order = orders + p * n;
    Buffer<T> shuffled(n * y.d);
    for (std::size_t i = 0; i < n; ++i) std::copy_n(y.data + order[i] * y.d, y.d, shuffled.data() + i * y.d);
    const Rows<T> moved{shuffled.data(), n, y.d};
    Buffer<T> y_radius(y.d == 1 ? n : 0);
    Buffer<std::uint32_t> y_counts(y.d == 1 ? n : 0);
    const auto count_x = [&](const T* radius, std::uint32_t* counts, ProgressRange) {
      x.d == 1 ? count_within(x_line, radius, counts, threads) : knn_count_within(x, radius, counts, threads);
    };
    const auto count_y = [&](const T* radius, std::uint32_t* counts, ProgressRange) {
      if (y.d > 1) return knn_count_within(moved, radius, counts, threads);
      for (std::size_t i = 0; i < n; ++i) y_radius[order[i]] = radius[i];  // the line knows the rows of y itself
      count_within(y_line, y_radius.data(), y_counts.data(), threads);
      for (std::size_t i = 0; i < n; ++i) counts[i] = y_counts[order[i]];
    };
    Buffer<double> terms(n);
    const KsgOutcome outcome = ksg_terms(x, moved, k, count_x, count_y, terms.data(), threads);
    estimates[p] = {knn_mean(terms.data(), n), outcome.n_ties};
  });
}

void local_permutation(const std::uint32_t* neighbours, std::size_t n, std::size_t k, std::uint64_t seed,
                       std::uint32_t* order) {
  SplitMix random(seed);
  std::vector<std::uint32_t> turn(n), own(k);
  std::iota(turn.begin(), turn.end(), 0u);
  random.shuffle(turn.data(), n);
  std::vector<bool> is_taken(n, false);
  for (const std::uint32_t row : turn) {
    std::copy_n(neighbours + std::size_t{row} * k, k, own.begin());
    random.shuffle(own.data(), k);
    std::uint32_t chosen = own[k - 1];
    for (const std::uint32_t candidate : own)
      if (!is_taken[candidate]) {
        chosen = candidate;
        break;
      }
    is_taken[chosen] = true;
    order[row] = chosen;
  }
}

double knn_mean(const double* terms, std::size_t n) { return pairwise_sum({terms, n}) / static_cast<double>(n); }

#define HARTLEY_INSTANTIATE(T)                                                                                        \
  template void knn_kth_distances<T>(Rows<T>, std::size_t, Metric, T*, std::uint8_t*, int, ProgressRange);            \
  template void knn_count_within<T>(Rows<T>, const T*, std::uint32_t*, int, ProgressRange);                           \
  template KsgOutcome knn_mutual_information<T>(Rows<T>, Rows<T>, std::size_t, double*, int);                         \
  template void knn_pairs<T>(const T*, std::size_t, std::size_t, std::span<const std::uint32_t>, std::size_t,         \
                             KnnEstimate*, int);                                                                      \
  template void knn_permuted<T>(Rows<T>, Rows<T>, const std::uint32_t*, std::size_t, std::size_t, KnnEstimate*, int); \
  template double square_safe_scale<T>(Rows<T>, int);
HARTLEY_INSTANTIATE(double)
HARTLEY_INSTANTIATE(float)

}  // namespace hartley
