// What a joint table of counts says: mutual information in nats and the numbers that bias corrections and tests need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/count_estimators.hpp"
#include "support/sums.hpp"

namespace hartley {

struct JointStatistics {
  double mutual_information = 0.0;  // the plug-in Σ p_ij log(p_ij / (p_i p_j)) is >= 0; 0 for an empty table
  double x_entropy = 0.0, y_entropy = 0.0;
  std::int64_t n = 0;                                    // observations
  std::int64_t x_symbols = 0, y_symbols = 0, cells = 0;  // occupied rows, columns and cells
};

// How the entropies of x, of y and of the pair are estimated; I = H(X) + H(Y) - H(X, Y).
struct JointMethod {
  EntropyEstimator estimator = EntropyEstimator::kMle;
  Pseudocount alpha{};
  bool whole_alphabet = false;  // every row and column of the table is a symbol that may occur; else those seen
  bool panzeri_treves = false;  // less the plug-in's first-order bias
  bool details = true;          // the plug-in's marginal entropies and numbers of symbols, too
};

// counts[i * row_stride + j], i < n_x, j < n_y: at most 2^52 observations.
template <class Count>
struct JointTable {
  const Count* counts;
  std::size_t n_x, n_y, row_stride;
};

// Turns tables into statistics; keeps its memory from one table to the next. Accuracy of the plug-in: about 2 eps
// absolute for the mutual information, sums in float64.
class JointEstimator {
 public:
  explicit JointEstimator(const JointMethod& method) : method_(method) {}

  template <class Count>
  JointStatistics operator()(const JointTable<Count>& table);

  // The same from the occupied cells alone; n_x and n_y are the alphabets where the method asks for whole ones.
  JointStatistics of_cells(std::span<const std::int64_t> x_counts, std::span<const std::int64_t> y_counts,
                           std::span<const std::int64_t> cell_counts);
  // A variable with itself.
  JointStatistics of_column(std::span<const std::int64_t> counts);

 private:
  template <class Count>
  void read(const JointTable<Count>& table);
  template <class Count>
  double bias(const JointTable<Count>& table, double n);
  double entropy(std::span<const std::int64_t> counts, double n_symbols);

  JointMethod method_;
  CountScratch scratch_;
  std::size_t width_ = 0;  // of a row of values_: n_y filled up to whole vectors
  std::vector<double> values_, x_totals_, y_totals_, inverse_y_;
  std::vector<std::int64_t> whole_;
};

// The plug-in of cells handed over row by row, for tables too large to be kept. `y_counts` are the marginal counts.
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

// How many of n_symbols a condition seen with these positive counts can produce (Panzeri & Treves 1996, section 3).
// With r symbols seen in N trials and x more that were not, a Bayes-like guess gives each unseen one the probability
// c = 1 - (N/(N + r))^(1/N) and shares the rest as (count + 1)/(N + r). The x for which the expected number of symbols
// seen is closest to r is taken.
double reachable_symbols(std::span<const std::int64_t> counts, std::int64_t n_symbols);

}  // namespace hartley
