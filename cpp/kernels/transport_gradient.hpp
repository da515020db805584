// Σ_j P_ij ∂C_ij/∂x_i: what moving the points of one cloud does to <P, C>, without the plan.
#pragma once

#include <span>

#include "kernels/transport_passes.hpp"

namespace hartley {

// gradient (n, n_features) with respect to the row cloud of `view`, in units of cost over those of the points. Where
// the cost has a kink (equal points or coordinates, a tie for the largest difference) an element of its
// subdifferential: 0, or the first of the tied.
void gradient_pass(const KernelView& view, std::span<const double> a, std::span<const double> b, double* gradient,
                   Run run);

}  // namespace hartley
