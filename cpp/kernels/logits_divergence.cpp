#include <cmath>

#include "kernels/logits_storage.hpp"

namespace hartley {
namespace {

using namespace simd;
using namespace logits;

constexpr std::size_t kBlock = 1024;  // logits converted at a time: two blocks of doubles stay in L1

// Where p and q differ by a factor of at most e^½ the divergences are summed as series without cancellation.
constexpr double kNear = 0.5;
template <class T>
inline constexpr int kSeriesTerms = sizeof(T) == 8 ? 15 : 7;  // the next is below eps / 2 of the first

// One class of a row of softmax probabilities: log p = x - log_sum, x = (z - reference)/τ.
template <class T>
struct Softmax {
  Vec<T> origin, scale, inverse_sum;

  Softmax(const Totals& totals, double inverse_temperature)
      : origin(splat(static_cast<T>(totals.reference))),
        scale(splat(static_cast<T>(inverse_temperature))),
        inverse_sum(splat(static_cast<T>(1.0 / totals.sum))) {}
  HARTLEY_INLINE Vec<T> exponent(Vec<T> z) const { return (z - origin) * scale; }
  HARTLEY_INLINE Vec<T> probability(Vec<T> x) const { return exp_or_zero(x) * inverse_sum; }
};

// p log(p/q) - p + q, whose sum is the divergence too: every term is at least 0, and a small common error of log(p/q)
// counts by its square alone. c = log(p/q).
struct KlTerm {
  template <class V, class T = Element<V>>
  HARTLEY_INLINE V of(V p, V q, V c) const {
    V series = splat(T{0});  // (e^-c - 1 + c)/c² = Σ (-c)^k / (k + 2)!
    for (int k = kSeriesTerms<T>; k >= 0; --k)
      series = fma(-c * series, splat(T{1} / static_cast<T>(k + 3)), splat(T{1}));
    const V far = select<T>(p > V{}, p * c, V{}) - p + q;
    return select<T>(abs(c) <= splat(T{kNear}), T{0.5} * p * c * c * series, far);
  }
};

struct JsTerm {
  template <class V, class T = Element<V>>
  HARTLEY_INLINE V of(V p, V q, V c) const {
    const V total = p + q;
    const V inverse = T{1} / select<T>(total > V{}, total, splat(T{1}));
    const V s = (p - q) * inverse, z = s * s;
    V series = splat(T{0});  // (p + q)/4 Σ s^2k / (k (2k - 1))
    for (int k = kSeriesTerms<T>; k >= 1; --k) series = fma(series, z, splat(T{1} / static_cast<T>(k * (2 * k - 1))));
    series *= T{0.25} * total * z;
    const auto near = abs(c) <= splat(T{kNear});  // |s| < 1/4
    const V least = splat(std::numeric_limits<T>::min());
    const V log_p_m = log_of_normal(max(T{2} * p * inverse, least)),
            log_q_m = log_of_normal(max(T{2} * q * inverse, least));
    return select<T>(near, series, T{0.5} * (p * log_p_m + q * log_q_m));
  }
};

HARTLEY_INLINE void add(Vec<double>& total, Vec<double> v) { total += v; }
HARTLEY_INLINE void add(Vec<double>& total, Vec<float> v) {
  const Widened wide = widen(v);
  total += wide.low + wide.high;
}

template <class T, class Term>
double divergence_of(Term term, const LogitRows& p, const LogitRows& q, std::size_t row, double inverse_temperature,
                     const Totals& p_totals, const Totals& q_totals) {
  const Softmax<T> p_softmax(p_totals, inverse_temperature), q_softmax(q_totals, inverse_temperature);
  const Vec<T> log_ratio_of_sums = splat(static_cast<T>(std::log(p_totals.sum) - std::log(q_totals.sum)));
  const Vec<T> masked = splat(-std::numeric_limits<T>::infinity());
  Vec<double> total{};
  Mask<T> is_infinite{};
  for (std::size_t begin = 0; begin < p.n_classes; begin += kBlock) {
    const std::size_t n = std::min(kBlock, p.n_classes - begin);
    alignas(kVectorBytes) T p_scratch[kBlock], q_scratch[kBlock], q_rest[kLanes<T>];
    const T* p_block = stage(p.row(row) + begin * bytes_of(p.storage), p.storage, n, p_scratch);
    const T* q_block = stage(q.row(row) + begin * bytes_of(q.storage), q.storage, n, q_scratch);
    for_each_group<1>(p_block, n, [&](const T* p_lanes, std::size_t k) {
      const T* q_lanes = q_block + k;
      if (k + kLanes<T> > n) {
        std::fill(std::copy(q_block + k, q_block + n, q_rest), q_rest + kLanes<T>, logits::masked<T>());
        q_lanes = q_rest;
      }
      const Vec<T> x = p_softmax.exponent(simd::load(p_lanes)), y = q_softmax.exponent(simd::load(q_lanes));
      is_infinite |= (y == masked) & (x > masked);
      add(total, term.of(p_softmax.probability(x), q_softmax.probability(y), (x - y) - log_ratio_of_sums));
    });
  }
  constexpr bool kUnbounded = std::is_same_v<Term, KlTerm>;
  if (kUnbounded && reduce_min(reinterpret<Vec<SignedOf<T>>>(is_infinite)) < 0)
    return std::numeric_limits<double>::infinity();
  return sum(total);
}

template <class T>
double divergence_of(LogitDivergence divergence, const LogitRows& p, const LogitRows& q, std::size_t row,
                     double inverse_temperature, const Totals& p_totals, const Totals& q_totals) {
  if (divergence == LogitDivergence::kKl)
    return divergence_of<T>(KlTerm{}, p, q, row, inverse_temperature, p_totals, q_totals);
  return divergence_of<T>(JsTerm{}, p, q, row, inverse_temperature, p_totals, q_totals);
}

}  // namespace

void logit_divergences(LogitDivergence divergence, const LogitRows& p, const LogitRows& q, double inverse_temperature,
                       double* p_largest, double* q_largest, double* values, int n_threads, ProgressRange progress) {
  const bool in_float64 = p.storage == LogitStorage::kFloat64 || q.storage == LogitStorage::kFloat64;
  const std::size_t rows_a_task =
      std::max<std::size_t>(1, kGrain / 4 / p.n_classes);  // a class costs four times as much
  parallel_for(
      count_blocks(p.n_rows, rows_a_task), n_threads,
      [&](std::size_t task, int) {
        const std::size_t end = std::min(p.n_rows, (task + 1) * rows_a_task);
        for (std::size_t row = task * rows_a_task; row < end; ++row) {
          const Totals p_totals = totals_of(p, row, inverse_temperature);
          const Totals q_totals = totals_of(q, row, inverse_temperature);  // then both rows once more, from the cache
          const auto of_type = in_float64 ? &divergence_of<double> : &divergence_of<float>;
          values[row] = of_type(divergence, p, q, row, inverse_temperature, p_totals, q_totals);
          p_largest[row] = p_totals.valid ? p_totals.largest : std::numeric_limits<double>::quiet_NaN();
          q_largest[row] = q_totals.valid ? q_totals.largest : std::numeric_limits<double>::quiet_NaN();
        }
      },
      progress);
}

}  // namespace hartley
