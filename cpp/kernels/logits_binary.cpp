#include <cmath>
#include <vector>

#include "kernels/logits_storage.hpp"
#include "support/sums.hpp"

namespace hartley {
namespace {

using namespace simd;
using namespace logits;

constexpr std::size_t kBlock = 1024;  // logits converted at a time: logits and targets stay in L1

HARTLEY_INLINE void add(Vec<double>& total, Vec<double> v) { total += v; }
HARTLEY_INLINE void add(Vec<double>& total, Vec<float> v) {
  const Widened wide = widen(v);
  total += wide.low + wide.high;
}

// Loss and derivative of kLanes logits.
template <class T>
struct BinaryTerm {
  Vec<T> loss, derivative;

  HARTLEY_INLINE BinaryTerm(Vec<T> z, Vec<T> y, Vec<T> positive_weight) {
    const Vec<T> one = splat(T{1}), zero{};
    const Vec<T> u = exp_or_zero(-abs(z)), w = one + u, inverse = one / w;
    // log(1 + u): what the addition rounded away is exactly u - (w - 1)
    const Vec<T> log_w = log_of_normal(w) + (u - (w - one)) * inverse;
    const Vec<T> positives = positive_weight * y, negatives = one - y;
    loss = positives * (max(-z, zero) + log_w) + negatives * (max(z, zero) + log_w);
    const Vec<T> larger = inverse, smaller = u * inverse;  // σ(|z|), σ(-|z|)
    const auto is_positive = z > zero;
    derivative =
        negatives * select<T>(is_positive, larger, smaller) - positives * select<T>(is_positive, smaller, larger);
  }
};

template <class T>
struct Output {
  T *values, *gradient;  // either may be null
  T gradient_scale;

  Output from(std::size_t begin) const {
    return {values ? values + begin : nullptr, gradient ? gradient + begin : nullptr, gradient_scale};
  }
};

// One block; weights may be null.
template <class T>
BinaryLosses block_losses(const T* z, const T* y, const T* weights, std::size_t n, Output<T> out) {
  Vec<double> total{};
  Vec<T> least = splat(T{1}), largest{};
  Mask<T> finite = largest == largest;
  const Vec<T> most = splat(std::numeric_limits<T>::max());
  for (std::size_t k = 0; k < n; k += kLanes<T>) {
    const std::size_t lanes = std::min<std::size_t>(kLanes<T>, n - k);
    const bool whole = lanes == kLanes<T>;
    const auto lanes_of = [&](const T* source, T beyond) {
      if (whole) return simd::load(source + k);
      alignas(kVectorBytes) T rest[kLanes<T>];
      std::fill(std::copy_n(source + k, lanes, rest), rest + kLanes<T>, beyond);
      return simd::load(rest);
    };
    const Vec<T> logit = lanes_of(z, T{-1000}), target = lanes_of(y, T{0});  // whose loss is 0
    finite &= abs(logit) <= most;
    least = min(target, least);
    largest = max(target == target ? target : splat(T{2}), largest);
    const BinaryTerm<T> term(logit, target, weights ? lanes_of(weights, T{1}) : splat(T{1}));
    add(total, term.loss);
    const auto put = [&](T* destination, Vec<T> v) {
      if (!destination) return;
      if (whole) return store(destination + k, v);
      alignas(kVectorBytes) T rest[kLanes<T>];
      store(rest, v);
      std::copy_n(rest, lanes, destination + k);
    };
    put(out.values, term.loss);
    put(out.gradient, term.derivative * out.gradient_scale);
  }
  return {sum(total), static_cast<double>(reduce_min(least)), static_cast<double>(reduce_max(largest)),
          reduce_max(reinterpret<Vec<SignedOf<T>>>(finite)) < 0};
}

void merge(BinaryLosses& all, const BinaryLosses& next) {
  all.sum += next.sum;
  all.least_target = std::min(all.least_target, next.least_target);
  all.largest_target = std::max(all.largest_target, next.largest_target);
  all.finite = all.finite && next.finite;
}

template <class T>
BinaryLosses binary_losses(const LogitRows& logits, const LogitRows& targets, const T* weights, Output<T> out,
                           int n_threads, ProgressRange progress) {
  const Cut cut(logits.n_rows, logits.n_classes);
  std::vector<BinaryLosses> parts(cut.n_tasks());
  parallel_for(
      parts.size(), n_threads,
      [&](std::size_t task, int) {
        const Piece piece = cut.piece(task);
        BinaryLosses losses{0.0, 1.0, 0.0, true};
        for (std::size_t row = piece.first_row; row < piece.end_row; ++row)
          for (std::size_t begin = piece.begin; begin < piece.end; begin += kBlock) {
            alignas(kVectorBytes) T z_scratch[kBlock], y_scratch[kBlock];
            const std::size_t n = std::min(kBlock, piece.end - begin);
            const T* z = stage(logits.row(row) + begin * bytes_of(logits.storage), logits.storage, n, z_scratch);
            const T* y = stage(targets.row(row) + begin * bytes_of(targets.storage), targets.storage, n, y_scratch);
            merge(losses,
                  block_losses(z, y, weights ? weights + begin : nullptr, n, out.from(row * logits.n_classes + begin)));
          }
        parts[task] = losses;
      },
      progress);
  BinaryLosses all{0.0, 1.0, 0.0, true};
  std::vector<double> sums;
  for (const BinaryLosses& part : parts) {
    merge(all, part);
    sums.push_back(part.sum);
  }
  all.sum = pairwise_sum(sums);
  return all;
}

}  // namespace

BinaryLosses binary_logit_losses(const LogitRows& logits, const LogitRows& targets, const void* positive_weights,
                                 void* values, void* gradient, double gradient_scale, int n_threads,
                                 ProgressRange progress) {
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    const Output<T> out{static_cast<T*>(values), static_cast<T*>(gradient), static_cast<T>(gradient_scale)};
    return binary_losses(logits, targets, static_cast<const T*>(positive_weights), out, n_threads, progress);
  };
  const bool in_float64 = logits.storage == LogitStorage::kFloat64 || targets.storage == LogitStorage::kFloat64;
  return in_float64 ? run(0.0) : run(0.0f);
}

}  // namespace hartley
