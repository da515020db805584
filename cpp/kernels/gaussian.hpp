// Functionals of multivariate normal distributions from Cholesky factors, in nats; no matrix is ever inverted.
//
//   log_determinant  log |S|
//   kl_divergence    ½ (tr(S_q^-1 S_p) - d - log |S_q^-1 S_p| + |L_q^-1 (m_p - m_q)|²),  S = L Lᵀ
//   whiten           L_q^-1 L_p and L_q^-1 (m_p - m_q): the pair where q is the standard normal
//   information      ½ (Σ log |S_kk| - log |S|) over the diagonal blocks S_kk, of S or of S given the first block
//
// A batch is C-contiguous: covariances (n, d, d), means (n, d). Both triangles of a covariance are read; they may
// differ by `asymmetry` √(S_ii S_jj), and their mean counts. `ridge` is added to the diagonal.
//
// A covariance fails where it is not that symmetric, not finite, or a pivot of its factorization is not above
// d eps S_ii, the rounding error of that pivot: not positive definite, or singular to working precision. The functions
// return the least index that failed (kNoFailure: none); the results of failed indices mean nothing.
//
// Accuracy. The factors are those of matrices within (d + 1) eps √(S_ii S_jj) of S, entry by entry, so that the error
// does not depend on the units of the variables. kl_divergence adds terms m - 1 - log m of the squared diagonal of
// L_q^-1 L_p and squares: none is below 0, none cancels, and equal distributions give exactly 0. information is
// -½ Σ log1p(-s), s sums of squares, likewise: small informations keep their digits.
#pragma once

#include <cstddef>
#include <span>

namespace hartley {

inline constexpr std::size_t kNoFailure = static_cast<std::size_t>(-1);

// `stride` elements from one array of the batch to the next; 0 repeats one for all.
struct ArrayBatch {
  const double* data;
  std::size_t stride;

  const double* operator[](std::size_t i) const { return data + i * stride; }
};

struct GaussianBatch {
  ArrayBatch mean, covariance;
};

struct CovarianceRules {
  double ridge, asymmetry;
};

// The variables of a covariance in blocks: block k is [ends[k - 1], ends[k]). With first_is_given the information is
// that of the other blocks given the first, which may then be empty.
struct VariableBlocks {
  std::span<const std::size_t> ends;
  bool first_is_given;

  std::size_t begin(std::size_t k) const { return k == 0 ? 0 : ends[k - 1]; }
  std::size_t size(std::size_t k) const { return ends[k] - begin(k); }
};

struct PairFailures {
  std::size_t p, q;
};

// log_determinant[i], i < n. d is at least 1, here and below.
std::size_t gaussian_log_determinants(ArrayBatch covariance, std::size_t n, std::size_t d, CovarianceRules rules,
                                      double* log_determinant, int n_threads);

// divergence[i] = D(p_i || q_i).
PairFailures gaussian_kl_divergences(GaussianBatch p, GaussianBatch q, std::size_t n, std::size_t d,
                                     CovarianceRules rules, double* divergence, int n_threads);

// factor (n, d, d), lower triangular with zeros above, and shift (n, d).
PairFailures gaussian_whiten(GaussianBatch p, GaussianBatch q, std::size_t n, std::size_t d, CovarianceRules rules,
                             double* factor, double* shift, int n_threads);

// information[i] of blocks that end at d and, but for a given one, are not empty.
std::size_t gaussian_informations(ArrayBatch covariance, std::size_t n, std::size_t d, VariableBlocks blocks,
                                  CovarianceRules rules, double* information, int n_threads);

}  // namespace hartley
