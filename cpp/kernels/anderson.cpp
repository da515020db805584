#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 misreads its own AVX-512 header inlined into Eigen
#endif

#include "kernels/anderson.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

namespace hartley {
namespace {

// Relative to the Gram matrix with unit diagonal: bounds the coefficients where changes are nearly dependent.
constexpr double kRegularisation = 1e-12;

}  // namespace

Anderson::Anderson(std::size_t size, std::size_t memory, double beta, std::span<const double> weights)
    : size_(size),
      memory_(memory),
      beta_(beta),
      weights_(weights.begin(), weights.end()),
      last_x_(size),
      last_residual_(size),
      steps_(size * memory),
      residual_changes_(size * memory),
      gram_(memory * memory) {}

void Anderson::forget() {
  n_stored_ = next_ = 0;
  has_last_ = false;
}

void Anderson::reweigh(std::span<const double> weights) {
  std::copy(weights.begin(), weights.end(), weights_.begin());
  for (std::size_t k = 0; k < n_stored_; ++k)
    for (std::size_t l = 0; l <= k; ++l)
      gram_[k * memory_ + l] = gram_[l * memory_ + k] =
          product(column(residual_changes_, k), column(residual_changes_, l));
}

double Anderson::product(std::span<const double> u, std::span<const double> v) const {
  double sums[8]{};  // the same partial sums on every level
  const std::size_t whole = size_ / 8 * 8;
  for (std::size_t i = 0; i < whole; i += 8)
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += weights_[i + lane] * u[i + lane] * v[i + lane];
  for (std::size_t i = whole; i < size_; ++i) sums[0] += weights_[i] * u[i] * v[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

void Anderson::remember(std::span<const double> x, std::span<const double> residual) {
  if (has_last_) {
    const std::span<double> step = column(steps_, next_), change = column(residual_changes_, next_);
    for (std::size_t i = 0; i < size_; ++i) {
      change[i] = residual[i] - last_residual_[i];
      step[i] = (x[i] - last_x_[i]) + beta_ * change[i];
    }
    n_stored_ = std::min(n_stored_ + 1, memory_);
    for (std::size_t k = 0; k < n_stored_; ++k)
      gram_[next_ * memory_ + k] = gram_[k * memory_ + next_] = product(change, column(residual_changes_, k));
    next_ = (next_ + 1) % memory_;
  }
  std::copy(x.begin(), x.end(), last_x_.begin());
  std::copy(residual.begin(), residual.end(), last_residual_.begin());
  has_last_ = true;
}

void Anderson::advance(std::span<double> x, std::span<const double> residual) {
  remember(x, residual);
  for (std::size_t i = 0; i < size_; ++i) x[i] += beta_ * residual[i];
  if (n_stored_ == 0) return;

  const std::size_t n = n_stored_;
  const auto rows = static_cast<Eigen::Index>(n);
  Eigen::VectorXd scale(rows), right(rows);
  Eigen::MatrixXd gram(rows, rows);
  for (Eigen::Index k = 0; k < rows; ++k) {
    const auto stored = static_cast<std::size_t>(k);
    scale[k] = 1.0 / std::sqrt(std::max(gram_[stored * memory_ + stored], 1e-300));
    right[k] = scale[k] * product(column(residual_changes_, stored), residual);
    for (Eigen::Index l = 0; l <= k; ++l)
      gram(k, l) = scale[k] * scale[l] * gram_[stored * memory_ + static_cast<std::size_t>(l)];
    gram(k, k) += kRegularisation;
  }
  const Eigen::LLT<Eigen::MatrixXd> cholesky(gram);  // reads the lower triangle
  if (cholesky.info() != Eigen::Success) return forget();
  const Eigen::VectorXd coefficients = scale.cwiseProduct(cholesky.solve(right));
  for (std::size_t k = 0; k < n; ++k) {
    const std::span<double> step = column(steps_, k);
    const double coefficient = coefficients[static_cast<Eigen::Index>(k)];
    for (std::size_t i = 0; i < size_; ++i) x[i] -= coefficient * step[i];
  }
}

}  // namespace hartley
