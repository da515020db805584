// Quadratic programs on the simplex: minimise ½ xᵀ H x - bᵀ x over x >= 0, Σ x = 1.
#pragma once

#include <Eigen/Core>

namespace hartley {

// Primal active-set method from a feasible x, which it replaces by a point at least as good: the optimum where it ends
// by itself (no derivative of a variable at 0 is better than the others' by more than `tolerance`), or the last point
// where rounding or 3 n changes of the active set stop it. H is positive semidefinite and not 0.
// Cost O(n³) for the first inverse and O(n²) a change.
void minimise_on_simplex(const Eigen::MatrixXd& H, const Eigen::VectorXd& b, double tolerance, Eigen::VectorXd& x);

}  // namespace hartley
