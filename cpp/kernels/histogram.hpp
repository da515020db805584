// Joint histogram of two continuous variables: binning and counting in one pass, no codes stored.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/binning.hpp"

namespace hartley {

struct OutsideCounts {
  std::int64_t x, y;  // entries outside the edges or NaN
};

// counts[i * y_bins.count() + j] = number of rows with x in cell i and y in cell j; exact, the same at every level and
// number of threads. Where a count of outside entries is not 0 the table is meaningless. Cost: x and y are read once.
// Preconditions: n < 2^32, at most 2^31 - 1 cells (the caller sends larger tables to histogram_pairs).
template <class T>
OutsideCounts joint_histogram(const T* x, const T* y, std::size_t n, const Bins& x_bins, const Bins& y_bins,
                              std::int64_t* counts, int n_threads);

}  // namespace hartley
