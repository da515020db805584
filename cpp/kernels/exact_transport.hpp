// Exact optimal transport: minimise <P, C> over plans P with marginals a and b, with a certificate.
//
// Masses become whole numbers (whole_masses.hpp). Flows along a short list of arcs (transport_start.hpp) are completed
// to a spanning tree (flow_forest.hpp), from which the network simplex method goes on (network_simplex.hpp). Arcs
// outside the list are priced in passes over all pairs until none is left that would improve the plan (Gottschlich &
// Schuhmacher 2014): the plan is optimal. Two more passes make the potentials feasible for all pairs, and their dual
// value certifies the plan.
//
// The caller checks: weights non-negative with finite positive sums; costs neither NaN nor -inf, finite ones at most
// kLargestCost in size; fewer than 2^31 - 1 rows and columns together.
// Memory: 800 bytes for each row and column, beside the costs; with rows or columns of weight 0, a copy of the costs of
// the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/pair_costs.hpp"

namespace hartley {

inline constexpr double kLargestCost = 1e280;  // potentials are sums of up to n + m costs

struct ExactPlan {
  bool exists = false;  // no: every plan uses a forbidden pair, and nothing below is set
  double total = 0.0;   // whole units of mass in all, of which `mass` and the values count
  std::vector<std::uint32_t> rows,
      columns;                             // where mass flows, at most n + m - 1 pairs, in order of rows, then columns
  std::vector<double> mass;                // of a plan with marginals total a / Σa and total b / Σb
  std::vector<double> f, g;                // dual potentials: f_i + g_j <= C_ij up to an ulp, finite
  double cost = 0.0, dual_value = 0.0;     // Σ mass C, and Σ f and Σ g weighted by the marginals
  double rounding = 0.0;                   // a bound of what rounding may make of cost - dual_value
  std::size_t n_pivots = 0, n_passes = 0;  // pivots of the tree; passes over all pairs that looked for better arcs
};

// How the finite costs lie, and whether there are others.
struct CostRange {
  double least, largest;  // of the finite ones; inf and -inf where there is none
  bool has_nan, has_negative_infinity, has_infinity;
};
template <class T>
CostRange cost_range(std::span<const T> costs, int n_threads);

// Pairs of cost inf are forbidden; `range` is that of the costs.
ExactPlan exact_transport(PairCosts& costs, const CostRange& range, std::span<const double> a,
                          std::span<const double> b, int n_threads);

// The same on the line: x (n) and y (m) in any order, costs convex in x_i - y_j. Begins with the plan that keeps the
// order, which is optimal; what remains is the certificate.
ExactPlan exact_transport_on_line(PairCosts& costs, const CostRange& range, std::span<const double> x,
                                  std::span<const double> y, std::span<const double> a, std::span<const double> b,
                                  int n_threads);

// Whether any plan with marginals a / Σa and b / Σb avoids the pairs of cost inf. costs (n, m), no NaN.
template <class T>
bool transport_is_feasible(const T* costs, std::size_t n, std::size_t m, std::span<const double> a,
                           std::span<const double> b, int n_threads);

}  // namespace hartley
