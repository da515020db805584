// Mutual information of all pairs of coded columns, in nats, with the counts that corrections and tests need.
//
// columns: n_rows codes each. A code of column c lies in [0, n_cells[c]); the code n_cells[c] itself means "missing":
// its rows are left out of every pair with c. The caller has checked the codes' range.
//
// Counting schemes, by the number of cells a pair has (measured costs at their definitions):
//   bit-sliced   one bitmap per code, cells by AND and population count; few cells
//   tables       cell index of a block of rows by SIMD, increments into private tables; several columns of few cells
//                are counted together in one table, whose sums are the pairs'
//   sparse       rows grouped by the first code, for tables larger than the data
// Counts are exact integers, so every scheme, level and number of threads gives the same ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/joint_counts.hpp"

namespace hartley {

// Tells where the rows and columns of the results go; called once for every pair i <= j (i == j: the column with
// itself), possibly from several threads at once.
using PairSink = void (*)(void* context, std::size_t i, std::size_t j, const JointStatistics& statistics);

// With split > 0 only the pairs i < split <= j are counted, and every column with itself.
template <class Code>
void histogram_pairs(std::span<const Code* const> columns, std::size_t n_rows, std::span<const std::int64_t> n_cells,
                     std::size_t split, const JointMethod& method, PairSink sink, void* context, int n_threads);

}  // namespace hartley
