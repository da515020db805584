// Sinkhorn's map on potentials (in units of exponent, see transport_cost.hpp), by whichever kernel is quickest.
//
//   f_i = -τ_x log2 Σ_j b_j 2^(g_j - C_ij),   g'_j = -τ_y log2 Σ_i a_i 2^(f_i - C_ij)
//
// τ = 1 where a marginal is met exactly, ρ / (ρ + ε) where missing it costs ρ KL (Chizat et al. 2018).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/transport_passes.hpp"

namespace hartley {

struct Damping {
  double x = 1.0, y = 1.0;  // τ of either side
};

// Between two clouds, or of one cloud with itself (symmetric: columns are rows, and only f is computed).
class SinkhornMap {
 public:
  // a and b: padded weights. The kernel is stored where it fits `memory_limit` bytes.
  SinkhornMap(const CostGeometry& geometry, std::span<const double> a, std::span<const double> b, bool symmetric,
              std::size_t memory_limit);

  // The geometry's scale has changed: stored kernels are void.
  void invalidate() { stored32_ = stored64_ = false; }
  void set_damping(Damping damping) { damping_ = damping; }

  // From g (padded) to f and, unless symmetric, next_g. On entry f is a guess, the nearer the better. False where the
  // sums left the range in which they can be trusted; then f and next_g are untouched and evaluate_exactly() helps.
  template <class Entry>
  [[nodiscard]] bool evaluate(std::span<const double> g, std::span<double> f, std::span<double> next_g, bool store,
                              Run run);

  // The same for any g, in float64 with each row's largest exponent taken out; two to four times the time.
  void evaluate_exactly(std::span<const double> g, std::span<double> f, std::span<double> next_g, Run run);

 private:
  template <class Entry>
  const Entry* prepare(std::span<const double> g, std::span<const double> f, bool store, Run run);
  KernelView view(std::span<const double> f, std::span<const double> g) const;
  bool round_references();
  template <class Entry>
  Buffer<Entry>& buffer();
  template <class Entry>
  bool& is_stored();

  const CostGeometry& geometry_;
  const ScaledCloud& columns_;
  std::span<const double> a_, b_;
  bool symmetric_, stored32_ = false, stored64_ = false, in_float32_ = false;
  std::size_t memory_limit_;
  Damping damping_;
  Buffer<float> kernel32_;
  Buffer<double> kernel64_;
  std::vector<double> f_reference_, g_reference_, scaled_b_, row_sums_, column_sums_;
};

}  // namespace hartley
