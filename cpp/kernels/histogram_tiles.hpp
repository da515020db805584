// Counting a tile of the matrix of pairs: up to kTile first columns with up to kTile second ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hartley {

inline constexpr std::size_t kTile = 8;  // columns a side: codes and bitmaps of a block of rows stay in L2

template <class Code>
struct CodedColumn {
  const Code* codes;
  std::size_t n_symbols;             // without the missing one
  std::size_t n_cells;               // with it, where it occurs
  std::vector<std::int64_t> counts;  // of every cell
};

enum class Scheme { kBitSliced, kTables, kSparse };

template <class Code>
Scheme choose_scheme(const CodedColumn<Code>& x, const CodedColumn<Code>& y, std::size_t n_rows);

struct Pair {
  std::size_t i, j;
  std::size_t offset = 0;  // of its table in the tile's counts
  std::size_t size = 0;    // cells of its table
};

// Columns that are counted as one: its codes are numbers with the columns' codes as digits.
struct Side {
  std::vector<std::size_t> columns;
  std::size_t n_cells;
};

// The columns of sides[x] with those of sides[y], counted in one table; the pairs of the tile from first_pair on, those
// of the first column of x first.
struct Bundle {
  Scheme scheme;
  std::size_t x, y, first_pair;
};

struct Tile {
  std::vector<Pair> pairs;
  std::vector<Side> sides;
  std::vector<Bundle> bundles;
  std::size_t size = 0;  // cells of all pairs' tables
};

// Columns of a side that are counted together, when the largest have x_cells and y_cells cells.
struct BundleShape {
  std::size_t n_x, n_y;
};
BundleShape choose_bundle(std::size_t x_cells, std::size_t y_cells);

// One thread's memory.
struct TileScratch {
  std::vector<std::int64_t> partial;   // counts of the tile, laid out by Pair::offset
  std::vector<std::uint32_t> tables;   // private tables of the bundles
  std::vector<std::uint32_t> x_sums;   // of a bundle's table over all columns of x but one
  std::vector<std::uint32_t> y_sums;   // of these over all columns of y but one
  std::vector<std::uint16_t> codes;    // of the sides, a block of rows each
  std::vector<std::uint64_t> bitmaps;  // [column of the tile][code][word]
};

// scratch.partial = counts of rows [begin, end) of every pair of the tile; tables of bit-sliced pairs lack their last
// row and column, which follow from the marginal counts.
template <class Code>
void count_tile(std::span<const CodedColumn<Code>> columns, const Tile& tile, std::size_t begin, std::size_t end,
                TileScratch& scratch);

}  // namespace hartley
