#include "kernels/pmf.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "support/parallel.hpp"
#include "support/sums.hpp"
#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;

constexpr std::size_t kBlock = 1024;          // terms added in one accumulator: bounds the rounding error
constexpr std::size_t kGrain = 32 * kBlock;   // terms a task: about 25 us in one thread, well over the cost of a team
constexpr std::size_t kShortRow = 64;         // entries of rows whose latency is worth hiding behind other rows
constexpr std::size_t kTileColumns = 512;     // four accumulators of a column tile stay in L1
constexpr std::size_t kColumnChunk = kBlock;  // rows a column task adds up in order

template <class V>
HARTLEY_INLINE V clamp_normal(V x, Element<V> upper) {
  return min(max(x, splat(std::numeric_limits<Element<V>>::min())), splat(upper));
}

// log(p / q) of positive p; q = 0 gives inf.
template <class V>
HARTLEY_INLINE V log_ratio(V p, V q) {
  using T = Element<V>;
  const V ratio = p / q;
  if (less_equal_bits(splat(std::numeric_limits<T>::min()), ratio) == kAllLanes<T> &&
      less_equal_bits(ratio, splat(std::numeric_limits<T>::max())) == kAllLanes<T>)
    return log_of_normal(ratio);
  return log(p) - log(q);  // the quotient of tiny probabilities leaves the range of T, their logarithms do not
}

template <class V>
HARTLEY_INLINE V log_ratio_of_positive(V p, V q) {
  const V one = V{} + Element<V>{1};
  const auto positive = p > V{};
  return log_ratio(select<Element<V>>(positive, p, one), select<Element<V>>(positive, q, one));
}

// What is added up: of(p, q) for one pair of entries.
struct EntropyTerm {
  static constexpr bool kHasQ = false;
  template <class V>
  HARTLEY_INLINE V of(V p, V) const {
    return p * log_of_normal(clamp_normal(p, std::numeric_limits<Element<V>>::max()));  // 0 log 0 = 0
  }
};

struct CrossEntropyTerm {
  static constexpr bool kHasQ = true;
  template <class V>
  HARTLEY_INLINE V of(V p, V q) const {
    const auto positive = p > V{};
    // where p = 0 the value of q does not matter, 1 keeps the logarithm on its fast path
    return select<Element<V>>(positive, p * log(select<Element<V>>(positive, q, V{} + Element<V>{1})), V{});
  }
};

struct KlTerm {
  static constexpr bool kHasQ = true;
  template <class V>
  HARTLEY_INLINE V of(V p, V q) const {
    return select<Element<V>>(p > V{}, p * log_ratio_of_positive(p, q), V{});
  }
};

// Whether p and q differ by so little in all lanes that the series in s = (p - q) / (p + q) have converged.
template <class V>
HARTLEY_INLINE bool are_close(V s) {
  using T = Element<V>;
  return less_equal_bits(abs(s), splat(T{0.25})) == kAllLanes<T>;
}

constexpr int kSeriesTerms = 13;  // the first left out is 16^-14 < 2e-17 of the first

struct JsTerm {
  static constexpr bool kHasQ = true;
  // p/m and q/m lie in [0, 2]: no quotient overflows, and one that underflows belongs to a term below rounding
  template <class V>
  HARTLEY_INLINE V of(V p, V q) const {
    using T = Element<V>;
    const V total = p + q;
    const V half_inverse = T{1} / select<T>(total > V{}, total, V{} + T{1});
    const V s = (p - q) * half_inverse;
    if (are_close(s)) {  // the two terms cancel to (p + q)/4 Σ s^2k / (k (2k - 1))
      const V z = s * s;
      V series = splat(T{1} / T{kSeriesTerms * (2 * kSeriesTerms - 1)});
      for (int k = kSeriesTerms - 1; k >= 1; --k)
        series = fma(series, z, splat(T{1} / static_cast<T>(k * (2 * k - 1))));
      return T{0.25} * total * z * series;
    }
    const V log_p_m = log_of_normal(clamp_normal(T{2} * p * half_inverse, T{2}));
    const V log_q_m = log_of_normal(clamp_normal(T{2} * q * half_inverse, T{2}));
    return T{0.5} * (p * log_p_m + q * log_q_m);
  }
};

struct TotalVariationTerm {
  static constexpr bool kHasQ = true;
  template <class V>
  HARTLEY_INLINE V of(V p, V q) const {
    return Element<V>{0.5} * abs(p - q);
  }
};

// (p - q)² / q as the square of (p - q) / √q: neither the square of the difference nor the quotient leaves the range.
struct Chi2Term {
  static constexpr bool kHasQ = true;
  template <class V>
  HARTLEY_INLINE V of(V p, V q) const {
    const V root = (p - q) / sqrt(q);
    return select<Element<V>>(p == q, V{}, root * root);
  }
};

struct HellingerTerm {
  static constexpr bool kHasQ = true;
  template <class V>
  HARTLEY_INLINE V of(V p, V q) const {
    const V root_difference = (p - q) / (sqrt(p) + sqrt(q));  // √p - √q without cancellation
    return select<Element<V>>(p == q, V{}, Element<V>{0.5} * root_difference * root_difference);
  }
};

struct JeffreysTerm {
  static constexpr bool kHasQ = true;
  template <class V>
  HARTLEY_INLINE V of(V p, V q) const {
    using T = Element<V>;
    const V one = V{} + T{1};
    const auto equal = p == q;
    const V s = (p - q) / select<T>(equal, one, p + q);
    if (are_close(s)) {  // log(p / q) = 2 Σ s^(2k + 1) / (2k + 1)
      const V z = s * s;
      V series = splat(T{1} / T{2 * kSeriesTerms + 1});
      for (int k = kSeriesTerms - 1; k >= 0; --k) series = fma(series, z, splat(T{1} / static_cast<T>(2 * k + 1)));
      return T{2} * (p - q) * s * series;
    }
    return (p - q) * log_ratio(select<Element<V>>(equal, one, p), select<Element<V>>(equal, one, q));
  }
};

struct LeCamTerm {
  static constexpr bool kHasQ = true;
  template <class V>
  HARTLEY_INLINE V of(V p, V q) const {
    const V difference = p - q;
    return select<Element<V>>(p == q, V{}, Element<V>{0.5} * difference * (difference / (p + q)));
  }
};

// Near order 1 the power sums Σ p^(1 + δ) lose what is wanted: this is their distance from Σ p.
struct PowerTerm {
  static constexpr bool kHasQ = false;
  double delta;
  template <class V>
  HARTLEY_INLINE V of(V p, V) const {
    const V one = V{} + Element<V>{1};
    const auto positive = p > V{};
    return p * expm1(static_cast<Element<V>>(delta) * log(select<Element<V>>(positive, p, one)));
  }
};

struct PowerRatioTerm {
  static constexpr bool kHasQ = true;
  double delta;
  template <class V>
  HARTLEY_INLINE V of(V p, V q) const {
    const V power = expm1(static_cast<Element<V>>(delta) * log_ratio_of_positive(p, q));
    return select<Element<V>>(p > V{}, p * power, V{});
  }
};

HARTLEY_INLINE void add(Vec<double>& total, Vec<double> v) { total += v; }
HARTLEY_INLINE void add(Vec<double>& total, Vec<float> v) {
  const Widened wide = widen(v);
  total += wide.low + wide.high;
}

struct RowSums {
  double value, p_sum, q_sum, least;
};

// The sums of one row, or a block of one, in vectors.
template <class T, class Term>
struct Accumulator {
  Vec<double> value{}, p_sum{}, q_sum{};
  Vec<T> least{};  // only a negative minimum matters

  HARTLEY_INLINE void take(Vec<T> of_pair, Vec<T> p, Vec<T> q) {
    add(value, of_pair);
    add(p_sum, p);
    least = min(p, least);
    if constexpr (Term::kHasQ) {
      add(q_sum, q);
      least = min(q, least);
    }
  }
  RowSums finish() const { return {sum(value), sum(p_sum), sum(q_sum), static_cast<double>(reduce_min(least))}; }
};

// Calls visit(i, load) for each vector of n numbers, load being load() or, at the end, load_partial().
template <class T, class Visit>
HARTLEY_INLINE void for_each_vector(std::size_t n, Visit&& visit) {
  std::size_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) visit(i, [](const T* source) { return load(source); });
  if (i < n) visit(i, [rest = n - i](const T* source) { return load_partial(source, rest); });
}

// One block of at most kBlock consecutive terms.
template <class T, class Term>
RowSums sum_block(Term term, const T* p, const T* q, std::size_t n) {
  Accumulator<T, Term> sums;
  for_each_vector<T>(n, [&](std::size_t i, auto load_from) {
    const Vec<T> p_lanes = load_from(p + i), q_lanes = Term::kHasQ ? load_from(q + i) : Vec<T>{};
    sums.take(term.of(p_lanes, q_lanes), p_lanes, q_lanes);
  });
  return sums.finish();
}

// Rows of n entries one after the other, together at most kBlock: all terms first, so that the logarithms of many rows
// overlap, then the sums. The same bits as row by row (10^6 x 8: twice as fast, bench_pmf).
template <class T, class Term, class Put>
void sum_short_rows(Term term, const T* p, const T* q, std::size_t n, std::size_t n_rows, Put&& put_row) {
  alignas(kVectorBytes) T terms[kBlock + kLanes<T>];
  for_each_vector<T>(n * n_rows, [&](std::size_t i, auto load_from) {
    store(terms + i, term.of(load_from(p + i), Term::kHasQ ? load_from(q + i) : Vec<T>{}));
  });
  for (std::size_t row = 0; row < n_rows; ++row) {
    Accumulator<T, Term> sums;
    const std::size_t begin = row * n;
    for_each_vector<T>(n, [&](std::size_t i, auto load_from) {
      const std::size_t at = begin + i;
      sums.take(load_from(terms + at), load_from(p + at), Term::kHasQ ? load_from(q + at) : Vec<T>{});
    });
    put_row(row, sums.finish());
  }
}

RowSums combine(std::span<const RowSums> parts) {
  if (parts.size() == 1) return parts[0];
  const std::size_t half = parts.size() / 2;
  const RowSums a = combine(parts.first(half)), b = combine(parts.subspan(half));
  return {a.value + b.value, a.p_sum + b.p_sum, a.q_sum + b.q_sum, std::min(a.least, b.least)};
}

template <class T, class Term>
RowSums sum_range(Term term, const T* p, const T* q, std::size_t n) {
  RowSums parts[kGrain / kBlock];
  std::size_t n_parts = 0;
  for (std::size_t begin = 0; begin < n; begin += kBlock)
    parts[n_parts++] = sum_block(term, p + begin, q + begin, std::min(kBlock, n - begin));
  return combine({parts, std::max<std::size_t>(n_parts, 1)});
}

void put(const PmfSums& sums, std::size_t row, const RowSums& s) {
  sums.value[row] = s.value;
  sums.p_sum[row] = s.p_sum;
  sums.q_sum[row] = s.q_sum;
  sums.least[row] = s.least;
}

template <class T, class Term>
void sum_rows(Term term, PmfBatch<T> p, PmfBatch<T> q, BatchShape shape, PmfSums sums, int n_threads) {
  if (shape.n > kGrain) {  // long rows: several tasks each
    const std::size_t tasks_a_row = count_blocks(shape.n, kGrain);
    std::vector<RowSums> parts(shape.outer * tasks_a_row);
    parallel_for(parts.size(), n_threads, [&](std::size_t task, int) {
      const std::size_t row = task / tasks_a_row, begin = task % tasks_a_row * kGrain;
      parts[task] = sum_range(term, p.data + row * p.outer_stride + begin, q.data + row * q.outer_stride + begin,
                              std::min(kGrain, shape.n - begin));
    });
    for (std::size_t row = 0; row < shape.outer; ++row)
      put(sums, row, combine({parts.data() + row * tasks_a_row, tasks_a_row}));
    return;
  }
  const std::size_t rows_a_task = std::max<std::size_t>(1, kGrain / shape.n);
  const bool contiguous = p.outer_stride == shape.n && q.outer_stride == shape.n;
  const std::size_t rows_together = shape.n <= kShortRow && contiguous ? kBlock / shape.n : 0;
  parallel_for(count_blocks(shape.outer, rows_a_task), n_threads, [&](std::size_t task, int) {
    const std::size_t end = std::min(shape.outer, (task + 1) * rows_a_task);
    std::size_t row = task * rows_a_task;
    for (; rows_together > 0 && row < end; row += rows_together)
      sum_short_rows<T>(term, p.data + row * shape.n, q.data + row * shape.n, shape.n,
                        std::min(rows_together, end - row),
                        [&](std::size_t i, const RowSums& s) { put(sums, row + i, s); });
    for (; row < end; ++row)
      put(sums, row, sum_range(term, p.data + row * p.outer_stride, q.data + row * q.outer_stride, shape.n));
  });
}

// Terms of n rows added into one tile of columns.
template <class T, class Term>
void sum_tile(Term term, const T* p, const T* q, std::size_t n, std::size_t row_stride, std::size_t columns,
              PmfSums tile) {
  alignas(kVectorBytes) double value[kTileColumns]{}, p_sum[kTileColumns]{}, q_sum[kTileColumns]{};
  alignas(kVectorBytes) T least[kTileColumns]{};
  auto take = [&](std::size_t c, Vec<T> pv, Vec<T> qv) {
    auto accumulate = [c](double* total, Vec<T> v) {
      if constexpr (sizeof(T) == 8) {
        store(total + c, load(total + c) + v);
      } else {
        const Widened wide = widen(v);
        store(total + c, load(total + c) + wide.low);
        store(total + c + kLanes<double>, load(total + c + kLanes<double>) + wide.high);
      }
    };
    accumulate(value, term.of(pv, qv));
    accumulate(p_sum, pv);
    if constexpr (Term::kHasQ) accumulate(q_sum, qv);
    store(least + c, min(Term::kHasQ ? min(pv, qv) : pv, load(least + c)));
  };
  for (std::size_t k = 0; k < n; ++k) {
    const T *p_row = p + k * row_stride, *q_row = q + k * row_stride;
    std::size_t c = 0;
    for (; c + kLanes<T> <= columns; c += kLanes<T>) take(c, load(p_row + c), Term::kHasQ ? load(q_row + c) : Vec<T>{});
    if (c < columns)
      take(c, load_partial(p_row + c, columns - c), Term::kHasQ ? load_partial(q_row + c, columns - c) : Vec<T>{});
  }
  for (std::size_t c = 0; c < columns; ++c) put(tile, c, {value[c], p_sum[c], q_sum[c], static_cast<double>(least[c])});
}

template <class T, class Term>
void sum_columns(Term term, PmfBatch<T> p, PmfBatch<T> q, BatchShape shape, PmfSums sums, int n_threads) {
  const std::size_t n_tiles = count_blocks(shape.inner, kTileColumns), n_chunks = count_blocks(shape.n, kColumnChunk);
  const std::size_t n_columns = shape.outer * shape.inner;
  std::vector<double> parts(n_chunks > 1 ? 4 * n_columns * n_chunks : 0);
  auto part = [&](std::size_t chunk, std::size_t column) {  // the result itself where there is one chunk
    double* first = parts.data() + chunk * 4 * n_columns + column;
    return n_chunks == 1 ? sums.from(column)
                         : PmfSums{first, first + n_columns, first + 2 * n_columns, first + 3 * n_columns};
  };
  parallel_for(shape.outer * n_chunks * n_tiles, n_threads, [&](std::size_t task, int) {
    const std::size_t tile = task % n_tiles, chunk = task / n_tiles % n_chunks, slab = task / n_tiles / n_chunks;
    const std::size_t column = tile * kTileColumns, row = chunk * kColumnChunk;
    const std::size_t offset = row * shape.inner + column;
    sum_tile(term, p.data + slab * p.outer_stride + offset, q.data + slab * q.outer_stride + offset,
             std::min(kColumnChunk, shape.n - row), shape.inner, std::min(kTileColumns, shape.inner - column),
             part(chunk, slab * shape.inner + column));
  });
  if (n_chunks == 1) return;
  parallel_for(count_blocks(n_columns, kTileColumns), n_threads, [&](std::size_t tile, int) {
    std::vector<RowSums> column_parts(n_chunks);
    const std::size_t end = std::min(n_columns, (tile + 1) * kTileColumns);
    for (std::size_t column = tile * kTileColumns; column < end; ++column) {
      for (std::size_t chunk = 0; chunk < n_chunks; ++chunk) {
        const PmfSums s = part(chunk, column);
        column_parts[chunk] = {*s.value, *s.p_sum, *s.q_sum, *s.least};
      }
      put(sums, column, combine(column_parts));
    }
  });
}

template <class T, class Term>
void sum_batch(Term term, PmfBatch<T> p, PmfBatch<T> q, BatchShape shape, PmfSums sums, int n_threads) {
  if (shape.inner == 1)
    sum_rows(term, p, q, shape, sums, n_threads);
  else
    sum_columns(term, p, q, shape, sums, n_threads);
}

}  // namespace

template <class T>
void pmf_sums(PmfFunctional functional, double delta, PmfBatch<T> p, PmfBatch<T> q, BatchShape shape, PmfSums sums,
              int n_threads) {
  const auto add_up = [&](auto term) { sum_batch(term, p, term.kHasQ ? q : p, shape, sums, n_threads); };
  switch (functional) {
    case PmfFunctional::kEntropy:
      return add_up(EntropyTerm{});
    case PmfFunctional::kCrossEntropy:
      return add_up(CrossEntropyTerm{});
    case PmfFunctional::kKl:
      return add_up(KlTerm{});
    case PmfFunctional::kJs:
      return add_up(JsTerm{});
    case PmfFunctional::kTotalVariation:
      return add_up(TotalVariationTerm{});
    case PmfFunctional::kChi2:
      return add_up(Chi2Term{});
    case PmfFunctional::kHellinger:
      return add_up(HellingerTerm{});
    case PmfFunctional::kJeffreys:
      return add_up(JeffreysTerm{});
    case PmfFunctional::kLeCam:
      return add_up(LeCamTerm{});
    case PmfFunctional::kPower:
      return add_up(PowerTerm{delta});
    case PmfFunctional::kPowerRatio:
      return add_up(PowerRatioTerm{delta});
  }
}

template void pmf_sums<double>(PmfFunctional, double, PmfBatch<double>, PmfBatch<double>, BatchShape, PmfSums, int);
template void pmf_sums<float>(PmfFunctional, double, PmfBatch<float>, PmfBatch<float>, BatchShape, PmfSums, int);

}  // namespace hartley
