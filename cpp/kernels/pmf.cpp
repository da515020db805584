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

struct EntropyTerm {
  static constexpr bool kHasQ = false;
  template <class V>
  HARTLEY_INLINE static V of(V p, V) {
    return p * log_of_normal(clamp_normal(p, std::numeric_limits<Element<V>>::max()));  // 0 log 0 = 0
  }
};

struct CrossEntropyTerm {
  static constexpr bool kHasQ = true;
  template <class V>
  HARTLEY_INLINE static V of(V p, V q) {
    const auto positive = p > V{};
    // where p = 0 the value of q does not matter, 1 keeps the logarithm on its fast path
    return select<Element<V>>(positive, p * log(select<Element<V>>(positive, q, V{} + Element<V>{1})), V{});
  }
};

struct KlTerm {
  static constexpr bool kHasQ = true;
  template <class V>
  HARTLEY_INLINE static V of(V p, V q) {
    const V one = V{} + Element<V>{1};
    const auto positive = p > V{};
    const V log_p_q = log_ratio(select<Element<V>>(positive, p, one), select<Element<V>>(positive, q, one));
    return select<Element<V>>(positive, p * log_p_q, V{});
  }
};

struct JsTerm {
  static constexpr bool kHasQ = true;
  // p/m and q/m lie in [0, 2]: no quotient overflows, and one that underflows belongs to a term below rounding
  template <class V>
  HARTLEY_INLINE static V of(V p, V q) {
    using T = Element<V>;
    const V half_inverse = T{1} / (p + q);
    const V log_p_m = log_of_normal(clamp_normal(T{2} * p * half_inverse, T{2}));
    const V log_q_m = log_of_normal(clamp_normal(T{2} * q * half_inverse, T{2}));
    return T{0.5} * (p * log_p_m + q * log_q_m);
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

// One block of at most kBlock consecutive terms.
template <class T, class Term>
RowSums sum_block(const T* p, const T* q, std::size_t n) {
  Vec<double> value{}, p_sum{}, q_sum{};
  Vec<T> least{};  // only a negative minimum matters
  auto take = [&](Vec<T> pv, Vec<T> qv) {
    add(value, Term::of(pv, qv));
    add(p_sum, pv);
    least = min(pv, least);
    if constexpr (Term::kHasQ) {
      add(q_sum, qv);
      least = min(qv, least);
    }
  };
  std::size_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) take(load(p + i), Term::kHasQ ? load(q + i) : Vec<T>{});
  if (i < n) take(load_partial(p + i, n - i), Term::kHasQ ? load_partial(q + i, n - i) : Vec<T>{});
  return {sum(value), sum(p_sum), sum(q_sum), static_cast<double>(reduce_min(least))};
}

RowSums combine(std::span<const RowSums> parts) {
  if (parts.size() == 1) return parts[0];
  const std::size_t half = parts.size() / 2;
  const RowSums a = combine(parts.first(half)), b = combine(parts.subspan(half));
  return {a.value + b.value, a.p_sum + b.p_sum, a.q_sum + b.q_sum, std::min(a.least, b.least)};
}

template <class T, class Term>
RowSums sum_range(const T* p, const T* q, std::size_t n) {
  RowSums parts[kGrain / kBlock];
  std::size_t n_parts = 0;
  for (std::size_t begin = 0; begin < n; begin += kBlock)
    parts[n_parts++] = sum_block<T, Term>(p + begin, q + begin, std::min(kBlock, n - begin));
  return combine({parts, std::max<std::size_t>(n_parts, 1)});
}

void put(const PmfSums& sums, std::size_t row, const RowSums& s) {
  sums.value[row] = s.value;
  sums.p_sum[row] = s.p_sum;
  sums.q_sum[row] = s.q_sum;
  sums.least[row] = s.least;
}

template <class T, class Term>
void sum_rows(PmfBatch<T> p, PmfBatch<T> q, BatchShape shape, PmfSums sums, int n_threads) {
  if (shape.n > kGrain) {  // long rows: several tasks each
    const std::size_t tasks_a_row = count_blocks(shape.n, kGrain);
    std::vector<RowSums> parts(shape.outer * tasks_a_row);
    parallel_for(parts.size(), n_threads, [&](std::size_t task, int) {
      const std::size_t row = task / tasks_a_row, begin = task % tasks_a_row * kGrain;
      parts[task] = sum_range<T, Term>(p.data + row * p.outer_stride + begin, q.data + row * q.outer_stride + begin,
                                       std::min(kGrain, shape.n - begin));
    });
    for (std::size_t row = 0; row < shape.outer; ++row)
      put(sums, row, combine({parts.data() + row * tasks_a_row, tasks_a_row}));
    return;
  }
  const std::size_t rows_a_task = std::max<std::size_t>(1, kGrain / shape.n);
  parallel_for(count_blocks(shape.outer, rows_a_task), n_threads, [&](std::size_t task, int) {
    const std::size_t end = std::min(shape.outer, (task + 1) * rows_a_task);
    for (std::size_t row = task * rows_a_task; row < end; ++row)
      put(sums, row, sum_range<T, Term>(p.data + row * p.outer_stride, q.data + row * q.outer_stride, shape.n));
  });
}

// Terms of n rows added into one tile of columns.
template <class T, class Term>
void sum_tile(const T* p, const T* q, std::size_t n, std::size_t row_stride, std::size_t columns, PmfSums tile) {
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
    accumulate(value, Term::of(pv, qv));
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
void sum_columns(PmfBatch<T> p, PmfBatch<T> q, BatchShape shape, PmfSums sums, int n_threads) {
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
    sum_tile<T, Term>(p.data + slab * p.outer_stride + offset, q.data + slab * q.outer_stride + offset,
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
void sum_batch(PmfBatch<T> p, PmfBatch<T> q, BatchShape shape, PmfSums sums, int n_threads) {
  if (shape.inner == 1)
    sum_rows<T, Term>(p, q, shape, sums, n_threads);
  else
    sum_columns<T, Term>(p, q, shape, sums, n_threads);
}

}  // namespace

template <class T>
void pmf_sums(PmfFunctional functional, PmfBatch<T> p, PmfBatch<T> q, BatchShape shape, PmfSums sums, int n_threads) {
  switch (functional) {
    case PmfFunctional::kEntropy:
      return sum_batch<T, EntropyTerm>(p, p, shape, sums, n_threads);
    case PmfFunctional::kCrossEntropy:
      return sum_batch<T, CrossEntropyTerm>(p, q, shape, sums, n_threads);
    case PmfFunctional::kKl:
      return sum_batch<T, KlTerm>(p, q, shape, sums, n_threads);
    case PmfFunctional::kJs:
      return sum_batch<T, JsTerm>(p, q, shape, sums, n_threads);
  }
}

template void pmf_sums<double>(PmfFunctional, PmfBatch<double>, PmfBatch<double>, BatchShape, PmfSums, int);
template void pmf_sums<float>(PmfFunctional, PmfBatch<float>, PmfBatch<float>, BatchShape, PmfSums, int);

}  // namespace hartley
