// How samples of a variational autoencoder's posteriors compare with the mixture of all of them: the aggregate
// posterior, jointly and latent by latent.
//
// Row i has a posterior q_i(z) = Π_d N(z_d; mean_id, exp(log_variance_id)) and a sample z_i. With weights own (of j =
// i) and other (of j ≠ i), the mixture is
//
//   m(z_i) = own q_i(z_i) + other Σ_{j≠i} q_j(z_i),          m_d(z_id) the same of the factors of latent d,
//
// and the kernel finds joint_i = log m(z_i) - log q_i(z_i) and marginal_id = log m_d(z_id) - log q_id(z_id).
//
// Everything is relative to the row's own density, whose term is 1: where posteriors overlap the differences that
// matter are formed of small numbers. Exponents and exponentials are in T, sums of more than a tile in float64.
// Accuracy: joint_i has an error of a few eps(T) times Σ_d of the own and the decisive other exponents, which is below
// 2e-5 (float32) for 32 latents; see tests/test_vae.py. O(n² d) time, 3 n d numbers of T beside the input. The same
// bits for every number of threads.
#pragma once

#include <cstddef>

namespace hartley {

// Row after row, (n, n_latents) each; finite, with |log_variance| <= largest_exponent<T>.
template <class T>
struct PosteriorSamples {
  const T *z, *mean, *log_variance;
  std::size_t n, n_latents;
};

// joint is (n), marginal_sums is (n_latents): Σ_i marginal_id. A number that is not finite says that densities left
// T's range.
template <class T>
void compare_with_mixture(const PosteriorSamples<T>& samples, double own, double other, double* joint,
                          double* marginal_sums, int n_threads);

}  // namespace hartley
