// Quantiles of the standard normal distribution.
#pragma once

#include <cmath>
#include <limits>
#include <numbers>

namespace hartley {

// z with Φ(-z) = tail for 0 < tail <= ½ (normal numbers): z >= 0, relative error at most 4 eps.
inline double upper_normal_quantile(double tail) {
  // Abramowitz & Stegun (1964), 26.2.23: off by 4.5e-4 at most
  const double t = std::sqrt(-2.0 * std::log(tail));
  double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  // Halley's steps triple the digits: 4e-4, 1e-10, rounding. Near the median the small offset is compared instead of
  // the tail, so that it keeps its digits.
  for (int step = 0; step < 2; ++step) {
    const double root = z * (0.5 * std::numbers::sqrt2);
    const double excess = tail < 0.25 ? 0.5 * std::erfc(root) - tail : (0.5 - tail) - 0.5 * std::erf(root);
    const double density = std::exp(-root * root) * (0.5 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi);
    const double newton = excess / density;
    z += newton / (1.0 - 0.5 * z * newton);
  }
  return z;
}

// z with Φ(z) = p: odd about ½, 0 → -inf, 1 → inf, NaN outside [0, 1].
inline double normal_quantile(double p) {
  if (p > 0.0 && p < 1.0) return p < 0.5 ? -upper_normal_quantile(p) : upper_normal_quantile(1.0 - p);
  if (p == 0.0 || p == 1.0)
    return p == 0.0 ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace hartley
