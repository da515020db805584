#include <cmath>

#include "kernels/logits_storage.hpp"

namespace hartley::logits {
namespace {

using namespace simd;

constexpr std::size_t kBlock = 2048;  // logits between two looks at the reference: 8 KiB, still in L1 if read again
constexpr int kGroup = 4;             // vectors whose terms are added before they go into a float64 sum
// How far x may rise above 0 before the sums are taken relative to a new reference: e^x stays near 1, and the entropy,
// a difference of two numbers of this size, keeps its digits. Rows of random logits change their reference 0 to 2
// times.
constexpr double kSlack = 4.0;

HARTLEY_INLINE void add(Vec<double>& total, Vec<double> v) { total += v; }
HARTLEY_INLINE void add(Vec<double>& total, Vec<float> v) {
  const Widened wide = widen(v);
  total += wide.low + wide.high;
}

template <class S>
double largest_of(const S* z, std::size_t n) {
  using T = ComputeOf<S>;
  Vec<T> largest = splat(-std::numeric_limits<T>::infinity());
  for_each_group<1>(z, n, [&](const S* lanes, std::size_t) { largest = max(load(lanes), largest); });
  return reduce_max(largest);
}

// One block, read once: sums relative to the reference, largest, validity. The sums mean nothing where x > kSlack.
template <bool kEntropy, class S>
Totals sum_block(const S* z, std::size_t n, double reference, double inverse_temperature) {
  using T = ComputeOf<S>;
  using V = Vec<T>;
  const V origin = splat(static_cast<T>(reference)), scale = splat(static_cast<T>(inverse_temperature));
  const V most = splat(std::numeric_limits<T>::max()), least_x = splat(sizeof(T) == 8 ? T(-708) : T(-87));
  Vec<double> sum{}, weighted{};
  V largest = splat(-std::numeric_limits<T>::infinity());
  Mask<T> valid = origin == origin;
  for_each_group<kGroup>(z, n, [&](const S* lanes, std::size_t) {
    V exponential_sum{}, weighted_sum{};
    for (int i = 0; i < kGroup; ++i) {
      const V logit = load(lanes + i * kLanes<T>);
      largest = max(logit, largest);
      valid &= logit <= most;
      const V x = (logit - origin) * scale;
      const V exponential = exp_or_zero(x);
      exponential_sum += exponential;
      if constexpr (kEntropy) weighted_sum = fma(max(least_x, x), exponential, weighted_sum);
    }
    add(sum, exponential_sum);
    if constexpr (kEntropy) add(weighted, weighted_sum);
  });
  Totals totals;
  totals.reference = reference;
  totals.sum = simd::sum(sum);
  totals.weighted = simd::sum(weighted);
  totals.largest = reduce_max(largest);
  totals.valid = reduce_max(reinterpret<Vec<SignedOf<T>>>(valid)) < 0;  // all lanes are ones
  return totals;
}

template <bool kEntropy, class S>
Totals totals_in_blocks(const S* row, std::size_t n, double inverse_temperature) {
  Totals totals;
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const S* z = row + begin;
    const std::size_t n_block = std::min(kBlock, n - begin);
    const bool is_first = std::isinf(totals.reference);
    double reference = is_first ? largest_of(z, n_block) : totals.reference;
    if (std::isinf(reference)) reference = 0.0;  // every class is masked so far: all terms are 0
    Totals block = sum_block<kEntropy>(z, n_block, reference, inverse_temperature);
    if ((block.largest - reference) * inverse_temperature > kSlack) {
      reference = block.largest;
      block = sum_block<kEntropy>(z, n_block, reference, inverse_temperature);
    }
    if (std::isinf(block.largest)) block.reference = block.largest;
    totals.add(block, inverse_temperature);
  }
  return totals;
}

// Per lane what sum_block is per row. Alone, a row of 10 would spend most of its time on filling up vectors and adding
// up their lanes.
template <bool kEntropy, class S>
void sum_lanes(const S* columns, std::size_t n, double inverse_temperature, Totals* totals) {
  using T = ComputeOf<S>;
  using V = Vec<T>;
  constexpr int kRows = kLanes<T>;
  const V nothing = splat(-std::numeric_limits<T>::infinity()), most = splat(std::numeric_limits<T>::max());
  const V scale = splat(static_cast<T>(inverse_temperature)), least_x = splat(sizeof(T) == 8 ? T(-708) : T(-87));
  V largest = nothing;
  Mask<T> valid = most == most;
  for (std::size_t k = 0; k < n; ++k) {
    const V logit = load(columns + k * kRows);
    largest = max(logit, largest);
    valid &= logit <= most;
  }
  const V origin = select<T>(largest == nothing, V{}, largest);
  struct Sum {
    Vec<double> low{}, high{};
    HARTLEY_INLINE void add(Vec<double> v) { low += v; }
    HARTLEY_INLINE void add(Vec<float> v) {
      const Widened wide = widen(v);
      low += wide.low;
      high += wide.high;
    }
  } sum, weighted;
  for (std::size_t k = 0; k < n; ++k) {
    const V x = (load(columns + k * kRows) - origin) * scale;
    const V exponential = exp_or_zero(x);
    sum.add(exponential);
    if constexpr (kEntropy) weighted.add(max(least_x, x) * exponential);
  }
  for (int row = 0; row < kRows; ++row) {
    constexpr int kHalf = kLanes<double>;
    const auto lane = [row](const Sum& s) { return row < kHalf ? s.low[row % kHalf] : s.high[row % kHalf]; };
    totals[row] = {static_cast<double>(largest[row]), lane(sum), lane(weighted), static_cast<double>(largest[row]),
                   valid[row] != 0};
  }
}

template <class T, class S>
const T* convert(const S* source, std::size_t n, T* scratch) {
  if constexpr (std::is_same_v<S, T>) {
    return source;
  } else {
    using C = ComputeOf<S>;
    for_each_group<1>(source, n, [&](const S* lanes, std::size_t k) {
      alignas(kVectorBytes) C values[kLanes<C>];
      store(values, load(lanes));
      std::copy_n(values, std::min<std::size_t>(kLanes<C>, n - k), scratch + k);
    });
    return scratch;
  }
}

}  // namespace

void Totals::rebase(double new_reference, double inverse_temperature) {
  if (sum > 0.0) {
    const double shift = (reference - new_reference) * inverse_temperature, factor = std::exp(shift);
    weighted = factor > 0.0 ? factor * (weighted + shift * sum) : 0.0;
    sum *= factor;
  }
  reference = new_reference;
}

void Totals::add(Totals other, double inverse_temperature) {
  largest = std::max(largest, other.largest);
  valid = valid && other.valid;
  if (other.reference == reference) {
    sum += other.sum;
    weighted += other.weighted;
    return;
  }
  if (other.reference > reference)
    rebase(other.reference, inverse_temperature);
  else
    other.rebase(reference, inverse_temperature);
  sum += other.sum;
  weighted += other.weighted;
}

double Totals::log_sum(double inverse_temperature) const {
  return std::max(0.0, std::log(sum) - (largest - reference) * inverse_temperature);
}

double Totals::entropy() const { return std::max(0.0, std::log(sum) - weighted / sum); }

template <class S>
Totals totals_of(const S* row, std::size_t n, double inverse_temperature, bool with_entropy) {
  return with_entropy ? totals_in_blocks<true>(row, n, inverse_temperature)
                      : totals_in_blocks<false>(row, n, inverse_temperature);
}
template Totals totals_of(const double*, std::size_t, double, bool);
template Totals totals_of(const float*, std::size_t, double, bool);
template Totals totals_of(const Float16*, std::size_t, double, bool);
template Totals totals_of(const Bfloat16*, std::size_t, double, bool);

template <class S>
void totals_of_short_rows(const S* const* rows, std::size_t n_rows, std::size_t n, double inverse_temperature,
                          bool with_entropy, Totals* totals) {
  constexpr std::size_t kRows = kLanes<ComputeOf<S>>;
  alignas(kVectorBytes) S columns[kShortRow * kRows];
  for (std::size_t row = 0; row < kRows; ++row)
    for (std::size_t k = 0; k < n; ++k) columns[k * kRows + row] = row < n_rows ? rows[row][k] : masked<S>();
  Totals lanes[kRows];
  (with_entropy ? &sum_lanes<true, S> : &sum_lanes<false, S>)(columns, n, inverse_temperature, lanes);
  std::copy_n(lanes, n_rows, totals);
}
#define HARTLEY_DEFINE(S) \
  template void totals_of_short_rows(const S* const*, std::size_t, std::size_t, double, bool, Totals*);
HARTLEY_DEFINE(double)
HARTLEY_DEFINE(float)
HARTLEY_DEFINE(Float16)
HARTLEY_DEFINE(Bfloat16)
#undef HARTLEY_DEFINE

Totals totals_of(const LogitRows& logits, std::size_t row, double inverse_temperature) {
  Totals totals;
  with_storage(logits.storage, [&](auto* null) {
    using S = std::remove_cvref_t<decltype(*null)>;
    totals = totals_of(reinterpret_cast<const S*>(logits.row(row)), logits.n_classes, inverse_temperature, false);
  });
  return totals;
}

template <class T>
const T* stage(const std::byte* source, LogitStorage storage, std::size_t n, T* scratch) {
  if (storage == LogitStorage::kUint8) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(source);
    std::copy_n(bytes, n, scratch);
    return scratch;
  }
  const T* staged = nullptr;
  with_storage(storage, [&](auto* null) {
    using S = std::remove_cvref_t<decltype(*null)>;
    if constexpr (!(std::is_same_v<S, double> && std::is_same_v<T, float>))  // float64 is computed in float64
      staged = convert<T>(reinterpret_cast<const S*>(source), n, scratch);
  });
  return staged;
}
template const double* stage(const std::byte*, LogitStorage, std::size_t, double*);
template const float* stage(const std::byte*, LogitStorage, std::size_t, float*);

}  // namespace hartley::logits
