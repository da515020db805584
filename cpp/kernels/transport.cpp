#include "kernels/transport.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/anderson.hpp"
#include "kernels/sinkhorn_map.hpp"

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

std::vector<double> with_padding(std::span<const double> values, double filler) {
  std::vector<double> result(values.begin(), values.end());
  result.resize(padded(values.size()), filler);
  return result;
}

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

// Σ weights |2^-residual - 1|: how far the marginal is off.
double marginal_error(std::span<const double> weights, std::span<const double> residual) {
  double error = 0.0;
  for (std::size_t j = 0; j < residual.size(); ++j)
    if (weights[j] > 0) error += weights[j] * std::abs(std::expm1(std::min(-residual[j], 100.0) / kLog2E));
  return error;
}

double dot(std::span<const double> u, std::span<const double> v, std::size_t n) {
  double sum = 0.0;
  for (std::size_t i = 0; i < n; ++i) sum += u[i] * v[i];
  return sum;
}

class Solver {
 public:
  Solver(CostGeometry& geometry, std::span<const double> a, std::span<const double> b, bool symmetric,
         const SinkhornOptions& options)
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
        map_(geometry, a_, b_, symmetric, options.memory_limit),
        anderson_(m_, kMemory, symmetric ? 0.5 : 1.0, b) {
    std::fill(f_.begin() + static_cast<std::ptrdiff_t>(n_), f_.end(), kNowhere);
    std::fill(g_.begin() + static_cast<std::ptrdiff_t>(m_), g_.end(), kNowhere);
  }

  void start_at(std::span<const double> f, std::span<const double> g) {
    for (std::size_t i = 0; i < n_; ++i) f_[i] = f[i] * geometry_.bits();
    for (std::size_t j = 0; j < m_; ++j) g_[j] = g[j] * geometry_.bits();
  }

  void solve(double reg, double mean_cost);
  SinkhornReport report();
  SinkhornReport symmetric_report() const;
  double potential_f(std::size_t i) const { return f_[i] / geometry_.bits(); }
  double potential_g(std::size_t j) const { return g_[j] / geometry_.bits(); }

 private:
  enum class Precision { kFloat32, kFloat64Once, kFloat64 };

  void set_reg(double reg);
  void evaluate();
  void run_stage(bool last);
  void finish();
  void step();
  double dual() const;
  Run run() const;

  CostGeometry& geometry_;
  std::size_t n_, m_;
  bool symmetric_;
  const SinkhornOptions& options_;
  std::vector<double> a_, b_, f_, g_, next_g_, residual_;
  SinkhornMap map_;
  Anderson anderson_;

  Precision precision_ = Precision::kFloat32;
  std::size_t n_iter_ = 0;
  bool is_exact_ = false;  // residual_ is that of g_, in float64
  double error_ = std::numeric_limits<double>::infinity();
  // the best point so far in the running phase, and where a plain iteration goes from it
  double best_dual_ = 0.0, best_error_ = 0.0;
  std::vector<double> fallback_;
  std::size_t n_since_best_ = 0;
  double first_error_ = 0.0;
};

Run Solver::run() const {
  if (!options_.report_progress) return {options_.n_threads};
  if (n_iter_ == 0) return {options_.n_threads, 0.0};
  const double share =
      std::log(first_error_ / std::max(error_, 1e-300)) / std::log(first_error_ / std::max(options_.tolerance, 1e-16));
  return {options_.n_threads, std::clamp(share, 0.0, 1.0)};
}

void Solver::set_reg(double reg) {
  const double ratio = kLog2E / reg / geometry_.bits();
  for (std::size_t i = 0; i < n_; ++i) f_[i] *= ratio;
  for (std::size_t j = 0; j < m_; ++j) g_[j] *= ratio;
  geometry_.set_bits(kLog2E / reg);
  map_.invalidate();
  anderson_.forget();
  fallback_.clear();
}

// In units of exponent, up to the term that vanishes where the rows are exact.
double Solver::dual() const {
  if (!symmetric_) return dot(a_, f_, n_) + dot(b_, g_, m_);
  double mass = 0.0;
  for (std::size_t j = 0; j < m_; ++j) mass += b_[j] * std::exp2(std::min(-residual_[j], 100.0));
  return 2.0 * dot(a_, g_, n_) - kLog2E * (mass - 1.0);
}

// f, the residual and its error at g.
void Solver::evaluate() {
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
  error_ = (symmetric_ ? 2.0 : 1.0) * marginal_error(b_, std::span<const double>(residual_).first(m_));
  is_exact_ = !in_float32 || !trusted;
}

// From g to the next g: Anderson's, or a plain iteration from the best point where that has led astray.
void Solver::step() {
  const double value = dual();
  const double slack = precision_ == Precision::kFloat32 ? 1e-6 : 1e-12;
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

void Solver::run_stage(bool last) {
  for (std::size_t pass = 0; n_iter_ < options_.max_iter; ++pass) {
    evaluate();
    ++n_iter_;
    if (n_iter_ == 1) first_error_ = std::max({error_, 2 * options_.tolerance, 1e-15});
    if (!last && (error_ < kStageError || pass + 1 >= kStagePasses)) {
      const double beta = symmetric_ ? 0.5 : 1.0;
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

void Solver::solve(double reg, double mean_cost) {
  const std::vector<double> schedule = reg_schedule(reg, mean_cost, options_.warm_start);
  for (std::size_t stage = 0; stage < schedule.size(); ++stage) {
    set_reg(schedule[stage]);
    run_stage(stage + 1 == schedule.size());
  }
  finish();
}

// Float64 residual at the final potentials, and exact potentials of points without mass.
void Solver::finish() {
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

SinkhornReport Solver::symmetric_report() const {
  SinkhornReport report{};
  report.dual_value = dual() / geometry_.bits();
  report.marginal_error = error_;
  report.n_iter = n_iter_;
  report.converged = error_ <= options_.tolerance;
  return report;
}

SinkhornReport Solver::report() {
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
  report.gap = std::max(gap, 0.0);
  report.marginal_error = row_error + column_error;
  report.n_iter = n_iter_;
  report.converged = report.marginal_error <= options_.tolerance;
  return report;
}

double least_reg(double reg, double mean_cost) { return std::max({reg, kLeastReg * mean_cost, 1e-280}); }

// View of a plan in float64, with the padded vectors it points to.
struct PlanView {
  std::vector<double> f, g;
  KernelView view;

  PlanView(const CostGeometry& geometry, std::span<const double> f_cost, std::span<const double> g_cost)
      : f(scaled(f_cost, geometry.bits())),
        g(scaled(g_cost, geometry.bits())),
        view{&geometry, &geometry.x(), &geometry.y(), f.data(), g.data()} {}

  static std::vector<double> scaled(std::span<const double> potential, double bits) {
    std::vector<double> result = with_padding(potential, kNowhere);
    for (std::size_t i = 0; i < potential.size(); ++i) result[i] *= bits;
    return result;
  }
};

}  // namespace

template <class T>
SinkhornReport sinkhorn(const TransportProblem<T>& problem, const SinkhornOptions& options, std::span<double> f,
                        std::span<double> g) {
  CostGeometry geometry(problem.x, problem.y, problem.n_features, problem.cost);
  const double mean_cost = geometry.mean_cost(), reg = least_reg(options.reg, mean_cost);
  Solver solver(geometry, problem.a, problem.b, false, options);
  if (options.warm_start) solver.start_at(f, g);
  solver.solve(reg, mean_cost);
  for (std::size_t i = 0; i < f.size(); ++i) f[i] = solver.potential_f(i);
  for (std::size_t j = 0; j < g.size(); ++j) g[j] = solver.potential_g(j);
  return solver.report();
}

template <class T>
SinkhornReport sinkhorn_symmetric(const TransportProblem<T>& problem, const SinkhornOptions& options) {
  CostGeometry geometry(problem.x, problem.x, problem.n_features, problem.cost);
  const double mean_cost = geometry.mean_cost(), reg = least_reg(options.reg, mean_cost);
  Solver solver(geometry, problem.a, problem.a, true, options);
  solver.solve(reg, mean_cost);
  return solver.symmetric_report();
}

template <class T>
void transport_plan(const TransportProblem<T>& problem, double reg, std::span<const double> f,
                    std::span<const double> g, double* plan, int n_threads) {
  CostGeometry geometry(problem.x, problem.y, problem.n_features, problem.cost);
  geometry.set_bits(kLog2E / least_reg(reg, geometry.mean_cost()));
  write_plan(PlanView(geometry, f, g).view, problem.a, problem.b, plan, {n_threads});
}

template <class T>
void transport_apply(const TransportProblem<T>& problem, double reg, std::span<const double> f,
                     std::span<const double> g, const double* vectors, std::size_t n_vectors, double* product,
                     int n_threads) {
  CostGeometry geometry(problem.x, problem.y, problem.n_features, problem.cost);
  geometry.set_bits(kLog2E / least_reg(reg, geometry.mean_cost()));
  apply_plan(PlanView(geometry, f, g).view, problem.a, problem.b, vectors, n_vectors, product, {n_threads});
}

#define HARTLEY_INSTANTIATE(T)                                                                               \
  template SinkhornReport sinkhorn<T>(const TransportProblem<T>&, const SinkhornOptions&, std::span<double>, \
                                      std::span<double>);                                                    \
  template SinkhornReport sinkhorn_symmetric<T>(const TransportProblem<T>&, const SinkhornOptions&);         \
  template void transport_plan<T>(const TransportProblem<T>&, double, std::span<const double>,               \
                                  std::span<const double>, double*, int);                                    \
  template void transport_apply<T>(const TransportProblem<T>&, double, std::span<const double>,              \
                                   std::span<const double>, const double*, std::size_t, double*, int);
HARTLEY_INSTANTIATE(double)
HARTLEY_INSTANTIATE(float)
#undef HARTLEY_INSTANTIATE

}  // namespace hartley
