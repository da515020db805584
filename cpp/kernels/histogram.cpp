#include "kernels/histogram.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "kernels/private_tables.hpp"
#include "support/parallel.hpp"
#include "support/simd.hpp"

namespace hartley {
namespace {

using namespace simd;

constexpr std::size_t kChunk = 64 * kBinBlock;  // rows a task: about 0.2 ms

}  // namespace

template <class T>
OutsideCounts joint_histogram(const T* x, const T* y, std::size_t n, const Bins& x_bins, const Bins& y_bins,
                              std::int64_t* counts, int n_threads) {
  const std::size_t cells = x_bins.count() * y_bins.count();
  const double y_count = static_cast<double>(y_bins.count());
  std::vector<std::vector<std::uint32_t>> tables(static_cast<std::size_t>(n_threads));
  std::vector<OutsideCounts> outside(count_blocks(n, kChunk), {0, 0});
  parallel_for(outside.size(), n_threads, [&](std::size_t chunk, int thread) {
    std::vector<std::uint32_t>& mine = tables[static_cast<std::size_t>(thread)];
    if (mine.empty()) mine.assign(cells * n_private_tables(cells), 0);
    alignas(kVectorBytes) double x_cells[kBinBlock + kLanes<double>], y_cells[kBinBlock + kLanes<double>];
    std::uint32_t index[kBinBlock];
    for (std::size_t begin = chunk * kChunk; begin < std::min(n, (chunk + 1) * kChunk); begin += kBinBlock) {
      const std::size_t block = std::min(kBinBlock, n - begin);
      outside[chunk].x += static_cast<std::int64_t>(bin_block(x + begin, block, x_bins, x_cells));
      outside[chunk].y += static_cast<std::int64_t>(bin_block(y + begin, block, y_bins, y_cells));
      for (std::size_t r = 0; r < block; ++r)
        index[r] = static_cast<std::uint32_t>(static_cast<std::int32_t>(x_cells[r] * y_count + y_cells[r]));
      increment(index, block, cells, n_private_tables(cells), mine.data());
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
