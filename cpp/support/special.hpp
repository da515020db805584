// Special functions of positive arguments.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

namespace hartley {

namespace detail {

// log x - 1 / (2 x) - ψ(x) for x >= 12, Bernoulli numbers over 2 j: the first term left out is 1/12 x^-14 < 7e-17
inline double digamma_series(double x) {
  const double z = 1.0 / (x * x);
  return z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760))))));
}

// x (ψ'(x) - 1 / x - z / 2) for x >= 14, z = 1 / x², Bernoulli numbers: the first term left out is 7/6 x^-14 < 2e-16
inline double trigamma_series(double z) {
  return z * (1.0 / 6 - z * (1.0 / 30 - z * (1.0 / 42 - z * (1.0 / 30 - z * (5.0 / 66 - z * (691.0 / 2730))))));
}

}  // namespace detail

// ψ(x) = d/dx log Γ(x) for x > 0: absolute error at most 4e-16 * max(1, |ψ|).
inline double digamma(double x) {
  double shift = 0.0;
  for (; x < 12.0; x += 1.0) shift += 1.0 / x;  // ψ(x + 1) = ψ(x) + 1/x
  return std::log(x) - 0.5 / x - detail::digamma_series(x) - shift;
}

// ψ'(x) for x > 0: relative error at most 1e-15.
inline double trigamma(double x) {
  double shift = 0.0;
  for (; x < 14.0; x += 1.0) shift += 1.0 / (x * x);  // ψ'(x) = ψ'(x + 1) + 1/x²
  const double z = 1.0 / (x * x);
  return shift + 1.0 / x + 0.5 * z + detail::trigamma_series(z) / x;
}

namespace detail {

// log Γ(x) - (x - ½) log x + x - ½ log 2π for x >= 12: the first term left out is 691/360360 x^-11 < 3e-15.
inline double stirling_series(double x) {
  const double z = 1.0 / (x * x);
  return (1.0 / 12 - z * (1.0 / 360 - z * (1.0 / 1260 - z * (1.0 / 1680 - z * (1.0 / 1188))))) / x;
}

}  // namespace detail

// log Γ(x) for x > 0: absolute error at most 4e-15 * max(1, |log Γ|). (std::lgamma writes a global: not for threads.)
inline double log_gamma(double x) {
  double product = 1.0;
  for (; x < 12.0; x += 1.0) product *= x;  // Γ(x + 1) = x Γ(x)
  constexpr double kHalfLogTwoPi = 0.91893853320467274178;
  return (x - 0.5) * std::log(x) - x + kHalfLogTwoPi + detail::stirling_series(x) - std::log(product);
}

// log (Γ(x + n) / Γ(x)) for x > 0, n >= 0: absolute error at most 4e-15 max(1, n log(x + n)), also for large x, where
// the two logarithms agree to all digits.
inline double log_rising(double x, double n) {
  if (x < 12.0) return log_gamma(x + n) - log_gamma(x);
  const double series = detail::stirling_series(x + n) - detail::stirling_series(x);
  return (x - 0.5) * std::log1p(n / x) + n * (std::log(x + n) - 1.0) + series;
}

// ψ(1), ψ(2), …: read from a table where most counts are.
class IntegerDigamma {
 public:
  double operator()(std::size_t n) const { return n < kSize ? table_[n] : digamma(static_cast<double>(n)); }

  static const IntegerDigamma& instance() {
    static const IntegerDigamma table;
    return table;
  }

 private:
  static constexpr std::size_t kSize = 8192;  // 64 KiB
  IntegerDigamma() {
    for (std::size_t n = 1; n < kSize; ++n) table_[n] = digamma(static_cast<double>(n));
  }
  std::array<double, kSize> table_{};
};

}  // namespace hartley
