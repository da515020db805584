#include "kernels/binning.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/parallel.hpp"
#include "support/simd.hpp"

namespace hartley {
namespace {

using namespace simd;

constexpr std::size_t kChunkRows = 1 << 16;  // rows a task
constexpr std::size_t kStrip = 8;            // columns transposed together: one cache line of a row
// Bins up to which a comparison with every edge beats a binary search of each number: 8 comparisons at once
// (bench_histogram)
constexpr std::size_t kComparedBins = 64;

HARTLEY_INLINE Vec<double> load_as_double(const double* x) { return load(x); }
HARTLEY_INLINE Vec<double> load_as_double(const float* x) {
  typedef float Half __attribute__((vector_size(kVectorBytes / 2)));
  Half half;
  std::memcpy(&half, x, sizeof half);
  return __builtin_convertvector(half, Vec<double>);
}

// Adding and taking away 2^52 + 2^51 rounds |x| < 2^51 to a whole number.
HARTLEY_INLINE Vec<double> round_to_whole(Vec<double> x) { return (x + 0x1.8p52) - 0x1.8p52; }

// The numbers of a block, whole vectors at a time; the last vector is filled up from `pad`.
template <class T, class Visit>
HARTLEY_INLINE void for_each_vector(const T* x, std::size_t n, double pad, Visit&& visit) {
  std::size_t i = 0;
  for (; i + kLanes<double> <= n; i += kLanes<double>) visit(i, load_as_double(x + i));
  if (i == n) return;
  Vec<double> last = splat(pad);
  for (std::size_t lane = 0; i + lane < n; ++lane) last[static_cast<int>(lane)] = static_cast<double>(x[i + lane]);
  visit(i, last);
}

struct OutsideCounter {
  Vec<double> first, last;
  Mask<double> total{};
  explicit OutsideCounter(const Bins& bins) : first(splat(bins.edges.front())), last(splat(bins.edges.back())) {}
  // a comparison that holds is -1 in every lane; NaN fails both
  HARTLEY_INLINE void see(Vec<double> x) { total += ~((x >= first) & (x <= last)) & 1; }
  std::size_t count() const { return static_cast<std::size_t>(sum(total)); }
};

// Whole numbers of float64 lanes as 32-bit integers.
HARTLEY_INLINE void store_cells(std::int32_t* cells, Vec<double> whole) {
  typedef std::int32_t Half __attribute__((vector_size(kVectorBytes / 2)));
  const Half half = __builtin_convertvector(whole, Half);
  std::memcpy(cells, &half, sizeof half);
}

// Cells by one multiplication and one addition. False where a number lies outside, is NaN, or is so close to an edge
// that rounding may decide: then the cells are worth nothing.
//
// With position t = x * inverse - first * inverse and A = max(|first|, |last|), rounding moves t and the edges of
// numpy.linspace by at most 16 eps (A * inverse + K + 1) in units of a bin (eight operations of half an eps each, once
// over): further than that from a whole number, t decides as the edges do.
template <class T>
bool bin_uniform_away_from_edges(const T* x, std::size_t n, const Bins& bins, std::int32_t* cells) {
  const double first = bins.edges.front(), last = bins.edges.back(), count = static_cast<double>(bins.count());
  const double inverse = count / (last - first), reach = std::max(std::fabs(first), std::fabs(last)) * inverse;
  const double doubt = 16.0 * std::numeric_limits<double>::epsilon() * (reach + count + 1.0);
  if (!(doubt < 0.25)) return false;
  // adding 2^52 + 2^51 leaves a whole number in the low bits; half a bin less turns the nearest one into the floor
  constexpr double kShift = 0x1.8p52;
  const Vec<double> offset = splat(-first * inverse - 0.5);
  const Vec<std::uint64_t> zero_bits = reinterpret<Vec<std::uint64_t>>(splat(kShift));
  Vec<double> farthest{};        // from the middle of a bin
  Vec<std::uint32_t> largest{};  // cell, in the even lanes; the odd ones are 0 for every cell from 0 to 2^32 - 1
  for_each_vector(x, n, first + 0.5 * (last - first) / count, [&](std::size_t i, Vec<double> v) {
    const Vec<double> t = v * inverse + offset, shifted = t + kShift, cell = shifted - kShift;
    farthest = max(abs(t - cell), farthest);
    const auto bits = reinterpret<Vec<std::uint32_t>>(reinterpret<Vec<std::uint64_t>>(shifted) ^ zero_bits);
    largest = max(bits, largest);
    store_cells(cells + i, cell);
  });
  std::uint32_t largest_cell = 0, overflow = 0;
  for (int lane = 0; lane < kLanes<std::uint32_t>; lane += 2) {
    largest_cell = std::max(largest_cell, largest[lane]);
    overflow |= largest[lane + 1];
  }
  return overflow == 0 && largest_cell < bins.count() && reduce_max(farthest) < 0.5 - doubt;
}

template <class T>
std::size_t bin_uniform(const T* x, std::size_t n, const Bins& bins, std::int32_t* cells) {
  if (bin_uniform_away_from_edges(x, n, bins, cells)) return 0;
  const double first = bins.edges.front(), width = bins.edges.back() - first;
  const double last_cell = static_cast<double>(bins.count() - 1);
  const double step = width / static_cast<double>(bins.count());  // numpy.linspace's step
  const double inverse = static_cast<double>(bins.count()) / width;
  OutsideCounter outside(bins);
  for_each_vector(x, n, first, [&](std::size_t i, Vec<double> v) {
    outside.see(v);
    // the product may be one cell off: the edges themselves decide
    Vec<double> cell = min(max(round_to_whole((v - first) * inverse), Vec<double>{}), splat(last_cell));
    cell += select<double>(v < cell * step + first, splat(-1.0), Vec<double>{});
    cell += select<double>(v >= (cell + 1.0) * step + first, splat(1.0), Vec<double>{});
    store_cells(cells + i, min(max(cell, Vec<double>{}), splat(last_cell)));
  });
  return outside.count();
}

template <class T>
std::size_t bin_by_comparison(const T* x, std::size_t n, const Bins& bins, std::int32_t* cells) {
  const std::span<const double> inner = bins.edges.subspan(1, bins.count() - 1);
  OutsideCounter outside(bins);
  for_each_vector(x, n, bins.edges.front(), [&](std::size_t i, Vec<double> v) {
    outside.see(v);
    Mask<double> cell{};
    for (const double edge : inner) cell -= (v >= splat(edge));  // a comparison that holds is -1
    typedef std::int32_t Half __attribute__((vector_size(kVectorBytes / 2)));
    const Half half = __builtin_convertvector(cell, Half);
    std::memcpy(cells + i, &half, sizeof half);
  });
  return outside.count();
}

template <class T>
std::size_t bin_by_search(const T* x, std::size_t n, const Bins& bins, std::int32_t* cells) {
  const std::span<const double> inner = bins.edges.subspan(1, bins.count() - 1);
  std::size_t outside = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double v = static_cast<double>(x[i]);
    outside += !(v >= bins.edges.front() && v <= bins.edges.back());
    std::size_t begin = 0;  // branch-free: the number of inner edges <= v
    for (std::size_t length = inner.size(); length > 0; length -= (length + 1) / 2)
      begin += inner[begin + length / 2] <= v ? (length + 1) / 2 : 0;
    cells[i] = static_cast<std::int32_t>(begin);
  }
  return outside;
}

}  // namespace

template <class T>
std::size_t bin_block(const T* x, std::size_t n, const Bins& bins, std::int32_t* cells) {
  if (bins.uniform) return bin_uniform(x, n, bins, cells);
  if (bins.count() <= kComparedBins) return bin_by_comparison(x, n, bins, cells);
  return bin_by_search(x, n, bins, cells);
}

namespace {

constexpr std::size_t kRangeRows = 4096;   // rows a task of wide data: parts take 24 bytes for 4096 numbers
constexpr std::size_t kRangeColumns = 64;  // columns a task: 512 bytes of each row in sequence

template <class T>
ColumnRange range_of_one(const T* x, std::size_t n) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  Vec<double> least = splat(kInf), largest = splat(-kInf);
  Mask<double> n_nan{};
  // a comparison with NaN is false and keeps the other operand; the last vector is filled up with the first number,
  // which changes nothing but the count of NaN
  for_each_vector(x, n, static_cast<double>(x[0]), [&](std::size_t, Vec<double> v) {
    least = min(v, least);
    largest = max(v, largest);
    n_nan += (v != v);
  });
  const std::size_t n_filled = (kLanes<double> - n % kLanes<double>) % kLanes<double>;
  const std::int64_t counted_twice = x[0] != x[0] ? static_cast<std::int64_t>(n_filled) : 0;
  return {reduce_min(least), reduce_max(largest), -sum(n_nan) - counted_twice};
}

template <class T>
void range_of_rows(const T* x, std::size_t n_rows, std::size_t row_stride, std::size_t width, ColumnRange* ranges) {
  // an array for each number: the columns of a row are compared in vectors
  T least[kRangeColumns], largest[kRangeColumns];
  SignedOf<T> n_nan[kRangeColumns]{};
  std::fill_n(least, width, std::numeric_limits<T>::infinity());
  std::fill_n(largest, width, -std::numeric_limits<T>::infinity());
  for (std::size_t r = 0; r < n_rows; ++r) {
    const T* row = x + r * row_stride;
    for (std::size_t c = 0; c < width; ++c) {
      least[c] = row[c] < least[c] ? row[c] : least[c];
      largest[c] = row[c] > largest[c] ? row[c] : largest[c];
      n_nan[c] += row[c] != row[c];
    }
  }
  for (std::size_t c = 0; c < width; ++c)
    ranges[c] = {static_cast<double>(least[c]), static_cast<double>(largest[c]), n_nan[c]};
}

}  // namespace

template <class T>
std::vector<ColumnRange> column_ranges(const T* x, std::size_t n_rows, std::size_t n_columns, int n_threads) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const std::size_t rows_a_task = n_columns == 1 ? kChunkRows : kRangeRows,
                    n_chunks = count_blocks(n_rows, rows_a_task);
  const std::size_t n_strips = count_blocks(n_columns, kRangeColumns);
  std::vector<ColumnRange> parts(n_chunks * n_columns, {kInf, -kInf, 0});
  parallel_for(n_chunks * n_strips, n_threads, [&](std::size_t task, int) {
    const std::size_t chunk = task / n_strips, first = task % n_strips * kRangeColumns;
    const std::size_t begin = chunk * rows_a_task, n = std::min(rows_a_task, n_rows - begin);
    ColumnRange* part = parts.data() + chunk * n_columns + first;
    if (n_columns == 1)
      *part = range_of_one(x + begin, n);
    else
      range_of_rows(x + begin * n_columns + first, n, n_columns, std::min(kRangeColumns, n_columns - first), part);
  });
  std::vector<ColumnRange> ranges(n_columns, {kInf, -kInf, 0});
  for (std::size_t chunk = 0; chunk < n_chunks; ++chunk) {
    for (std::size_t c = 0; c < n_columns; ++c) {
      const ColumnRange& part = parts[chunk * n_columns + c];
      ranges[c].least = std::min(ranges[c].least, part.least);
      ranges[c].largest = std::max(ranges[c].largest, part.largest);
      ranges[c].n_nan += part.n_nan;
    }
  }
  return ranges;
}

namespace {

// Codes of one block of one column that lies contiguous.
template <class T, class Code>
void code_block(const T* x, std::size_t n, const Bins& bins, bool outside_is_missing, Code* codes,
                UncodedCounts& uncoded) {
  std::int32_t cells[kBinBlock + kLanes<double>];
  const std::size_t outside = bin_block(x, n, bins, cells);
  for (std::size_t i = 0; i < n; ++i) codes[i] = static_cast<Code>(cells[i]);
  if (outside == 0) return;
  std::int64_t n_nan = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double v = static_cast<double>(x[i]);
    if (v >= bins.edges.front() && v <= bins.edges.back()) continue;
    const bool is_nan = v != v;
    if (is_nan || outside_is_missing) codes[i] = static_cast<Code>(bins.count());
    n_nan += is_nan;
  }
  uncoded.n_nan += n_nan;
  uncoded.outside += static_cast<std::int64_t>(outside) - n_nan;
}

}  // namespace

template <class T, class Code>
std::vector<UncodedCounts> digitize(const T* x, std::size_t n_rows, std::size_t n_columns, std::span<const Bins> bins,
                                    bool outside_is_missing, Code* codes, int n_threads) {
  const std::size_t n_strips = count_blocks(n_columns, kStrip), n_chunks = count_blocks(n_rows, kChunkRows);
  std::vector<UncodedCounts> parts(n_chunks * n_columns, {0, 0});
  parallel_for(n_strips * n_chunks, n_threads, [&](std::size_t task, int) {
    const std::size_t first = task % n_strips * kStrip, width = std::min(kStrip, n_columns - first);
    const std::size_t chunk = task / n_strips, chunk_end = std::min(n_rows, (chunk + 1) * kChunkRows);
    T block[kStrip][kBinBlock];
    for (std::size_t begin = chunk * kChunkRows; begin < chunk_end; begin += kBinBlock) {
      const std::size_t n = std::min(kBinBlock, chunk_end - begin);
      if (n_columns > 1)
        for (std::size_t r = 0; r < n; ++r)
          for (std::size_t c = 0; c < width; ++c) block[c][r] = x[(begin + r) * n_columns + first + c];
      for (std::size_t c = 0; c < width; ++c)
        code_block(n_columns > 1 ? block[c] : x + begin, n, bins[first + c], outside_is_missing,
                   codes + (first + c) * n_rows + begin, parts[chunk * n_columns + first + c]);
    }
  });
  std::vector<UncodedCounts> totals(n_columns, {0, 0});
  for (std::size_t k = 0; k < parts.size(); ++k) {
    totals[k % n_columns].outside += parts[k].outside;
    totals[k % n_columns].n_nan += parts[k].n_nan;
  }
  return totals;
}

#define HARTLEY_INSTANTIATE(T)                                                                                    \
  template std::size_t bin_block<T>(const T*, std::size_t, const Bins&, std::int32_t*);                           \
  template std::vector<ColumnRange> column_ranges<T>(const T*, std::size_t, std::size_t, int);                    \
  template std::vector<UncodedCounts> digitize<T, std::uint8_t>(const T*, std::size_t, std::size_t,               \
                                                                std::span<const Bins>, bool, std::uint8_t*, int); \
  template std::vector<UncodedCounts> digitize<T, std::uint16_t>(const T*, std::size_t, std::size_t,              \
                                                                 std::span<const Bins>, bool, std::uint16_t*, int);
HARTLEY_INSTANTIATE(double)
HARTLEY_INSTANTIATE(float)

}  // namespace hartley
