// Minimises an AlternatingMap's function over the simplex until its own certificate says that it is done.
//
// Plain steps converge like 1/n where weights vanish at the optimum. Accelerated, the first passes are plain steps
// combined by Anderson's method on log q; then Newton steps follow: quadratic models over the columns that still have
// weight or would gain by some, solved exactly on the simplex (sequential quadratic programming as for the likelihood
// of mixtures, Kim, Carbonetto, Stephens & Anitescu 2020). Two to four of them take the gap from 1e-2 to 1e-10 where
// plain steps need 10^3 to 10^6 passes (bench_rate_distortion). A step that raises F is halved or taken back.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/alternating_map.hpp"
#include "kernels/alternating_options.hpp"
#include "kernels/anderson.hpp"

namespace hartley {

class AlternatingSolver {
 public:
  // q: weights of the columns that sum to 1, replaced by the best ones found; the map then holds their evaluation.
  AlternatingSolver(AlternatingMap& map, std::span<double> q, const AlternatingOptions& options);
  AlternatingReport solve();

 private:
  double progress() const;
  void evaluate();
  void anderson_step();
  void retreat();
  bool is_worse() const;
  bool newton_is_due() const;
  bool newton_step();
  void end_newton_phase();
  std::vector<std::size_t> newton_columns() const;
  void normalise();

  AlternatingMap& map_;
  std::span<double> q_;
  AlternatingOptions options_;
  Anderson anderson_;
  std::vector<double> log_q_, residual_;
  std::size_t n_iter_ = 0;
  double first_gap_ = 0.0;

  std::vector<double> best_q_;  // the least gap
  double best_gap_ = 0.0;
  std::vector<double> fallback_;  // a plain step from the least F, or empty
  double best_value_ = 0.0;

  std::vector<double> newton_base_, newton_target_;  // while a Newton step is tried
  double newton_fraction_ = 1.0, last_newton_gap_ = 0.0, last_phase_gap_ = 0.0;
  bool in_newton_phase_;
  std::size_t phase_begin_ = 0, n_stalls_ = 0, n_failed_phases_ = 0;
};

}  // namespace hartley
