// Sinkhorn's iteration on one problem, from a start to potentials and their certificate (see transport.hpp).
//
// Potentials are in units of exponent while it runs (transport_cost.hpp). With κ = ε / ρ of a side, its marginal is to
// be a 2^(-κ f): a itself where ρ is infinite.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "kernels/anderson.hpp"
#include "kernels/sinkhorn_map.hpp"
#include "kernels/transport.hpp"

namespace hartley {

class SinkhornSolver {
 public:
  SinkhornSolver(CostGeometry& geometry, std::span<const double> a, std::span<const double> b, bool symmetric,
                 const SinkhornOptions& options);

  // In units of the cost.
  void start_at(std::span<const double> f, std::span<const double> g);
  void solve();
  SinkhornReport report() const;
  SinkhornReport symmetric_report() const;
  double potential_f(std::size_t i) const { return f_[i] / geometry_.bits(); }
  double potential_g(std::size_t j) const { return g_[j] / geometry_.bits(); }

 private:
  enum class Precision { kFloat32, kFloat64Once, kFloat64 };

  void set_reg(double reg);
  void evaluate();
  void run_stage(bool last);
  void finish();
  void step();
  void translate_residual();
  bool is_relaxed() const { return kappa_x_ > 0 || kappa_y_ > 0; }
  double plan_mass() const;
  double column_error() const;
  double dual() const;
  Run run() const;
  SinkhornReport exact_marginals_report() const;
  SinkhornReport relaxed_report() const;

  CostGeometry& geometry_;
  std::size_t n_, m_;
  bool symmetric_;
  const SinkhornOptions& options_;
  std::vector<double> a_, b_, f_, g_, next_g_, residual_;
  double total_a_, total_b_, kappa_x_ = 0.0, kappa_y_ = 0.0;
  SinkhornMap map_;
  Anderson anderson_;

  Precision precision_ = Precision::kFloat32;
  std::size_t n_iter_ = 0;
  bool is_exact_ = false;  // residual_ is that of g_, in float64
  double error_ = std::numeric_limits<double>::infinity();
  // the best point so far in the running phase, and where a plain iteration goes from it
  double best_dual_ = 0.0, best_error_ = 0.0;
  std::vector<double> fallback_;
  std::size_t n_since_best_ = 0;
  double first_error_ = 0.0;
};

// `reg`, or the least that float64 can tell from the exact problem at costs of this mean size.
double least_reg(double reg, double mean_cost);

// values with as many fillers behind them as loops over whole vectors read.
std::vector<double> with_padding(std::span<const double> values, double filler);

}  // namespace hartley
