// Logarithms of power sums of probability mass functions, for the entropies and divergences of Rényi's family.
//
//   log Σ p^a q^b   over the terms with p > 0, row by row
//
// Computed as max + log Σ exp(exponent - max) in blocks, so that no order over- or underflows: exponents a log p + b
// log q are float64, whatever the type of p. Boundary: a term with p > 0 = q counts +inf for b < 0, nothing for b > 0,
// and q^0 = 1; a row without terms gives -inf. Accuracy: the sum is off by at most (|a log p| + |b log q| + 4) eps of
// its largest terms, plus what pmf.hpp says of sums.
#pragma once

#include <cstddef>

#include "kernels/pmf.hpp"

namespace hartley {

// Five rows of n_rows numbers: log Σ, Σ p, Σ q, min over p and q, largest exponent.
struct PowerSums {
  double *log_sum, *p_sum, *q_sum, *least, *largest_exponent;
};

// shape.inner is 1. Where b is 0 q is not read, and q_sum repeats p_sum.
template <class T>
void pmf_log_power_sums(double a, double b, PmfBatch<T> p, PmfBatch<T> q, BatchShape shape, PowerSums sums,
                        int n_threads);

}  // namespace hartley
