#include "kernels/wasserstein_circle.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "kernels/quantile_steps.hpp"
#include "support/parallel.hpp"
#include "support/sort.hpp"
#include "support/sums.hpp"

namespace hartley {
namespace {

using namespace quantile_steps;

using Position = std::int64_t;  // mass from where the circle is cut, in units

constexpr Position kWhole = Position{1} << 60;  // sums of four such positions fit
// Two ends of each side make a shift's rounding: 4 of 2.5 eps. Ends within it of each other are one.
constexpr Position kSlack = 10 * (kWhole >> 52);

constexpr std::size_t kSerialSteps =
    1u << 16;  // folded in a tenth of a millisecond, ten times what starting threads costs

struct Steps {
  std::vector<double> values;  // sorted, in [-period / 2, period / 2]
  std::vector<Position> ends;  // the last is the whole mass
};

struct Circle {
  Steps x, y;  // x has at least as many steps
  double period;
  Position whole, slack;
};

template <class T>
Steps make_steps(const WeightedSample<T>& sample, double period, Position equal_step, int n_threads) {
  const std::size_t n = sample.values.size();
  Steps steps{std::vector<double>(n), std::vector<Position>(n)};
  parallel_for(count_blocks(n, kBlock), n_threads, [&](std::size_t block, int) {
    for (std::size_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i)
      steps.values[i] = std::remainder(static_cast<double>(sample.values[i]), period);
  });
  std::vector<std::uint32_t> order(sample.weights.empty() ? 0 : n);
  if (sample.weights.empty())
    sort_values<double>(steps.values, steps.values, n_threads);
  else
    sort_values<double>(steps.values, steps.values, order, n_threads);
  if (equal_step != 0) {
    for (std::size_t i = 0; i < n; ++i) steps.ends[i] = static_cast<Position>(i + 1) * equal_step;
    return steps;
  }
  std::vector<double> ends(n);
  cumulate([&](std::size_t i) { return sample.weights.empty() ? 1.0 : sample.weights[order[i]]; }, ends);
  for (std::size_t i = 0; i < n; ++i)
    steps.ends[i] = static_cast<Position>(std::llround(ends[i] * static_cast<double>(kWhole)));
  return steps;
}

template <class T>
Circle make_circle(WeightedSample<T> x, WeightedSample<T> y, double period, int n_threads) {
  if (x.values.size() < y.values.size()) std::swap(x, y);
  const auto n = static_cast<Position>(x.values.size()), m = static_cast<Position>(y.values.size());
  const Position x_step = m / std::gcd(n, m), y_step = n / std::gcd(n, m);
  if (!x.weights.empty() || !y.weights.empty() || n > kWhole / x_step)
    return {make_steps(x, period, 0, n_threads), make_steps(y, period, 0, n_threads), period, kWhole, kSlack};
  return {make_steps(x, period, x_step, n_threads), make_steps(y, period, y_step, n_threads), period, n * x_step, 0};
}

// A step of y, continued around the circle.
class Cursor {
 public:
  Cursor(const Circle& circle, Position at) : circle_(&circle) {  // the step that begins at or before `at`, ends after
    turn_ = at / circle.whole - (at % circle.whole < 0 ? 1 : 0);
    const std::vector<Position>& ends = circle.y.ends;
    step_ =
        static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), at - turn_ * circle.whole) - ends.begin());
  }
  Position begin() const { return turn_ * circle_->whole + (step_ == 0 ? 0 : circle_->y.ends[step_ - 1]); }
  Position end() const { return turn_ * circle_->whole + circle_->y.ends[step_]; }
  // x minus the step's value: the turns apart, so that tiny differences stay exact.
  double difference_to(double x) const {
    return (x - circle_->y.values[step_]) - static_cast<double>(turn_) * circle_->period;
  }
  void next() {
    if (++step_ < circle_->y.ends.size()) return;
    step_ = 0;
    ++turn_;
  }

 private:
  const Circle* circle_;
  Position turn_;
  std::size_t step_;
};

// Sum (or largest) of mass times term over the steps of x in [begin, end), y shifted by `shift`.
template <Term kTerm>
double fold_shifted(const Circle& circle, Position shift, std::size_t begin, std::size_t end, const Power& power) {
  Position at = begin == 0 ? 0 : circle.x.ends[begin - 1];
  Cursor y(circle, at + circle.slack + shift);
  double total = 0.0;
  for (std::size_t i = begin; i < end;) {
    const Position x_end = circle.x.ends[i], y_end = y.end() - shift;
    const Position next = std::min(x_end, y_end);
    if (next > at) {
      const double term = term_of<kTerm>(std::abs(y.difference_to(circle.x.values[i])), power);
      const double mass = static_cast<double>(next - at);
      total = kTerm == Term::kLargest ? std::max(total, term) : total + mass * term;
      at = next;
    }
    const bool both = std::abs(x_end - y_end) <= circle.slack;
    if (both || x_end < y_end) {
      ++i;
      at = std::max(at, x_end);
    }
    if (both || y_end < x_end) {
      y.next();
      at = std::max(at, y_end);
    }
  }
  return total;
}

double distance_of_shift(const Circle& circle, Position shift, double p, int n_threads) {
  return distance(p, static_cast<double>(circle.whole), [&](auto term, const Power& power) {
    constexpr Term kTerm = decltype(term)::value;
    return fold_blocks<kTerm>(circle.x.ends.size(), n_threads, [&](std::size_t begin, std::size_t end) {
      return fold_shifted<kTerm>(circle, shift, begin, end, power);
    });
  });
}

// The shift of the least distance, convex in it: Fibonacci search over whole numbers. Comparisons that rounding turns
// around cost no more than rounding: between two equal values of a convex function, and beside them, it is as flat.
double least_over_shifts(const Circle& circle, double p, int n_threads) {
  Position steps[2] = {1, 2};  // two Fibonacci numbers
  while (steps[1] <= 2 * circle.whole) steps[0] = std::exchange(steps[1], steps[0] + steps[1]);
  const auto value = [&](Position shift) { return distance_of_shift(circle, shift, p, n_threads); };
  Position low = -circle.whole, longer = steps[0], shorter = steps[1] - steps[0];  // of the interval's two parts
  double at_shorter = value(low + shorter), at_longer = value(low + longer);
  double least = std::min({at_shorter, at_longer, value(low)});
  while (longer > 1) {
    if (at_shorter <= at_longer) {  // the least is left of low + longer
      at_longer = at_shorter;
      longer = std::exchange(shorter, longer - shorter);
      at_shorter = value(low + shorter);
    } else {
      low += shorter;
      at_shorter = at_longer;
      longer = std::exchange(shorter, longer - shorter);
      at_longer = value(low + longer);
    }
    least = std::min({least, at_shorter, at_longer});
  }
  return least;
}

struct Median {
  double distance;  // W_1
  Position shift;
};

// W_1 = ∫ |F - G - median(F - G)| along the circle.
Median distance_by_median(const Circle& circle, int n_threads) {
  const Steps &x = circle.x, &y = circle.y;
  const std::size_t n = x.values.size(), m = y.values.size();
  std::vector<double> widths(n + m);
  std::vector<std::uint64_t> heights(n + m), sorted(n + m);
  double at = std::min(x.values[0], y.values[0]);
  for (std::size_t i = 0, j = 0; i + j < n + m;) {  // F - G is constant between neighbours of both samples together
    if (j == m || (i < n && x.values[i] <= y.values[j]))
      ++i;
    else
      ++j;
    const double next_x = i < n ? x.values[i] : x.values[0] + circle.period;
    const double next_y = j < m ? y.values[j] : y.values[0] + circle.period;
    const double next = std::min(next_x, next_y);
    const Position height = (i == 0 ? 0 : x.ends[i - 1]) - (j == 0 ? 0 : y.ends[j - 1]);
    widths[i + j - 1] = std::max(next - at, 0.0);
    heights[i + j - 1] = static_cast<std::uint64_t>(height + circle.whole);
    at = next;
    if ((i + j) % kPollEvery == 0) stop_if_asked();
  }
  std::vector<std::uint32_t> order(n + m);
  sort_values<std::uint64_t>(heights, sorted, order, n_threads);
  const double half = 0.5 * pairwise_sum(widths);
  CompensatedSum below;
  std::size_t middle = 0;
  for (; middle + 1 < n + m; ++middle) {
    below += widths[order[middle]];
    if (below.value() >= half) break;
  }
  const auto median = static_cast<Position>(sorted[middle]);
  for (std::size_t k = 0; k < n + m; ++k) {
    const Position mass = std::abs(static_cast<Position>(heights[k]) - median);
    widths[k] *= mass <= circle.slack ? 0.0 : static_cast<double>(mass) / static_cast<double>(circle.whole);
  }
  return {pairwise_sum(widths), circle.whole - median};
}

// Whether some shift leaves no difference above `most`: every step of x bounds it from both sides, by the first and the
// last step of y within reach.
bool is_within_reach(const Circle& circle, double most) {
  const Steps& x = circle.x;
  Cursor first(circle, -2 * circle.whole), beyond = first;
  Position least = std::numeric_limits<Position>::min(), greatest = std::numeric_limits<Position>::max();
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const Position begin = i == 0 ? 0 : x.ends[i - 1];
    if (x.ends[i] == begin) continue;
    while (first.difference_to(x.values[i]) > most) first.next();
    while (-beyond.difference_to(x.values[i]) <= most) beyond.next();
    least = std::max(least, first.begin() - begin);
    greatest = std::min(greatest, beyond.begin() - x.ends[i]);
    if (i % kPollEvery == kPollEvery - 1) stop_if_asked();
  }
  stop_if_asked();
  return least <= greatest + circle.slack;
}

// Bisection over the doubles themselves: the bits of positive ones are in their order.
double least_largest_difference(const Circle& circle, double enough) {
  std::uint64_t low = 0, high = std::bit_cast<std::uint64_t>(enough);
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (is_within_reach(circle, std::bit_cast<double>(middle)))
      high = middle;
    else
      low = middle + 1;
  }
  return std::bit_cast<double>(high);
}

}  // namespace

template <class T>
double wasserstein_circle(WeightedSample<T> x, WeightedSample<T> y, double p, double period, int n_threads) {
  if (x.values.size() + y.values.size() < kSerialSteps) n_threads = 1;
  const Circle circle = make_circle(x, y, period, n_threads);
  const Median median = distance_by_median(circle, n_threads);
  if (p == 1.0 || median.distance == 0.0) return median.distance;
  if (!std::isinf(p)) return least_over_shifts(circle, p, n_threads);
  return least_largest_difference(
      circle, distance_of_shift(circle, median.shift, std::numeric_limits<double>::infinity(), n_threads));
}

template double wasserstein_circle<double>(WeightedSample<double>, WeightedSample<double>, double, double, int);
template double wasserstein_circle<float>(WeightedSample<float>, WeightedSample<float>, double, double, int);

}  // namespace hartley
