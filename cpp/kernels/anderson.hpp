// Anderson acceleration of a fixed-point iteration x ← x + β r(x).
//
// Anderson (1965), in the form of Walker & Ni (2011), "type II": the next iterate is the combination of the last ones
// whose combined residual is least in a weighted norm, moved by β along that residual.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hartley {

class Anderson {
 public:
  // weights: of the squared components of the residual in the norm.
  Anderson(std::size_t size, std::size_t memory, double beta, std::span<const double> weights);

  // Replaces x by the next iterate, given its residual; the history grows by (x, residual).
  void advance(std::span<double> x, std::span<const double> residual);

  void forget();

  // Other weights from now on, for what is remembered, too.
  void reweigh(std::span<const double> weights);

 private:
  double product(std::span<const double> u, std::span<const double> v) const;
  void remember(std::span<const double> x, std::span<const double> residual);
  std::span<double> column(std::vector<double>& matrix, std::size_t k) { return {matrix.data() + k * size_, size_}; }

  std::size_t size_, memory_, n_stored_ = 0, next_ = 0;
  double beta_;
  bool has_last_ = false;
  std::vector<double> weights_, last_x_, last_residual_;
  std::vector<double> steps_;             // memory_ columns: change of x plus β times the change of the residual
  std::vector<double> residual_changes_;  // memory_ columns
  std::vector<double> gram_;              // of residual_changes_, (memory_, memory_)
};

}  // namespace hartley
