// Points of rate-distortion and capacity-cost functions, with bounds that hold whatever the number of iterations.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/alternating_options.hpp"

namespace hartley {

// A point on or above the curve R(D), in nats; D is counted from its least value Σ_i p_i min_j d_ij.
struct RatePoint {
  double rate;        // I(X; X̂) of the channel p(j | i) = q_j B_ij / z_i
  double distortion;  // of the same channel
  double gap;         // R(distortion) >= rate - gap
  double intercept;   // R(D) >= intercept - β D for every D
  AlternatingReport report;
};

// The point at slope -β of a source p over the rows of d (row-major, p.size() by q.size()). d is not NaN or -inf; +inf
// forbids a pair; each row with p_i > 0 has a finite entry. β = inf: the least rate at D = 0; β = 0: the least rate at
// a finite distortion. q: weights of the start, sum 1; on return those of the channel above; output: its marginal, Σ_i
// p_i p(j | i).
RatePoint rate_distortion(std::span<const double> p, const double* d, double beta, std::span<double> q,
                          std::span<double> output, const AlternatingOptions& options);

// I(q, W) - s b(q) of the input q, and how much more any input could have, in nats.
struct CapacityPoint {
  double information;
  double gap;
  AlternatingReport report;
};

// offsets: Σ_i W_ji log W_ji - s b_j for each row j of W (row-major, q.size() by n_outputs).
CapacityPoint channel_capacity(const double* W, std::size_t n_outputs, std::span<const double> offsets,
                               std::span<double> q, const AlternatingOptions& options);

}  // namespace hartley
