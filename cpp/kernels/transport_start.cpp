#include "kernels/transport_start.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <numbers>
#include <numeric>

#include "kernels/transport_pricing.hpp"
#include "support/parallel.hpp"
#include "support/random.hpp"
#include "support/simd.hpp"
#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;
using V = Vec<double>;
constexpr std::size_t kWidth = kLanes<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr std::size_t kPerRow = 16, kPerColumn = 8;  // arcs of the list
constexpr std::size_t kSmall = 64;                   // fewer rows or columns are not sampled
constexpr std::size_t kShare = 4;                    // one in so many is in the sample
constexpr std::size_t kNeighbours = 32;              // arcs of a row that the first temperature blurs
constexpr std::size_t kMostVisits = 500;             // looks at each arc of the list before the paths are given up
constexpr std::size_t kSoftTasks = 8;                // of a soft pass: each keeps sums of all columns
constexpr int kSoftPasses = 10;
constexpr double kFirstReg = 4.0, kLastReg = 0.2;  // in units of what kNeighbours arcs span

std::vector<std::uint32_t> sample(std::size_t n, std::uint64_t seed) {
  std::vector<std::uint32_t> indices(n);
  std::iota(indices.begin(), indices.end(), 0u);
  SplitMix(seed).shuffle(indices.data(), n);
  indices.resize(n / kShare);
  std::sort(indices.begin(), indices.end());
  return indices;
}

std::vector<double> shares_of(std::span<const Mass> masses) {
  double total = 0.0;
  for (const Mass mass : masses) total += static_cast<double>(mass);
  std::vector<double> shares;
  for (const Mass mass : masses) shares.push_back(static_cast<double>(mass) / total);
  return shares;
}

struct Shares {
  std::vector<double> supply, demand;
};

// kernel_j = demand_j 2^((min - key_j) scale) for the keys C_ij + v_j of one row; returns its sum. `keys` and `kernel`
// are padded to whole vectors of float, keys with inf and demand with 0.
double soften_row(const double* row, const double* v, const float* demand, std::size_t m, double scale, double* keys,
                  float* kernel) {
  V minima = splat(kInfinity);
  std::size_t j = 0;
  for (; j + kWidth <= m; j += kWidth) {
    const V key = load(row + j) + load(v + j);
    store(keys + j, key);
    minima = simd::min(key, minima);
  }
  double least = reduce_min(minima);
  for (; j < m; ++j) keys[j] = row[j] + v[j], least = std::min(least, keys[j]);
  Vec<float> total{};
  for (j = 0; j < m; j += 2 * kWidth) {
    const V low = (least - load(keys + j)) * scale, high = (least - load(keys + j + kWidth)) * scale;
    const Vec<float> entries = exp2_of_normal(narrow(low, high)) * load(demand + j);
    store(kernel + j, entries);
    total += entries;
  }
  return static_cast<double>(simd::sum(total));
}

// One of Sinkhorn's iterations at temperature reg, in float32: rows ship along softened minima of C_ij + v_j, and v_j
// rises by reg times the logarithm of what column j receives, per demand.
void soft_pass(const PairCosts& costs, const Shares& shares, double reg, std::span<double> v, int n_threads) {
  const std::size_t n = costs.n_rows(), m = costs.n_columns(), width = 2 * kWidth;
  const std::size_t m_padded = (m + width - 1) / width * width;
  std::vector<float> received(kSoftTasks * m_padded), demand(m_padded);
  for (std::size_t j = 0; j < m; ++j) demand[j] = static_cast<float>(shares.demand[j]);
  parallel_for(kSoftTasks, n_threads, [&](std::size_t task, int) {
    std::vector<double> scratch(m), keys(m_padded, kInfinity);
    std::vector<float> kernel(m_padded);
    float* sums = received.data() + task * m_padded;
    for (std::size_t i = n * task / kSoftTasks; i < n * (task + 1) / kSoftTasks; ++i) {
      const double* row = costs.row(i, 0, m, scratch.data());
      const double total =
          soften_row(row, v.data(), demand.data(), m, std::numbers::log2e / reg, keys.data(), kernel.data());
      const float share = static_cast<float>(shares.supply[i] / total);
      for (std::size_t j = 0; j < m; j += width) store(sums + j, load(sums + j) + load(kernel.data() + j) * share);
      stop_if_asked();
    }
  });
  for (std::size_t j = 0; j < m; ++j) {
    if (shares.demand[j] == 0.0) continue;
    double total = 0.0;
    for (std::size_t task = 0; task < kSoftTasks; ++task) total += static_cast<double>(received[task * m_padded + j]);
    v[j] += reg * std::log(std::max(total / shares.demand[j], 1e-30));  // 1e-30: nothing at all came within float32
  }
}

// What the kNeighbours least arcs of a row span, for the median row.
double typical_span(const PairCosts& costs, std::span<const double> v, int n_threads) {
  const std::vector<PricedArc> arcs = least_arcs_of_rows(costs, v.data(), {}, kNeighbours, n_threads);
  std::vector<double> spans;
  for (std::size_t k = 0; k + kNeighbours <= arcs.size(); k += kNeighbours) {
    const PricedArc &first = arcs[k], &last = arcs[k + kNeighbours - 1];
    spans.push_back((last.cost + v[last.column]) - (first.cost + v[first.column]));
  }
  const auto median = spans.begin() + static_cast<std::ptrdiff_t>(spans.size() / 2);
  std::nth_element(spans.begin(), median, spans.end());
  return *median;
}

void balance(const PairCosts& costs, std::span<const Mass> supply, std::span<const Mass> demand, std::span<double> v,
             int n_threads) {
  const double span = typical_span(costs, v, n_threads);
  if (!(span > 0.0 && std::isfinite(span))) return;
  const Shares shares{shares_of(supply), shares_of(demand)};
  for (int pass = 0; pass < kSoftPasses; ++pass) {
    const double cooled = static_cast<double>(pass) / (kSoftPasses - 1);
    soft_pass(costs, shares, span * kFirstReg * std::pow(kLastReg / kFirstReg, cooled), v, n_threads);
  }
}

std::vector<double> start_potentials(const PairCosts& costs, std::span<const Mass> supply, std::span<const Mass> demand,
                                     int n_threads) {
  const std::size_t n = costs.n_rows(), m = costs.n_columns();
  std::vector<std::uint32_t> rows;
  std::vector<double> u, v(m);
  if (std::min(n, m) < kSmall) {
    rows.resize(n);
    std::iota(rows.begin(), rows.end(), 0u);
    u.resize(n);
  } else {
    rows = sample(n, 1);
    const std::vector<std::uint32_t> columns = sample(m, 2);
    std::vector<double> a, b;
    for (const std::uint32_t i : rows) a.push_back(static_cast<double>(supply[i]));
    for (const std::uint32_t j : columns) b.push_back(static_cast<double>(demand[j]));
    const WholeMasses masses = whole_masses(a, b);
    u = transport_start(*costs.subset(rows, columns), masses.supply, masses.demand, n_threads).u;
  }
  column_minima(costs, rows, u.data(), v, n_threads);
  for (double& potential : v) potential = -potential;
  if (std::min(n, m) >= kSmall) balance(costs, supply, demand, v, n_threads);
  return v;
}

}  // namespace

TransportStart transport_start(const PairCosts& costs, std::span<const Mass> supply, std::span<const Mass> demand,
                               int n_threads) {
  const std::vector<double> v = start_potentials(costs, supply, demand, n_threads);
  std::vector<PricedArc> arcs = least_arcs_of_rows(costs, v.data(), {}, kPerRow, n_threads);
  std::vector<double> u(costs.n_rows());
  for (std::size_t k = arcs.size(); k-- > 0;) u[arcs[k].row] = arcs[k].cost + v[arcs[k].column];  // the least is first
  const std::vector<PricedArc> of_columns = least_arcs_of_columns(costs, u.data(), kPerColumn, n_threads);
  arcs.insert(arcs.end(), of_columns.begin(), of_columns.end());
  ArcList list(std::move(arcs), costs.n_rows());
  AugmentingPaths paths(list, supply, demand, v);
  paths.run(kMostVisits * list.columns.size());
  return {std::move(list), paths.flow_arcs(), paths.excess(), paths.deficit(), paths.u(), paths.v()};
}

}  // namespace hartley
