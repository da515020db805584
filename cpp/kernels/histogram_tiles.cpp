#include "kernels/histogram_tiles.hpp"

#include <algorithm>
#include <numeric>
#include <type_traits>

#include "kernels/private_tables.hpp"
#include "support/simd.hpp"

namespace hartley {
namespace {

constexpr std::size_t kBitmapRows = 16384;        // rows of a bitmap: 2 KiB
constexpr std::size_t kWords = kBitmapRows / 64;  // 64-bit words of it
constexpr std::size_t kWordStep = 32;             // that the population counts take at once
constexpr std::size_t kTableRows = 8192;          // rows whose codes of 16 sides, 256 KiB, stay in L2
constexpr std::size_t kIndexRows = 1024;          // cell indices computed at once: 2 or 4 KiB, L1
constexpr std::size_t kBundleCells = 4096;        // 16 KiB: half of L1
constexpr std::size_t kMaxColumns = 4;            // of a side of a bundle
constexpr std::size_t kMaxCells = 1u << 20;       // cells of a table: 4 MiB a thread

// Cells up to which bitmaps beat tables, per pair: an AND and a population count of 64 rows cost 0.5 ns one word at a
// time, 0.17 by halves of bytes in vectors of 32 and 0.04 by a population count of vectors; a table increment and its
// index cost 0.45 ns a row, shared by the pairs of a bundle (bench_histogram).
std::size_t bit_sliced_limit() {
  if (simd::has_vector_popcount()) return 240;
  return simd::kVectorBytes >= 32 ? 36 : 9;
}

// Bitmaps of all cells of a column but the last, whose counts follow from the marginals.
void make_bitmaps(const std::uint8_t* codes, std::size_t n_rows, std::size_t n_bitmaps, std::uint64_t* bitmaps) {
  const std::size_t full_words = n_rows / 64;
  for (std::size_t k = 0; k < n_bitmaps; ++k) {
    std::uint64_t* words = bitmaps + k * kWords;
    const auto value = static_cast<std::uint8_t>(k);
    for (std::size_t w = 0; w < full_words; ++w) words[w] = simd::equal_bits(codes + 64 * w, value);
    std::fill(words + full_words, words + kWords, 0);
    for (std::size_t r = 64 * full_words; r < n_rows; ++r)
      words[full_words] |= static_cast<std::uint64_t>(codes[r] == value) << (r % 64);
  }
}

// Bitmaps of the columns of a tile's bit-sliced bundles.
class Bitmaps {
 public:
  Bitmaps(std::span<const CodedColumn<std::uint8_t>> columns, const Tile& tile, TileScratch& scratch)
      : columns_(columns), tile_(tile), scratch_(scratch) {
    for (const Bundle& bundle : tile.bundles)
      if (bundle.scheme == Scheme::kBitSliced) {
        add(column_of(bundle.x));
        add(column_of(bundle.y));
      }
    scratch.bitmaps.resize(n_words_);
  }

  void make(std::size_t row, std::size_t n) {
    for (const auto& [column, start] : placed_)
      make_bitmaps(columns_[column].codes + row, n, columns_[column].n_cells - 1, scratch_.bitmaps.data() + start);
  }

  void count(const Bundle& bundle, std::size_t n, std::int64_t* table) {
    const CodedColumn<std::uint8_t>&x = columns_[column_of(bundle.x)], &y = columns_[column_of(bundle.y)];
    const std::uint64_t *x_bits = of(column_of(bundle.x)), *y_bits = of(column_of(bundle.y));
    const auto count_common = simd::has_vector_popcount() ? simd::count_common_bits_by_vector : simd::count_common_bits;
    const std::size_t n_words = (n + 64 * kWordStep - 1) / (64 * kWordStep) * kWordStep;
    std::uint32_t counts[256];
    for (std::size_t k = 0; k + 1 < x.n_cells; ++k) {
      count_common(x_bits + k * kWords, y_bits, y.n_cells - 1, kWords, n_words, counts);
      for (std::size_t l = 0; l + 1 < y.n_cells; ++l) table[k * y.n_cells + l] += counts[l];
    }
  }

 private:
  struct Placed {
    std::size_t column, start;
  };

  std::size_t column_of(std::size_t side) const { return tile_.sides[side].columns[0]; }

  const std::uint64_t* of(std::size_t column) const {
    const auto is_it = [&](const Placed& placed) { return placed.column == column; };
    return scratch_.bitmaps.data() + std::find_if(placed_.begin(), placed_.end(), is_it)->start;
  }

  void add(std::size_t column) {
    for (const Placed& known : placed_)
      if (known.column == column) return;
    placed_.push_back({column, n_words_});
    n_words_ += (columns_[column].n_cells - 1) * kWords;
  }

  std::span<const CodedColumn<std::uint8_t>> columns_;
  const Tile& tile_;
  TileScratch& scratch_;
  std::vector<Placed> placed_;
  std::size_t n_words_ = 0;
};

// Codes of a side of the tile for n rows.
template <class Code>
void combine_codes(std::span<const CodedColumn<Code>> columns, const Side& side, std::size_t row, std::size_t n,
                   std::uint16_t* combined) {
  const Code* first = columns[side.columns[0]].codes + row;
  std::copy(first, first + n, combined);
  for (std::size_t k = 1; k < side.columns.size(); ++k) {
    const Code* codes = columns[side.columns[k]].codes + row;
    const auto radix = static_cast<std::uint16_t>(columns[side.columns[k]].n_cells);
    for (std::size_t r = 0; r < n; ++r) combined[r] = static_cast<std::uint16_t>(combined[r] * radix + codes[r]);
  }
}

// Counts n rows of the pair of sides.
template <class Index>
void count_cells(const std::uint16_t* x, const std::uint16_t* y, std::size_t y_cells, std::size_t n, std::size_t cells,
                 std::size_t copies, std::uint32_t* tables) {
  Index index[kIndexRows];
  const Index factor = static_cast<Index>(y_cells);
  for (std::size_t begin = 0; begin < n; begin += kIndexRows) {
    const std::size_t rows = std::min(kIndexRows, n - begin);
    for (std::size_t r = 0; r < rows; ++r)
      index[r] = static_cast<Index>(static_cast<Index>(x[begin + r]) * factor + y[begin + r]);
    increment(index, rows, cells, copies, tables);
  }
}

// Sums of a table [above][cells][below][inner] over the first and the third axis, added to sums[cells][inner].
void sum_out(const std::uint32_t* table, std::size_t above, std::size_t cells, std::size_t below, std::size_t inner,
             std::uint32_t* sums) {
  if (below == 1) {
    inner *= cells;
    cells = 1;
  }
  for (std::size_t a = 0; a < above; ++a) {
    for (std::size_t cell = 0; cell < cells; ++cell) {
      std::uint32_t* sum = sums + cell * inner;
      if (inner == 1) {
        *sum = std::accumulate(table, table + below, *sum);
        table += below;
        continue;
      }
      for (std::size_t b = 0; b < below; ++b, table += inner)
        for (std::size_t k = 0; k < inner; ++k) sum[k] += table[k];
    }
  }
}

// Adds the sums of a bundle's table [x cells][y cells] over all columns but one of either side to that pair's table.
template <class Code>
void split_table(std::span<const CodedColumn<Code>> columns, const Tile& tile, const Bundle& bundle,
                 const std::uint32_t* table, TileScratch& scratch) {
  const Side &x = tile.sides[bundle.x], &y = tile.sides[bundle.y];
  const Pair* pair = tile.pairs.data() + bundle.first_pair;
  std::size_t above = 1;  // product of the digits before this one
  for (const std::size_t i : x.columns) {
    const std::size_t x_cells = columns[i].n_cells;
    scratch.x_sums.assign(x_cells * y.n_cells, 0);
    sum_out(table, above, x_cells, x.n_cells / (above * x_cells), y.n_cells, scratch.x_sums.data());
    above *= x_cells;
    std::size_t y_above = 1;
    for (const std::size_t j : y.columns) {
      const std::size_t y_cells = columns[j].n_cells, y_below = y.n_cells / (y_above * y_cells);
      scratch.y_sums.assign(x_cells * y_cells, 0);
      for (std::size_t k = 0; k < x_cells; ++k)
        sum_out(scratch.x_sums.data() + k * y.n_cells, y_above, y_cells, y_below, 1,
                scratch.y_sums.data() + k * y_cells);
      std::int64_t* target = scratch.partial.data() + (pair++)->offset;
      for (std::size_t cell = 0; cell < scratch.y_sums.size(); ++cell) target[cell] += scratch.y_sums[cell];
      y_above *= y_cells;
    }
  }
}

// Private tables of a bundle's cells: a bundle of many cells has few rows that follow each other into the same one.
std::size_t n_copies(const Tile& tile, const Bundle& bundle) {
  const std::size_t cells = tile.sides[bundle.x].n_cells * tile.sides[bundle.y].n_cells;
  const bool is_single = tile.sides[bundle.x].columns.size() * tile.sides[bundle.y].columns.size() == 1;
  return is_single || cells <= 2048 ? n_private_tables(cells) : 1;
}

template <class Code>
void count_tables(std::span<const CodedColumn<Code>> columns, const Tile& tile, std::size_t begin, std::size_t end,
                  TileScratch& scratch) {
  std::vector<bool> is_used(tile.sides.size(), false);
  std::size_t size = 0;
  for (const Bundle& bundle : tile.bundles) {
    if (bundle.scheme != Scheme::kTables) continue;
    is_used[bundle.x] = is_used[bundle.y] = true;
    size += n_copies(tile, bundle) * tile.sides[bundle.x].n_cells * tile.sides[bundle.y].n_cells;
  }
  if (size == 0) return;
  scratch.tables.assign(size, 0);
  scratch.codes.resize(tile.sides.size() * kTableRows);
  for (std::size_t row = begin; row < end; row += kTableRows) {
    const std::size_t n = std::min(kTableRows, end - row);
    for (std::size_t s = 0; s < tile.sides.size(); ++s)
      if (is_used[s]) combine_codes(columns, tile.sides[s], row, n, scratch.codes.data() + s * kTableRows);
    std::uint32_t* tables = scratch.tables.data();
    for (const Bundle& bundle : tile.bundles) {
      if (bundle.scheme != Scheme::kTables) continue;
      const std::uint16_t *x = scratch.codes.data() + bundle.x * kTableRows,
                          *y = scratch.codes.data() + bundle.y * kTableRows;
      const std::size_t y_cells = tile.sides[bundle.y].n_cells, cells = tile.sides[bundle.x].n_cells * y_cells;
      const std::size_t copies = n_copies(tile, bundle);
      if (cells <= 65536)
        count_cells<std::uint16_t>(x, y, y_cells, n, cells, copies, tables);
      else
        count_cells<std::uint32_t>(x, y, y_cells, n, cells, copies, tables);
      tables += copies * cells;
    }
  }
  std::uint32_t* tables = scratch.tables.data();
  for (const Bundle& bundle : tile.bundles) {
    if (bundle.scheme != Scheme::kTables) continue;
    const std::size_t cells = tile.sides[bundle.x].n_cells * tile.sides[bundle.y].n_cells;
    const std::size_t copies = n_copies(tile, bundle);
    for (std::size_t copy = 1; copy < copies; ++copy)
      for (std::size_t cell = 0; cell < cells; ++cell) tables[cell] += tables[copy * cells + cell];
    split_table(columns, tile, bundle, tables, scratch);
    tables += copies * cells;
  }
}

}  // namespace

template <class Code>
Scheme choose_scheme(const CodedColumn<Code>& x, const CodedColumn<Code>& y, std::size_t n_rows) {
  const std::size_t cells = x.n_cells * y.n_cells;
  if (std::is_same_v<Code, std::uint8_t> && (x.n_cells - 1) * (y.n_cells - 1) <= bit_sliced_limit())
    return Scheme::kBitSliced;
  return cells > std::min(kMaxCells, 4 * n_rows + 65536) ? Scheme::kSparse : Scheme::kTables;
}

BundleShape choose_bundle(std::size_t x_cells, std::size_t y_cells) {
  BundleShape best{1, 1};
  for (std::size_t n_x = 1, cells_x = x_cells; n_x <= kMaxColumns && cells_x <= kBundleCells; ++n_x, cells_x *= x_cells)
    for (std::size_t n_y = 1, cells = cells_x * y_cells; n_y <= kMaxColumns && cells <= kBundleCells;
         ++n_y, cells *= y_cells)
      if (n_x * n_y > best.n_x * best.n_y) best = {n_x, n_y};
  return best;
}

template <class Code>
void count_tile(std::span<const CodedColumn<Code>> columns, const Tile& tile, std::size_t begin, std::size_t end,
                TileScratch& scratch) {
  scratch.partial.assign(tile.size, 0);
  count_tables(columns, tile, begin, end, scratch);
  if constexpr (std::is_same_v<Code, std::uint8_t>) {
    const auto is_bit_sliced = [](const Bundle& bundle) { return bundle.scheme == Scheme::kBitSliced; };
    if (std::none_of(tile.bundles.begin(), tile.bundles.end(), is_bit_sliced)) return;
    Bitmaps bitmaps(columns, tile, scratch);
    for (std::size_t row = begin; row < end; row += kBitmapRows) {
      const std::size_t n = std::min(kBitmapRows, end - row);
      bitmaps.make(row, n);
      for (const Bundle& bundle : tile.bundles)
        if (is_bit_sliced(bundle))
          bitmaps.count(bundle, n, scratch.partial.data() + tile.pairs[bundle.first_pair].offset);
    }
  }
}

#define HARTLEY_INSTANTIATE(Code)                                                                           \
  template Scheme choose_scheme<Code>(const CodedColumn<Code>&, const CodedColumn<Code>&, std::size_t);     \
  template void count_tile<Code>(std::span<const CodedColumn<Code>>, const Tile&, std::size_t, std::size_t, \
                                 TileScratch&);
HARTLEY_INSTANTIATE(std::uint8_t)
HARTLEY_INSTANTIATE(std::uint16_t)

}  // namespace hartley
