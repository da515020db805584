// Logarithm and exponential of a vector, float64 and float32. The polynomials are minimax fits of our own (Remez
// exchange at 40 digits); errors are measured against mpmath in tests/test_vector_math.py.
#pragma once

#include <limits>

#include "support/simd.hpp"

namespace hartley::simd {

namespace detail {

// ln 2 in two parts: the first has trailing zeros, so that k * kLn2High is exact for every exponent k.
inline constexpr double kLn2High = 0x1.62e42fee00000p-1, kLn2Low = 0x1.a39ef35793c76p-33;
inline constexpr float kLn2HighF = 0x1.62e400p-1f, kLn2LowF = 0x1.7f7d1cp-20f;

// 2^52 + 2^51: adding it to |x| < 2^51 leaves round(x) in the low mantissa bits (2^23 + 2^22 for float32).
inline constexpr double kRounder = 0x1.8p52;
inline constexpr float kRounderF = 0x1.8p23f;

}  // namespace detail

// log x for normal x > 0; anything else gives a meaningless finite number. Max error 1 ulp (0.9 measured).
HARTLEY_INLINE Vec<double> log_of_normal(Vec<double> x) {
  using U = Vec<std::uint64_t>;
  constexpr std::uint64_t kSqrtHalf = 0x3fe6a09e667f3bcd, kOne = 0x3ff0000000000000, kMantissa = 0x000fffffffffffff;
  constexpr std::uint64_t kTwo52 = 0x4330000000000000;
  // x = 2^k m with m in [sqrt ½, sqrt 2)
  const U shifted = reinterpret<U>(x) + (kOne - kSqrtHalf);
  const U exponent = shifted >> 52;  // k + 1023
  const Vec<double> m = reinterpret<Vec<double>>((shifted & kMantissa) + kSqrtHalf);
  const Vec<double> k = reinterpret<Vec<double>>(exponent | kTwo52) - (0x1p52 + 1023.0);
  // log m = log((1 + s) / (1 - s)) with s = f / (2 + f); the odd series beyond 2 s is s R(s²)
  const Vec<double> f = m - 1.0;
  const Vec<double> s = f / (f + 2.0);
  const Vec<double> z = s * s;
  const Vec<double> z2 = z * z;
  Vec<double> odd = fma(z, splat(0x1.2b5fc0c21f500p-3), splat(0x1.39fdb9220c050p-3));
  odd = fma(odd, z2, fma(z, splat(0x1.7462ba29068a2p-3), splat(0x1.c71c62d03b35bp-3)));
  odd = fma(odd, z2, fma(z, splat(0x1.2492492e03e54p-2), splat(0x1.9999999995223p-2)));
  const Vec<double> r = fma(odd, z2, z * 0x1.5555555555558p-1);
  // f - f²/2 + s (f²/2 + R): exact leading term, small corrections added last
  const Vec<double> half_square = 0.5 * f * f;
  const Vec<double> tail = fma(s, half_square + r, k * detail::kLn2Low);
  return fma(k, splat(detail::kLn2High), f - (half_square - tail));
}

// The same for float32: max error 1 ulp (0.9 measured).
HARTLEY_INLINE Vec<float> log_of_normal(Vec<float> x) {
  using U = Vec<std::uint32_t>;
  constexpr std::uint32_t kSqrtHalf = 0x3f3504f3, kOne = 0x3f800000, kMantissa = 0x007fffff;
  const U shifted = reinterpret<U>(x) + (kOne - kSqrtHalf);
  const Vec<std::int32_t> exponent = reinterpret<Vec<std::int32_t>>(shifted >> 23) - 127;
  const Vec<float> m = reinterpret<Vec<float>>((shifted & kMantissa) + kSqrtHalf);
  const Vec<float> k = __builtin_convertvector(exponent, Vec<float>);
  // log(1 + f) = f - f²/2 + f³ P(f)
  const Vec<float> f = m - 1.0f;
  const Vec<float> f2 = f * f;
  Vec<float> p = fma(f, splat(0.07332471975f), splat(-0.11659883617f));
  p = fma(p, f, splat(0.11634661001f));
  p = fma(p, f, splat(-0.12396707312f));
  p = fma(p, f, splat(0.14251156767f));
  p = fma(p, f, splat(-0.16669150690f));
  p = fma(p, f, splat(0.20000688037f));
  p = fma(p, f, splat(-0.24999981192f));
  p = fma(p, f, splat(0.33333331257f));
  const Vec<float> tail = fma(f2 * f, p, fma(k, splat(detail::kLn2LowF), f2 * -0.5f));
  return fma(k, splat(detail::kLn2HighF), f + tail);
}

// log x for every x: denormals exact to the same error, 0 → -inf, inf → inf, negative and NaN → NaN, no trap.
template <class V>
HARTLEY_INLINE V log(V x) {
  using T = Element<V>;
  using Limits = std::numeric_limits<T>;
  const V least = splat(Limits::min()), largest = splat(Limits::max());
  if (less_equal_bits(least, x) == kAllLanes<T> && less_equal_bits(x, largest) == kAllLanes<T>) return log_of_normal(x);
  constexpr T kScale = sizeof(T) == 8 ? T(0x1p54) : T(0x1p25);
  constexpr T kLogOfScale = sizeof(T) == 8 ? T(37.42994775023705) : T(17.328679513998633);
  const Mask<T> tiny = x < least;
  V result = log_of_normal(select<T>(tiny, x * kScale, x)) - select<T>(tiny, splat(kLogOfScale), V{});
  result = select<T>(x == splat(Limits::infinity()), x, result);
  result = select<T>(x == V{}, splat(-Limits::infinity()), result);
  return select<T>(x >= V{}, result, splat(Limits::quiet_NaN()));
}

namespace detail {

// e^r - 1 - r = r² P(r) for |r| <= ½ ln 2: this is P(r).
HARTLEY_INLINE Vec<double> excess_over_square(Vec<double> r) {
  const Vec<double> r2 = r * r;
  Vec<double> p = fma(r, splat(2.5110154340462048e-08), splat(2.762020367160025e-07));
  p = fma(p, r2, fma(r, splat(2.7557242059340425e-06), splat(2.4801521052860206e-05)));
  p = fma(p, r2, fma(r, splat(1.9841269886836392e-04), splat(1.3888888917370848e-03)));
  p = fma(p, r2, fma(r, splat(8.333333333322127e-03), splat(4.166666666662381e-02)));
  return fma(p, r2, fma(r, splat(1.6666666666666674e-01), splat(0.5)));
}
HARTLEY_INLINE Vec<float> excess_over_square(Vec<float> r) {
  Vec<float> p = fma(r, splat(1.3941215601e-3f), splat(8.3632378856e-3f));
  p = fma(p, r, splat(4.1666374121e-2f));
  p = fma(p, r, splat(1.6666576621e-1f));
  return fma(p, r, splat(0.5f));
}

// e^r - 1 for |r| <= ½ ln 2.
template <class V>
HARTLEY_INLINE V expm1_of_small(V r) {
  return fma(excess_over_square(r), r * r, r);
}

template <class V>
HARTLEY_INLINE V exp_of_small(V r) {
  return expm1_of_small(r) + Element<V>{1};
}

}  // namespace detail

// e^x: max error 1 ulp (0.9 measured), denormal results right, -inf → 0, overflow → inf, NaN → NaN.
HARTLEY_INLINE Vec<double> exp(Vec<double> x) {
  using I = Vec<std::int64_t>;
  const Vec<double> bounded = min(max(x, splat(-746.0)), splat(710.0));  // NaN → -746, put back at the end
  const Vec<double> rounded = fma(bounded, splat(0x1.71547652b82fep0), splat(detail::kRounder));
  const Vec<double> k = rounded - detail::kRounder;
  const Vec<double> r = fma(k, splat(-detail::kLn2Low), fma(k, splat(-detail::kLn2High), bounded));
  const Vec<double> mantissa = detail::exp_of_small(r);
  // 2^k in two halves, so that neither overflows and a denormal result is rounded once
  const I exponent = reinterpret<I>(rounded) - reinterpret<I>(splat(detail::kRounder));
  const I half = reinterpret<I>(reinterpret<Vec<std::uint64_t>>(exponent + 2048) >> 1) - 1024;
  const Vec<double> scale_a = reinterpret<Vec<double>>((half + 1023) << 52);
  const Vec<double> scale_b = reinterpret<Vec<double>>((exponent - half + 1023) << 52);
  return select<double>(x == x, mantissa * scale_a * scale_b, x);
}

HARTLEY_INLINE Vec<float> exp(Vec<float> x) {
  using I = Vec<std::int32_t>;
  const Vec<float> bounded = min(max(x, splat(-104.0f)), splat(89.0f));
  const Vec<float> rounded = fma(bounded, splat(0x1.715476p0f), splat(detail::kRounderF));
  const Vec<float> k = rounded - detail::kRounderF;
  const Vec<float> r = fma(k, splat(-detail::kLn2LowF), fma(k, splat(-detail::kLn2HighF), bounded));
  const Vec<float> mantissa = detail::exp_of_small(r);
  const I exponent = reinterpret<I>(rounded) - reinterpret<I>(splat(detail::kRounderF));
  const I half = reinterpret<I>(reinterpret<Vec<std::uint32_t>>(exponent + 512) >> 1) - 256;
  const Vec<float> scale_a = reinterpret<Vec<float>>((half + 127) << 23);
  const Vec<float> scale_b = reinterpret<Vec<float>>((exponent - half + 127) << 23);
  return select<float>(x == x, mantissa * scale_a * scale_b, x);
}

// e^x - 1 without cancellation near 0: max error 2 ulp, -inf → -1, overflow → inf, NaN → NaN.
HARTLEY_INLINE Vec<double> expm1(Vec<double> x) {
  const Vec<double> bounded = min(max(x, splat(-60.0)), splat(710.0));
  const Vec<double> rounded = fma(bounded, splat(0x1.71547652b82fep0), splat(detail::kRounder));
  const Vec<double> k = rounded - detail::kRounder;
  const Vec<double> r = fma(k, splat(-detail::kLn2Low), fma(k, splat(-detail::kLn2High), bounded));
  // 2^k (1 + e) - 1 = 2 (2^(k-1) e + (2^(k-1) - ½)): 2^(k-1) is a normal number for every k that comes
  const auto exponent =
      reinterpret<Vec<std::int64_t>>(rounded) - reinterpret<Vec<std::int64_t>>(splat(detail::kRounder));
  const Vec<double> half_scale = reinterpret<Vec<double>>((exponent + 1022) << 52);
  const Vec<double> half = fma(half_scale, detail::expm1_of_small(r), half_scale - 0.5);
  return select<double>(x == x, half + half, x);
}
HARTLEY_INLINE Vec<float> expm1(Vec<float> x) {
  const Vec<float> bounded = min(max(x, splat(-40.0f)), splat(89.0f));
  const Vec<float> rounded = fma(bounded, splat(0x1.715476p0f), splat(detail::kRounderF));
  const Vec<float> k = rounded - detail::kRounderF;
  const Vec<float> r = fma(k, splat(-detail::kLn2LowF), fma(k, splat(-detail::kLn2HighF), bounded));
  const auto exponent =
      reinterpret<Vec<std::int32_t>>(rounded) - reinterpret<Vec<std::int32_t>>(splat(detail::kRounderF));
  const Vec<float> half_scale = reinterpret<Vec<float>>((exponent + 126) << 23);
  const Vec<float> half = fma(half_scale, detail::expm1_of_small(r), half_scale - 0.5f);
  return select<float>(x == x, half + half, x);
}

// e^x - 1 - x and e^x - 1 together.
template <class T>
struct ExponentialExcess {
  Vec<T> excess, expm1;
};

// With x = k ln 2 + r: e^x - 1 - x = 2^k r² P(r) + (2^k - 1) (1 + r) - k ln 2, where the last two terms are 0 for k =
// 0: no digit is lost near x = 0. Max error 8 eps of the excess (7.3 measured, just beyond ±½ ln 2; 3.4 within) and 2
// ulp of expm1. x is at most 88 (709 in float64), above it both are meaningless; far below 0 the excess is -1 - x. NaN
// → NaN in the excess.
HARTLEY_INLINE ExponentialExcess<double> exponential_excess(Vec<double> x) {
  const Vec<double> bounded = max(x, splat(-708.0));
  const Vec<double> rounded = fma(bounded, splat(0x1.71547652b82fep0), splat(detail::kRounder));
  const Vec<double> k = rounded - detail::kRounder;
  const Vec<double> r = fma(k, splat(-detail::kLn2Low), fma(k, splat(-detail::kLn2High), bounded));
  const auto exponent =
      reinterpret<Vec<std::int64_t>>(rounded) - reinterpret<Vec<std::int64_t>>(splat(detail::kRounder));
  const Vec<double> scale = reinterpret<Vec<double>>((exponent + 1023) << 52);
  const Vec<double> small = detail::excess_over_square(r) * (r * r), rest = scale - 1.0;
  const Vec<double> line = fma(k, splat(-detail::kLn2Low), fma(k, splat(-detail::kLn2High), fma(rest, r, rest)));
  return {fma(scale, small, line) + (bounded - x), fma(scale, r + small, rest)};
}
HARTLEY_INLINE ExponentialExcess<float> exponential_excess(Vec<float> x) {
  const Vec<float> bounded = max(x, splat(-87.0f));
  const Vec<float> rounded = fma(bounded, splat(0x1.715476p0f), splat(detail::kRounderF));
  const Vec<float> k = rounded - detail::kRounderF;
  const Vec<float> r = fma(k, splat(-detail::kLn2LowF), fma(k, splat(-detail::kLn2HighF), bounded));
  const auto exponent =
      reinterpret<Vec<std::int32_t>>(rounded) - reinterpret<Vec<std::int32_t>>(splat(detail::kRounderF));
  const Vec<float> scale = reinterpret<Vec<float>>((exponent + 127) << 23);
  const Vec<float> small = detail::excess_over_square(r) * (r * r), rest = scale - 1.0f;
  const Vec<float> line = fma(k, splat(-detail::kLn2LowF), fma(k, splat(-detail::kLn2HighF), fma(rest, r, rest)));
  return {fma(scale, small, line) + (bounded - x), fma(scale, r + small, rest)};
}

// 2^x with x cut to [-900, 1023] ([-126, 127] in float32): never 0, denormal or inf, and in float64 nor is its product
// with a weight; meaningless for NaN. Max error 1 ulp (0.9 measured). Costs two thirds of exp.
HARTLEY_INLINE Vec<double> exp2_of_normal(Vec<double> x) {
  const Vec<double> bounded = min(max(x, splat(-900.0)), splat(1023.0));
  const Vec<double> rounded = bounded + detail::kRounder;
  const Vec<double> r = (bounded - (rounded - detail::kRounder)) * 0x1.62e42fefa39efp-1;
  const Vec<double> mantissa = detail::exp_of_small(r);
  const auto exponent = reinterpret<Vec<std::int64_t>>(rounded) << 52;  // the rounder's own low bits are 0
  return reinterpret<Vec<double>>(reinterpret<Vec<std::int64_t>>(mantissa) + exponent);
}
HARTLEY_INLINE Vec<float> exp2_of_normal(Vec<float> x) {
  const Vec<float> bounded = min(max(x, splat(-126.0f)), splat(127.0f));
  const Vec<float> rounded = bounded + detail::kRounderF;
  const Vec<float> r = (bounded - (rounded - detail::kRounderF)) * 0x1.62e430p-1f;
  const Vec<float> mantissa = detail::exp_of_small(r);
  const auto exponent = reinterpret<Vec<std::int32_t>>(rounded) << 23;
  return reinterpret<Vec<float>>(reinterpret<Vec<std::int32_t>>(mantissa) + exponent);
}

// e^x for moderate x (at most 80), 0 where it would not be a normal number (below -708, in float32 -87; -inf): the
// exponential of a softmax. Meaningless for NaN. Max error 1 ulp (0.9 measured). Costs two thirds of exp.
HARTLEY_INLINE Vec<double> exp_or_zero(Vec<double> x) {
  constexpr double kLeast = -708.0;
  const Vec<double> bounded = max(splat(kLeast), x);
  const Vec<double> rounded = fma(bounded, splat(0x1.71547652b82fep0), splat(detail::kRounder));
  const Vec<double> k = rounded - detail::kRounder;
  const Vec<double> r = fma(k, splat(-detail::kLn2Low), fma(k, splat(-detail::kLn2High), bounded));
  const Vec<double> mantissa = detail::exp_of_small(r);
  const auto exponent = reinterpret<Vec<std::int64_t>>(rounded) << 52;  // the rounder's own low bits are 0
  return reinterpret<Vec<double>>((reinterpret<Vec<std::int64_t>>(mantissa) + exponent) & (x >= splat(kLeast)));
}
HARTLEY_INLINE Vec<float> exp_or_zero(Vec<float> x) {
  constexpr float kLeast = -87.0f;
  const Vec<float> bounded = max(splat(kLeast), x);
  const Vec<float> rounded = fma(bounded, splat(0x1.715476p0f), splat(detail::kRounderF));
  const Vec<float> k = rounded - detail::kRounderF;
  const Vec<float> r = fma(k, splat(-detail::kLn2LowF), fma(k, splat(-detail::kLn2HighF), bounded));
  const Vec<float> mantissa = detail::exp_of_small(r);
  const auto exponent = reinterpret<Vec<std::int32_t>>(rounded) << 23;
  return reinterpret<Vec<float>>((reinterpret<Vec<std::int32_t>>(mantissa) + exponent) & (x >= splat(kLeast)));
}

}  // namespace hartley::simd
