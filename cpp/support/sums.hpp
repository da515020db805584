// Sums whose error does not grow with their length.
#pragma once

#include <cmath>
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

// A running sum whose error does not grow with the number of terms: the lost low parts are summed beside it (Neumaier
// 1974).
class CompensatedSum {
 public:
  void operator+=(double term) {
    const double next = total_ + term;
    lost_ += (std::fabs(total_) >= std::fabs(term)) ? (total_ - next) + term : (term - next) + total_;
    total_ = next;
  }
  double value() const { return total_ + lost_; }

 private:
  double total_ = 0.0, lost_ = 0.0;
};

}  // namespace hartley
