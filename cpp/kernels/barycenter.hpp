// Entropic barycentre of histograms on a fixed support.
//
//   minimise  Σ_k w_k min_{P_k} (<P_k, C> + reg Σ P_k (log P_k - 1))  over q,   P_k with marginals b_k and q
//
// by iterative Bregman projections (Benamou et al. 2015, proposition 2): with K = exp(-C / reg),
//
//   u_k = b_k / K v_k,   s_k = Kᵀ u_k,   q = Π_k s_k^(w_k),   v_k = q / s_k.
//
// Debiased (Janati, Cuturi & Gramfort 2020, algorithm 1, n = m): q = d Π_k s_k^(w_k), d ← √(d q / K d), which takes the
// blur of the entropy out again; |q - d K d| then counts as an error, too.
//
// One pass over the kernel an iteration serves all histograms; where scalings leave the range of float64 the iteration
// goes on with logarithms, at two log-sum-exp passes a histogram.
// The caller checks: costs finite or +inf, rows of histograms non-negative with sum 1, weights positive with sum 1,
// every bin with mass and every support point reachable.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/transport_cost.hpp"

namespace hartley {

struct BarycenterOptions {
  double reg, tolerance;  // tolerance: of Σ_k w_k |P_k 1 - b_k|, L1
  std::size_t max_iter, memory_limit;
  bool debiased;
  int n_threads;
};

struct BarycenterReport {
  double marginal_error;
  std::size_t n_iter;
  bool converged;
};

// histograms (n_histograms, n); barycenter (m) of sum 1.
BarycenterReport barycenter(CostGeometry& geometry, std::span<const double> histograms, std::span<const double> weights,
                            const BarycenterOptions& options, std::span<double> barycenter);

}  // namespace hartley
