#include "kernels/wasserstein_grid.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/quantile_steps.hpp"
#include "support/parallel.hpp"
#include "support/sums.hpp"

namespace hartley {
namespace {

using namespace quantile_steps;

constexpr std::size_t kEntriesATask = 1u << 16;  // a fraction of a millisecond
constexpr std::size_t kShortSum = 128;           // terms added one by one, before the compensated sum takes them

template <class T>
struct Histogram {
  const T* entries;
  std::span<const std::int64_t> order;

  double operator[](std::size_t k) const {
    return static_cast<double>(entries[order.empty() ? static_cast<std::int64_t>(k) : order[k]]);
  }
};

// The sum of n entries, NaN where one of them is no mass.
template <class T>
double mass_of(const T* entries, std::size_t n) {
  CompensatedSum total;
  bool is_mass = true;
  for (std::size_t begin = 0; begin < n; begin += kShortSum) {
    double part = 0.0;
    for (std::size_t k = begin; k < std::min(n, begin + kShortSum); ++k) {
      is_mass &= entries[k] >= T{0};
      part += static_cast<double>(entries[k]);
    }
    total += part;
    if (begin % kPollEvery == 0) stop_if_asked();
  }
  return is_mass ? total.value() : std::numeric_limits<double>::quiet_NaN();
}

bool are_equal_masses(double p, double q) {
  return p > 0.0 && q > 0.0 && std::isfinite(p) && std::isfinite(q) &&
         std::abs(p - q) <= kMassTolerance * std::max(p, q);
}

template <class T>
double distance_of_first_order(const Histogram<T>& p, double p_mass, const Histogram<T>& q, double q_mass,
                               std::span<const double> positions) {
  double excess = 0.0, lost = 0.0;  // F - G, and what its roundings left out
  CompensatedSum total;
  for (std::size_t begin = 0; begin + 1 < positions.size(); begin += kShortSum) {
    double part = 0.0;
    for (std::size_t k = begin; k < std::min(positions.size() - 1, begin + kShortSum); ++k) {
      const double term = p[k] / p_mass - q[k] / q_mass;
      const double sum = excess + term, added = sum - excess;
      lost += (excess - (sum - added)) + (term - added);
      excess = sum;
      part += (positions[k + 1] - positions[k]) * std::abs(excess + lost);
    }
    total += part;
    if (begin % kPollEvery == 0) stop_if_asked();
  }
  return total.value();
}

struct Ends {
  std::vector<double> p, q;
};

template <class T>
double distance_of_order(const Histogram<T>& p, const Histogram<T>& q, std::span<const double> positions, double order,
                         Ends& ends) {
  const std::size_t n = positions.size();
  ends.p.resize(n);
  ends.q.resize(n);
  cumulate([&](std::size_t k) { return p[k]; }, ends.p);
  cumulate([&](std::size_t k) { return q[k]; }, ends.q);
  join_equal_ends(ends.p, ends.q);
  return distance(order, 1.0, [&](auto term, const Power& power) {
    constexpr Term kTerm = decltype(term)::value;
    return fold_blocks<kTerm>(n, 1, [&](std::size_t begin, std::size_t end) {
      return fold_steps<kTerm, double>(positions, positions, EndsByWeight{ends.p}, EndsByWeight{ends.q}, begin, end,
                                       power);
    });
  });
}

}  // namespace

template <class T>
void wasserstein_1d_grid(const GridPairs<T>& pairs, double p, std::span<double> distances, int n_threads) {
  const std::size_t n = pairs.positions.size(), n_pairs = distances.size();
  const std::size_t pairs_a_task = std::max<std::size_t>(kEntriesATask / n, 1);
  std::vector<Ends> scratch(p == 1.0 ? 0 : static_cast<std::size_t>(n_threads));
  parallel_for(count_blocks(n_pairs, pairs_a_task), n_threads, [&](std::size_t block, int thread) {
    for (std::size_t i = block * pairs_a_task; i < std::min(n_pairs, (block + 1) * pairs_a_task); ++i) {
      const Histogram<T> first{pairs.p + static_cast<std::size_t>(pairs.first[i]) * n, pairs.order};
      const Histogram<T> second{pairs.q + static_cast<std::size_t>(pairs.second[i]) * n, pairs.order};
      const double first_mass = mass_of(first.entries, n), second_mass = mass_of(second.entries, n);
      if (!are_equal_masses(first_mass, second_mass))
        distances[i] = std::numeric_limits<double>::quiet_NaN();
      else if (p == 1.0)
        distances[i] = distance_of_first_order(first, first_mass, second, second_mass, pairs.positions);
      else
        distances[i] = distance_of_order(first, second, pairs.positions, p, scratch[static_cast<std::size_t>(thread)]);
    }
  });
}

template void wasserstein_1d_grid<double>(const GridPairs<double>&, double, std::span<double>, int);
template void wasserstein_1d_grid<float>(const GridPairs<float>&, double, std::span<double>, int);

}  // namespace hartley
