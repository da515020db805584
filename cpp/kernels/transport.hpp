// Entropic optimal transport between point clouds.
//
//   minimise  <P, C> + reg KL(P | a⊗b)  over plans P with marginals a and b (each of sum 1)
//   P_ij = a_i b_j exp((f_i + g_j - C_ij) / reg),   f and g: the potentials, maximisers of the dual
//
// Method: Sinkhorn's iteration (Cuturi 2013) on the potentials, with ε-scaling (Schmitzer 2019) and Anderson
// acceleration safeguarded by the dual. Entries of the kernel are in float32 on the way and in float64 at the end: the
// marginal error that decides, the values and the gap are those of the returned potentials in float64.
//
// The caller checks: finite points, finite costs, weights non-negative with sum 1, reg > 0, no zero row with kCosine.
// A reg below kLeastReg times the mean cost is taken for that: float64 cannot tell the two plans apart.
// Memory: O((n + m) n_features + kTasks m), and the kernel itself where it fits memory_limit.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/transport_cost.hpp"

namespace hartley {

inline constexpr double kLeastReg = 1e-14;

struct SinkhornOptions {
  double reg, tolerance;  // tolerance: of the marginal error, L1 over both marginals
  std::size_t max_iter, memory_limit;
  bool warm_start;  // begin at the potentials given
  bool report_progress;
  int n_threads;
};

struct SinkhornReport {
  double value, value_linear, dual_value;  // of the plan of the final potentials: primal, <P, C>, dual
  double gap;  // primal of a feasible plan near P (Altschuler, Weed & Rigollet 2017, algorithm 2) minus dual: >= 0
  double marginal_error;
  std::size_t n_iter;
  bool converged;
};

template <class T>
struct TransportProblem {
  PointCloud<T> x, y;
  std::size_t n_features;
  TransportCost cost;
  std::span<const double> a, b;
};

// f (n) and g (m) in units of the cost: start (with warm_start) and result. Points of weight 0 get a finite potential.
template <class T>
SinkhornReport sinkhorn(const TransportProblem<T>& problem, const SinkhornOptions& options, std::span<double> f,
                        std::span<double> g);

// Transport of x to itself: y and b of the problem are not read, f = g. Only dual_value, marginal_error, n_iter and
// converged are set.
template <class T>
SinkhornReport sinkhorn_symmetric(const TransportProblem<T>& problem, const SinkhornOptions& options);

// plan (n, m) of potentials at reg.
template <class T>
void transport_plan(const TransportProblem<T>& problem, double reg, std::span<const double> f,
                    std::span<const double> g, double* plan, int n_threads);

// product (n, n_vectors) = plan times vectors (m, n_vectors), without the plan.
template <class T>
void transport_apply(const TransportProblem<T>& problem, double reg, std::span<const double> f,
                     std::span<const double> g, const double* vectors, std::size_t n_vectors, double* product,
                     int n_threads);

}  // namespace hartley
