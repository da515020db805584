// Sums whose error does not grow with their length.
#pragma once

#include <cstddef>
#include <span>

namespace hartley {

// Pairwise summation: relative error of same-sign terms at most log2(n) * eps.
inline double pairwise_sum(std::span<const double> terms) {
  if (terms.size() <= 8) {
    double total = 0.0;
    for (const double term : terms) total += term;
    return total;
  }
  const std::size_t half = terms.size() / 2;
  return pairwise_sum(terms.first(half)) + pairwise_sum(terms.subspan(half));
}

}  // namespace hartley
