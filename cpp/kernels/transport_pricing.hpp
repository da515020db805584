// Passes over all pairs of an exact transport problem: the least of C_ij - u_i + v_j by row and by column.
//
// Every pass reads (or makes) each row of costs once, in tasks that depend on the sizes alone: the same bits for any
// number of threads. Memory: of the order of the results, and a few thousand numbers a thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/pair_costs.hpp"

namespace hartley {

struct PricedArc {
  std::uint32_t row, column;
  double cost;
};

// least_i = min_j (C_ij + v_j). -inf nowhere; +inf where all of the row is.
void row_minima(const PairCosts& costs, const double* v, std::span<double> least, int n_threads);

// least_j = min_k (C_ij - u_k) over the rows i = rows[k].
void column_minima(const PairCosts& costs, std::span<const std::uint32_t> rows, const double* u,
                   std::span<double> least, int n_threads);

// Of each row the at most `per_row` arcs with the least C_ij + v_j among those below limit_i (an empty span: no
// limit), rows in order, least first.
std::vector<PricedArc> least_arcs_of_rows(const PairCosts& costs, const double* v, std::span<const double> limit,
                                          std::size_t per_row, int n_threads);

// Of each column the `per_column` arcs with the least C_ij - u_i, columns in order.
std::vector<PricedArc> least_arcs_of_columns(const PairCosts& costs, const double* u, std::size_t per_column,
                                             int n_threads);

}  // namespace hartley
