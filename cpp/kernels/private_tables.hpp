// Counting into several private tables: the store to a cell delays the next load of the same cell, and neighbouring
// rows often fall into the same one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hartley {

// Tables to spread the increments over, so that they stay in L1 together: four of 32 x 32 cells, two of 64 x 64.
inline std::size_t n_private_tables(std::size_t cells) { return cells <= 1024 ? 4 : cells <= 8192 ? 2 : 1; }

// Adds one to cell index[r] of one of the n_private_tables(cells) tables that lie one after the other, for every r < n.
template <class Index>
void increment(const Index* index, std::size_t n, std::size_t cells, std::uint32_t* tables) {
  const std::size_t copies = n_private_tables(cells);
  std::size_t r = 0;
  if (copies == 4) {
    std::uint32_t *t0 = tables, *t1 = t0 + cells, *t2 = t1 + cells, *t3 = t2 + cells;
    for (; r + 4 <= n; r += 4) {
      ++t0[index[r]];
      ++t1[index[r + 1]];
      ++t2[index[r + 2]];
      ++t3[index[r + 3]];
    }
  } else if (copies == 2) {
    std::uint32_t *t0 = tables, *t1 = t0 + cells;
    for (; r + 2 <= n; r += 2) {
      ++t0[index[r]];
      ++t1[index[r + 1]];
    }
  }
  for (; r < n; ++r) ++tables[index[r]];
}

}  // namespace hartley
