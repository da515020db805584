#include "kernels/whole_masses.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "support/sums.hpp"

namespace hartley {
namespace {

constexpr double kTotal = 0x1p60;      // leaves room for sums in 64 bits
constexpr double kMostWhole = 0x1p53;  // whole numbers up to here are exact in float64

bool all_equal(std::span<const double> weights) {
  return std::all_of(weights.begin(), weights.end(), [&](double w) { return w == weights[0]; });
}

bool all_whole(std::span<const double> weights) {
  return std::all_of(weights.begin(), weights.end(), [](double w) { return w < kMostWhole && w == std::floor(w); });
}

double sum(std::span<const double> weights) {
  CompensatedSum total;
  for (const double w : weights) total += w;
  return total.value();
}

std::vector<Mass> as_whole(std::span<const double> weights) {
  std::vector<Mass> masses(weights.size());
  std::transform(weights.begin(), weights.end(), masses.begin(), [](double w) { return static_cast<Mass>(w); });
  return masses;
}

// Adds `missing` (of either sign, at most a few units a weight) to the largest masses.
void spread(std::vector<Mass>& masses, Mass missing) {
  std::vector<std::size_t> order(masses.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return masses[i] > masses[j]; });
  const Mass n = static_cast<Mass>(masses.size());
  const Mass each = missing / n, rest = missing % n;  // both of missing's sign
  const std::size_t n_more = static_cast<std::size_t>(rest < 0 ? -rest : rest);
  for (std::size_t k = 0; k < order.size() && masses[order[k]] > 0; ++k)
    masses[order[k]] += each + (k < n_more ? (rest < 0 ? -1 : 1) : 0);
}

std::vector<Mass> rounded(std::span<const double> weights) {
  const double largest = *std::max_element(weights.begin(), weights.end());
  std::vector<double> shares(weights.size());
  std::transform(weights.begin(), weights.end(), shares.begin(), [&](double w) { return w / largest; });
  const double scale = kTotal / sum(shares);
  std::vector<Mass> masses(weights.size());
  std::transform(shares.begin(), shares.end(), masses.begin(),
                 [&](double share) { return std::llround(share * scale); });
  for (;;) {
    const Mass missing = static_cast<Mass>(kTotal) - std::accumulate(masses.begin(), masses.end(), Mass{0});
    if (missing == 0) return masses;
    spread(masses, missing);
  }
}

}  // namespace

WholeMasses whole_masses(std::span<const double> a, std::span<const double> b) {
  if (all_equal(a) && all_equal(b)) {
    const std::size_t divisor = std::gcd(a.size(), b.size());
    const Mass of_row = static_cast<Mass>(b.size() / divisor), of_column = static_cast<Mass>(a.size() / divisor);
    return {std::vector<Mass>(a.size(), of_row), std::vector<Mass>(b.size(), of_column),
            static_cast<double>(a.size()) * static_cast<double>(of_row)};
  }
  if (all_whole(a) && all_whole(b)) {
    const double total = sum(a);
    if (total == sum(b) && total < kMostWhole) return {as_whole(a), as_whole(b), total};
  }
  return {rounded(a), rounded(b), kTotal};
}

}  // namespace hartley
