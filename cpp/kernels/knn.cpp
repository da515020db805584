#include "kernels/knn.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>

#include "kernels/sorted_line.hpp"
#include "support/special.hpp"
#include "support/sums.hpp"
#include "support/vector_math.hpp"

namespace hartley {
namespace {

constexpr std::size_t kBlock = 1 << 13;  // samples a task of the passes over terms

template <class Body>
void for_blocks(std::size_t n, int n_threads, Body&& body) {
  parallel_for(count_blocks(n, kBlock), n_threads,
               [&](std::size_t block, int) { body(block * kBlock, std::min(n, (block + 1) * kBlock)); });
}

// A power of two by which coordinates are multiplied so that their squares neither overflow nor vanish; 1 for data of
// ordinary size. Differences below 2^-400 of the largest coordinate (2^-50 in float32) may still square to 0.
template <class T>
T square_safe_scale(Rows<T> rows, int n_threads) {
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
  return std::ldexp(T{1}, std::clamp(-std::ilogb(scale), -kMaxExponent, kMaxExponent));
}

// log of the volume of the unit ball.
double log_ball_volume(std::size_t d, Metric metric) {
  const auto dimension = static_cast<double>(d);
  if (metric == Metric::kChebyshev) return dimension * std::numbers::ln2;
  return 0.5 * dimension * std::log(std::numbers::pi) - log_gamma(0.5 * dimension + 1.0);
}

// terms = offset + slope log(distance)
template <class T>
void log_terms(const T* distance, std::size_t n, double offset, double slope, double* terms, int n_threads) {
  using namespace simd;
  constexpr auto kWidth = static_cast<std::size_t>(kLanes<double>);
  for_blocks(n, n_threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; i += kWidth) {
      double lanes[kWidth]{};
      const std::size_t count = std::min(kWidth, end - i);
      for (std::size_t j = 0; j < count; ++j) lanes[j] = static_cast<double>(distance[i + j]);
      store(lanes, offset + slope * log(load(lanes)));
      std::copy_n(lanes, count, terms + i);
    }
  });
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
void knn_kth_distances(Rows<T> rows, std::size_t k, Metric metric, T* kth_distance, int n_threads,
                       ProgressRange progress) {
  if (rows.d == 1) return kth_distances(sort_line(rows.data, rows.n, n_threads), k, kth_distance, n_threads, progress);
  const T scale = metric == Metric::kEuclidean ? square_safe_scale(rows, n_threads) : T{1};
  kth_distances(build_kdtree(rows, scale, n_threads), k, metric, kth_distance, n_threads, progress);
  if (scale == 1) return;
  for (std::size_t i = 0; i < rows.n; ++i) kth_distance[i] /= scale;
}

template <class T>
void knn_count_within(Rows<T> rows, const T* radius, std::uint32_t* counts, int n_threads, ProgressRange progress) {
  if (rows.d == 1)
    count_within(sort_line(rows.data, rows.n, n_threads), radius, counts, n_threads, progress);
  else
    count_within(build_kdtree(rows, T{1}, n_threads), radius, counts, n_threads, progress);
}

template <class T>
std::size_t knn_entropy(Rows<T> rows, std::size_t k, Metric metric, double* terms, int n_threads) {
  Buffer<T> distance(rows.n);
  knn_kth_distances(rows, k, metric, distance.data(), n_threads, {0.0, 1.0});
  const double offset =
      digamma(static_cast<double>(rows.n)) - digamma(static_cast<double>(k)) + log_ball_volume(rows.d, metric);
  log_terms(distance.data(), rows.n, offset, static_cast<double>(rows.d), terms, n_threads);
  return static_cast<std::size_t>(std::count(distance.begin(), distance.end(), T{0}));
}

template <class T>
std::size_t knn_mutual_information(Rows<T> x, Rows<T> y, std::size_t k, double* terms, int n_threads) {
  const std::size_t n = x.n;
  Buffer<T> radius(n);
  Buffer<std::uint32_t> joint_count(n);
  std::size_t n_ties = 0;
  {
    const Buffer<T> joint = join(x, y, n_threads);
    const KdTree<T> tree = build_kdtree(Rows<T>{joint.data(), n, x.d + y.d}, T{1}, n_threads);
    kth_distances(tree, k, Metric::kChebyshev, radius.data(), n_threads, {0.0, 0.6});
    n_ties = static_cast<std::size_t>(std::count(radius.begin(), radius.end(), T{0}));
    if (n_ties != 0) {
      // strictly nearer than the least number is at distance 0
      constexpr T kLeast = std::numeric_limits<T>::denorm_min();
      Buffer<T> at_zero(n);
      for (std::size_t i = 0; i < n; ++i) at_zero[i] = radius[i] == 0 ? kLeast : T{-1};
      count_within(tree, at_zero.data(), joint_count.data(), n_threads);
      for (std::size_t i = 0; i < n; ++i) radius[i] = std::max(radius[i], kLeast);
    } else {
      std::fill(joint_count.begin(), joint_count.end(), 0u);
    }
  }
  Buffer<std::uint32_t> x_count(n), y_count(n);  // the point itself included: n_x + 1
  knn_count_within(x, radius.data(), x_count.data(), n_threads, {0.6, 0.8});
  knn_count_within(y, radius.data(), y_count.data(), n_threads, {0.8, 1.0});

  const IntegerDigamma& psi = IntegerDigamma::instance();
  const double regular = psi(k) + psi(n), log_n = std::log(static_cast<double>(n));
  for_blocks(n, n_threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (joint_count[i] == 0)
        terms[i] = regular - psi(x_count[i]) - psi(y_count[i]);
      else
        terms[i] = psi(joint_count[i] - 1) + log_n - std::log(static_cast<double>(x_count[i])) -
                   std::log(static_cast<double>(y_count[i]));
    }
  });
  return n_ties;
}

double knn_mean(const double* terms, std::size_t n) { return pairwise_sum({terms, n}) / static_cast<double>(n); }

template void knn_kth_distances(Rows<double>, std::size_t, Metric, double*, int, ProgressRange);
template void knn_kth_distances(Rows<float>, std::size_t, Metric, float*, int, ProgressRange);
template void knn_count_within(Rows<double>, const double*, std::uint32_t*, int, ProgressRange);
template void knn_count_within(Rows<float>, const float*, std::uint32_t*, int, ProgressRange);
template std::size_t knn_entropy(Rows<double>, std::size_t, Metric, double*, int);
template std::size_t knn_entropy(Rows<float>, std::size_t, Metric, double*, int);
template std::size_t knn_mutual_information(Rows<double>, Rows<double>, std::size_t, double*, int);
template std::size_t knn_mutual_information(Rows<float>, Rows<float>, std::size_t, double*, int);

}  // namespace hartley
