// Differences of logarithms and of log Γ that keep their relative accuracy where the arguments agree to many digits:
// the parts that divergences and probabilities of exponential families are made of.
#pragma once

#include <cmath>

#include "support/special.hpp"

namespace hartley {

// x - log(1 + x) for x > -1, inf at -1: relative error at most 8 eps, also near 0, where it is x²/2.
inline double log1p_excess(double x) {
  if (!(x > -0.4 && x < 0.6)) return x - std::log1p(x);
  // log(1 + x) = 2 artanh t, t = x / (2 + x), and x - 2 t = x t; with |t| <= 1/4 the first term left out is below eps
  constexpr double kLastOdd = 27.0;
  const double t = x / (2.0 + x), z = t * t;
  double tail = 0.0;
  for (double odd = kLastOdd; odd >= 3.0; odd -= 2.0) tail = z * (tail + 1.0 / odd);
  return t * (x - 2.0 * tail);
}

// m / x - 1 - log(m / x) for m >= 0, x > 0, given m and, to all digits, step = m - x: relative error at most 8 eps. At
// least 0; inf for m = 0.
inline double ratio_excess(double x, double m, double step) {
  const double relative = step / x;
  if (relative > -0.4 && relative < 0.6) return log1p_excess(relative);
  const double ratio = m / x;
  return relative - (ratio > 0.0 && std::isfinite(ratio) ? std::log(ratio) : std::log(m) - std::log(x));
}

// x log(x / m) - x + m for x, m >= 0, as ratio_excess; 0 log 0 = 0.
inline double deviance(double x, double m, double step) { return x == 0.0 ? m : x * ratio_excess(x, m, step); }

// log Γ(x + 1) - x log x + x for x >= 0, 0 at 0: what is left of log x! for large x, ½ log(2 π x) + 1/(12 x) - ….
// Absolute error at most 1e-14.
inline double log_factorial_rest(double x) {
  constexpr double kHalfLogTwoPi = 0.91893853320467274178;
  if (x == 0.0) return 0.0;
  if (x >= 12.0) return kHalfLogTwoPi + 0.5 * std::log(x) + detail::stirling_series(x);
  return std::log(std::tgamma(x + 1.0)) - x * std::log(x) + x;  // tgamma, unlike lgamma, writes no global
}

// x + log Γ(x) + (1 - x) ψ(x) for x > 0, the entropy of the gamma law of rate 1: absolute error at most 1e-14 max(1,
// 1/x).
inline double gamma_entropy(double x) {
  if (x < 12.0) return x + std::log(std::tgamma(x + 1.0)) - std::log(x) + (1.0 - x) * digamma(x);
  constexpr double kHalfLogTwoPi = 0.91893853320467274178;
  const double log_less_digamma = 0.5 / x + detail::digamma_series(x);
  // log Γ(x) = (x - ½) log x - x + …, ψ(x) = log x - …: all but ½ log x cancels
  return 0.5 * std::log(x) + kHalfLogTwoPi + detail::stirling_series(x) + (x - 1.0) * log_less_digamma;
}

// log x - ψ(x) for x > 0: relative error at most 2e-14.
inline double digamma_gap(double x) {
  return x < 12.0 ? std::log(x) - digamma(x) : 0.5 / x + detail::digamma_series(x);
}

// ψ'(x) - 1/x for x > 0: relative error at most 1e-13.
inline double trigamma_gap(double x) {
  if (x < 14.0) return trigamma(x) - 1.0 / x;
  const double z = 1.0 / (x * x);
  return 0.5 * z + detail::trigamma_series(z) / x;
}

namespace detail {

// s(b) - s(a) - step s'(a) for a, b = a + step >= 12 of one size, where s is Stirling's series.
inline double stirling_bregman(double a, double step) {
  struct Term {
    int power;
    double factor;
  };
  static constexpr Term kTerms[] = {{1, 1.0 / 12}, {3, -1.0 / 360}, {5, 1.0 / 1260}, {7, -1.0 / 1680}, {9, 1.0 / 1188}};
  const double relative = step / a, y = 1.0 / (1.0 + relative), inverse = 1.0 / a;
  // b^-k - a^-k + k (b - a) a^-k-1 = a^-k (step / a)² y Σ_{i<k} (k - i) y^i with y = a / b: positive terms
  double total = 0.0, power = inverse;
  for (const Term& term : kTerms) {
    double sum = 0.0;
    for (int i = term.power - 1; i >= 0; --i) sum = sum * y + (term.power - i);
    total += term.factor * power * sum;
    power *= inverse * inverse;
  }
  return relative * relative * y * total;
}

}  // namespace detail

// The Bregman divergence g(b) - g(a) - (b - a) g'(a) of g(x) = log Γ(x) - x log x + x for a, b > 0: that of log Γ less
// b log(b / a) - b + a. At least 0. Relative error at most 1e-12, also where a and b are large or agree to many digits.
inline double log_gamma_bregman_rest(double a, double b) {
  const double step = b - a, relative = step / a;
  if (!(relative > -0.4 && relative < 0.6))  // nothing cancels
    return (log_factorial_rest(b) - log_factorial_rest(a)) - (std::log(b) - std::log(a)) + step * digamma_gap(a);
  if (a >= 12.0 && b >= 12.0) return 0.5 * log1p_excess(relative) + detail::stirling_bregman(a, step);
  // Γ(x + 1) = x Γ(x): each step up leaves one more logarithm behind
  double total = 0.0, shift = 0.0;
  for (; a + shift < 12.0 || b + shift < 12.0; shift += 1.0) total += log1p_excess(step / (a + shift));
  const double high = a + shift, other = b + shift;
  total += 0.5 * log1p_excess(step / high) + detail::stirling_bregman(high, step);
  return total + (deviance(other, high, -step) - deviance(b, a, -step));
}

}  // namespace hartley
