// Exact functionals of probability mass functions, row by row or column by column of a batch, natural logarithm.
//
//   entropy        Σ p log p          (the negative entropy: the caller turns sign and unit)
//   cross_entropy  Σ p log q
//   kl             Σ p log(p / q)
//   js             ½ Σ p log(p / m) + ½ Σ q log(q / m),  m = (p + q) / 2
//   total_variation ½ Σ |p - q|
//   chi2           Σ (p - q)² / q
//   hellinger      ½ Σ (√p - √q)²
//   jeffreys       Σ (p - q) log(p / q)
//   le_cam         ½ Σ (p - q)² / (p + q)
//   power          Σ p (p^δ - 1), accurate for every δ down to 0
//   power_ratio    Σ p ((p / q)^δ - 1), likewise
//
// A batch is a C-contiguous array of shape (outer, n, inner), the functional runs over n. Every call also sums p (and
// q) and finds the smallest entry, from which the caller tells whether they were probabilities: a negative or NaN entry
// shows there, so no pass is spent on looking.
//
// Boundary: 0 log 0 = 0; p > 0 = q gives Σ p log q = -inf and Σ p log(p/q) = +inf, likewise chi2 and jeffreys (jeffreys
// also where q > 0 = p); power_ratio is inf there for δ > 0 and -p for δ < 0, and 0 where p = 0.
// Accuracy: a term has a relative error of at most 4 eps of its type (js and jeffreys: 8; power terms: |δ log p| eps
// more; kl: of eps p, whatever is left where p is near q); sums are in float64, blocks of kBlock terms added pairwise,
// so a sum of same-sign terms of length n adds (kBlock / lanes + log2 n) * 2^-53.
#pragma once

#include <cstddef>

namespace hartley {

enum class PmfFunctional {
  kEntropy,
  kCrossEntropy,
  kKl,
  kJs,
  kTotalVariation,
  kChi2,
  kHellinger,
  kJeffreys,
  kLeCam,
  kPower,
  kPowerRatio
};

template <class T>
struct PmfBatch {
  const T* data;
  std::size_t outer_stride;  // elements from one (n, inner) slab to the next; 0 repeats one slab for all
};

struct BatchShape {  // n is at least 1
  std::size_t outer, n, inner;
};

// Four rows of outer * inner numbers each: functional, Σ p, Σ q, min over p and q (without a q: Σ q is 0, min over p).
struct PmfSums {
  double *value, *p_sum, *q_sum, *least;

  PmfSums from(std::size_t row) const { return {value + row, p_sum + row, q_sum + row, least + row}; }
};

// For kEntropy and kPower q is not read; delta is read for kPower and kPowerRatio alone.
template <class T>
void pmf_sums(PmfFunctional functional, double delta, PmfBatch<T> p, PmfBatch<T> q, BatchShape shape, PmfSums sums,
              int n_threads);

// entropy[i] = -p log p - (1 - p) log(1 - p) in nats for n probabilities p[i]; relative error at most 6 eps, also near
// 0 and 1. False where an entry was NaN or outside [0, 1]: its result means nothing then.
bool binary_entropies(const double* p, std::size_t n, double* entropy, int n_threads);

}  // namespace hartley
