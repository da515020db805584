#include "kernels/histogram_pairs.hpp"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <utility>
#include <vector>

#include "kernels/histogram_tiles.hpp"
#include "support/parallel.hpp"

namespace hartley {
namespace {

constexpr std::size_t kChunkRows = 1u << 18;    // rows a task: at most 64 pairs * 0.5 ns * 2^18 = 8 ms
constexpr std::size_t kBatchBytes = 64u << 20;  // tables of all tiles counted in one parallel loop
constexpr std::size_t kTileCells = 1u << 20;    // of all tables of a tile: 8 MiB a thread

template <class Code>
std::vector<CodedColumn<Code>> count_columns(std::span<const Code* const> codes, std::size_t n_rows,
                                             std::span<const std::int64_t> n_cells, int n_threads) {
  std::vector<CodedColumn<Code>> columns(codes.size());
  parallel_for(codes.size(), n_threads, [&](std::size_t c, int) {
    CodedColumn<Code>& column = columns[c];
    column.codes = codes[c];
    column.n_symbols = static_cast<std::size_t>(n_cells[c]);
    const std::size_t size = column.n_symbols + 1;
    std::vector<std::int64_t> tables(4 * size, 0);
    std::size_t r = 0;
    for (; r + 4 <= n_rows; r += 4)
      for (std::size_t k = 0; k < 4; ++k) ++tables[k * size + column.codes[r + k]];
    for (; r < n_rows; ++r) ++tables[column.codes[r]];
    for (std::size_t cell = 0; cell < size; ++cell)
      tables[cell] += tables[size + cell] + tables[2 * size + cell] + tables[3 * size + cell];
    column.n_cells = column.n_symbols + (tables[column.n_symbols] > 0 ? 1 : 0);
    tables.resize(column.n_cells);
    column.counts = std::move(tables);
  });
  return columns;
}

// Last row and column of a bit-sliced table, from the marginal counts.
template <class Code>
void complete_from_marginals(const CodedColumn<Code>& x, const CodedColumn<Code>& y, std::int64_t* table) {
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

// Rows in the order of their codes: those of code k are order[start[k]] … order[start[k + 1] - 1].
struct Grouping {
  std::vector<std::uint32_t> order;
  std::vector<std::size_t> start;
};

template <class Code>
Grouping group_rows(const CodedColumn<Code>& column, std::size_t n_rows) {
  Grouping groups;
  groups.start.assign(column.n_cells + 1, 0);
  for (std::size_t k = 0; k < column.n_cells; ++k)
    groups.start[k + 1] = groups.start[k] + static_cast<std::size_t>(column.counts[k]);
  std::vector<std::size_t> next(groups.start.begin(), groups.start.end() - 1);
  groups.order.resize(n_rows);
  for (std::size_t begin = 0; begin < n_rows; begin += kChunkRows) {
    stop_if_asked();
    for (std::size_t r = begin; r < std::min(n_rows, begin + kChunkRows); ++r)
      groups.order[next[column.codes[r]]++] = static_cast<std::uint32_t>(r);
  }
  return groups;
}

// Counts of the cells of a pair, a row of the table at a time, and what they say.
template <class Code>
JointStatistics count_sparse(const CodedColumn<Code>& x, const CodedColumn<Code>& y, std::size_t n_rows,
                             const JointMethod& method) {
  const Grouping groups = group_rows(x, n_rows);
  // Rows where either is missing do not count: the marginal of y over the rows where x is present comes first.
  std::vector<std::int64_t> y_counts(y.n_cells, 0), row(y.n_cells, 0), x_counts, cell_counts, given_x;
  for (std::size_t r = 0; r < groups.start[x.n_symbols]; ++r) ++y_counts[y.codes[groups.order[r]]];
  y_counts.resize(y.n_symbols);
  const std::int64_t n = std::accumulate(y_counts.begin(), y_counts.end(), std::int64_t{0});
  SparseJointStatistics plug_in(n, y_counts);
  const std::int64_t n_y_symbols = std::count_if(y_counts.begin(), y_counts.end(), [](auto c) { return c > 0; });
  const bool is_plug_in = method.estimator == EntropyEstimator::kMle;
  double reachable = 0.0;
  std::vector<std::uint32_t> symbols;
  for (std::size_t k = 0; k < x.n_symbols; ++k) {
    stop_if_asked();
    for (std::size_t r = groups.start[k]; r < groups.start[k + 1]; ++r) {
      const std::uint32_t symbol = y.codes[groups.order[r]];
      if (symbol < y.n_symbols && row[symbol]++ == 0) symbols.push_back(symbol);
    }
    given_x.clear();
    for (const std::uint32_t symbol : symbols) given_x.push_back(row[symbol]);
    if (is_plug_in) plug_in.add_row(symbols, row);
    if (method.panzeri_treves && !given_x.empty()) reachable += reachable_symbols(given_x, n_y_symbols) - 1.0;
    if (!is_plug_in) {
      x_counts.push_back(std::accumulate(given_x.begin(), given_x.end(), std::int64_t{0}));
      cell_counts.insert(cell_counts.end(), given_x.begin(), given_x.end());
    }
    for (const std::uint32_t symbol : symbols) row[symbol] = 0;
    symbols.clear();
  }
  if (!is_plug_in) return JointEstimator(method).of_cells(x_counts, y_counts, cell_counts);
  JointStatistics result = plug_in.finish();
  if (method.panzeri_treves && n > 0)
    result.mutual_information -= (reachable - static_cast<double>(n_y_symbols - 1)) / (2.0 * static_cast<double>(n));
  return result;
}

JointStatistics transposed(JointStatistics s) {
  std::swap(s.x_entropy, s.y_entropy);
  std::swap(s.x_symbols, s.y_symbols);
  return s;
}

// Hands out tiles until their tables fill a batch.
template <class Code>
class TileSource {
 public:
  TileSource(std::span<const CodedColumn<Code>> columns, std::size_t n_rows, std::size_t split)
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
  using Columns = std::vector<std::size_t>;

  bool is_wanted(std::size_t i, std::size_t j) const { return i < j && (split_ == 0 || (i < split_ && j >= split_)); }

  std::size_t most_cells(std::size_t begin, std::size_t end) const {
    std::size_t most = 0;
    for (std::size_t c = begin; c < end; ++c) most = std::max(most, columns_[c].n_cells);
    return most;
  }

  // The pairs i < j (across the split, where there is one) of the square that begins at (i0, j0), in as many tiles as
  // kTileCells makes of them; pairs for the sparse scheme are set apart. Returns the number of cells.
  std::size_t add_square(std::vector<Tile>& batch) {
    const std::size_t i_end = std::min(columns_.size(), i0_ + kTile), j_end = std::min(columns_.size(), j0_ + kTile);
    const BundleShape shape = choose_bundle(most_cells(i0_, i_end), most_cells(j0_, j_end));
    std::size_t total = 0;
    Tile tile;
    const auto close = [&] {
      if (tile.pairs.empty()) return;
      total += tile.size;
      batch.push_back(std::exchange(tile, {}));
    };
    for (std::size_t i = i0_; i < i_end; i += shape.n_x) {
      for (std::size_t j = j0_; j < j_end; j += shape.n_y) {
        const Columns x = range(i, std::min(i_end, i + shape.n_x)), y = range(j, std::min(j_end, j + shape.n_y));
        if (tile.size + cells_of(x, y) > kTileCells) close();
        if (can_be_bundled(x, y))
          add_bundle(tile, Scheme::kTables, x, y);
        else
          add_pairs(tile, x, y);
      }
    }
    close();
    return total;
  }

  static Columns range(std::size_t begin, std::size_t end) {
    Columns columns(end - begin);
    std::iota(columns.begin(), columns.end(), begin);
    return columns;
  }

  std::size_t cells_of(const Columns& x, const Columns& y) const {
    std::size_t cells = 0;
    for (const std::size_t i : x)
      for (const std::size_t j : y)
        if (is_wanted(i, j) && choose_scheme(columns_[i], columns_[j], n_rows_) != Scheme::kSparse)
          cells += columns_[i].n_cells * columns_[j].n_cells;
    return cells;
  }

  bool can_be_bundled(const Columns& x, const Columns& y) const {
    for (const std::size_t i : x)
      for (const std::size_t j : y)
        if (!is_wanted(i, j) || choose_scheme(columns_[i], columns_[j], n_rows_) != Scheme::kTables) return false;
    return true;
  }

  void add_pairs(Tile& tile, const Columns& x, const Columns& y) {
    for (const std::size_t i : x) {
      for (const std::size_t j : y) {
        if (!is_wanted(i, j)) continue;
        const Scheme scheme = choose_scheme(columns_[i], columns_[j], n_rows_);
        if (scheme == Scheme::kSparse)
          sparse_.push_back({i, j});
        else
          add_bundle(tile, scheme, {i}, {j});
      }
    }
  }

  void add_bundle(Tile& tile, Scheme scheme, const Columns& x, const Columns& y) {
    tile.bundles.push_back({scheme, side_of(tile, x), side_of(tile, y), tile.pairs.size()});
    for (const std::size_t i : x) {
      for (const std::size_t j : y) {
        const std::size_t size = columns_[i].n_cells * columns_[j].n_cells;
        tile.pairs.push_back({i, j, tile.size, size});
        tile.size += size;
      }
    }
  }

  std::size_t side_of(Tile& tile, const Columns& columns) const {
    for (std::size_t s = 0; s < tile.sides.size(); ++s)
      if (tile.sides[s].columns == columns) return s;
    std::size_t n_cells = 1;
    for (const std::size_t c : columns) n_cells *= columns_[c].n_cells;
    tile.sides.push_back({columns, n_cells});
    return tile.sides.size() - 1;
  }

  std::span<const CodedColumn<Code>> columns_;
  std::size_t n_rows_, split_, n_squares_, n_made_ = 0, i0_ = 0, j0_ = 0;
  std::vector<Pair> sparse_;
};

// Counts the tiles of one batch and hands their statistics over.
template <class Code>
class BatchCounter {
 public:
  BatchCounter(std::span<const CodedColumn<Code>> columns, std::size_t n_rows, const JointMethod& method, PairSink sink,
               void* context, int n_threads)
      : columns_(columns),
        n_rows_(n_rows),
        sink_(sink),
        context_(context),
        n_threads_(n_threads),
        scratch_(static_cast<std::size_t>(n_threads)),
        estimators_(static_cast<std::size_t>(n_threads), JointEstimator(method)) {}

  void operator()(const std::vector<Tile>& batch, ProgressRange progress) {
    const std::size_t n_chunks = count_blocks(n_rows_, kChunkRows);
    if (n_chunks == 1) {  // no sums over chunks: a tile is finished where it was counted
      parallel_for(
          batch.size(), n_threads_,
          [&](std::size_t t, int thread) {
            TileScratch& mine = scratch_[static_cast<std::size_t>(thread)];
            count_tile(columns_, batch[t], 0, n_rows_, mine);
            finish(batch[t], mine.partial.data(), thread);
          },
          progress);
      return;
    }
    std::vector<std::vector<std::int64_t>> counts(batch.size());
    for (std::size_t t = 0; t < batch.size(); ++t) counts[t].assign(batch[t].size, 0);
    std::vector<std::mutex> mutexes(batch.size());
    parallel_for(
        batch.size() * n_chunks, n_threads_,
        [&](std::size_t task, int thread) {
          const std::size_t t = task / n_chunks, begin = task % n_chunks * kChunkRows;
          TileScratch& mine = scratch_[static_cast<std::size_t>(thread)];
          count_tile(columns_, batch[t], begin, std::min(n_rows_, begin + kChunkRows), mine);
          const std::lock_guard lock(mutexes[t]);
          for (std::size_t cell = 0; cell < counts[t].size(); ++cell) counts[t][cell] += mine.partial[cell];
        },
        progress);
    parallel_for(batch.size(), n_threads_,
                 [&](std::size_t t, int thread) { finish(batch[t], counts[t].data(), thread); });
  }

 private:
  void finish(const Tile& tile, std::int64_t* counts, int thread) {
    for (const Bundle& bundle : tile.bundles) {
      stop_if_asked();  // an estimator may take a millisecond a pair
      const std::size_t n_pairs = tile.sides[bundle.x].columns.size() * tile.sides[bundle.y].columns.size();
      for (std::size_t p = 0; p < n_pairs; ++p) {
        const Pair& pair = tile.pairs[bundle.first_pair + p];
        const CodedColumn<Code>&x = columns_[pair.i], &y = columns_[pair.j];
        std::int64_t* table = counts + pair.offset;
        if (bundle.scheme == Scheme::kBitSliced) complete_from_marginals(x, y, table);
        const JointTable<std::int64_t> joint{table, x.n_symbols, y.n_symbols, y.n_cells};
        sink_(context_, pair.i, pair.j, estimators_[static_cast<std::size_t>(thread)](joint));
      }
    }
  }

  std::span<const CodedColumn<Code>> columns_;
  std::size_t n_rows_;
  PairSink sink_;
  void* context_;
  int n_threads_;
  std::vector<TileScratch> scratch_;
  std::vector<JointEstimator> estimators_;
};

}  // namespace

template <class Code>
void histogram_pairs(std::span<const Code* const> codes, std::size_t n_rows, std::span<const std::int64_t> n_cells,
                     std::size_t split, const JointMethod& method, PairSink sink, void* context, int n_threads) {
  const std::vector<CodedColumn<Code>> columns = count_columns(codes, n_rows, n_cells, n_threads);
  JointEstimator of_itself(method);
  for (std::size_t c = 0; c < columns.size(); ++c)
    sink(context, c, c, of_itself.of_column({columns[c].counts.data(), columns[c].n_symbols}));

  TileSource<Code> source(columns, n_rows, split);
  BatchCounter<Code> count_batch(columns, n_rows, method, sink, context, n_threads);
  for (double done = 0.0;;) {
    const std::vector<Tile> batch = source.next_batch();
    if (batch.empty()) break;  // the squares that are left, if any, have sparse pairs only
    count_batch(batch, {done, source.share()});
    done = source.share();
  }
  const std::vector<Pair>& sparse = source.sparse_pairs();
  parallel_for(sparse.size(), n_threads,
               [&](std::size_t k, int) {
                 const CodedColumn<Code>&x = columns[sparse[k].i], &y = columns[sparse[k].j];
                 // Panzeri and Treves look at x given y: the rows are grouped by y
                 sink(context, sparse[k].i, sparse[k].j,
                      method.panzeri_treves ? transposed(count_sparse(y, x, n_rows, method))
                                            : count_sparse(x, y, n_rows, method));
               },
               {source.share(), 1.0});
}

#define HARTLEY_INSTANTIATE(Code)                                                                               \
  template void histogram_pairs<Code>(std::span<const Code* const>, std::size_t, std::span<const std::int64_t>, \
                                      std::size_t, const JointMethod&, PairSink, void*, int);
HARTLEY_INSTANTIATE(std::uint8_t)
HARTLEY_INSTANTIATE(std::uint16_t)

}  // namespace hartley
