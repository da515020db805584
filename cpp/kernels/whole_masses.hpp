// Masses as whole numbers, so that plans add up exactly and degenerate transport problems terminate.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hartley {

using Mass = std::int64_t;

struct WholeMasses {
  std::vector<Mass> supply, demand;
  double total;  // the sum of either
};

// Weights a and b, non-negative with finite positive sums. Weights that are whole numbers of equal sums below 2^53 are
// taken as they are; equal weights become m / gcd(n, m) and n / gcd(n, m); others are rounded to Σ 2^-60, and what
// rounding leaves is spread over the largest, one unit each. A weight below Σ 2^-61 becomes 0.
WholeMasses whole_masses(std::span<const double> a, std::span<const double> b);

}  // namespace hartley
