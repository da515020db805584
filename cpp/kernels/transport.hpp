// Entropic optimal transport between point clouds, or for a matrix of costs.
//
//   minimise  <P, C> + reg KL(P | a⊗b) + rho_x KL(P 1 | a) + rho_y KL(Pᵀ 1 | b)   over P >= 0
//   P_ij = a_i b_j exp((f_i + g_j - C_ij) / reg),   f and g: the potentials, maximisers of the dual
//
// with KL(p | q) = Σ p log(p / q) - p + q. An infinite rho makes its marginal a constraint; where both are infinite a
// and b each have sum 1.
//
// Method: Sinkhorn's iteration (Cuturi 2013) on the potentials, with ε-scaling (Schmitzer 2019) and Anderson
// acceleration safeguarded by the dual. Entries of the kernel are in float32 on the way and in float64 at the end: the
// marginal error that decides, the values and the gap are those of the returned potentials in float64.
//
// The caller checks: finite points, costs that are finite or +inf, weights non-negative with positive sums, reg > 0,
// rho > 0, no zero row with kCosine; that a plan exists where pairs are forbidden.
// A reg below kLeastReg times the mean cost is taken for that: float64 cannot tell the two plans apart.
// Memory: O((n + m) n_features + kTasks m), and the kernel itself where it fits memory_limit.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "kernels/transport_cost.hpp"

namespace hartley {

inline constexpr double kLeastReg = 1e-14;

struct SinkhornOptions {
  double reg, rho_x, rho_y;
  double tolerance;  // of the marginal error, L1 over both marginals, relative to the plan's mass
  std::size_t max_iter, memory_limit;
  bool warm_start;  // begin at the potentials given
  bool report_progress;
  int n_threads;
};

struct SinkhornReport {
  double value, value_linear, dual_value;  // of the plan of the final potentials: primal, <P, C>, dual
  // Primal of a feasible plan near P (Altschuler, Weed & Rigollet 2017, algorithm 2) minus dual: >= 0, inf where that
  // plan uses a forbidden pair.
  double gap;
  // Σ |P 1 - a e^(-f / rho_x)| + Σ |Pᵀ 1 - b e^(-g / rho_y)|: the marginals that the potentials ask for
  double marginal_error;
  std::size_t n_iter;
  bool converged;
};

// Problems of one shape. geometry(i) is called once for each.
struct TransportBatch {
  std::size_t n_problems, n, m;
  std::function<CostGeometry(std::size_t)> geometry;
  std::span<const double> a, b;  // (n_problems, n) and (n_problems, m)
};

// f (n_problems, n) and g (n_problems, m) in units of the cost: start (with warm_start) and result. Points of weight 0
// get a finite potential. One report a problem; problems run side by side where there are as many as threads.
std::vector<SinkhornReport> sinkhorn(const TransportBatch& batch, const SinkhornOptions& options, std::span<double> f,
                                     std::span<double> g);

// Transport of every x to itself, marginals exact: y, b and g of the batch are not read, g = f. Only dual_value,
// marginal_error, n_iter and converged are set.
std::vector<SinkhornReport> sinkhorn_symmetric(const TransportBatch& batch, const SinkhornOptions& options,
                                               std::span<double> f);

// A plan given by its potentials, in units of the cost.
struct TransportPlan {
  CostGeometry& geometry;
  double reg;
  std::span<const double> a, b, f, g;
};

// plan (n, m).
void transport_plan(const TransportPlan& plan, double* matrix, int n_threads);

// product (n, n_vectors) = plan times vectors (m, n_vectors), without the plan.
void transport_apply(const TransportPlan& plan, const double* vectors, std::size_t n_vectors, double* product,
                     int n_threads);

// gradient (n, n_features) = Σ_j P_ij ∂C_ij/∂x_i, of_y (m, n_features) likewise; not for a matrix of costs. For the
// cosine, with respect to the points divided by their norms.
void transport_gradient(const TransportPlan& plan, double* of_x, double* of_y, int n_threads);

}  // namespace hartley
