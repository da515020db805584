// Distance between two quantile functions given as steps: sorted values, and where the step of each ends in [0, 1].
//
//   (Σ mass |difference|^p / total)^(1/p) over the steps of both merged; the largest difference for p = inf.
//
// What wasserstein_1d, its grid and sliced forms share. The caller checks: values sorted and finite, at least one a
// side, p >= 1, ends that do not decrease and whose last is 1 (or, for equal weights, n m).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "support/parallel.hpp"
#include "support/simd.hpp"
#include "support/sums.hpp"

namespace hartley::quantile_steps {

inline constexpr std::size_t kBlock = 1u << 14;      // steps of x a task: under a millisecond, and a short sum
inline constexpr std::size_t kPollEvery = 1u << 20;  // steps of a serial loop between looks at Ctrl-C: milliseconds

// What is added up: |difference|^p relative to the largest difference, or that largest difference itself.
enum class Term { kDistance, kSquare, kPower, kLargest };

struct Power {
  double p, largest;
};

template <Term kTerm>
HARTLEY_INLINE double term_of(double difference, const Power& power) {
  if constexpr (kTerm == Term::kDistance || kTerm == Term::kLargest) return difference;
  const double ratio = difference / power.largest;
  if constexpr (kTerm == Term::kSquare) return ratio * ratio;
  return std::pow(ratio, power.p);
}

// Sum (or largest) over [0, n) of the terms of equally heavy pairs.
template <Term kTerm, class T>
double fold_pairs(const T* x, const T* y, std::size_t n, const Power& power) {
  using V = simd::Vec<double>;
  constexpr auto kWidth = static_cast<std::size_t>(simd::kLanes<double>);
  double total = 0.0;
  std::size_t i = 0;
  if constexpr (kTerm != Term::kPower) {
    V sums[2]{};
    for (; i + 2 * kWidth <= n; i += 2 * kWidth)
      for (std::size_t half = 0; half < 2; ++half) {
        const std::size_t at = i + half * kWidth;
        const V difference = simd::abs(simd::load_wide(x + at) - simd::load_wide(y + at));
        if constexpr (kTerm == Term::kLargest) {
          sums[half] = simd::max(sums[half], difference);
        } else {
          const V ratio = kTerm == Term::kSquare ? difference / power.largest : difference;
          sums[half] += kTerm == Term::kSquare ? ratio * ratio : ratio;
        }
      }
    total = kTerm == Term::kLargest ? simd::reduce_max(simd::max(sums[0], sums[1])) : simd::sum(sums[0] + sums[1]);
  }
  for (; i < n; ++i) {
    const double term = term_of<kTerm>(std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i])), power);
    total = kTerm == Term::kLargest ? std::max(total, term) : total + term;
  }
  return total;
}

// Where the steps of a quantile function end: cumulative weights, or multiples of a whole number.
struct EndsByWeight {
  using Position = double;
  std::span<const double> ends;
  double operator[](std::size_t i) const { return ends[i]; }
};
struct EqualEnds {
  using Position = std::uint64_t;  // in units of 1 / (n m): exact
  std::uint64_t step;
  std::uint64_t operator[](std::size_t i) const { return (i + 1) * step; }
};

// visit(mass, i, j) for the steps of x in [begin, end) merged with those of y, every one that has mass.
template <class Ends, class Visit>
HARTLEY_INLINE void for_each_step(std::size_t m, const Ends& x_ends, const Ends& y_ends, std::size_t begin,
                                  std::size_t end, Visit&& visit) {
  using Position = typename Ends::Position;
  Position at = begin == 0 ? Position{0} : x_ends[begin - 1];
  std::size_t low = 0, high = m - 1;  // the step of y that `at` lies in
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (y_ends[middle] > at)
      high = middle;
    else
      low = middle + 1;
  }
  for (std::size_t i = begin, j = low; i < end;) {
    const Position x_end = x_ends[i], y_end = y_ends[j];
    const Position next = std::min(x_end, y_end);
    if (next > at) {
      visit(static_cast<double>(next - at), i, j);
      at = next;
    }
    if (y_end <= next && j + 1 < m)
      ++j;
    else
      ++i;
  }
}

// Sum (or largest) over the steps of x in [begin, end) merged with those of y of the terms times their mass.
template <Term kTerm, class T, class Ends>
double fold_steps(std::span<const T> x, std::span<const T> y, const Ends& x_ends, const Ends& y_ends, std::size_t begin,
                  std::size_t end, const Power& power) {
  double total = 0.0;
  for_each_step(y.size(), x_ends, y_ends, begin, end, [&](double mass, std::size_t i, std::size_t j) {
    const double difference = std::abs(static_cast<double>(x[i]) - static_cast<double>(y[j]));
    const double term = term_of<kTerm>(difference, power);
    total = kTerm == Term::kLargest ? std::max(total, term) : total + mass * term;
  });
  return total;
}

// Blocks folded in parallel, combined in block order.
template <Term kTerm, class Fold>
double fold_blocks(std::size_t n, int n_threads, Fold&& fold) {
  std::vector<double> parts(count_blocks(n, kBlock));
  parallel_for(parts.size(), n_threads,
               [&](std::size_t block, int) { parts[block] = fold(block * kBlock, std::min(n, (block + 1) * kBlock)); });
  if constexpr (kTerm == Term::kLargest) return *std::max_element(parts.begin(), parts.end());
  return pairwise_sum(parts);
}

// fold(Term, Power) → the sum of mass times term; gives the distance.
template <class Fold>
double distance(double p, double total_mass, Fold&& fold) {
  using Kind = std::integral_constant<Term, Term::kDistance>;
  if (p == 1.0) return fold(Kind{}, Power{}) / total_mass;
  const double largest = fold(std::integral_constant<Term, Term::kLargest>{}, Power{});
  if (largest == 0.0 || std::isinf(p)) return largest;
  const Power power{p, largest};  // powers of ratios to the largest neither overflow nor all underflow
  if (p == 2.0) return largest * std::sqrt(fold(std::integral_constant<Term, Term::kSquare>{}, power) / total_mass);
  return largest * std::pow(fold(std::integral_constant<Term, Term::kPower>{}, power) / total_mass, 1.0 / p);
}

// ends[i] = Σ_{k <= i} weight(k) / Σ weight: off by at most 2.5 eps of itself, whatever the number of weights: half
// each for the weights as given, their compensated sum, the total's weights, the total and the quotient.
template <class Weight>
void cumulate(Weight&& weight, std::span<double> ends) {
  double total = 0.0, lost = 0.0, end = 0.0;  // lost: what the total's roundings left out
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const double term = weight(i);
    const double sum = total + term, added = sum - total;
    lost += (total - (sum - added)) + (term - added);
    total = sum;
    ends[i] = end = std::max(end, total + lost);
    if (i % kPollEvery == kPollEvery - 1) stop_if_asked();
  }
  for (double& position : ends) position /= end;
}

// Ends of y that equal an end of x but for rounding become it: between them lies no mass.
inline void join_equal_ends(std::span<const double> x_ends, std::span<double> y_ends) {
  constexpr double kRounding = 5 * std::numeric_limits<double>::epsilon();  // of both sides
  for (std::size_t i = 0, j = 0; j < y_ends.size(); ++j) {
    const double slack = kRounding * y_ends[j];
    while (i + 1 < x_ends.size() && x_ends[i] < y_ends[j] - slack) {
      ++i;
      if (i % kPollEvery == 0) stop_if_asked();
    }
    if (std::abs(x_ends[i] - y_ends[j]) <= slack) y_ends[j] = x_ends[i];
    if (j % kPollEvery == kPollEvery - 1) stop_if_asked();
  }
}

}  // namespace hartley::quantile_steps
