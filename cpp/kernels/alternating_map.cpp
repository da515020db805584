#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 misreads its own AVX-512 header inlined into Eigen
#endif

#include "kernels/alternating_map.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/transport_passes.hpp"
#include "support/parallel.hpp"
#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;
using V = Vec<double>;

constexpr std::size_t kTasks = 16;        // each has a row of column sums of its own, added in task order
constexpr std::size_t kGrain = 1u << 15;  // entries below which a team of threads costs more than it gives
constexpr std::size_t kTile = 128;        // columns on either side of a tile of the curvature
constexpr std::size_t kTileRows = 4096;   // rows between two looks at Ctrl-C
constexpr double kLeastSum = 1e-300;      // z as it is divided by: an underflow must not become an infinity
constexpr double kLeastLogGain = -700.0;  // e^-700 is a normal number
static_assert(kPad % kGroup == 0);

std::size_t count_threads(const PaddedMatrix& matrix, int n_threads) {
  return matrix.n_rows * matrix.n_columns < kGrain ? 1 : static_cast<std::size_t>(n_threads);
}

void write_logs(std::span<const double> values, std::span<double> logs) {
  for (std::size_t i = 0; i < values.size(); i += kLanes<double>)
    store(logs.data() + i, log_of_normal(max(load(values.data() + i), splat(kLeastSum))));
}

}  // namespace

PaddedMatrix::PaddedMatrix(std::size_t rows, std::size_t columns)
    : n_rows(rows), n_columns(columns), entries(padded(rows) * padded(columns)) {
  for (std::size_t i = 0; i < padded(rows); ++i) std::fill(row(i) + (i < rows ? columns : 0), row(i) + stride(), 0.0);
}

std::size_t PaddedMatrix::stride() const { return padded(n_columns); }

AlternatingMap::AlternatingMap(PaddedMatrix matrix, Objective objective, std::span<const double> terms)
    : matrix_(std::move(matrix)),
      objective_(objective),
      terms_(terms.begin(), terms.end()),
      weights_(matrix_.stride(), 0.0),
      columns_(matrix_.stride(), 0.0),
      task_columns_(kTasks * matrix_.stride()),
      sums_(padded(matrix_.n_rows), 1.0),
      log_gains_(matrix_.n_columns) {
  terms_.resize(objective == Objective::kRateDistortion ? sums_.size() : weights_.size(), 0.0);
}

// sums_ = B q and columns_ = Bᵀ f(sums).
void AlternatingMap::pass(double progress, int n_threads) {
  const std::size_t stride = matrix_.stride(), n_groups = count_blocks(matrix_.n_rows, kGroup);
  const std::size_t groups_a_task = count_blocks(n_groups, kTasks), n_tasks = count_blocks(n_groups, groups_a_task);
  const auto work = [&](std::size_t task, int) {
    double* partial = task_columns_.data() + task * stride;
    std::fill_n(partial, stride, 0.0);
    const std::size_t end = std::min(n_groups, (task + 1) * groups_a_task);
    for (std::size_t first = task * groups_a_task * kGroup; first < end * kGroup; first += kGroup) {
      double factors[kGroup];
      const std::span<double> z = std::span(sums_).subspan(first, kGroup);
      multiply_kernel_rows(matrix_.row(first), stride, weights_.data(), z.data());
      for (double& sum : z) sum = std::max(sum, kLeastSum);
      if (objective_ == Objective::kCapacity)
        write_logs(z, factors);
      else
        for (std::size_t r = 0; r < kGroup; ++r) factors[r] = terms_[first + r] / z[r];
      add_kernel_rows(matrix_.row(first), stride, factors, partial);
    }
  };
  parallel_for(n_tasks, static_cast<int>(count_threads(matrix_, n_threads)), work, {progress, progress});
  std::copy_n(task_columns_.begin(), stride, columns_.begin());
  for (std::size_t task = 1; task < n_tasks; ++task)
    for (std::size_t j = 0; j < stride; ++j) columns_[j] += task_columns_[task * stride + j];
}

void AlternatingMap::finish_rate_distortion() {
  V total{};
  for (std::size_t i = 0; i < sums_.size(); i += kLanes<double>)
    total = fma(load(terms_.data() + i), log_of_normal(load(sums_.data() + i)), total);
  value_ = -simd::sum(total);
  write_logs(columns_, columns_);
  for (std::size_t j = 0; j < log_gains_.size(); ++j) log_gains_[j] = std::max(columns_[j], kLeastLogGain);
}

void AlternatingMap::finish_capacity(std::span<const double> q) {
  double mean = 0.0;
  for (std::size_t j = 0; j < q.size(); ++j) {
    log_gains_[j] = terms_[j] - columns_[j];
    if (q[j] > 0.0) mean += q[j] * log_gains_[j];
  }
  value_ = -mean;
  for (double& gain : log_gains_) gain = std::max(gain - mean, kLeastLogGain);
}

void AlternatingMap::evaluate(std::span<const double> q, double progress, int n_threads) {
  std::copy(q.begin(), q.end(), weights_.begin());
  pass(progress, n_threads);
  if (objective_ == Objective::kRateDistortion)
    finish_rate_distortion();
  else
    finish_capacity(q);
  gap_ = std::max(0.0, *std::max_element(log_gains_.begin(), log_gains_.end()));
  const double total = std::accumulate(q.begin(), q.end(), 0.0);
  if (!std::isfinite(total)) value_ = gap_ = std::numeric_limits<double>::infinity();  // an extrapolation gone astray
}

void AlternatingMap::step(std::span<const double> q, std::span<double> next) const {
  const std::size_t n = q.size(), whole = n - n % kLanes<double>;
  V total{};
  for (std::size_t j = 0; j < whole; j += kLanes<double>) {
    const V moved = load(q.data() + j) * exp(load(log_gains_.data() + j));
    store(next.data() + j, moved);
    total += moved;
  }
  double sum = simd::sum(total);
  for (std::size_t j = whole; j < n; ++j) sum += next[j] = q[j] * std::exp(log_gains_[j]);
  for (double& weight : next) weight /= sum;
}

double AlternatingMap::ascent(std::size_t j) const {
  return objective_ == Objective::kRateDistortion ? std::exp(log_gains_[j]) : log_gains_[j];
}

// Rate-distortion: Σ_i p_i B_ij B_ik / z_i², capacity: Σ_i B_ij B_ik / z_i; as products of scaled columns.
Eigen::MatrixXd AlternatingMap::curvature(std::span<const std::size_t> columns, int n_threads) const {
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto n = static_cast<Eigen::Index>(matrix_.n_rows), size = static_cast<Eigen::Index>(columns.size());
  Rows scaled(n, size);
  parallel_for(count_blocks(matrix_.n_rows, kTile), n_threads, [&](std::size_t block, int) {
    for (std::size_t i = block * kTile; i < std::min(matrix_.n_rows, (block + 1) * kTile); ++i) {
      const double scale =
          objective_ == Objective::kRateDistortion ? std::sqrt(terms_[i]) / sums_[i] : 1.0 / std::sqrt(sums_[i]);
      const double* row = matrix_.row(i);
      double* target = scaled.data() + i * columns.size();
      for (std::size_t k = 0; k < columns.size(); ++k) target[k] = scale * row[columns[k]];
    }
  });
  Eigen::MatrixXd result = Eigen::MatrixXd::Zero(size, size);
  const std::size_t n_tiles = count_blocks(columns.size(), kTile);
  constexpr auto kSide = static_cast<Eigen::Index>(kTile), kHeight = static_cast<Eigen::Index>(kTileRows);
  parallel_for(n_tiles * n_tiles, n_threads, [&](std::size_t tile, int) {
    const auto a = static_cast<Eigen::Index>(tile / n_tiles) * kSide,
               b = static_cast<Eigen::Index>(tile % n_tiles) * kSide;
    if (b > a) return;
    const Eigen::Index width_a = std::min(kSide, size - a), width_b = std::min(kSide, size - b);
    for (Eigen::Index row = 0; row < n; row += kHeight) {
      const Eigen::Index height = std::min(kHeight, n - row);
      result.block(a, b, width_a, width_b).noalias() +=
          scaled.block(row, a, height, width_a).transpose() * scaled.block(row, b, height, width_b);
      stop_if_asked();
    }
  });
  result.triangularView<Eigen::StrictlyUpper>() = result.transpose();
  return result;
}

}  // namespace hartley
