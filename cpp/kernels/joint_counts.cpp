#include "kernels/joint_counts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;

// Σ_j c_j log(c_j scale_j factor), 0 log 0 = 0; whole vectors.
double scaled_log_sum(const double* counts, const double* scale, double factor, std::size_t n) {
  Vec<double> total{};
  for (std::size_t j = 0; j < n; j += kLanes<double>) {
    const Vec<double> count = load(counts + j);
    const Vec<double> ratio = count * (load(scale + j) * factor);
    total += count * log_of_normal(max(ratio, splat(std::numeric_limits<double>::min())));
  }
  return sum(total);
}

std::int64_t count_positive(std::span<const double> values) {
  return std::count_if(values.begin(), values.end(), [](double v) { return v > 0.0; });
}

// Σ (c / n) log(n / c).
double plug_in(std::span<const double> counts, double n) {
  CompensatedSum total;
  for (const double c : counts)
    if (c > 0.0) total += -c * std::log(c / n);
  return std::max(0.0, total.value() / n);
}

}  // namespace

double counts_entropy(std::span<const std::int64_t> counts, std::int64_t n, std::int64_t& symbols) {
  const std::vector<double> values(counts.begin(), counts.end());
  symbols = count_positive(values);
  return plug_in(values, static_cast<double>(n));
}

// Values, row and column sums as float64: whole numbers, exact.
template <class Count>
void JointEstimator::read(const JointTable<Count>& table) {
  width_ = (table.n_y + kLanes<double> - 1) / kLanes<double> * kLanes<double>;
  values_.assign(table.n_x * width_, 0.0);
  x_totals_.resize(table.n_x);
  y_totals_.assign(width_, 0.0);
  for (std::size_t i = 0; i < table.n_x; ++i) {
    double* row = values_.data() + i * width_;
    for (std::size_t j = 0; j < table.n_y; ++j) row[j] = static_cast<double>(table.counts[i * table.row_stride + j]);
    Vec<double> total{};
    for (std::size_t j = 0; j < width_; j += kLanes<double>) {
      const Vec<double> cells = load(row + j);
      total += cells;
      store(y_totals_.data() + j, load(y_totals_.data() + j) + cells);
    }
    x_totals_[i] = sum(total);
  }
}

double JointEstimator::entropy(std::span<const std::int64_t> counts, double n_symbols) {
  return estimate_entropy(counts, n_symbols, method_.estimator, method_.alpha, scratch_);
}

template <class Count>
double JointEstimator::bias(const JointTable<Count>& table, double n) {
  const std::int64_t n_symbols = count_positive(x_totals_);
  std::vector<std::int64_t> given_y;
  double reachable = 0.0;
  for (std::size_t j = 0; j < table.n_y; ++j) {
    given_y.clear();
    for (std::size_t i = 0; i < table.n_x; ++i)
      if (const Count count = table.counts[i * table.row_stride + j]; count > 0)
        given_y.push_back(static_cast<std::int64_t>(count));
    if (!given_y.empty()) reachable += reachable_symbols(given_y, n_symbols) - 1.0;
  }
  return (reachable - static_cast<double>(n_symbols - 1)) / (2.0 * n);
}

template <class Count>
JointStatistics JointEstimator::operator()(const JointTable<Count>& table) {
  read(table);
  JointStatistics result;
  double n = 0.0;
  for (const double total : x_totals_) n += total;
  result.n = static_cast<std::int64_t>(n);
  if (result.n == 0) return result;
  const std::span<const double> y_totals(y_totals_.data(), table.n_y);
  if (method_.details || method_.estimator != EntropyEstimator::kMle) {
    result.x_symbols = count_positive(x_totals_);
    result.y_symbols = count_positive(y_totals);
    result.cells = count_positive(values_);
  }
  if (method_.estimator != EntropyEstimator::kMle) {
    const double k_x =
        static_cast<double>(method_.whole_alphabet ? static_cast<std::int64_t>(table.n_x) : result.x_symbols);
    const double k_y =
        static_cast<double>(method_.whole_alphabet ? static_cast<std::int64_t>(table.n_y) : result.y_symbols);
    whole_.assign(x_totals_.begin(), x_totals_.end());
    result.x_entropy = entropy(whole_, k_x);
    whole_.assign(y_totals.begin(), y_totals.end());
    result.y_entropy = entropy(whole_, k_y);
    whole_.assign(values_.begin(), values_.end());
    result.mutual_information = result.x_entropy + result.y_entropy - entropy(whole_, k_x * k_y);
    return result;
  }
  if (method_.details) {
    result.x_entropy = plug_in(x_totals_, n);
    result.y_entropy = plug_in(y_totals, n);
  }
  inverse_y_.resize(width_);
  for (std::size_t j = 0; j < width_; ++j) inverse_y_[j] = y_totals_[j] > 0.0 ? n / y_totals_[j] : 0.0;
  double information = 0.0;
  for (std::size_t i = 0; i < table.n_x; ++i)
    if (x_totals_[i] > 0.0)
      information += scaled_log_sum(values_.data() + i * width_, inverse_y_.data(), 1.0 / x_totals_[i], width_);
  result.mutual_information = std::max(0.0, information / n);
  if (method_.panzeri_treves) result.mutual_information -= bias(table, n);
  return result;
}

template JointStatistics JointEstimator::operator()(const JointTable<std::int64_t>&);

JointStatistics JointEstimator::of_cells(std::span<const std::int64_t> x_counts, std::span<const std::int64_t> y_counts,
                                         std::span<const std::int64_t> cell_counts) {
  JointStatistics result;
  for (const std::int64_t count : x_counts) result.n += count;
  const auto is_positive = [](std::int64_t count) { return count > 0; };
  result.x_symbols = std::count_if(x_counts.begin(), x_counts.end(), is_positive);
  result.y_symbols = std::count_if(y_counts.begin(), y_counts.end(), is_positive);
  result.cells = static_cast<std::int64_t>(cell_counts.size());
  if (result.n == 0) return result;
  const auto alphabet = [&](std::span<const std::int64_t> counts, std::int64_t seen) {
    return method_.whole_alphabet ? static_cast<double>(counts.size()) : static_cast<double>(seen);
  };
  const double k_x = alphabet(x_counts, result.x_symbols), k_y = alphabet(y_counts, result.y_symbols);
  result.x_entropy = entropy(x_counts, k_x);
  result.y_entropy = entropy(y_counts, k_y);
  result.mutual_information = result.x_entropy + result.y_entropy - entropy(cell_counts, k_x * k_y);
  return result;
}

JointStatistics JointEstimator::of_column(std::span<const std::int64_t> counts) {
  JointStatistics result;
  for (const std::int64_t count : counts) result.n += count;
  if (result.n == 0) return result;
  const double plug_in_entropy = counts_entropy(counts, result.n, result.x_symbols);
  result.y_symbols = result.cells = result.x_symbols;
  const double k =
      static_cast<double>(method_.whole_alphabet ? static_cast<std::int64_t>(counts.size()) : result.x_symbols);
  result.x_entropy = method_.estimator == EntropyEstimator::kMle ? plug_in_entropy : entropy(counts, k);
  result.mutual_information = result.y_entropy = result.x_entropy;
  return result;
}

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

double reachable_symbols(std::span<const std::int64_t> counts, std::int64_t n_symbols) {
  double n = 0.0;
  for (const std::int64_t count : counts) n += static_cast<double>(count);
  const double seen = static_cast<double>(counts.size());
  const double per_unseen = -std::expm1(std::log(n / (n + seen)) / n);
  const std::int64_t unseen = n_symbols - static_cast<std::int64_t>(counts.size());
  const std::int64_t most =
      static_cast<std::int64_t>(std::min(static_cast<double>(unseen), std::floor(1.0 / per_unseen)));
  if (most <= 0) return seen;
  const auto expected = [&](std::int64_t guess) {
    const double x = static_cast<double>(guess);
    CompensatedSum total;
    for (const std::int64_t count : counts) {
      const double p = (1.0 - per_unseen * x) * (static_cast<double>(count) + 1.0) / (n + seen);
      total += -std::expm1(n * std::log1p(-std::min(p, 1.0 - 1e-16)));
    }
    return total.value() + x * seen / (n + seen);
  };
  // the expectation rises: the first number of unseen symbols at which it reaches what was seen
  std::int64_t low = 0, high = most;
  while (low < high) {
    const std::int64_t middle = (low + high) / 2;
    if (expected(middle) >= seen)
      high = middle;
    else
      low = middle + 1;
  }
  const bool is_nearest = low == 0 || std::fabs(expected(low) - seen) < std::fabs(expected(low - 1) - seen);
  return seen + static_cast<double>(is_nearest ? low : low - 1);
}

}  // namespace hartley
