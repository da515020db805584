#include "kernels/histogram_pairs.hpp"

#include <algorithm>
#include <bit>
#include <mutex>
#include <numeric>
#include <type_traits>
#include <vector>

#include "kernels/private_tables.hpp"
#include "support/parallel.hpp"
#include "support/simd.hpp"

namespace hartley {
namespace {

constexpr std::size_t kTile = 8;                     // columns a side of a tile of pairs: codes and bitmaps stay in L2
constexpr std::size_t kBlockRows = 16384;            // rows handled at once: a bitmap of them is 2 KiB
constexpr std::size_t kWords = kBlockRows / 64;      // 64-bit words of that bitmap
constexpr std::size_t kChunkRows = 16 * kBlockRows;  // rows a task: at most 64 pairs * 0.5 ns * 2^18 = 8 ms
constexpr std::size_t kBatchBytes = 64u << 20;       // tables of all tiles counted in one parallel loop
constexpr std::size_t kMaxCells = 1u << 20;          // cells of the tables of a tile: 4 MiB a thread

// Cells up to which bitmaps beat tables, per pair: an AND and a population count of 64 rows cost 1.2 cycles one word at
// a time, 0.9 by halves of bytes in vectors of 32 and 0.2 by a population count of vectors; a table increment costs
// about 1.3 cycles a row (bench_histogram).
std::size_t bit_sliced_limit() {
  if (simd::has_vector_popcount()) return 240;
  return simd::kVectorBytes >= 32 ? 81 : 40;
}

struct Column {
  std::size_t n_symbols;             // without the missing one
  std::size_t n_cells;               // with it, where it occurs
  std::vector<std::int64_t> counts;  // of every cell
};

enum class Scheme { kBitSliced, kTables, kSparse };

struct Pair {
  std::size_t i, j;
  Scheme scheme;
  std::size_t offset = 0;              // of its table in the tile's counts
  std::size_t size = 0;                // cells of its table
  std::size_t i_bits = 0, j_bits = 0;  // where the columns' bitmaps start in the scratch
};

// Pairs of up to kTile first with up to kTile second columns, counted together.
struct Tile {
  struct Bitmaps {
    std::size_t column, start;
  };
  std::vector<Pair> pairs;
  std::vector<Bitmaps> bitmaps;
  std::size_t size = 0;     // cells of all tables
  std::size_t n_words = 0;  // of all bitmaps
};

template <class Code>
std::vector<Column> count_columns(const Code* codes, std::size_t n_columns, std::size_t n_rows,
                                  std::span<const std::int64_t> n_cells, int n_threads) {
  std::vector<Column> columns(n_columns);
  parallel_for(n_columns, n_threads, [&](std::size_t c, int) {
    Column& column = columns[c];
    column.n_symbols = static_cast<std::size_t>(n_cells[c]);
    const std::size_t size = column.n_symbols + 1;
    std::vector<std::int64_t> tables(4 * size, 0);
    const Code* code = codes + c * n_rows;
    std::size_t r = 0;
    for (; r + 4 <= n_rows; r += 4)
      for (std::size_t k = 0; k < 4; ++k) ++tables[k * size + code[r + k]];
    for (; r < n_rows; ++r) ++tables[code[r]];
    for (std::size_t cell = 0; cell < size; ++cell)
      tables[cell] += tables[size + cell] + tables[2 * size + cell] + tables[3 * size + cell];
    column.n_cells = column.n_symbols + (tables[column.n_symbols] > 0 ? 1 : 0);
    tables.resize(column.n_cells);
    column.counts = std::move(tables);
  });
  return columns;
}

template <class Code>
Scheme choose_scheme(const Column& x, const Column& y, std::size_t n_rows) {
  const std::size_t cells = x.n_cells * y.n_cells;
  if (std::is_same_v<Code, std::uint8_t> && (x.n_cells - 1) * (y.n_cells - 1) <= bit_sliced_limit())
    return Scheme::kBitSliced;
  return cells > std::min(kMaxCells, 4 * n_rows + 65536) ? Scheme::kSparse : Scheme::kTables;
}

// Cell index of every row of a block.
template <class Code, class Index>
void joint_index(const Code* x, const Code* y, std::size_t y_cells, std::size_t n, Index* index) {
  const Index factor = static_cast<Index>(y_cells);
  for (std::size_t r = 0; r < n; ++r) index[r] = static_cast<Index>(static_cast<Index>(x[r] * factor) + y[r]);
}

// One thread's memory for a tile.
struct Scratch {
  std::vector<std::uint32_t> tables;   // private tables of every pair, one pair after the other
  std::vector<std::uint64_t> bitmaps;  // [column of the tile][code][word]
  std::vector<std::uint16_t> index16;
  std::vector<std::uint32_t> index32;
};

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

template <class Code>
class PairCounter {
 public:
  PairCounter(const Code* codes, std::size_t n_rows, const std::vector<Column>& columns)
      : codes_(codes), n_rows_(n_rows), columns_(columns) {}

  // Adds the counts of rows [begin, end) of every pair of the tile into `target`, laid out by Pair::offset.
  void count(const Tile& tile, std::size_t begin, std::size_t end, Scratch& scratch, std::int64_t* target,
             std::mutex& target_mutex) const {
    prepare(tile, scratch);
    for (std::size_t row = begin; row < end; row += kBlockRows)
      count_block(tile, row, std::min(kBlockRows, end - row), scratch);
    const std::lock_guard lock(target_mutex);
    std::uint32_t* tables = scratch.tables.data();
    for (const Pair& pair : tile.pairs) {
      const std::size_t copies = n_private_tables(pair.size);
      for (std::size_t copy = 0; copy < copies; ++copy)
        for (std::size_t cell = 0; cell < pair.size; ++cell)
          target[pair.offset + cell] += tables[copy * pair.size + cell];
      tables += copies * pair.size;
    }
  }

 private:
  void prepare(const Tile& tile, Scratch& scratch) const {
    std::size_t size = 0;
    for (const Pair& pair : tile.pairs) size += n_private_tables(pair.size) * pair.size;
    scratch.tables.assign(size, 0);
    scratch.bitmaps.resize(tile.n_words);
    scratch.index16.resize(kBlockRows);
    scratch.index32.resize(kBlockRows);
  }

  void count_block(const Tile& tile, std::size_t row, std::size_t n, Scratch& scratch) const {
    if constexpr (std::is_same_v<Code, std::uint8_t>)
      for (const auto& [column, start] : tile.bitmaps)
        make_bitmaps(codes_ + column * n_rows_ + row, n, columns_[column].n_cells - 1, scratch.bitmaps.data() + start);
    std::uint32_t* tables = scratch.tables.data();
    for (const Pair& pair : tile.pairs) {
      if (pair.scheme == Scheme::kBitSliced)
        count_bits(pair, scratch, tables);
      else
        count_cells(pair, row, n, scratch, tables);
      tables += n_private_tables(pair.size) * pair.size;
    }
  }

  void count_bits(const Pair& pair, Scratch& scratch, std::uint32_t* table) const {
    const Column &x = columns_[pair.i], &y = columns_[pair.j];
    const std::uint64_t* x_bits = scratch.bitmaps.data() + pair.i_bits;
    const std::uint64_t* y_bits = scratch.bitmaps.data() + pair.j_bits;
    const auto count_common = simd::has_vector_popcount() ? simd::count_common_bits_by_vector : simd::count_common_bits;
    for (std::size_t k = 0; k + 1 < x.n_cells; ++k)
      count_common(x_bits + k * kWords, y_bits, y.n_cells - 1, kWords, table + k * y.n_cells);
  }

  void count_cells(const Pair& pair, std::size_t row, std::size_t n, Scratch& scratch, std::uint32_t* tables) const {
    const Code *x = codes_ + pair.i * n_rows_ + row, *y = codes_ + pair.j * n_rows_ + row;
    if (pair.size <= 65536) {
      joint_index(x, y, columns_[pair.j].n_cells, n, scratch.index16.data());
      increment(scratch.index16.data(), n, pair.size, tables);
    } else {
      joint_index(x, y, columns_[pair.j].n_cells, n, scratch.index32.data());
      increment(scratch.index32.data(), n, pair.size, tables);
    }
  }

  const Code* codes_;
  std::size_t n_rows_;
  const std::vector<Column>& columns_;
};

// Last row and column of a bit-sliced table, from the marginal counts.
void complete_from_marginals(const Column& x, const Column& y, std::int64_t* table) {
  const std::size_t last_x = x.n_cells - 1, last_y = y.n_cells - 1, stride = y.n_cells;
  for (std::size_t i = 0; i < last_x; ++i) {
    const std::int64_t* row = table + i * stride;
    table[i * stride + last_y] = x.counts[i] - std::accumulate(row, row + last_y, std::int64_t{0});
  }
  for (std::size_t j = 0; j <= last_y; ++j) {
    std::int64_t above = 0;
    for (std::size_t i = 0; i < last_x; ++i) above += table[i * stride + j];
    table[last_x * stride + j] = y.counts[j] - above;
  }
}

JointStatistics of_column(const Column& column) {
  JointStatistics result;
  const std::span<const std::int64_t> counts(column.counts.data(), column.n_symbols);
  result.n = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  if (result.n == 0) return result;
  result.mutual_information = counts_entropy(counts, result.n, result.cells);
  result.x_entropy = result.y_entropy = result.mutual_information;
  result.x_symbols = result.y_symbols = result.cells;
  return result;
}

// Rows in the order of their codes: those of code k are order[start[k]] … order[start[k + 1] - 1].
struct Grouping {
  std::vector<std::uint32_t> order;
  std::vector<std::size_t> start;
};

template <class Code>
Grouping group_rows(const Code* codes, std::size_t n_rows, const Column& column) {
  Grouping groups;
  groups.start.assign(column.n_cells + 1, 0);
  for (std::size_t k = 0; k < column.n_cells; ++k)
    groups.start[k + 1] = groups.start[k] + static_cast<std::size_t>(column.counts[k]);
  std::vector<std::size_t> next(groups.start.begin(), groups.start.end() - 1);
  groups.order.resize(n_rows);
  for (std::size_t begin = 0; begin < n_rows; begin += kChunkRows) {
    stop_if_asked();
    for (std::size_t r = begin; r < std::min(n_rows, begin + kChunkRows); ++r)
      groups.order[next[codes[r]]++] = static_cast<std::uint32_t>(r);
  }
  return groups;
}

template <class Code>
JointStatistics count_sparse(const Grouping& groups, const Column& x, const Column& y, const Code* y_codes) {
  // Rows where either is missing do not count: the marginal of y over the rows where x is present comes first.
  std::vector<std::int64_t> y_counts(y.n_cells, 0), cell_counts(y.n_cells, 0);
  for (std::size_t r = 0; r < groups.start[x.n_symbols]; ++r) ++y_counts[y_codes[groups.order[r]]];
  y_counts.resize(y.n_symbols);
  const std::int64_t n = std::accumulate(y_counts.begin(), y_counts.end(), std::int64_t{0});
  SparseJointStatistics statistics(n, y_counts);
  std::vector<std::uint32_t> symbols;
  for (std::size_t k = 0; k < x.n_symbols; ++k) {
    stop_if_asked();
    for (std::size_t r = groups.start[k]; r < groups.start[k + 1]; ++r) {
      const std::uint32_t symbol = y_codes[groups.order[r]];
      if (symbol < y.n_symbols && cell_counts[symbol]++ == 0) symbols.push_back(symbol);
    }
    statistics.add_row(symbols, cell_counts);
    for (const std::uint32_t symbol : symbols) cell_counts[symbol] = 0;
    symbols.clear();
  }
  return statistics.finish();
}

void place_bitmaps(const std::vector<Column>& columns, Tile& tile) {
  auto bitmaps_of = [&](std::size_t column) {
    for (const auto& known : tile.bitmaps)
      if (known.column == column) return known.start;
    const std::size_t start = tile.n_words;
    tile.bitmaps.push_back({column, start});
    tile.n_words += (columns[column].n_cells - 1) * kWords;
    return start;
  };
  for (Pair& pair : tile.pairs) {
    if (pair.scheme != Scheme::kBitSliced) continue;
    pair.i_bits = bitmaps_of(pair.i);
    pair.j_bits = bitmaps_of(pair.j);
  }
}

// Hands out tiles until their tables fill a batch.
template <class Code>
class TileSource {
 public:
  TileSource(const std::vector<Column>& columns, std::size_t n_rows, std::size_t split)
      : columns_(columns), n_rows_(n_rows), split_(split) {
    const std::size_t side = count_blocks(columns.size(), kTile);
    n_squares_ = side * (side + 1) / 2;
  }

  std::vector<Tile> next_batch() {
    std::vector<Tile> batch;
    std::size_t size = 0;
    while (n_made_ < n_squares_ && size * sizeof(std::int64_t) < kBatchBytes) {
      size += add_square(batch);
      ++n_made_;
      j0_ += kTile;
      if (j0_ >= columns_.size()) j0_ = i0_ += kTile;
    }
    return batch;
  }

  // Share of the work handed out; the sparse pairs count as one more square of pairs.
  double share() const { return static_cast<double>(n_made_) / static_cast<double>(n_squares_ + 1); }
  const std::vector<Pair>& sparse_pairs() const { return sparse_; }

 private:
  // The pairs i < j (across the split, where there is one) of the square that begins at (i0, j0), in as many tiles as
  // kMaxCells makes of them; pairs for the sparse scheme are set apart. Returns the number of cells.
  std::size_t add_square(std::vector<Tile>& batch) {
    const std::size_t i_end = std::min(columns_.size(), i0_ + kTile), j_end = std::min(columns_.size(), j0_ + kTile);
    std::size_t total = 0;
    Tile tile;
    auto close = [&] {
      if (tile.pairs.empty()) return;
      place_bitmaps(columns_, tile);
      total += tile.size;
      batch.push_back(std::move(tile));
      tile = Tile{};
    };
    for (std::size_t i = i0_; i < i_end; ++i) {
      for (std::size_t j = std::max(j0_, i + 1); j < j_end; ++j) {
        if (split_ > 0 && (i >= split_ || j < split_)) continue;
        Pair pair{.i = i, .j = j, .scheme = choose_scheme<Code>(columns_[i], columns_[j], n_rows_)};
        pair.size = columns_[i].n_cells * columns_[j].n_cells;
        if (pair.scheme == Scheme::kSparse) {
          sparse_.push_back(pair);
          continue;
        }
        if (tile.size + pair.size > kMaxCells) close();
        pair.offset = tile.size;
        tile.size += pair.size;
        tile.pairs.push_back(pair);
      }
    }
    close();
    return total;
  }

  const std::vector<Column>& columns_;
  std::size_t n_rows_, split_, n_squares_, n_made_ = 0, i0_ = 0, j0_ = 0;
  std::vector<Pair> sparse_;
};

template <class Code>
void count_batch(const PairCounter<Code>& counter, const std::vector<Column>& columns, const std::vector<Tile>& batch,
                 std::size_t n_rows, PairSink sink, void* context, int n_threads, ProgressRange progress) {
  std::vector<std::size_t> offsets;
  std::size_t size = 0;
  for (const Tile& tile : batch) {
    offsets.push_back(size);
    size += tile.size;
  }
  std::vector<std::int64_t> counts(size, 0);
  std::vector<std::mutex> mutexes(batch.size());
  std::vector<Scratch> scratch(static_cast<std::size_t>(n_threads));
  const std::size_t n_chunks = count_blocks(n_rows, kChunkRows);
  parallel_for(
      batch.size() * n_chunks, n_threads,
      [&](std::size_t task, int thread) {
        const std::size_t t = task / n_chunks, begin = task % n_chunks * kChunkRows;
        counter.count(batch[t], begin, std::min(n_rows, begin + kChunkRows), scratch[static_cast<std::size_t>(thread)],
                      counts.data() + offsets[t], mutexes[t]);
      },
      progress);
  parallel_for(batch.size(), n_threads, [&](std::size_t t, int) {
    for (const Pair& pair : batch[t].pairs) {
      const Column &x = columns[pair.i], &y = columns[pair.j];
      std::int64_t* table = counts.data() + offsets[t] + pair.offset;
      if (pair.scheme == Scheme::kBitSliced) complete_from_marginals(x, y, table);
      sink(context, pair.i, pair.j, joint_statistics(table, x.n_symbols, y.n_symbols, y.n_cells));
    }
  });
}

template <class Code>
void count_sparse_pairs(const Code* codes, const std::vector<Column>& columns, const std::vector<Pair>& pairs,
                        std::size_t n_rows, PairSink sink, void* context, int n_threads, ProgressRange progress) {
  parallel_for(
      pairs.size(), n_threads,
      [&](std::size_t k, int) {
        const auto [i, j] = std::pair{pairs[k].i, pairs[k].j};
        const Grouping groups = group_rows(codes + i * n_rows, n_rows, columns[i]);
        sink(context, i, j, count_sparse(groups, columns[i], columns[j], codes + j * n_rows));
      },
      progress);
}

}  // namespace

template <class Code>
void histogram_pairs(const Code* codes, std::size_t n_columns, std::size_t n_rows,
                     std::span<const std::int64_t> n_cells, std::size_t split, PairSink sink, void* context,
                     int n_threads) {
  if (n_rows == 0) {
    for (std::size_t i = 0; i < n_columns; ++i)
      for (std::size_t j = i; j < n_columns; ++j) sink(context, i, j, {});
    return;
  }
  const std::vector<Column> columns = count_columns(codes, n_columns, n_rows, n_cells, n_threads);
  for (std::size_t c = 0; c < n_columns; ++c) sink(context, c, c, of_column(columns[c]));

  TileSource<Code> source(columns, n_rows, split);
  const PairCounter<Code> counter(codes, n_rows, columns);
  for (double done = 0.0;;) {
    const std::vector<Tile> batch = source.next_batch();
    if (batch.empty()) break;  // the squares that are left, if any, have sparse pairs only
    count_batch(counter, columns, batch, n_rows, sink, context, n_threads, {done, source.share()});
    done = source.share();
  }
  count_sparse_pairs(codes, columns, source.sparse_pairs(), n_rows, sink, context, n_threads, {source.share(), 1.0});
}

template void histogram_pairs<std::uint8_t>(const std::uint8_t*, std::size_t, std::size_t,
                                            std::span<const std::int64_t>, std::size_t, PairSink, void*, int);
template void histogram_pairs<std::uint16_t>(const std::uint16_t*, std::size_t, std::size_t,
                                             std::span<const std::int64_t>, std::size_t, PairSink, void*, int);

}  // namespace hartley
