#include "kernels/barycenter.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/sinkhorn_solver.hpp"
#include "kernels/transport_passes.hpp"

namespace hartley {
namespace {

constexpr double kLog2E = 1.4426950408889634;
// Kernel entries are cut at 2^-900: a sum this far above what cut entries can add is exact.
constexpr double kTrusted = 0x1p-840;

// One row a histogram, padded.
class Rows {
 public:
  Rows(std::size_t n_rows, std::size_t n, double filler) : length_(padded(n)), values_(n_rows * length_, filler) {}
  std::span<double> operator[](std::size_t k) { return {values_.data() + k * length_, length_}; }
  std::span<const double> operator[](std::size_t k) const { return {values_.data() + k * length_, length_}; }

 private:
  std::size_t length_;
  std::vector<double> values_;
};

// 2^(logarithms - their largest) of the n points; the largest.
double exponentiate(std::span<const double> logarithms, std::size_t n, std::span<double> values) {
  const double largest = *std::max_element(logarithms.begin(), logarithms.begin() + static_cast<std::ptrdiff_t>(n));
  for (std::size_t i = 0; i < n; ++i) values[i] = std::exp2(logarithms[i] - largest);
  return largest;
}

// State and steps of the iteration. All scalings are held as base-2 logarithms.
class Projections {
 public:
  Projections(CostGeometry& geometry, std::span<const double> histograms, std::span<const double> weights,
              const BarycenterOptions& options);
  // Moves u, s, q and v on; the marginal error of the v there was.
  double step();
  void write(std::span<double> barycenter) const;

 private:
  KernelView view() const {
    return {&geometry_, &geometry_.x(), &geometry_.y(), row_zero_.data(), column_zero_.data()};
  }
  KernelRows<double> kernel() const { return {view(), kernel_.size() != 0 ? kernel_.data() : nullptr}; }
  bool multiply_with_scalings();
  void multiply_with_logarithms();
  double update_u();
  void update_barycenter();
  double update_debiasing();

  CostGeometry& geometry_;
  std::span<const double> weights_;
  std::size_t n_histograms_, n_, m_;
  bool debiased_, in_logarithms_ = false;
  Run run_;
  std::vector<double> row_zero_, column_zero_, row_ones_, column_ones_;
  Rows mass_, u_, v_, row_sums_, column_sums_;  // logarithms, but for the mass
  std::vector<double> barycenter_, debiasing_;
  Buffer<double> kernel_;
};

Projections::Projections(CostGeometry& geometry, std::span<const double> histograms, std::span<const double> weights,
                         const BarycenterOptions& options)
    : geometry_(geometry),
      weights_(weights),
      n_histograms_(weights.size()),
      n_(geometry.x().n),
      m_(geometry.y().n),
      debiased_(options.debiased),
      run_{options.n_threads},
      row_zero_(with_padding(std::vector<double>(n_, 0.0), kNowhere)),
      column_zero_(with_padding(std::vector<double>(m_, 0.0), kNowhere)),
      row_ones_(with_padding(std::vector<double>(n_, 1.0), 0.0)),
      column_ones_(with_padding(std::vector<double>(m_, 1.0), 0.0)),
      mass_(n_histograms_, n_, 0.0),
      u_(n_histograms_, n_, kNowhere),
      v_(n_histograms_, m_, 0.0),
      row_sums_(n_histograms_, n_, 0.0),
      column_sums_(n_histograms_, m_, 0.0),
      barycenter_(m_, 0.0),
      debiasing_(column_zero_) {
  for (std::size_t k = 0; k < n_histograms_; ++k) {
    std::copy_n(histograms.begin() + static_cast<std::ptrdiff_t>(k * n_), n_, mass_[k].begin());
    std::fill(v_[k].begin() + static_cast<std::ptrdiff_t>(m_), v_[k].end(), kNowhere);
  }
  if (padded(n_) * padded(m_) <= options.memory_limit / sizeof(double)) store_kernel(view(), kernel_, run_);
}

// row_sums = K v and column_sums = Kᵀ (mass / K v) in one pass over the kernel; false where float64 does not reach.
bool Projections::multiply_with_scalings() {
  const std::size_t n_columns = padded(m_), n_tasks = count_tasks(view());
  Rows v(n_histograms_, m_, 0.0), rows(n_histograms_, n_, 0.0), partial(n_tasks * n_histograms_, m_, 0.0);
  std::vector<double> shift(n_histograms_), largest_u(n_tasks * n_histograms_, 0.0);
  for (std::size_t k = 0; k < n_histograms_; ++k) shift[k] = exponentiate(v_[k], m_, v[k]);

  for_each_kernel_group(kernel(), run_, [&](std::size_t first_row, std::size_t task, const double* kernel_rows) {
    for (std::size_t k = 0; k < n_histograms_; ++k) {
      double* sums = rows[k].data() + first_row;
      const double* mass = mass_[k].data() + first_row;
      double u[kGroup], &largest = largest_u[task * n_histograms_ + k];
      multiply_kernel_rows(kernel_rows, n_columns, v[k].data(), sums);
      for (std::size_t r = 0; r < kGroup; ++r)
        largest = std::max(largest, u[r] = mass[r] > 0 ? mass[r] / sums[r] : 0.0);
      add_kernel_rows(kernel_rows, n_columns, u, partial[task * n_histograms_ + k].data());
    }
  });

  for (std::size_t k = 0; k < n_histograms_; ++k) {
    for (std::size_t i = 0; i < n_; ++i) {
      if (mass_[k][i] > 0 && !(rows[k][i] > kTrusted * static_cast<double>(m_))) return false;
      row_sums_[k][i] = shift[k] + std::log2(rows[k][i]);
    }
    double largest = 0.0;
    for (std::size_t task = 0; task < n_tasks; ++task) largest = std::max(largest, largest_u[task * n_histograms_ + k]);
    for (std::size_t j = 0; j < m_; ++j) {
      double sum = 0.0;
      for (std::size_t task = 0; task < n_tasks; ++task) sum += partial[task * n_histograms_ + k][j];
      if (!(sum > kTrusted * static_cast<double>(n_) * largest) || std::isinf(sum)) return false;
      column_sums_[k][j] = std::log2(sum) - shift[k];  // u was made from v / 2^shift
    }
  }
  return true;
}

void Projections::multiply_with_logarithms() {
  for (std::size_t k = 0; k < n_histograms_; ++k) {
    log_sum_pass({&geometry_, &geometry_.x(), &geometry_.y(), row_zero_.data(), v_[k].data()}, column_ones_,
                 row_sums_[k], run_);
    std::vector<double> u(padded(n_), kNowhere);
    for (std::size_t i = 0; i < n_; ++i)
      if (mass_[k][i] > 0) u[i] = std::log2(mass_[k][i]) - row_sums_[k][i];
    log_sum_pass({&geometry_, &geometry_.y(), &geometry_.x(), column_zero_.data(), u.data()}, row_ones_,
                 column_sums_[k], run_);
  }
}

// The plans of the u and v there were have row sums u K v; u is then what makes them the histograms.
double Projections::update_u() {
  double error = 0.0;
  for (std::size_t k = 0; k < n_histograms_; ++k)
    for (std::size_t i = 0; i < n_; ++i) {
      if (!(mass_[k][i] > 0)) continue;
      const double plan_mass = std::exp2(std::min(u_[k][i] + row_sums_[k][i], 100.0));
      error += weights_[k] * std::abs(plan_mass - mass_[k][i]);
      u_[k][i] = std::log2(mass_[k][i]) - row_sums_[k][i];
    }
  return error;
}

void Projections::update_barycenter() {
  for (std::size_t j = 0; j < m_; ++j) {
    barycenter_[j] = debiased_ ? debiasing_[j] : 0.0;
    for (std::size_t k = 0; k < n_histograms_; ++k) barycenter_[j] += weights_[k] * column_sums_[k][j];
  }
  for (std::size_t k = 0; k < n_histograms_; ++k)
    for (std::size_t j = 0; j < m_; ++j) v_[k][j] = barycenter_[j] - column_sums_[k][j];
}

// At its end d K d is the barycentre: how far it was.
double Projections::update_debiasing() {
  std::vector<double> sums(padded(n_));
  log_sum_pass({&geometry_, &geometry_.x(), &geometry_.y(), row_zero_.data(), debiasing_.data()}, column_ones_, sums,
               run_);
  double error = 0.0;
  for (std::size_t j = 0; j < m_; ++j) {
    error += std::abs(std::exp2(debiasing_[j] + sums[j]) - std::exp2(barycenter_[j]));
    debiasing_[j] = 0.5 * (debiasing_[j] + barycenter_[j] - sums[j]);
  }
  return error;
}

double Projections::step() {
  in_logarithms_ = in_logarithms_ || !multiply_with_scalings();
  if (in_logarithms_) multiply_with_logarithms();
  double error = update_u();
  update_barycenter();
  if (debiased_) error += update_debiasing();
  return error;
}

void Projections::write(std::span<double> barycenter) const {
  double total = 0.0;
  for (std::size_t j = 0; j < m_; ++j) total += barycenter[j] = std::exp2(barycenter_[j]);
  for (double& mass : barycenter) mass /= total;
}

}  // namespace

BarycenterReport barycenter(CostGeometry& geometry, std::span<const double> histograms, std::span<const double> weights,
                            const BarycenterOptions& options, std::span<double> barycenter) {
  geometry.set_bits(kLog2E / least_reg(options.reg, geometry.mean_cost()));
  Projections projections(geometry, histograms, weights, options);
  BarycenterReport report{std::numeric_limits<double>::infinity(), 0, false};
  while (report.n_iter < options.max_iter && !report.converged) {
    report.marginal_error = projections.step();
    ++report.n_iter;
    report.converged = report.n_iter > 1 && report.marginal_error <= options.tolerance;
  }
  projections.write(barycenter);
  return report;
}

}  // namespace hartley
