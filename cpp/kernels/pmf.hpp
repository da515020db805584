// Exact functionals of probability mass functions, row by row or column by column of a batch, natural logarithm.
//
//   entropy        Σ p log p          (the negative entropy: the caller turns sign and unit)
//   cross_entropy  Σ p log q
//   kl             Σ p log(p / q)
//   js             ½ Σ p log(p / m) + ½ Σ q log(q / m),  m = (p + q) / 2
//
// A batch is a C-contiguous array of shape (outer, n, inner), the functional runs over n. Every call also sums p (and
// q) and finds the smallest entry, from which the caller tells whether they were probabilities: a negative or NaN entry
// shows there, so no pass is spent on looking.
//
// Boundary: 0 log 0 = 0; p > 0 = q gives Σ p log q = -inf and Σ p log(p/q) = +inf.
// Accuracy: a term has a relative error of at most 4 eps of its type; sums are in float64, blocks of kBlock terms added
// pairwise, so a sum of same-sign terms of length n adds (kBlock / lanes + log2 n) * 2^-53.
#pragma once

#include <cstddef>

namespace hartley {

enum class PmfFunctional { kEntropy, kCrossEntropy, kKl, kJs };

template <class T>
struct PmfBatch {
  const T* data;
  std::size_t outer_stride;  // elements from one (n, inner) slab to the next; 0 repeats one slab for all
};

struct BatchShape {
  std::size_t outer, n, inner;
};

// Four rows of outer * inner numbers each: functional, Σ p, Σ q, min over p and q (q's are those of p for the entropy).
struct PmfSums {
  double *value, *p_sum, *q_sum, *least;

  PmfSums from(std::size_t row) const { return {value + row, p_sum + row, q_sum + row, least + row}; }
};

// For kEntropy q is not read.
template <class T>
void pmf_sums(PmfFunctional functional, PmfBatch<T> p, PmfBatch<T> q, BatchShape shape, PmfSums sums, int n_threads);

}  // namespace hartley
