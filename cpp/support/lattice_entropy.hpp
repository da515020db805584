// Shannon entropies of the Poisson, binomial and negative binomial distributions: -Σ p log p, whose terms are all
// positive, summed in bounded time for parameters of any size. Relative error at most 1e-13, mostly 1e-15.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/deviance.hpp"
#include "support/quadrature.hpp"

namespace hartley {

// log of the probability of x given the rate; x need not be whole.
inline double poisson_log_pmf(double x, double rate) { return -deviance(x, rate, rate - x) - log_factorial_rest(x); }

// log of the probability of x successes among n. Saddle point form (Loader, 2000, eq. 1); x - n p is rounded once, and
// both deviances share it, so that errors of n p do not spoil the sum of the probabilities.
inline double binomial_log_pmf(double x, double n, double p) {
  const double above = std::fma(-n, p, x), rest = n - x;
  return log_factorial_rest(n) - log_factorial_rest(x) - log_factorial_rest(rest) - deviance(x, n * p, -above) -
         deviance(rest, n * (1.0 - p), above);
}

// log of the probability of x failures before the r-th success, r > 0.
inline double negative_binomial_log_pmf(double x, double r, double p) {
  const double trials = x + r, above = std::fma(trials, p, -r);
  return std::log(r / trials) + log_factorial_rest(trials) - log_factorial_rest(r) - log_factorial_rest(x) -
         deviance(r, trials * p, above) - deviance(x, trials * (1.0 - p), -above);
}

namespace detail {

// Terms below this share of the sum end it; beyond the mean plus two they fall at least geometrically.
inline constexpr double kNegligible = 1e-20;
// Standard deviations from which a lattice finer than a third of one adds nothing: by Poisson's summation formula both
// sums differ from the integral by the characteristic function at 6 π / std and beyond, < 1e-30, if the mean is as far
// from the ends.
inline constexpr double kSmooth = 12.0;

// Σ step f(start + k step) over k = 0, ±1, … from the mean outwards, on [0, high].
template <class Term>
double lattice_sum(double start, double step, double high, double mean, Term&& f) {
  double total = 0.0;
  for (double k = 0.0;; k += 1.0) {
    const double x = start + k * step;
    if (x > high) break;
    const double term = f(x);
    total += term;
    if (x > mean + 2.0 && term <= kNegligible * total) break;
  }
  for (double k = 1.0;; k += 1.0) {
    const double x = start - k * step;
    if (x < 0.0) break;
    const double term = f(x);
    total += term;
    if (x < mean - 2.0 && term <= kNegligible * total) break;
  }
  return step * total;
}

// Σ f(x) over x = 0, 1, … for laws that are spread over many orders of magnitude: the head one by one, then the
// integral with Gregory's corrections, in panels no longer than their distance from 0 and than scale, up to reach.
template <class Term>
double heavy_sum(double scale, double reach, Term&& f) {
  constexpr int kHead = 128, kOrders = 9;
  static constexpr double kGregory[kOrders] = {1.0 / 2,       -1.0 / 12,          1.0 / 24,
                                               -19.0 / 720,   3.0 / 160,          -863.0 / 60480,
                                               275.0 / 24192, -33953.0 / 3628800, 8183.0 / 1036800};
  double total = 0.0;
  for (int x = 0; x < kHead; ++x) total += f(x);
  double differences[kOrders];
  for (int k = 0; k < kOrders; ++k) differences[k] = f(kHead + k);
  for (int order = 0; order < kOrders; ++order) {
    total += kGregory[order] * differences[0];
    for (int k = 0; k + 1 < kOrders - order; ++k) differences[k] = differences[k + 1] - differences[k];
  }
  for (double low = kHead; low < reach;) {
    const double high = low + std::min(low, scale);
    total += gauss_legendre(low, high, f);
    low = high;
  }
  return total;
}

template <class LogPmf>
double lattice_entropy(double mean, double std, double high, LogPmf&& log_pmf) {
  const auto term = [&](double x) {
    const double log_p = log_pmf(x);
    return log_p > -700.0 ? -log_p * std::exp(log_p) : 0.0;  // e^-700 is nearly the least double
  };
  // ½ log(2 π e std²) is off by less than (std / mean)²: nothing of what a double holds
  constexpr double kNormal = 1e8, kHalfLogTwoPiE = 1.4189385332046727418;
  if (mean >= kNormal * std && std >= kSmooth) return kHalfLogTwoPiE + std::log(std);
  if (std < kSmooth) return lattice_sum(std::floor(mean), 1.0, high, mean, term);
  // a power of 2 from a sixth to a third of std, and its multiples, which doubles hold exactly: rounded points would
  // not be equally far apart
  const double step = std::exp2(std::floor(std::log2(std / 3.0)));
  return lattice_sum(step * std::floor(mean / step), step, high, mean, term);
}

}  // namespace detail

// Rate >= 0. At most about 150 terms.
inline double poisson_entropy(double rate) {
  if (rate == 0.0) return 0.0;
  return detail::lattice_entropy(rate, std::sqrt(rate), std::numeric_limits<double>::infinity(),
                                 [rate](double x) { return poisson_log_pmf(x, rate); });
}

// n >= 1 whole, p from 0 to 1. At most about 250 terms.
inline double binomial_entropy(double n, double p) {
  if (p > 0.5) p = 1.0 - p;  // exact
  if (p == 0.0) return 0.0;
  return detail::lattice_entropy(n * p, std::sqrt(n * p * (1.0 - p)), n,
                                 [=](double x) { return binomial_log_pmf(x, n, p); });
}

// r > 0, p in (0, 1]. At most 5000 terms, and 16 for each doubling of 1 / p.
inline double negative_binomial_entropy(double r, double p) {
  const double q = 1.0 - p;
  if (q == 0.0) return 0.0;
  constexpr double kOneByOne = 4096.0;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto log_pmf = [=](double x) { return negative_binomial_log_pmf(x, r, p); };
  const double mean = r * q / p, std = std::sqrt(r * q) / p;
  if (r * q >= detail::kSmooth * detail::kSmooth) return detail::lattice_entropy(mean, std, kInfinity, log_pmf);
  const auto term = [&](double x) {
    const double log_p = log_pmf(x);
    return log_p > -700.0 ? -log_p * std::exp(log_p) : 0.0;
  };
  const double reach = mean + detail::kSmooth * std + 50.0 / p;  // the tail falls as e^-p x
  if (reach <= kOneByOne) return detail::lattice_sum(std::floor(mean), 1.0, kInfinity, mean, term);
  return detail::heavy_sum(std::max(std, 1.0 / p), reach, term);
}

}  // namespace hartley
