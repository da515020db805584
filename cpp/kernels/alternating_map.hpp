// One step of the Blahut-Arimoto algorithms, with its certificate.
//
// Both algorithms minimise a convex function of weights q on the simplex through z = B q:
//
//   rate-distortion at slope β   F(q) = -Σ_i p_i log z_i                B_ij = e^(-β (d_ij - min_j d_ij))
//   capacity at cost slope s     F(q) = Σ_i z_i log z_i - Σ_j e_j q_j   B_ij = W(i | j)
//
// with e_j = Σ_i B_ij log B_ij - s b_j for inputs of cost b_j.
//
// One pass over B takes z = B q and Bᵀ(p / z), or Bᵀ log z, from every group of rows while it is in cache. That gives
// F, its gradient, the step q_j ← q_j e^(g_j) of Blahut (1972) and Arimoto (1972), and a bound of what is left:
//
//   rate-distortion  g_j = log Σ_i p_i B_ij / z_i         min F >= F(q) - max_j g_j   (Csiszár 1974)
//   capacity         g_j = e_j - Σ_i B_ij log z_i + F(q)   min F >= F(q) - max_j g_j   (Arimoto 1972)
//
// The bounds hold for any positive z, however it was rounded: z is lifted to kLeastSum where it has underflowed. There
// is no other danger in the linear domain: within ε of the optimum Σ_i p_i B_ij / z_i <= e^ε, and B_ij = 1 for the best
// j of row i, hence z_i >= p_i e^-ε.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <vector>

#include "support/buffer.hpp"

namespace hartley {

enum class Objective { kRateDistortion, kCapacity };

// B, padded by zeros to whole groups of rows and whole vectors of columns.
struct PaddedMatrix {
  std::size_t n_rows, n_columns;
  Buffer<double> entries;  // (padded(n_rows), padded(n_columns))

  PaddedMatrix(std::size_t rows, std::size_t columns);
  std::size_t stride() const;
  double* row(std::size_t i) { return entries.data() + i * stride(); }
  const double* row(std::size_t i) const { return entries.data() + i * stride(); }
};

class AlternatingMap {
 public:
  // terms: p_i of the rows for rate-distortion, e_j of the columns for capacity.
  AlternatingMap(PaddedMatrix matrix, Objective objective, std::span<const double> terms);

  // Everything below is that of the last q evaluated; q sums to 1. progress < 0 reports none.
  void evaluate(std::span<const double> q, double progress, int n_threads);

  double value() const { return value_; }                           // F(q)
  double gap() const { return gap_; }                               // max_j g_j, at least 0; inf where q is not finite
  std::span<const double> log_gains() const { return log_gains_; }  // g_j, at least -700
  std::span<const double> sums() const { return sums_; }            // z_i

  double ascent(std::size_t j) const;  // -∂F/∂q_j, up to a constant that all j share

  // The step of Blahut and Arimoto: next_j = q_j e^(g_j), divided by its sum.
  void step(std::span<const double> q, std::span<double> next) const;

  // Second derivatives of F with respect to the weights of some columns.
  Eigen::MatrixXd curvature(std::span<const std::size_t> columns, int n_threads) const;

  std::size_t n_rows() const { return matrix_.n_rows; }
  std::size_t n_columns() const { return matrix_.n_columns; }
  const PaddedMatrix& matrix() const { return matrix_; }

 private:
  void pass(double progress, int n_threads);
  void finish_rate_distortion();
  void finish_capacity(std::span<const double> q);

  PaddedMatrix matrix_;
  Objective objective_;
  std::vector<double> terms_;              // padded
  std::vector<double> weights_, columns_;  // q and Bᵀ f(z), padded
  std::vector<double> task_columns_;       // a row of partial sums for each task
  std::vector<double> sums_;
  std::vector<double> log_gains_;
  double value_ = 0.0, gap_ = 0.0;
};

}  // namespace hartley
