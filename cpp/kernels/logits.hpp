// Losses, entropies and divergences of softmax distributions given by their logits, row by row, in nats.
//
// A row of n logits z at temperature τ is the distribution p_k = exp(z_k/τ) / Σ exp(z_j/τ). The softmax is never
// stored: each logit is read from memory once, for everything that is asked of its row.
//
//   log_sum   log Σ exp((z_k - max z)/τ), at least 0: -log of the largest probability
//   gap       (max z - z_y)/τ of the row's target y; the loss -log p_y is gap + log_sum
//   entropy   -Σ p_k log p_k
//   uniform   -(1/n) Σ w_k log p_k, the cross-entropy from the uniform distribution, for label smoothing
//   kl, js    Σ p log(p/q), and ½ Σ p log(p/m) + ½ Σ q log(q/m) with m = (p + q)/2
//
// Boundary: a logit of -inf is a masked class, p_k = 0. Then gap is inf where the target is masked, uniform is inf
// where any class with w_k > 0 is, kl is inf where q masks what p does not. NaN and +inf are no logits: `largest` is
// NaN for such a row, -inf for a row with every class masked, and the row's other results mean nothing.
//
// Accuracy: float16, bfloat16 and float32 logits are handled in float32 (converted in registers), sums beyond a few
// vectors in float64: log_sum and entropy are off by at most 1e-6 (1 + entropy), typically 5e-8 and 2e-7; kl and js by
// 4e-6 of themselves plus what the float32 rounding of the logits' differences means. float64 logits: 1e-15 likewise.
#pragma once

#include <cstddef>
#include <cstdint>

#include "support/parallel.hpp"

namespace hartley {

enum class LogitStorage { kFloat64, kFloat32, kFloat16, kBfloat16, kUint8 };  // kUint8: targets 0 and 1 alone

constexpr std::size_t bytes_of(LogitStorage storage) {
  switch (storage) {
    case LogitStorage::kFloat64:
      return 8;
    case LogitStorage::kFloat32:
      return 4;
    case LogitStorage::kUint8:
      return 1;
    default:
      return 2;
  }
}

// Rows of n_classes (at least 1) numbers side by side in memory; the rows themselves may lie anywhere.
struct LogitRows {
  const std::byte* data;
  LogitStorage storage;
  std::size_t n_rows, n_classes;
  const std::ptrdiff_t* starts = nullptr;  // bytes from data to each row; null: one row after the other

  const std::byte* row(std::size_t i) const {
    return data + (starts ? starts[i] : static_cast<std::ptrdiff_t>(i * n_classes * bytes_of(storage)));
  }
};

struct LogitTask {
  double inverse_temperature = 1.0;
  const std::int64_t* targets = nullptr;  // the class of each row, -1: the row is not read. Null: every row is
  const double* class_weights = nullptr;  // w of `uniform`, n_classes
};

// Results, n_rows each; those that are null are not computed. `gap` needs targets, `uniform` class weights. Rows that
// are not read have 0 everywhere.
struct LogitValues {
  double* largest;
  double* log_sum;
  double* gap;
  double* entropy;
  double* uniform;
};

// gradient[i, k] = softmax_scale[i] p_ik - target_scale[i] [k = y_i] - class_offsets[k], written to rows one after the
// other; float64 for float64 logits, float32 for all others. Rows that are not read have 0. Needs targets.
struct LogitGradient {
  void* gradient = nullptr;  // null: none is wanted
  const double* softmax_scale = nullptr;
  const double* target_scale = nullptr;
  const void* class_offsets = nullptr;  // of the gradient's type; null: 0
};

void logit_rows(const LogitRows& logits, const LogitTask& task, const LogitValues& values,
                const LogitGradient& gradient, int n_threads, ProgressRange progress = {});

enum class LogitDivergence { kKl, kJs };

// The divergence of each row of p from the same row of q; their largest logits as in LogitValues. In float64 where
// either is stored so, else in float32; each one's log_sum as it is stored (its error counts by its square in kl).
void logit_divergences(LogitDivergence divergence, const LogitRows& p, const LogitRows& q, double inverse_temperature,
                       double* p_largest, double* q_largest, double* values, int n_threads,
                       ProgressRange progress = {});

// The loss of one logit z against a target y from 0 to 1, the log loss of σ(z) = 1/(1 + e^-z):
//   w_k y log(1 + e^-z) + (1 - y) log(1 + e^z),  w_k the weight of positives in column k.
// Terms of one sign: relative error 6 eps of the type (float64 where logits or targets are) for every z.
struct BinaryLosses {
  double sum;                           // of all losses
  double least_target, largest_target;  // a NaN counts as 2
  bool finite;                          // all logits are; else the rest means nothing
};
// values (of every entry) and gradient may be null; both are of the type of the arithmetic. The gradient is times
// gradient_scale. positive_weights: n_classes of that type, null: 1.
BinaryLosses binary_logit_losses(const LogitRows& logits, const LogitRows& targets, const void* positive_weights,
                                 void* values, void* gradient, double gradient_scale, int n_threads,
                                 ProgressRange progress = {});

}  // namespace hartley
