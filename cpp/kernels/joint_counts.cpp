#include "kernels/joint_counts.hpp"

#include <algorithm>
#include <cmath>

#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;

// Σ_j c_j log(c_j * scale_j), 0 log 0 = 0.
double scaled_log_sum(const double* counts, const double* scale, std::size_t n) {
  Vec<double> total{};
  auto add = [&](Vec<double> count, Vec<double> factor) {
    const Vec<double> ratio = max(count * factor, splat(std::numeric_limits<double>::min()));
    total += count * log_of_normal(ratio);
  };
  std::size_t j = 0;
  for (; j + kLanes<double> <= n; j += kLanes<double>) add(load(counts + j), load(scale + j));
  if (j < n) add(load_partial(counts + j, n - j), load_partial(scale + j, n - j));
  return sum(total);
}

}  // namespace

double counts_entropy(std::span<const std::int64_t> counts, std::int64_t n, std::int64_t& symbols) {
  std::vector<double> values(counts.size()), scale(counts.size(), 1.0 / static_cast<double>(n));
  symbols = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    values[i] = static_cast<double>(counts[i]);
    symbols += counts[i] != 0;
  }
  return std::max(0.0, -scaled_log_sum(values.data(), scale.data(), values.size()) / static_cast<double>(n));
}

template <class Count>
JointStatistics joint_statistics(const Count* counts, std::size_t n_x, std::size_t n_y, std::size_t row_stride) {
  std::vector<std::int64_t> x_counts(n_x, 0), y_counts(n_y, 0);
  JointStatistics result;
  for (std::size_t i = 0; i < n_x; ++i) {
    const Count* row = counts + i * row_stride;
    std::int64_t row_total = 0, occupied = 0;
    for (std::size_t j = 0; j < n_y; ++j) {
      row_total += static_cast<std::int64_t>(row[j]);
      y_counts[j] += static_cast<std::int64_t>(row[j]);
      occupied += row[j] != 0;
    }
    x_counts[i] = row_total;
    result.n += row_total;
    result.cells += occupied;
  }
  if (result.n == 0) return result;
  result.x_entropy = counts_entropy(x_counts, result.n, result.x_symbols);
  result.y_entropy = counts_entropy(y_counts, result.n, result.y_symbols);

  const double n = static_cast<double>(result.n);
  std::vector<double> row(n_y), inverse_y(n_y), scale(n_y);
  for (std::size_t j = 0; j < n_y; ++j) inverse_y[j] = y_counts[j] > 0 ? n / static_cast<double>(y_counts[j]) : 0.0;
  double information = 0.0;
  for (std::size_t i = 0; i < n_x; ++i) {
    if (x_counts[i] == 0) continue;
    const double inverse_x = 1.0 / static_cast<double>(x_counts[i]);
    for (std::size_t j = 0; j < n_y; ++j) {
      row[j] = static_cast<double>(counts[i * row_stride + j]);
      scale[j] = inverse_y[j] * inverse_x;
    }
    information += scaled_log_sum(row.data(), scale.data(), n_y);
  }
  result.mutual_information = std::max(0.0, information / n);
  return result;
}

template JointStatistics joint_statistics<std::int64_t>(const std::int64_t*, std::size_t, std::size_t, std::size_t);
template JointStatistics joint_statistics<std::uint32_t>(const std::uint32_t*, std::size_t, std::size_t, std::size_t);

SparseJointStatistics::SparseJointStatistics(std::int64_t n, std::span<const std::int64_t> y_counts)
    : y_counts_(y_counts) {
  so_far_.n = n;
  if (n > 0) so_far_.y_entropy = counts_entropy(y_counts, n, so_far_.y_symbols);
}

void SparseJointStatistics::add_row(std::span<const std::uint32_t> symbols, std::span<const std::int64_t> cell_counts) {
  std::int64_t row_total = 0;
  for (const std::uint32_t symbol : symbols) row_total += cell_counts[symbol];
  if (row_total == 0) return;
  const double n = static_cast<double>(so_far_.n), p_row = static_cast<double>(row_total) / n;
  for (const std::uint32_t symbol : symbols) {
    const double count = static_cast<double>(cell_counts[symbol]);
    information_ += count / n * std::log(count / (p_row * static_cast<double>(y_counts_[symbol])));
  }
  x_entropy_ += -p_row * std::log(p_row);
  ++so_far_.x_symbols;
  so_far_.cells += static_cast<std::int64_t>(symbols.size());
}

JointStatistics SparseJointStatistics::finish() const {
  JointStatistics result = so_far_;
  result.mutual_information = std::max(0.0, information_.value());
  result.x_entropy = std::max(0.0, x_entropy_.value());
  return result;
}

}  // namespace hartley
