#include "kernels/wasserstein_1d.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/buffer.hpp"
#include "support/parallel.hpp"
#include "support/simd.hpp"
#include "support/sort.hpp"
#include "support/sums.hpp"

namespace hartley {
namespace {

using namespace simd;
using V = Vec<double>;

constexpr std::size_t kBlock = 1u << 14;      // points of x a task: under a millisecond, and a short sum
constexpr std::size_t kPollEvery = 1u << 20;  // steps of a serial loop between looks at Ctrl-C: a few milliseconds

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
  double total = 0.0;
  std::size_t i = 0;
  if constexpr (kTerm != Term::kPower) {
    V sums[2]{};
    for (; i + 2 * kLanes<double> <= n; i += 2 * kLanes<double>)
      for (std::size_t half = 0; half < 2; ++half) {
        const std::size_t at = i + half * kLanes<double>;
        const V difference = simd::abs(load_wide(x + at) - load_wide(y + at));
        if constexpr (kTerm == Term::kLargest) {
          sums[half] = simd::max(sums[half], difference);
        } else {
          const V ratio = kTerm == Term::kSquare ? difference / power.largest : difference;
          sums[half] += kTerm == Term::kSquare ? ratio * ratio : ratio;
        }
      }
    total = kTerm == Term::kLargest ? reduce_max(simd::max(sums[0], sums[1])) : simd::sum(sums[0] + sums[1]);
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
  std::vector<double> ends;
  double operator[](std::size_t i) const { return ends[i]; }
};
struct EqualEnds {
  using Position = std::uint64_t;  // in units of 1 / (n m): exact
  std::uint64_t step;
  std::uint64_t operator[](std::size_t i) const { return (i + 1) * step; }
};

// The same over the steps of x in [begin, end) merged with those of y, each with its mass.
template <Term kTerm, class T, class Ends>
double fold_steps(std::span<const T> x, std::span<const T> y, const Ends& x_ends, const Ends& y_ends, std::size_t begin,
                  std::size_t end, const Power& power) {
  using Position = typename Ends::Position;
  Position at = begin == 0 ? Position{0} : x_ends[begin - 1];
  std::size_t low = 0, high = y.size() - 1;  // the step of y that `at` lies in
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (y_ends[middle] > at)
      high = middle;
    else
      low = middle + 1;
  }
  double total = 0.0;
  for (std::size_t i = begin, j = low; i < end;) {
    const Position x_end = x_ends[i], y_end = y_ends[j];
    const Position next = std::min(x_end, y_end);
    if (next > at) {
      const double mass = static_cast<double>(next - at);
      const double difference = std::abs(static_cast<double>(x[i]) - static_cast<double>(y[j]));
      const double term = term_of<kTerm>(difference, power);
      total = kTerm == Term::kLargest ? std::max(total, term) : total + mass * term;
      at = next;
    }
    if (y_end <= next && j + 1 < y.size())
      ++j;
    else
      ++i;
  }
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

template <class T>
struct SortedSample {
  Buffer<T> values;
  std::vector<double> ends;  // empty where all weigh the same; the last is 1

  std::span<const T> view() const { return {values.data(), values.size()}; }
};

template <class T>
SortedSample<T> sort_sample(const WeightedSample<T>& sample, bool with_ends, int n_threads) {
  const std::size_t n = sample.values.size();
  SortedSample<T> sorted{Buffer<T>(n), {}};
  const std::span<T> values{sorted.values.data(), n};
  std::vector<std::uint32_t> order(sample.weights.empty() ? 0 : n);
  if (sample.weights.empty())
    sort_values<T>(sample.values, values, n_threads);
  else
    sort_values<T>(sample.values, values, order, n_threads);
  if (!with_ends) return sorted;
  sorted.ends.resize(n);
  double total = 0.0, lost = 0.0, end = 0.0;  // lost: what the total's roundings left out
  for (std::size_t i = 0; i < n; ++i) {
    const double weight = sample.weights.empty() ? 1.0 : sample.weights[order[i]];
    const double sum = total + weight, added = sum - total;
    lost += (total - (sum - added)) + (weight - added);
    total = sum;
    sorted.ends[i] = end = std::max(end, total + lost);
    if (i % kPollEvery == 0) stop_if_asked();
  }
  for (double& position : sorted.ends) position /= end;
  return sorted;
}

// Ends of y that equal an end of x but for rounding become it: between them lies no mass. An end is off by at most
// 2.5 eps of itself, whatever the number of weights: half each for the weights as given, their compensated sum, the
// total's weights, the total and the quotient.
void join_equal_ends(std::span<const double> x_ends, std::span<double> y_ends) {
  constexpr double kRounding = 5 * std::numeric_limits<double>::epsilon();  // of both sides
  for (std::size_t i = 0, j = 0; j < y_ends.size(); ++j) {
    const double slack = kRounding * y_ends[j];
    while (i + 1 < x_ends.size() && x_ends[i] < y_ends[j] - slack) {
      ++i;
      if (i % kPollEvery == 0) stop_if_asked();
    }
    if (std::abs(x_ends[i] - y_ends[j]) <= slack) y_ends[j] = x_ends[i];
    if (j % kPollEvery == 0) stop_if_asked();
  }
}

}  // namespace

template <class T>
double wasserstein_1d(WeightedSample<T> x, WeightedSample<T> y, double p, int n_threads) {
  if (x.values.size() < y.values.size()) std::swap(x, y);  // blocks are cut from the larger
  const bool weighted = !x.weights.empty() || !y.weights.empty();
  SortedSample<T> x_sorted = sort_sample(x, weighted, n_threads), y_sorted = sort_sample(y, weighted, n_threads);
  const std::span<const T> x_values = x_sorted.view(), y_values = y_sorted.view();
  const std::size_t n = x_values.size(), m = y_values.size();

  const auto merged = [&](const auto& x_ends, const auto& y_ends, double total_mass) {
    return distance(p, total_mass, [&](auto term, const Power& power) {
      constexpr Term kTerm = decltype(term)::value;
      return fold_blocks<kTerm>(n, n_threads, [&](std::size_t begin, std::size_t end) {
        return fold_steps<kTerm, T>(x_values, y_values, x_ends, y_ends, begin, end, power);
      });
    });
  };
  if (weighted) join_equal_ends(x_sorted.ends, y_sorted.ends);
  if (weighted) return merged(EndsByWeight{std::move(x_sorted.ends)}, EndsByWeight{std::move(y_sorted.ends)}, 1.0);
  if (n != m) return merged(EqualEnds{m}, EqualEnds{n}, static_cast<double>(n) * static_cast<double>(m));
  return distance(p, static_cast<double>(n), [&](auto term, const Power& power) {
    constexpr Term kTerm = decltype(term)::value;
    return fold_blocks<kTerm>(n, n_threads, [&](std::size_t begin, std::size_t end) {
      return fold_pairs<kTerm>(x_values.data() + begin, y_values.data() + begin, end - begin, power);
    });
  });
}

template double wasserstein_1d<double>(WeightedSample<double>, WeightedSample<double>, double, int);
template double wasserstein_1d<float>(WeightedSample<float>, WeightedSample<float>, double, int);

}  // namespace hartley
