// Exact Wasserstein distances between pairs of histograms on the same positions of the line, pair after pair.
//
//   W_1 = Σ_k (z_{k+1} - z_k) |F_k - G_k|,   W_p as in wasserstein_1d.hpp with both samples at the positions
//
// F and G are cumulative masses over their sums. A histogram may stand in several pairs. Cost: O(n) a pair, pairs in
// parallel; scratch of 2 n numbers a thread for p > 1. Accuracy of W_1: eps (|F_k| + |G_k|) in every difference.
// The result is NaN where a histogram has a negative or NaN entry, no finite positive sum, or a sum that is not that
// of its partner within kMassTolerance: the caller names it. The caller checks: n >= 1, positions finite and sorted,
// p >= 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hartley {

inline constexpr double kMassTolerance = 1e-6;  // relative

// Pairs (first[pair], second[pair]) of histograms: rows of n entries, of which entry order[k] lies at positions[k].
template <class T>
struct GridPairs {
  const T *p, *q;
  std::span<const std::int64_t> first, second;
  std::span<const double> positions;
  std::span<const std::int64_t> order;  // empty: k itself
};

template <class T>
void wasserstein_1d_grid(const GridPairs<T>& pairs, double p, std::span<double> distances, int n_threads);

}  // namespace hartley
