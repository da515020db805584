// The information bottleneck (Tishby, Pereira & Bialek 1999): p(t|x) that minimises I(T;X) - β I(T;Y) with T - X - Y,
// and its deterministic kin (Strouse & Schwab 2017): t(x) that minimises H(T) - β I(T;Y). In nats.
//
// One iteration, from an encoder e(x, t) = p(t|x):
//
//   p(t, y) = Σ_x e(x, t) p(x, y),   p(t) = Σ_y p(t, y)
//   e(x, t) ∝ p(t) exp(-β KL(p(y|x) ‖ p(y|t)))      or, deterministic, 1 for the t where that is largest
//
// which never raises the objective but for rounding. Cost: two products of n_x n_y n_clusters multiply-adds; memory
// beside the inputs: (n_x + n_y) n_clusters. A cluster that has died (p(t) = 0) stays dead; e(x, t) = 0 where p(y|t) =
// 0 for a y with p(y|x) > 1e-297 / β. The same bits for every number of threads.
//
// The caller checks: joint (n_x, n_y) non-negative, no row of zeros; rows of the encoder sum to 1; 0 < β < inf.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hartley {

struct Joint {
  const double* p;  // (n_x, n_y)
  std::size_t n_x, n_y;
};

struct BottleneckOptions {
  double beta, tolerance;  // tolerance: of Σ_x p(x) ½ Σ_t |change of e(x, t)|
  std::size_t max_iter;
  bool deterministic;
  int n_threads;
};

struct BottleneckReport {
  double change;  // that of the last iteration, 0 after none
  std::size_t n_iter;
  bool converged;
};

// encoder (n_x, n_clusters): where to begin and where it ended; joint_of_clusters (n_y, n_clusters): p(t, y) of the
// encoder at the end.
BottleneckReport bottleneck(const Joint& joint, std::size_t n_clusters, const BottleneckOptions& options,
                            std::span<double> encoder, std::span<double> joint_of_clusters);

// Local search for the deterministic bottleneck: each x in turn goes to the cluster where H(T) - β I(T;Y) becomes
// least, in sweeps over all x until one of them moves nothing; at most max_sweeps. labels (n_x), each < n_clusters, are
// changed in place. The number of sweeps; O(n_x n_y n_clusters) logarithms each.
std::size_t bottleneck_exchange(const Joint& joint, std::size_t n_clusters, double beta, std::size_t max_sweeps,
                                std::span<std::uint32_t> labels, int n_threads);

}  // namespace hartley
