// The modified Bessel functions I0 and I1 for x >= 0, as the von Mises distribution needs them.
#pragma once

#include <algorithm>
#include <cmath>

#include "support/deviance.hpp"
#include "support/quadrature.hpp"

namespace hartley {

namespace detail {

// Where the power series end and the asymptotic ones begin: there the latter's least term is below e^-2x = 1e-22.
inline constexpr double kBesselSwitch = 25.0;

// Sums of the power series in x²/4: I0 - 1 and 2 I1 / x, of positive terms.
struct BesselPowers {
  double i0_less_1 = 0.0, i1_over_half_x = 0.0;
  explicit BesselPowers(double x) {
    const double z = 0.25 * x * x;
    double term = 1.0;
    for (double k = 0.0; term > 1e-18 * i1_over_half_x; k += 1.0) {
      i1_over_half_x += term / (k + 1.0);
      term *= z / ((k + 1.0) * (k + 1.0));
      i0_less_1 += term;
    }
  }
};

// The asymptotic series I0 ~ e^x / sqrt(2 π x) p, I0 - I1 ~ e^x / sqrt(2 π x) d, and their terms weighted with the
// power of 1/x: p_slope = -x p', d_slope = -x d'. (DLMF 10.40.1)
struct BesselAsymptotics {
  double p = 1.0, d = 0.0, p_slope = 0.0, d_slope = 0.0;
  explicit BesselAsymptotics(double x) {
    double a = 1.0, b = 1.0;  // terms of I0 and of I1
    for (double k = 1.0; a > 1e-18; k += 1.0) {
      const double odd = 2.0 * k - 1.0, scale = 1.0 / (8.0 * k * x);
      a *= odd * odd * scale;
      b *= (odd * odd - 4.0) * scale;
      p += a;
      d += a - b;
      p_slope += k * a;
      d_slope += k * (a - b);
    }
  }
};

}  // namespace detail

// log(e^-x I0(x)): absolute error at most 4 eps max(1, log x).
inline double log_bessel0_scaled(double x) {
  if (x < detail::kBesselSwitch) return std::log1p(detail::BesselPowers(x).i0_less_1) - x;
  constexpr double kLogTwoPi = 1.8378770664093454836;
  return std::log(detail::BesselAsymptotics(x).p) - 0.5 * (kLogTwoPi + std::log(x));
}

// I1(x) / I0(x), the mean resultant length: relative error at most 4 eps.
inline double bessel_ratio(double x) {
  if (x < detail::kBesselSwitch) {
    const detail::BesselPowers series(x);
    return 0.5 * x * series.i1_over_half_x / (1.0 + series.i0_less_1);
  }
  const detail::BesselAsymptotics series(x);
  return 1.0 - series.d / series.p;
}

// 1 - I1(x) / I0(x): relative error at most 5e-14.
inline double bessel_ratio_gap(double x) {
  if (x < detail::kBesselSwitch) return 1.0 - bessel_ratio(x);
  const detail::BesselAsymptotics series(x);
  return series.d / series.p;
}

// d/dx I1(x) / I0(x): relative error at most 1e-14.
inline double bessel_ratio_slope(double x) {
  if (x < detail::kBesselSwitch) {
    // Products of power series (DLMF 10.31.3): 2 I0² times the slope is I0² + I0 I2 - 2 I1² = Σ t_m / (m + 1)² with
    // I0² = Σ t_m, t_m = (2m)! / m!^4 (x / 2)^2m: nothing cancels
    const double z = 0.25 * x * x;
    double term = 1.0, square = 0.0, slope = 0.0;
    for (double m = 1.0; term > 1e-18 * slope; m += 1.0) {
      square += term;
      slope += term / (m * m);
      term *= z * (2.0 * m) * (2.0 * m - 1.0) / (m * m * m * m);
    }
    return 0.5 * slope / square;
  }
  const detail::BesselAsymptotics series(x);
  return (series.d_slope * series.p - series.d * series.p_slope) / (x * series.p * series.p);
}

// log I0(b) - log I0(a) - (b - a) I1(a) / I0(a) for a, b >= 0: relative error at most 1e-13, also where a and b agree
// to many digits.
inline double log_bessel0_bregman(double a, double b) {
  const double step = b - a;
  // Taylor's remainder by quadrature; the nearest singularities, the zeros of I0 at 2.4 i, are far enough
  if (std::fabs(step) <= std::max(2.0, 0.5 * a))
    return step * step *
           gauss_legendre(0.0, 1.0, [&](double t) { return (1.0 - t) * bessel_ratio_slope(a + t * step); });
  return log_bessel0_scaled(b) - log_bessel0_scaled(a) + step * bessel_ratio_gap(a);
}

}  // namespace hartley
