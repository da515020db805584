// What a joint table of counts says: mutual information in nats and the numbers that bias corrections and tests need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "support/sums.hpp"

namespace hartley {

struct JointStatistics {
  double mutual_information = 0.0;  // Σ p_ij log(p_ij / (p_i p_j)), plug-in, >= 0; 0 for an empty table
  double x_entropy = 0.0, y_entropy = 0.0;
  std::int64_t n = 0;                                    // observations
  std::int64_t x_symbols = 0, y_symbols = 0, cells = 0;  // occupied rows, columns and cells
};

// The table's entries are at counts[i * row_stride + j], i < n_x, j < n_y.
// Accuracy: about 2 eps absolute for the mutual information, sums in float64.
template <class Count>
JointStatistics joint_statistics(const Count* counts, std::size_t n_x, std::size_t n_y, std::size_t row_stride);

// The same from occupied cells handed over row by row, for tables too large to be kept. `y_counts` are the marginal
// counts.
class SparseJointStatistics {
 public:
  SparseJointStatistics(std::int64_t n, std::span<const std::int64_t> y_counts);
  void add_row(std::span<const std::uint32_t> symbols, std::span<const std::int64_t> cell_counts);
  JointStatistics finish() const;

 private:
  std::span<const std::int64_t> y_counts_;
  JointStatistics so_far_;
  CompensatedSum information_, x_entropy_;
};

// Σ (n_i / N) log(N / n_i) of marginal counts; the number of occupied symbols goes to `symbols`.
double counts_entropy(std::span<const std::int64_t> counts, std::int64_t n, std::int64_t& symbols);

}  // namespace hartley
