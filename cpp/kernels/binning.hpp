// From numbers to cells: ranges, order statistics (for quantile edges) and cell codes of columns.
//
// K bins of a variable have K + 1 increasing edges. Cell k holds edges[k] <= x < edges[k + 1]; the last cell holds its
// last edge, too. Uniform bins are those of numpy.linspace(first, last, K + 1): edge k is k * step + first, each
// operation rounded, and the last edge is exactly `last`; cells equal searchsorted on these edges exactly, without
// looking anything up.
//
// x is an (n_rows, n_columns) C-contiguous array of float or double; arithmetic is in float64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hartley {

struct Bins {
  std::span<const double> edges;  // K + 1, increasing
  bool uniform;

  std::size_t count() const { return edges.size() - 1; }
};

// Cells of at most kBinBlock consecutive numbers; the number of entries outside [first, last] (NaN among them) is
// returned; the cell of such a number is the nearest one, that of a NaN any of them. `cells` has room for kBinBlock and
// one vector.
inline constexpr std::size_t kBinBlock = 1024;  // cells: 4 KiB, the buffers of two variables stay in L1
template <class T>
std::size_t bin_block(const T* x, std::size_t n, const Bins& bins, std::int32_t* cells);

struct ColumnRange {
  double least, largest;  // +inf and -inf where the column has no number
  std::int64_t n_nan;
};
template <class T>
std::vector<ColumnRange> column_ranges(const T* x, std::size_t n_rows, std::size_t n_columns, int n_threads);

// values[c * n_ranks + r] = the number with ranks[c * n_ranks + r] smaller or equal ones before it in the sorted column
// c, NaN entries left out. Ranks of a column increase and are below its number of entries. Linear time; scratch of 8
// columns.
template <class T>
void order_statistics(const T* x, std::size_t n_rows, std::size_t n_columns, std::span<const std::int64_t> ranks,
                      std::size_t n_ranks, double* values, int n_threads);

struct UncodedCounts {
  std::int64_t outside, n_nan;  // numbers outside the edges, NaN entries
};

// codes[c * n_rows + r] = cell of x[r, c] in bins[c], or bins[c].count() where it is NaN. Numbers outside the edges get
// that code, too, where outside_is_missing, else the nearest cell's.
template <class T, class Code>
std::vector<UncodedCounts> digitize(const T* x, std::size_t n_rows, std::size_t n_columns, std::span<const Bins> bins,
                                    bool outside_is_missing, Code* codes, int n_threads);

}  // namespace hartley
