#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/discrete.hpp"
#include "support/parallel.hpp"
#include "support/sums.hpp"

namespace hartley {
namespace {

constexpr double kNegligible = 1e-18;  // weights below this share of the mode's add less than rounding

// Σ_k P(k) (k / n) log(n k / (a b)) over the hypergeometric distribution of the overlap k of a class of a and one of b
// items among n. The weights come by their ratios from the mode outwards and are divided by their sum: no factorials.
double expected_term(double a, double b, double n) {
  const double least = std::max(0.0, a + b - n), largest = std::min(a, b);
  const double mode = std::clamp(std::floor((a + 1) * (b + 1) / (n + 2)), least, largest);
  const auto ratio = [&](double k) { return (a - k) * (b - k) / ((k + 1) * (n - a - b + k + 1)); };  // P(k + 1) / P(k)
  const double log_scale = std::log(a / n) + std::log(b);
  CompensatedSum weights, terms;
  const auto take = [&](double k, double weight) {
    weights += weight;
    if (k > 0) terms += weight * (k / n) * (std::log(k) - log_scale);
  };
  double weight = 1.0;
  for (double k = mode; k <= largest && weight > kNegligible; k += 1) {
    take(k, weight);
    weight *= ratio(k);
  }
  weight = 1.0;
  for (double k = mode - 1; k >= least; k -= 1) {
    weight /= ratio(k);
    if (weight <= kNegligible) break;
    take(k, weight);
  }
  return terms.value() / weights.value();
}

}  // namespace

double expected_mutual_information(std::span<const std::int64_t> x_sizes, std::span<const std::int64_t> x_counts,
                                   std::span<const std::int64_t> y_sizes, std::span<const std::int64_t> y_counts,
                                   std::int64_t n, int n_threads) {
  std::vector<double> rows(x_sizes.size());
  parallel_for(x_sizes.size(), n_threads, [&](std::size_t i, int) {
    CompensatedSum row;
    for (std::size_t j = 0; j < y_sizes.size(); ++j) {
      row += static_cast<double>(y_counts[j]) *
             expected_term(static_cast<double>(x_sizes[i]), static_cast<double>(y_sizes[j]), static_cast<double>(n));
      if (j % 64 == 0) stop_if_asked();
    }
    rows[i] = static_cast<double>(x_counts[i]) * row.value();
  });
  return pairwise_sum(rows);
}

}  // namespace hartley
