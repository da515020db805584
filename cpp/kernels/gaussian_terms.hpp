// What the small and the large covariances have in common.
#pragma once

#include <atomic>
#include <cstddef>
#include <limits>

#include "kernels/gaussian.hpp"
#include "support/vector_math.hpp"

namespace hartley {

// The least index that any thread reports: the same for every order of the blocks.
class FirstFailure {
 public:
  void report(std::size_t index) {
    std::size_t least = least_.load(std::memory_order_relaxed);
    while (index < least && !least_.compare_exchange_weak(least, index)) {
    }
  }
  std::size_t value() const { return least_.load(); }

 private:
  std::atomic<std::size_t> least_{kNoFailure};
};

// A pivot at or below this share of its diagonal entry has no digit left.
inline double pivot_floor(std::size_t d) { return static_cast<double>(d) * std::numeric_limits<double>::epsilon(); }

// ratio - 1 - log(ratio) for ratio > 0, where change = ratio - 1 with all its digits: at least 0, relative error at
// most 16 eps.
HARTLEY_INLINE simd::Vec<double> log_excess(simd::Vec<double> change, simd::Vec<double> ratio) {
  using namespace simd;
  constexpr double kSmallChange = 0.25;  // beyond, the difference loses 3 bits at most
  // with s = c / (2 + c): log(1 + c) = 2 s + 2 s³ (1/3 + s²/5 + …), and c - 2 s = c s
  const Vec<double> s = change / (change + 2.0), z = s * s;
  Vec<double> series = splat(1.0 / 19);
  for (const double denominator : {17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0})
    series = fma(series, z, splat(1.0 / denominator));
  const Vec<double> near = s * (change - 2.0 * z * series);
  const Vec<double> far = change - log(ratio);
  return select<double>(abs(change) <= splat(kSmallChange), near, far);
}

// The same of (numerator / denominator)², for positive numbers.
HARTLEY_INLINE simd::Vec<double> log_excess_of_square(simd::Vec<double> numerator, simd::Vec<double> denominator) {
  const simd::Vec<double> root = numerator / denominator;
  return log_excess((numerator - denominator) / denominator * (root + 1.0), root * root);
}

// -log(1 - share) for 0 <= share < 1, relative error at most 16 eps.
HARTLEY_INLINE simd::Vec<double> minus_log_of_rest(simd::Vec<double> share) {
  return share + log_excess(-share, 1.0 - share);
}

// The large ones: one matrix at a time, its parts in parallel. False where the covariance fails.
bool large_log_determinant(const double* covariance, std::size_t d, CovarianceRules rules, double* log_determinant,
                           int n_threads);
struct BothValid {
  bool p, q;
};
struct GaussianView {
  const double *mean, *covariance;
};
BothValid large_kl_divergence(GaussianView p, GaussianView q, std::size_t d, CovarianceRules rules, double* divergence,
                              int n_threads);
BothValid large_whiten(GaussianView p, GaussianView q, std::size_t d, CovarianceRules rules, double* factor,
                       double* shift, int n_threads);
bool large_information(const double* covariance, std::size_t d, VariableBlocks blocks, CovarianceRules rules,
                       double* information, int n_threads);

}  // namespace hartley
