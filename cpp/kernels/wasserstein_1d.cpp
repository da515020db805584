#include "kernels/wasserstein_1d.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/quantile_steps.hpp"
#include "support/buffer.hpp"
#include "support/parallel.hpp"
#include "support/sort.hpp"

namespace hartley {
namespace {

using namespace quantile_steps;

template <class T>
struct SortedSample {
  std::span<const T> values;
  std::vector<std::uint32_t> order;  // values[i] was given at order[i]; empty where nobody asks
  std::vector<double> ends;          // empty where all weigh the same; the last is 1
};

// `target` may be where the sample's values are.
template <class T>
SortedSample<T> sort_sample(const WeightedSample<T>& sample, std::span<T> target, bool with_ends, bool with_order,
                            int n_threads) {
  const std::size_t n = sample.values.size();
  SortedSample<T> sorted{target, {}, {}};
  if (with_order || !sample.weights.empty()) {
    sorted.order.resize(n);
    sort_values<T>(sample.values, target, sorted.order, n_threads);
  } else {
    sort_values<T>(sample.values, target, n_threads);
  }
  if (!with_ends) return sorted;
  sorted.ends.resize(n);
  cumulate([&](std::size_t i) { return sample.weights.empty() ? 1.0 : sample.weights[sorted.order[i]]; }, sorted.ends);
  return sorted;
}

template <class T>
struct SortedPair {
  SortedSample<T> x, y;

  SortedPair(const WeightedSample<T>& x_sample, std::span<T> x_target, const WeightedSample<T>& y_sample,
             std::span<T> y_target, bool with_order, int n_threads)
      : x(sort_sample(x_sample, x_target, is_weighted(x_sample, y_sample), with_order, n_threads)),
        y(sort_sample(y_sample, y_target, is_weighted(x_sample, y_sample), with_order, n_threads)) {
    if (!x.ends.empty()) join_equal_ends(x.ends, y.ends);
  }

  static bool is_weighted(const WeightedSample<T>& x, const WeightedSample<T>& y) {
    return !x.weights.empty() || !y.weights.empty();
  }
  bool has_equal_pairs() const { return x.ends.empty() && x.values.size() == y.values.size(); }

  // call(x_ends, y_ends, total mass)
  template <class Call>
  decltype(auto) with_ends(Call&& call) const {
    const std::size_t n = x.values.size(), m = y.values.size();
    if (!x.ends.empty()) return call(EndsByWeight{x.ends}, EndsByWeight{y.ends}, 1.0);
    return call(EqualEnds{m}, EqualEnds{n}, static_cast<double>(n) * static_cast<double>(m));
  }
};

// Blocks are cut from x: the larger side.
template <class T>
double distance_of(const SortedPair<T>& pair, double p, int n_threads) {
  const std::span<const T> x = pair.x.values, y = pair.y.values;
  const std::size_t n = x.size();
  if (!pair.has_equal_pairs())
    return pair.with_ends([&](const auto& x_ends, const auto& y_ends, double total_mass) {
      return distance(p, total_mass, [&](auto term, const Power& power) {
        constexpr Term kTerm = decltype(term)::value;
        return fold_blocks<kTerm>(n, n_threads, [&](std::size_t begin, std::size_t end) {
          return fold_steps<kTerm, T>(x, y, x_ends, y_ends, begin, end, power);
        });
      });
    });
  return distance(p, static_cast<double>(n), [&](auto term, const Power& power) {
    constexpr Term kTerm = decltype(term)::value;
    return fold_blocks<kTerm>(n, n_threads, [&](std::size_t begin, std::size_t end) {
      return fold_pairs<kTerm>(x.data() + begin, y.data() + begin, end - begin, power);
    });
  });
}

template <class T>
WeightedSample<T> as_sample(const ScratchSample<T>& sample) {
  return {sample.values, sample.weights};
}

}  // namespace

template <class T>
double wasserstein_1d(WeightedSample<T> x, WeightedSample<T> y, double p, int n_threads) {
  if (x.values.size() < y.values.size()) std::swap(x, y);
  Buffer<T> x_values(x.values.size()), y_values(y.values.size());
  const SortedPair<T> pair(x, {x_values.data(), x_values.size()}, y, {y_values.data(), y_values.size()}, false,
                           n_threads);
  return distance_of(pair, p, n_threads);
}

template <class T>
double wasserstein_1d_in_place(ScratchSample<T> x, ScratchSample<T> y, double p, int n_threads) {
  if (x.values.size() < y.values.size()) std::swap(x, y);
  return distance_of(SortedPair<T>(as_sample(x), x.values, as_sample(y), y.values, false, n_threads), p, n_threads);
}

template <class T>
double wasserstein_1d_slopes(ScratchSample<T> x, ScratchSample<T> y, double p, std::span<double> x_slopes,
                             std::span<double> y_slopes, int n_threads) {
  if (x.values.size() < y.values.size()) {
    std::swap(x, y);
    std::swap(x_slopes, y_slopes);
  }
  const SortedPair<T> pair(as_sample(x), x.values, as_sample(y), y.values, true, n_threads);
  const double value = distance_of(pair, p, n_threads);
  std::fill(x_slopes.begin(), x_slopes.end(), 0.0);
  std::fill(y_slopes.begin(), y_slopes.end(), 0.0);
  if (value == 0.0) return value;
  pair.with_ends([&](const auto& x_ends, const auto& y_ends, double total_mass) {
    const std::size_t n = pair.x.values.size();
    for (std::size_t begin = 0; begin < n; begin += kPollEvery) {
      for_each_step(pair.y.values.size(), x_ends, y_ends, begin, std::min(n, begin + kPollEvery),
                    [&](double mass, std::size_t i, std::size_t j) {
                      const double difference =
                          static_cast<double>(pair.x.values[i]) - static_cast<double>(pair.y.values[j]);
                      if (difference == 0.0) return;
                      const double ratio = std::abs(difference) / value;
                      const double power = p == 1.0 ? 1.0 : p == 2.0 ? ratio : std::pow(ratio, p - 1.0);
                      const double slope = std::copysign(mass / total_mass * power, difference);
                      x_slopes[pair.x.order[i]] += slope;
                      y_slopes[pair.y.order[j]] -= slope;
                    });
      stop_if_asked();
    }
  });
  return value;
}

#define HARTLEY_INSTANTIATE(T)                                                                            \
  template double wasserstein_1d<T>(WeightedSample<T>, WeightedSample<T>, double, int);                   \
  template double wasserstein_1d_in_place<T>(ScratchSample<T>, ScratchSample<T>, double, int);            \
  template double wasserstein_1d_slopes<T>(ScratchSample<T>, ScratchSample<T>, double, std::span<double>, \
                                           std::span<double>, int);
HARTLEY_INSTANTIATE(double)
HARTLEY_INSTANTIATE(float)
#undef HARTLEY_INSTANTIATE

}  // namespace hartley
