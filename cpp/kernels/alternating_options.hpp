// What a caller asks of the alternating solver, and what it reports: apart from the solver, which holds matrices.
#pragma once

#include <cstddef>

namespace hartley {

struct AlternatingOptions {
  double tolerance;      // of the gap
  std::size_t max_iter;  // passes over B
  bool accelerate;       // false: Blahut's and Arimoto's own steps
  bool warm_start;       // the weights given are near the optimum
  bool report_progress;
  int n_threads;
};

struct AlternatingReport {
  std::size_t n_iter;  // passes over B; a Newton step counts as one more
  bool converged;
};

}  // namespace hartley
