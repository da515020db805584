// Kullback-Leibler divergence of diagonal normal distributions, latent by latent, in one pass with its gradient.
//
//   q is N(0, 1)        kl = ½ (μ² + (e^x - 1 - x)),                       x = log σ²
//   q is N(μ_q, σ_q²)   kl = ½ ((μ - μ_q)² / σ_q² + (e^x - 1 - x)),        x = log σ² - log σ_q²
//
// Accuracy: a term has a relative error of at most 9 eps(T) (of x and μ - μ_q as T rounds them), also where σ is near
// σ_q and the four terms of the usual formula cancel; sums are in T over at most 16 terms, in float64 beyond. The same
// bits for every number of threads. The largest exponent (x, and -log σ_q²) comes out of the same pass: where it is
// above largest_exponent<T>, the results mean nothing. NaN anywhere gives a NaN in the sums.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hartley {

// The largest x whose exponential the kernels take.
template <class T>
inline constexpr double largest_exponent = sizeof(T) == 8 ? 709.0 : 88.0;

// n_elements numbers each, row after row; mean_q is null for N(0, 1).
template <class T>
struct NormalPair {
  const T *mean, *log_variance, *mean_q, *log_variance_q;
  std::size_t n_elements;
  bool one_row_of_q;  // that stands for every row
};

// scale times the derivative of each kl, n_elements numbers each (of q, too, where it has one row); null: not wanted.
template <class T>
struct NormalGradient {
  T *mean, *log_variance, *mean_q, *log_variance_q;
  double scale;
};

// sums[r] = Σ kl over elements r * row_length to (r + 1) * row_length, the last row may be shorter. Returns the largest
// exponent.
template <class T>
double normal_kl_rows(const NormalPair<T>& pair, std::size_t row_length, const NormalGradient<T>& gradient,
                      double* sums, int n_threads);

// sums[c] = Σ kl over column c of n_columns, and below[c] the number of its entries with kl < epsilon.
template <class T>
double normal_kl_columns(const NormalPair<T>& pair, std::size_t n_columns, double epsilon,
                         const NormalGradient<T>& gradient, double* sums, std::int64_t* below, int n_threads);

}  // namespace hartley
