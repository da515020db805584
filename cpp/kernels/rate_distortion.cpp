#include "kernels/rate_distortion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/alternating_solver.hpp"
#include "kernels/transport_passes.hpp"
#include "support/parallel.hpp"
#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;

constexpr std::size_t kBlockEntries = 1u << 18;  // of the matrix in one block of work: 1 ms
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::size_t rows_a_block(std::size_t n_columns) { return std::max<std::size_t>(1, kBlockEntries / n_columns); }

template <class Body>
void for_each_row(std::size_t n_rows, std::size_t n_columns, int n_threads, Body&& body) {
  const std::size_t rows = rows_a_block(n_columns);
  parallel_for(count_blocks(n_rows, rows), n_threads, [&](std::size_t block, int) {
    for (std::size_t i = block * rows; i < std::min(n_rows, (block + 1) * rows); ++i) body(i);
  });
}

double least_entry(const double* row, std::size_t n) {
  double least = row[0];
  for (std::size_t j = 1; j < n; ++j) least = std::min(least, row[j]);
  return least;
}

// e^(-β (d_j - least)) of one row, and its limits at β = 0 and inf.
void write_row(const double* d, std::size_t n, double least, double beta, double* target) {
  if (beta == 0.0 || beta == kInfinity) {
    const double bound = beta == 0.0 ? std::numeric_limits<double>::max() : least;
    for (std::size_t j = 0; j < n; ++j) target[j] = d[j] <= bound ? 1.0 : 0.0;
    return;
  }
  const Vec<double> slope = splat(-beta), origin = splat(least);
  std::size_t j = 0;
  for (; j + kLanes<double> <= n; j += kLanes<double>) store(target + j, exp(slope * (load(d + j) - origin)));
  if (j == n) return;
  const Vec<double> rest = exp(slope * (load_partial(d + j, n - j) - origin));
  for (std::size_t k = 0; j < n; ++j, ++k) target[j] = rest[k];
}

PaddedMatrix distortion_kernel(const double* d, std::span<const double> leasts, std::size_t n_columns, double beta,
                               int n_threads) {
  PaddedMatrix kernel(leasts.size(), n_columns);
  for_each_row(leasts.size(), n_columns, n_threads,
               [&](std::size_t i) { write_row(d + i * n_columns, n_columns, leasts[i], beta, kernel.row(i)); });
  return kernel;
}

// Σ_i p_i Σ_j p(j | i) (d_ij - least_i).
double excess_distortion(const AlternatingMap& map, std::span<const double> p, const double* d,
                         std::span<const double> leasts, std::span<const double> q, int n_threads) {
  std::vector<double> terms(p.size());
  for_each_row(p.size(), q.size(), n_threads, [&](std::size_t i) {
    const double *row = map.matrix().row(i), *costs = d + i * q.size();
    double total = 0.0;
    for (std::size_t j = 0; j < q.size(); ++j)
      if (const double mass = q[j] * row[j]; mass > 0.0) total += mass * (costs[j] - leasts[i]);
    terms[i] = p[i] > 0.0 ? p[i] * (total / map.sums()[i]) : 0.0;
  });
  return std::accumulate(terms.begin(), terms.end(), 0.0);
}

}  // namespace

RatePoint rate_distortion(std::span<const double> p, const double* d, double beta, std::span<double> q,
                          std::span<double> output, const AlternatingOptions& options) {
  const std::size_t m = q.size();
  std::vector<double> leasts(p.size());
  for_each_row(p.size(), m, options.n_threads, [&](std::size_t i) { leasts[i] = least_entry(d + i * m, m); });
  AlternatingMap map(distortion_kernel(d, leasts, m, beta, options.n_threads), Objective::kRateDistortion, p);
  AlternatingSolver solver(map, q, options);
  const AlternatingReport report = solver.solve();

  // I = F - β D - KL(output ‖ q)
  const bool is_limit = beta == 0.0 || beta == kInfinity;
  const double distortion = beta == kInfinity ? 0.0 : excess_distortion(map, p, d, leasts, q, options.n_threads);
  double divergence = 0.0;
  for (std::size_t j = 0; j < m; ++j) {
    output[j] = q[j] > 0.0 ? q[j] * std::exp(map.log_gains()[j]) : 0.0;
    divergence += output[j] * map.log_gains()[j];
  }
  divergence = std::max(divergence, 0.0);
  const double rate = map.value() - (is_limit ? 0.0 : beta * distortion) - divergence;
  return {std::max(rate, 0.0), distortion, std::max(map.gap() - divergence, 0.0), map.value() - map.gap(), report};
}

CapacityPoint channel_capacity(const double* W, std::size_t n_outputs, std::span<const double> offsets,
                               std::span<double> q, const AlternatingOptions& options) {
  PaddedMatrix transposed(n_outputs, q.size());
  constexpr std::size_t kSide = 64;  // a tile of both matrices fits the L1 cache
  parallel_for(count_blocks(n_outputs, kSide), options.n_threads, [&](std::size_t block, int) {
    const std::size_t begin = block * kSide, end = std::min(n_outputs, begin + kSide);
    for (std::size_t first = 0; first < q.size(); first += kSide)
      for (std::size_t i = begin; i < end; ++i)
        for (std::size_t j = first; j < std::min(q.size(), first + kSide); ++j)
          transposed.row(i)[j] = W[j * n_outputs + i];
  });
  AlternatingMap map(std::move(transposed), Objective::kCapacity, offsets);
  AlternatingSolver solver(map, q, options);
  const AlternatingReport report = solver.solve();
  return {-map.value(), map.gap(), report};
}

}  // namespace hartley
