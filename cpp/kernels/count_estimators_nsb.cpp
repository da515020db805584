// The estimator of Nemenman, Shafee & Bialek: the posterior mean of the entropy under a mixture of Dirichlet priors,
// whose weight makes the prior of the entropy nearly flat: dξ/dβ with the expected entropy ξ(β) = ψ(Kβ + 1) - ψ(β + 1)
// of K symbols under a Dirichlet prior with parameter β.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/count_estimators.hpp"
#include "support/special.hpp"
#include "support/sums.hpp"

namespace hartley {
namespace {

constexpr double kNegligible = 46.0;    // e^-46 = 1e-20: what the integrand may lose against its peak
constexpr std::size_t kPoints = 96;     // of a search for the interval
constexpr std::size_t kNodes = 4 * 96;  // of the integral itself
constexpr int kMostRounds = 80;

struct Interval {
  double low, high;
  double point(std::size_t i, std::size_t n) const {
    return low + (high - low) * static_cast<double>(i) / static_cast<double>(n - 1);
  }
};

// Evidence and moments of the entropy for Dirichlet parameters β = e^t.
class Posterior {
 public:
  explicit Posterior(const CountTable& table) : table_(table), unseen_(table.n_symbols) {
    CompensatedSum n;
    for (std::size_t i = 0; i < table.counts.size(); ++i) {
      n += table.counts[i] * table.multiplicity[i];
      unseen_ -= table.multiplicity[i];
    }
    n_ = n.value();
  }

  double n() const { return n_; }

  // Log of evidence × dξ/dβ × β (the last for the integral over t).
  double log_weight(double t) const {
    const double k = table_.n_symbols, beta = std::exp(t), kappa = k * beta;
    CompensatedSum evidence;
    for (std::size_t i = 0; i < table_.counts.size(); ++i)
      evidence += table_.multiplicity[i] * log_rising(beta, table_.counts[i]);
    evidence += -log_rising(kappa, n_);
    // for large β the two terms agree to more and more digits: what is left of their asymptotic series
    const double slope =
        beta > 1e4 ? (1.0 - 1.0 / k) / (2.0 * beta * beta) - (1.0 - 1.0 / (k * k)) / (6.0 * beta * beta * beta)
                   : std::max(k * trigamma(kappa + 1.0) - trigamma(beta + 1.0), 1e-300);
    return evidence.value() + std::log(slope) + t;
  }

  // Mean and variance of the entropy given β (Wolpert & Wolf 1995), in a form without cancellation. With
  // a_i = n_i + β, A = Σ a_i, w_i = a_i / A and b_i = ψ(a_i + 1): mean ψ(A + 1) - Σ w b, variance
  // (Σ a (b - Σ w b)² + Σ a (a + 1) ψ'(a + 1)) / (A (A + 1)) - ψ'(A + 1).
  void moments(double t, double& mean, double& variance) const {
    const double beta = std::exp(t), total = n_ + table_.n_symbols * beta;
    CompensatedSum center, spread;
    for_each_symbol(beta, [&](double a, double multiplicity) { center += multiplicity * a * digamma(a + 1.0); });
    const double mean_b = center.value() / total;
    for_each_symbol(beta, [&](double a, double multiplicity) {
      const double deviation = digamma(a + 1.0) - mean_b;
      spread += multiplicity * (a * deviation * deviation + a * (a + 1.0) * trigamma(a + 1.0));
    });
    mean = digamma(total + 1.0) - mean_b;
    variance = std::max(0.0, spread.value() / (total * (total + 1.0)) - trigamma(total + 1.0));
  }

 private:
  template <class Visit>
  void for_each_symbol(double beta, Visit&& visit) const {
    for (std::size_t i = 0; i < table_.counts.size(); ++i) visit(table_.counts[i] + beta, table_.multiplicity[i]);
    if (unseen_ > 0.0) visit(beta, unseen_);
  }

  const CountTable& table_;
  double n_ = 0.0, unseen_;
};

// Where the integrand is not negligible, found on ever finer grids around its peak.
Interval weighty_interval(const Posterior& posterior, double n_symbols) {
  // at worst the integrand falls like β below 1 / K and like 1 / β above N²
  Interval interval{-1.2 * kNegligible - std::log(n_symbols), 1.2 * kNegligible + 2.0 * std::log(posterior.n() + 1.0)};
  double weight[kPoints];
  for (int round = 0; round < kMostRounds; ++round) {
    for (std::size_t i = 0; i < kPoints; ++i) weight[i] = posterior.log_weight(interval.point(i, kPoints));
    const double peak = *std::max_element(weight, weight + kPoints);
    // past 10^13 samples the logarithm itself is rounded to more than that
    const double threshold =
        peak - std::max(kNegligible, 16.0 * std::numeric_limits<double>::epsilon() * std::fabs(peak));
    std::size_t first = 0, last = kPoints - 1;
    while (weight[first] < threshold) ++first;
    while (weight[last] < threshold) --last;
    first = first > 0 ? first - 1 : 0;
    last = std::min(last + 1, kPoints - 1);
    interval = {interval.point(first, kPoints), interval.point(last, kPoints)};
    if (last - first > kPoints / 3) break;
  }
  return interval;
}

}  // namespace

EntropyEstimate nsb_entropy(const CountTable& table) {
  if (table.n_symbols == 1.0) return {};
  const Posterior posterior(table);
  const Interval interval = weighty_interval(posterior, table.n_symbols);
  double weight[kNodes], mean[kNodes], variance[kNodes];
  for (std::size_t i = 0; i < kNodes; ++i) {
    weight[i] = posterior.log_weight(interval.point(i, kNodes));
    posterior.moments(interval.point(i, kNodes), mean[i], variance[i]);
  }
  const double peak = *std::max_element(weight, weight + kNodes);
  CompensatedSum mass, first, second;
  for (std::size_t i = 0; i < kNodes; ++i) {
    weight[i] = std::exp(weight[i] - peak);
    mass += weight[i];
    first += weight[i] * mean[i];
  }
  const double value = first.value() / mass.value();
  for (std::size_t i = 0; i < kNodes; ++i) second += weight[i] * (variance[i] + (mean[i] - value) * (mean[i] - value));
  return {value, std::sqrt(second.value() / mass.value())};
}

}  // namespace hartley
