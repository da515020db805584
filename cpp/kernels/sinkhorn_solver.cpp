#include "kernels/sinkhorn_solver.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hartley {
namespace {

constexpr double kLog2E = 1.4426950408889634;
// ε-scaling and acceleration as they need fewest passes for two normal clouds (n = 500 to 2000, reg from 0.05 to 0.001
// of the mean cost); half or twice any of them changes the number by a tenth.
constexpr double kFirstReg = 0.1;  // of the mean cost: there Sinkhorn's iteration needs no help
constexpr double kRegFactor = 4.0;
constexpr std::size_t kMemory = 20;      // iterates that Anderson acceleration combines
constexpr double kExactMass = 1e-12;     // masses nearer to 1 than this are 1
constexpr double kStageError = 0.1;      // marginal error at which ε is lowered
constexpr std::size_t kStagePasses = 8;  // or passes after which it is
constexpr double kFloat32Error = 6e-7;   // float32 entries get the marginal error down to about this
constexpr std::size_t kPatience = 20;    // passes without a better error that end the float32 phase

// ε / mean cost falls by equal factors of about kRegFactor from kFirstReg to the one asked for.
std::vector<double> reg_schedule(double reg, double mean_cost, bool warm_start) {
  const double ratio = kFirstReg * mean_cost / reg;
  const auto n_steps =
      ratio > 1 && !warm_start ? static_cast<int>(std::ceil(std::log(ratio) / std::log(kRegFactor))) : 0;
  std::vector<double> schedule;
  for (int step = n_steps; step >= 0; --step)
    schedule.push_back(step == 0 ? reg : reg * std::pow(ratio, static_cast<double>(step) / n_steps));
  return schedule;
}

double dot(std::span<const double> u, std::span<const double> v, std::size_t n) {
  double sum = 0.0;
  for (std::size_t i = 0; i < n; ++i) sum += u[i] * v[i];
  return sum;
}

// y log y - y + 1, the Kullback-Leibler divergence of a mass y from 1.
double relative_entropy(double y) { return y > 0 ? y * std::log(y) - (y - 1.0) : 1.0; }

// KL of a mass from e^-φ, which may be too small for float64.
double divergence_from_exp(double mass, double phi) {
  const double asked = std::exp(-phi);
  if (asked > std::numeric_limits<double>::min()) return asked * relative_entropy(mass / asked);
  return mass > 0 ? mass * (std::log(mass) + phi - 1.0) : 0.0;
}

// κ as a factor of exponents is ε / ρ; ε in units of exponent is log2 e.
double side_value(std::span<const double> weights, std::span<const double> potential, double kappa, std::size_t n) {
  if (kappa == 0) return dot(weights, potential, n);
  double sum = 0.0;
  for (std::size_t i = 0; i < n; ++i)
    if (weights[i] > 0) sum -= weights[i] * std::expm1(-kappa * potential[i] / kLog2E);
  return kLog2E / kappa * sum;
}

// log2 Σ weights 2^(-κ potential).
double log_marginal_mass(std::span<const double> weights, std::span<const double> potential, double kappa,
                         std::size_t n) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0.0;
  for (std::size_t i = 0; i < n; ++i)
    if (weights[i] > 0) largest = std::max(largest, -kappa * potential[i]);
  for (std::size_t i = 0; i < n; ++i)
    if (weights[i] > 0) sum += weights[i] * std::exp2(-kappa * potential[i] - largest);
  return largest + std::log2(sum);
}

}  // namespace

std::vector<double> with_padding(std::span<const double> values, double filler) {
  std::vector<double> result(values.begin(), values.end());
  result.resize(padded(values.size()), filler);
  return result;
}

double least_reg(double reg, double mean_cost) { return std::max({reg, kLeastReg * mean_cost, 1e-280}); }

SinkhornSolver::SinkhornSolver(CostGeometry& geometry, std::span<const double> a, std::span<const double> b,
                               bool symmetric, const SinkhornOptions& options)
    : geometry_(geometry),
      n_(geometry.x().n),
      m_(symmetric ? n_ : geometry.y().n),
      symmetric_(symmetric),
      options_(options),
      a_(with_padding(a, 0.0)),
      b_(with_padding(b, 0.0)),
      f_(a_.size(), 0.0),
      g_(b_.size(), 0.0),
      next_g_(b_.size(), 0.0),
      residual_(b_.size(), 0.0),
      total_a_(std::accumulate(a.begin(), a.end(), 0.0)),
      total_b_(std::accumulate(b.begin(), b.end(), 0.0)),
      map_(geometry, a_, b_, symmetric, options.memory_limit),
      anderson_(m_, kMemory, symmetric ? 0.5 : 1.0, b) {
  std::fill(f_.begin() + static_cast<std::ptrdiff_t>(n_), f_.end(), kNowhere);
  std::fill(g_.begin() + static_cast<std::ptrdiff_t>(m_), g_.end(), kNowhere);
}

void SinkhornSolver::start_at(std::span<const double> f, std::span<const double> g) {
  for (std::size_t i = 0; i < n_; ++i) f_[i] = f[i] * geometry_.bits();
  for (std::size_t j = 0; j < m_; ++j) g_[j] = g[j] * geometry_.bits();
}

Run SinkhornSolver::run() const {
  if (!options_.report_progress) return {options_.n_threads};
  if (n_iter_ == 0) return {options_.n_threads, 0.0};
  const double share =
      std::log(first_error_ / std::max(error_, 1e-300)) / std::log(first_error_ / std::max(options_.tolerance, 1e-16));
  return {options_.n_threads, std::clamp(share, 0.0, 1.0)};
}

void SinkhornSolver::set_reg(double reg) {
  const double ratio = kLog2E / reg / geometry_.bits();
  for (std::size_t i = 0; i < n_; ++i) f_[i] *= ratio;
  for (std::size_t j = 0; j < m_; ++j) g_[j] *= ratio;
  geometry_.set_bits(kLog2E / reg);
  kappa_x_ = reg / options_.rho_x;
  kappa_y_ = reg / options_.rho_y;
  map_.set_damping({1.0 / (1.0 + kappa_x_), 1.0 / (1.0 + kappa_y_)});
  map_.invalidate();
  anderson_.forget();
  fallback_.clear();
}

// Of the plan: its rows are what f asks for.
double SinkhornSolver::plan_mass() const { return std::exp2(log_marginal_mass(a_, f_, kappa_x_, n_)); }

// In units of exponent; where both marginals are exact, up to the term that vanishes where the rows are.
double SinkhornSolver::dual() const {
  if (symmetric_) {
    double mass = 0.0;
    for (std::size_t j = 0; j < m_; ++j) mass += b_[j] * std::exp2(std::min(-residual_[j], 100.0));
    return 2.0 * dot(a_, g_, n_) - kLog2E * (mass - 1.0);
  }
  if (!is_relaxed()) return dot(a_, f_, n_) + dot(b_, g_, m_);
  return side_value(a_, f_, kappa_x_, n_) + side_value(b_, g_, kappa_y_, m_) -
         kLog2E * (plan_mass() - total_a_ * total_b_);
}

// How far the columns are from what g asks for, relative to the mass: their ratio is 2^(-residual / τ).
double SinkhornSolver::column_error() const {
  double error = 0.0;
  for (std::size_t j = 0; j < m_; ++j) {
    if (!(b_[j] > 0)) continue;
    const double asked = kappa_y_ > 0 ? b_[j] * std::exp2(-kappa_y_ * g_[j]) : b_[j];
    error += asked * std::abs(std::expm1(std::min(-residual_[j] * (1.0 + kappa_y_), 100.0) / kLog2E));
  }
  if (symmetric_) return 2.0 * error;
  return is_relaxed() ? error / plan_mass() : error;
}

// f, the residual and its error at g.
void SinkhornSolver::evaluate() {
  const bool in_float32 = precision_ == Precision::kFloat32;
  const bool store = precision_ != Precision::kFloat64Once;
  const bool trusted = in_float32 ? map_.evaluate<float>(g_, f_, next_g_, store, run())
                                  : map_.evaluate<double>(g_, f_, next_g_, store, run());
  if (!trusted) {
    if (!fallback_.empty()) {  // an extrapolation went astray: a plain iteration is always in range
      std::copy(fallback_.begin(), fallback_.end(), g_.begin());
      fallback_.clear();
      anderson_.forget();
      return evaluate();
    }
    map_.evaluate_exactly(g_, f_, next_g_, run());
  }
  const std::vector<double>& to = symmetric_ ? f_ : next_g_;
  for (std::size_t j = 0; j < m_; ++j) residual_[j] = to[j] - g_[j];
  error_ = column_error();
  is_exact_ = !in_float32 || !trusted;
}

// Where marginals are relaxed, mass moves slowest: f + t, g - t with the t that is best for the dual (Séjourné, Vialard
// & Peyré 2022, proposition 3, for any two ρ) goes there at once.
void SinkhornSolver::translate_residual() {
  if (!is_relaxed()) return;
  const double shift =
      (log_marginal_mass(a_, f_, kappa_x_, n_) - log_marginal_mass(b_, next_g_, kappa_y_, m_)) / (kappa_x_ + kappa_y_);
  for (std::size_t j = 0; j < m_; ++j) residual_[j] -= shift;
}

// From g to the next g: Anderson's, or a plain iteration from the best point where that has led astray.
void SinkhornSolver::step() {
  const double value = dual();
  const double slack = (precision_ == Precision::kFloat32 ? 1e-6 : 1e-12) * std::max(total_a_, total_b_);
  translate_residual();
  const bool worse = !fallback_.empty() && value < best_dual_ - slack && error_ > best_error_;
  const std::span<double> g = std::span(g_).first(m_);
  if (worse) {
    std::copy(fallback_.begin(), fallback_.end(), g.begin());
    fallback_.clear();
    anderson_.forget();
    return;
  }
  n_since_best_ = fallback_.empty() || error_ < best_error_ ? 0 : n_since_best_ + 1;
  if (fallback_.empty() || value > best_dual_) best_dual_ = value;
  if (fallback_.empty() || error_ < best_error_) best_error_ = error_;
  const double beta = symmetric_ ? 0.5 : 1.0;
  fallback_.resize(m_);
  for (std::size_t j = 0; j < m_; ++j) fallback_[j] = g[j] + beta * residual_[j];
  anderson_.advance(g, std::span<const double>(residual_).first(m_));
  for (std::size_t j = 0; j < m_; ++j)
    if (b_[j] == 0) g[j] = fallback_[j];  // no residual steers a point without mass
}

void SinkhornSolver::run_stage(bool last) {
  for (std::size_t pass = 0; n_iter_ < options_.max_iter; ++pass) {
    evaluate();
    ++n_iter_;
    if (n_iter_ == 1) first_error_ = std::max({error_, 2 * options_.tolerance, 1e-15});
    if (!last && (error_ < kStageError || pass + 1 >= kStagePasses)) {
      const double beta = symmetric_ ? 0.5 : 1.0;
      translate_residual();
      for (std::size_t j = 0; j < m_; ++j) g_[j] += beta * residual_[j];
      is_exact_ = false;
      return;
    }
    if (last && is_exact_ && error_ <= options_.tolerance) return;
    if (last && precision_ == Precision::kFloat32 &&
        (error_ <= std::max(0.7 * options_.tolerance, kFloat32Error) ||
         (n_since_best_ > kPatience && best_error_ < 1e-4))) {
      precision_ = Precision::kFloat64Once;
      map_.invalidate();
      fallback_.clear();
      continue;
    }
    if (precision_ == Precision::kFloat64Once) precision_ = Precision::kFloat64;
    if (n_iter_ == options_.max_iter) return;
    step();
    is_exact_ = false;
  }
}

void SinkhornSolver::solve() {
  const double mean_cost = geometry_.mean_cost();
  const std::vector<double> schedule = reg_schedule(least_reg(options_.reg, mean_cost), mean_cost, options_.warm_start);
  for (std::size_t stage = 0; stage < schedule.size(); ++stage) {
    set_reg(schedule[stage]);
    run_stage(stage + 1 == schedule.size());
  }
  finish();
}

// Float64 residual at the final potentials, and exact potentials of points without mass.
void SinkhornSolver::finish() {
  if (!is_exact_) {
    precision_ = Precision::kFloat64Once;
    map_.invalidate();
    fallback_.clear();
    evaluate();
  }
  if (std::count(a_.begin(), a_.begin() + static_cast<std::ptrdiff_t>(n_), 0.0) == 0 &&
      std::count(b_.begin(), b_.begin() + static_cast<std::ptrdiff_t>(m_), 0.0) == 0)
    return;
  std::vector<double> exact_f(f_), exact_g(g_);
  map_.evaluate_exactly(g_, exact_f, exact_g, run());
  for (std::size_t i = 0; i < n_; ++i)
    if (a_[i] == 0) f_[i] = exact_f[i];
  for (std::size_t j = 0; j < m_ && !symmetric_; ++j)
    if (b_[j] == 0) {
      g_[j] = exact_g[j];
      residual_[j] = 0.0;
    }
}

SinkhornReport SinkhornSolver::symmetric_report() const {
  SinkhornReport report{};
  report.dual_value = dual() / geometry_.bits();
  report.marginal_error = error_;
  report.n_iter = n_iter_;
  report.converged = error_ <= options_.tolerance;
  return report;
}

SinkhornReport SinkhornSolver::exact_marginals_report() const {
  const double unit = 1.0 / geometry_.bits(), eps = kLog2E * unit;
  std::vector<double> keep(b_.size(), 0.0), rest(b_.size(), 0.0), mass(a_.size()), kept(a_.size()), cost(a_.size()),
      rest_cost(a_.size());
  // Columns of P sum to c_j = b_j 2^-residual: those with too much are scaled down, then rows, and what both lack is
  // made up by a product plan. By convexity of KL the primal of the sum is at most what is added up here.
  SinkhornReport report{};
  double gap = 0.0, column_error = 0.0, column_value = 0.0;
  for (std::size_t j = 0; j < m_; ++j) {
    const double column = b_[j] * std::exp2(std::min(-residual_[j], 100.0));
    keep[j] = std::exp2(std::min(residual_[j], 0.0));
    rest[j] = std::max(b_[j] - column, 0.0);
    column_error += std::abs(column - b_[j]);
    column_value += column * g_[j];
    gap += unit * (std::min(b_[j], column) * std::min(residual_[j], 0.0) - rest[j] * g_[j]);
  }
  const KernelView view{&geometry_, &geometry_.x(), &geometry_.y(), f_.data(), g_.data()};
  certificate_pass(view, b_, keep, rest, {mass, kept, cost, rest_cost}, run());
  double row_error = 0.0, row_value = 0.0, total = 0.0, deficit = 0.0, deficit_cost = 0.0, deficit_kl = 0.0;
  for (std::size_t i = 0; i < n_; ++i) {
    const double lack = std::max(a_[i] - a_[i] * kept[i], 0.0);
    total += a_[i] * mass[i];
    row_error += a_[i] * std::abs(mass[i] - 1.0);
    row_value += a_[i] * mass[i] * f_[i];
    report.value_linear += unit * a_[i] * cost[i];
    deficit += lack;
    deficit_cost += unit * lack * rest_cost[i];
    gap -= unit * lack * f_[i];
  }
  if (deficit > 0) {
    double rest_total = 0.0;
    for (const double r : rest) rest_total += r;
    rest_total = std::max(rest_total, std::numeric_limits<double>::min());
    for (std::size_t i = 0; i < n_; ++i)
      if (const double lack = a_[i] - a_[i] * kept[i]; lack > 0) deficit_kl += lack * std::log(lack / deficit / a_[i]);
    for (std::size_t j = 0; j < m_; ++j)
      if (rest[j] > 0) deficit_kl += rest[j] * std::log(rest[j] / rest_total / b_[j]);
    gap += deficit_cost / rest_total + eps * (deficit_kl - (1.0 - deficit) * std::log1p(-std::min(deficit, 0.5)));
  }
  // rows are exact up to rounding, which eps must not magnify
  const double surplus = std::abs(total - 1.0) > kExactMass ? total - 1.0 : 0.0;
  report.value = unit * (row_value + column_value) - eps * surplus;
  report.dual_value = unit * dual() - eps * surplus;
  report.gap = gap < kForbidden * 1e-100 * unit ? std::max(gap, 0.0) : std::numeric_limits<double>::infinity();
  report.marginal_error = row_error + column_error;
  report.n_iter = n_iter_;
  report.converged = report.marginal_error <= options_.tolerance;
  return report;
}

// Free marginals make every plan feasible, and what is missed to the optimum is a sum over points: with φ = f / ρ and
// y the row's mass over e^-φ a, the primal less the dual is ρ a e^-φ (y log y - y + 1).
SinkhornReport SinkhornSolver::relaxed_report() const {
  const double unit = 1.0 / geometry_.bits(), eps = kLog2E * unit, tau_y = 1.0 / (1.0 + kappa_y_);
  std::vector<double> keep(b_.size(), 0.0), nothing(b_.size(), 0.0), mass(a_.size()), kept(a_.size()), cost(a_.size()),
      rest_cost(a_.size());
  SinkhornReport report{};
  double total = 0.0, error = 0.0;
  for (std::size_t j = 0; j < m_; ++j) {
    const double asked = b_[j] * std::exp2(-kappa_y_ * g_[j]);
    const double ratio = std::exp2(std::min(-residual_[j] / tau_y, 100.0)), column = asked * ratio;
    keep[j] = kappa_y_ > 0 ? 1.0 : 1.0 / ratio;  // a constraint is met by scaling the column
    error += std::abs(column - asked);
    report.value += unit * column * g_[j];
    if (kappa_y_ > 0 && b_[j] > 0) report.value += eps / kappa_y_ * b_[j] * relative_entropy(column / b_[j]);
    report.gap +=
        kappa_y_ > 0 ? eps / kappa_y_ * asked * relative_entropy(ratio) : eps * column * relative_entropy(1.0 / ratio);
  }
  const KernelView view{&geometry_, &geometry_.x(), &geometry_.y(), f_.data(), g_.data()};
  certificate_pass(view, b_, keep, nothing, {mass, kept, cost, rest_cost}, run());
  for (std::size_t i = 0; i < n_; ++i) {
    if (!(a_[i] > 0)) continue;
    const double asked = std::exp2(-kappa_x_ * f_[i]);
    total += a_[i] * mass[i];
    error += a_[i] * std::abs(mass[i] - asked);
    report.value_linear += unit * a_[i] * cost[i];
    report.value += unit * a_[i] * mass[i] * f_[i];
    if (kappa_x_ == 0) continue;
    report.value += eps / kappa_x_ * a_[i] * relative_entropy(mass[i]);
    report.gap += eps / kappa_x_ * a_[i] * divergence_from_exp(kept[i], kappa_x_ * f_[i] / kLog2E);
  }
  report.value -= eps * (total - total_a_ * total_b_);
  report.dual_value = unit * dual();
  report.gap = std::max(report.gap, 0.0);
  report.marginal_error = error;
  report.n_iter = n_iter_;
  report.converged = error <= options_.tolerance * total;
  return report;
}

SinkhornReport SinkhornSolver::report() const { return is_relaxed() ? relaxed_report() : exact_marginals_report(); }

}  // namespace hartley
