#include "kernels/transport_pricing.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "support/parallel.hpp"
#include "support/simd.hpp"

namespace hartley {
namespace {

using namespace simd;
using V = Vec<double>;
constexpr std::size_t kWidth = kLanes<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr std::size_t kTile = 2048;          // columns made at a time: 16 KiB, they stay in the L1 cache
constexpr std::size_t kColumnTile = 256;     // columns whose minima one task keeps
constexpr std::size_t kPairsOfTask = 65536;  // of a task over rows: tens of microseconds
constexpr std::size_t kPollEvery = 4096;     // rows of a column tile between looks at Ctrl-C: a millisecond or two

std::size_t rows_of_task(const PairCosts& costs) {
  return std::max<std::size_t>(1, kPairsOfTask / std::max<std::size_t>(costs.n_columns(), 1));
}

// Calls body(first_row, end_row, scratch of kTile numbers).
template <class Body>
void for_row_blocks(const PairCosts& costs, int n_threads, Body&& body) {
  const std::size_t rows = rows_of_task(costs);
  std::vector<double> scratch(kTile * static_cast<std::size_t>(n_threads));
  parallel_for(count_blocks(costs.n_rows(), rows), n_threads, [&](std::size_t block, int thread) {
    body(block * rows, std::min(costs.n_rows(), (block + 1) * rows), scratch.data() + kTile * std::size_t(thread));
  });
}

double least_of_sum(const double* costs, const double* v, std::size_t n, double least) {
  std::size_t j = 0;
  V minima[4] = {splat(least), splat(least), splat(least), splat(least)};  // four: the latency of min is hidden
  for (; j + 4 * kWidth <= n; j += 4 * kWidth)
    for (std::size_t k = 0; k < 4; ++k)
      minima[k] = simd::min(load(costs + j + k * kWidth) + load(v + j + k * kWidth), minima[k]);
  least = reduce_min(simd::min(simd::min(minima[0], minima[1]), simd::min(minima[2], minima[3])));
  for (; j < n; ++j) least = std::min(least, costs[j] + v[j]);
  return least;
}

// The least keys seen, in order, with who had them.
struct Shortlist {
  double* keys;
  double* costs;
  std::uint32_t* who;
  std::size_t capacity, size = 0;

  void put(double key, double cost, std::uint32_t index) {
    std::size_t at = size < capacity ? size++ : capacity - 1;
    for (; at > 0 && keys[at - 1] > key; --at) {
      keys[at] = keys[at - 1];
      costs[at] = costs[at - 1];
      who[at] = who[at - 1];
    }
    keys[at] = key;
    costs[at] = cost;
    who[at] = index;
  }
  double threshold(double limit) const { return size < capacity ? limit : keys[capacity - 1]; }
};

void scan_row(const double* costs, const double* v, std::size_t first, std::size_t count, double limit,
              Shortlist& list) {
  double threshold = list.threshold(limit);
  const auto offer = [&](std::size_t j) {
    const double key = costs[j] + v[j];
    if (!(key < threshold)) return;
    list.put(key, costs[j], static_cast<std::uint32_t>(first + j));
    threshold = list.threshold(limit);
  };
  std::size_t j = 0;
  for (; j + kWidth <= count; j += kWidth)
    for (std::uint32_t bits = less_bits(load(costs + j) + load(v + j), splat(threshold)); bits != 0; bits &= bits - 1)
      offer(j + static_cast<std::size_t>(std::countr_zero(bits)));
  for (; j < count; ++j) offer(j);
}

}  // namespace

void row_minima(const PairCosts& costs, const double* v, std::span<double> least, int n_threads) {
  for_row_blocks(costs, n_threads, [&](std::size_t first_row, std::size_t end_row, double* scratch) {
    for (std::size_t i = first_row; i < end_row; ++i) {
      least[i] = kInfinity;
      for (std::size_t first = 0; first < costs.n_columns(); first += kTile) {
        const std::size_t count = std::min(kTile, costs.n_columns() - first);
        least[i] = least_of_sum(costs.row(i, first, count, scratch), v + first, count, least[i]);
      }
    }
  });
}

void column_minima(const PairCosts& costs, std::span<const std::uint32_t> rows, const double* u,
                   std::span<double> least, int n_threads) {
  const std::size_t m = costs.n_columns();
  std::vector<double> scratch(kColumnTile * static_cast<std::size_t>(n_threads));
  parallel_for(count_blocks(m, kColumnTile), n_threads, [&](std::size_t block, int thread) {
    const std::size_t first = block * kColumnTile, count = std::min(kColumnTile, m - first);
    double* minima = least.data() + first;
    std::fill_n(minima, count, kInfinity);
    for (std::size_t k = 0; k < rows.size(); ++k) {
      const double* row = costs.row(rows[k], first, count, scratch.data() + kColumnTile * std::size_t(thread));
      std::size_t j = 0;
      for (; j + kWidth <= count; j += kWidth) store(minima + j, simd::min(load(row + j) - u[k], load(minima + j)));
      for (; j < count; ++j) minima[j] = std::min(minima[j], row[j] - u[k]);
      if (k % kPollEvery == 0) stop_if_asked();
    }
  });
}

std::vector<PricedArc> least_arcs_of_rows(const PairCosts& costs, const double* v, std::span<const double> limit,
                                          std::size_t per_row, int n_threads) {
  const std::size_t rows = rows_of_task(costs);
  std::vector<std::vector<PricedArc>> found(count_blocks(costs.n_rows(), rows));
  for_row_blocks(costs, n_threads, [&](std::size_t first_row, std::size_t end_row, double* scratch) {
    std::vector<double> keys(2 * per_row);
    std::vector<std::uint32_t> who(per_row);
    std::vector<PricedArc>& arcs = found[first_row / rows];
    for (std::size_t i = first_row; i < end_row; ++i) {
      Shortlist list{keys.data(), keys.data() + per_row, who.data(), per_row};
      for (std::size_t first = 0; first < costs.n_columns(); first += kTile) {
        const std::size_t count = std::min(kTile, costs.n_columns() - first);
        scan_row(costs.row(i, first, count, scratch), v + first, first, count, limit.empty() ? kInfinity : limit[i],
                 list);
      }
      for (std::size_t k = 0; k < list.size; ++k)
        arcs.push_back({static_cast<std::uint32_t>(i), list.who[k], list.costs[k]});
    }
  });
  std::vector<PricedArc> all;
  for (const std::vector<PricedArc>& part : found) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::vector<PricedArc> least_arcs_of_columns(const PairCosts& costs, const double* u, std::size_t per_column,
                                             int n_threads) {
  const std::size_t m = costs.n_columns();
  std::vector<std::vector<PricedArc>> found(count_blocks(m, kColumnTile));
  parallel_for(found.size(), n_threads, [&](std::size_t block, int) {
    const std::size_t first = block * kColumnTile, count = std::min(kColumnTile, m - first);
    std::vector<double> scratch(kColumnTile), thresholds(kColumnTile, kInfinity), keys(2 * per_column * count);
    std::vector<std::uint32_t> who(per_column * count);
    std::vector<Shortlist> lists(count);
    for (std::size_t j = 0; j < count; ++j) {
      double* own = keys.data() + 2 * per_column * j;
      lists[j] = {own, own + per_column, who.data() + per_column * j, per_column};
    }
    for (std::size_t i = 0; i < costs.n_rows(); ++i) {
      const double* row = costs.row(i, first, count, scratch.data());
      const auto offer = [&](std::size_t j) {
        lists[j].put(row[j] - u[i], row[j], static_cast<std::uint32_t>(i));
        thresholds[j] = lists[j].threshold(kInfinity);
      };
      std::size_t j = 0;
      for (; j + kWidth <= count; j += kWidth)
        for (std::uint32_t bits = less_bits(load(row + j) - u[i], load(thresholds.data() + j)); bits != 0;
             bits &= bits - 1)
          offer(j + static_cast<std::size_t>(std::countr_zero(bits)));
      for (; j < count; ++j)
        if (row[j] - u[i] < thresholds[j]) offer(j);
      if (i % kPollEvery == 0) stop_if_asked();
    }
    for (std::size_t j = 0; j < count; ++j)
      for (std::size_t k = 0; k < lists[j].size; ++k)
        found[block].push_back({lists[j].who[k], static_cast<std::uint32_t>(first + j), lists[j].costs[k]});
  });
  std::vector<PricedArc> all;
  for (const std::vector<PricedArc>& part : found) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace hartley
