#include "kernels/histogram.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "kernels/private_tables.hpp"
#include "support/parallel.hpp"
#include "support/simd.hpp"

namespace hartley {
namespace {

constexpr std::size_t kChunk = 64 * kBinBlock;  // rows a task: about 0.2 ms

// Asks for the 64 numbers from position r on of what will be read next; past the end that is harmless.
template <class T>
void fetch_ahead(const T* next, std::size_t r) {
  constexpr std::size_t kLine = 64 / sizeof(T);
  for (std::size_t k = 0; k < 64; k += kLine) __builtin_prefetch(next + r + k, 0, 3);
}

template <class Index, class T>
void count_block(const std::int32_t* x, const std::int32_t* y, std::size_t n, std::size_t y_count, std::size_t cells,
                 std::uint32_t* tables, const T* x_next, const T* y_next) {
  Index index[kBinBlock];
  const auto factor = static_cast<std::uint32_t>(y_count);
  for (std::size_t r = 0; r < n; ++r)
    index[r] = static_cast<Index>(static_cast<std::uint32_t>(x[r]) * factor + static_cast<std::uint32_t>(y[r]));
  // the next blocks of both variables are fetched while the tables keep the processor busy: 1.3x (bench_histogram H1)
  constexpr std::size_t kStep = 64;
  for (std::size_t r = 0; r < n; r += kStep) {
    fetch_ahead(x_next, r);
    fetch_ahead(y_next, r);
    increment(index + r, std::min(kStep, n - r), cells, n_private_tables(cells), tables);
  }
}

}  // namespace

template <class T>
OutsideCounts joint_histogram(const T* x, const T* y, std::size_t n, const Bins& x_bins, const Bins& y_bins,
                              std::int64_t* counts, int n_threads) {
  const std::size_t cells = x_bins.count() * y_bins.count();
  std::vector<std::vector<std::uint32_t>> tables(static_cast<std::size_t>(n_threads));
  std::vector<OutsideCounts> outside(count_blocks(n, kChunk), {0, 0});
  parallel_for(outside.size(), n_threads, [&](std::size_t chunk, int thread) {
    std::vector<std::uint32_t>& mine = tables[static_cast<std::size_t>(thread)];
    if (mine.empty()) mine.assign(cells * n_private_tables(cells), 0);
    std::int32_t x_cells[kBinBlock + simd::kLanes<double>], y_cells[kBinBlock + simd::kLanes<double>];
    for (std::size_t begin = chunk * kChunk; begin < std::min(n, (chunk + 1) * kChunk); begin += kBinBlock) {
      const std::size_t block = std::min(kBinBlock, n - begin);
      outside[chunk].x += static_cast<std::int64_t>(bin_block(x + begin, block, x_bins, x_cells));
      outside[chunk].y += static_cast<std::int64_t>(bin_block(y + begin, block, y_bins, y_cells));
      if (cells <= 65536)
        count_block<std::uint16_t>(x_cells, y_cells, block, y_bins.count(), cells, mine.data(), x + begin + block,
                                   y + begin + block);
      else
        count_block<std::uint32_t>(x_cells, y_cells, block, y_bins.count(), cells, mine.data(), x + begin + block,
                                   y + begin + block);
    }
  });
  std::fill(counts, counts + cells, 0);
  for (const std::vector<std::uint32_t>& mine : tables)
    for (std::size_t copy = 0; copy < mine.size(); copy += cells)
      for (std::size_t cell = 0; cell < cells; ++cell) counts[cell] += mine[copy + cell];
  return std::accumulate(outside.begin(), outside.end(), OutsideCounts{0, 0},
                         [](OutsideCounts a, OutsideCounts b) { return OutsideCounts{a.x + b.x, a.y + b.y}; });
}

template OutsideCounts joint_histogram<double>(const double*, const double*, std::size_t, const Bins&, const Bins&,
                                               std::int64_t*, int);
template OutsideCounts joint_histogram<float>(const float*, const float*, std::size_t, const Bins&, const Bins&,
                                              std::int64_t*, int);

}  // namespace hartley
