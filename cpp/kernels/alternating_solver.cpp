#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 misreads its own AVX-512 header inlined into Eigen
#endif

#include "kernels/alternating_solver.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/simplex_program.hpp"

namespace hartley {
namespace {

constexpr std::size_t kMemory = 10;        // iterates that Anderson's method combines; 5 and 20 need as many passes
constexpr double kLeastLogWeight = -60.0;  // relative to the largest: e^-60 can come back, and gives z no weight
constexpr double kWarmShare = 1e-7;        // of the weights of a warm start is spread evenly: no z may vanish
constexpr double kSlack = 1e-13;           // relative rise of F that is rounding

// Newton steps begin after this many passes: fewer leave too many columns with weight, more win nothing (20 to 50 are
// alike for n = 200 and 400).
constexpr std::size_t kFirstPhase = 20, kLongestPhase = 200;
constexpr std::size_t kMostColumns = 1024;  // of a Newton step, whose matrices then take 8 MB
constexpr double kFlopsRatio = 4.0;         // arithmetic of matrix products is this much faster than that of a pass
constexpr double kDropped = 1e-6;           // share of the mean weight under which a column is left out
constexpr double kKept = 1e-9;              // share of that which it keeps at most
constexpr double kLeastFraction = 1e-3;     // of a Newton step
constexpr std::size_t kMostStalls = 5, kMostFailedPhases = 8;  // Newton steps, phases that did not halve the gap

}  // namespace

AlternatingSolver::AlternatingSolver(AlternatingMap& map, std::span<double> q, const AlternatingOptions& options)
    : map_(map),
      q_(q),
      options_(options),
      anderson_(q.size(), options.accelerate ? kMemory : 0, 1.0, q),
      log_q_(q.size()),
      residual_(q.size()),
      in_newton_phase_(options.warm_start) {
  if (options.warm_start)
    for (double& weight : q_) weight = (1.0 - kWarmShare) * weight + kWarmShare / static_cast<double>(q_.size());
}

double AlternatingSolver::progress() const {
  if (!options_.report_progress) return -1.0;
  if (n_iter_ == 0 || best_gap_ <= 0.0) return 0.0;
  const double share = std::log(first_gap_ / best_gap_) / std::log(first_gap_ / std::max(options_.tolerance, 1e-16));
  return std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : 0.0;
}

void AlternatingSolver::evaluate() {
  map_.evaluate(q_, progress(), options_.n_threads);
  if (n_iter_ == 0) first_gap_ = map_.gap();
  if (n_iter_ == 0 || map_.gap() < best_gap_) {
    best_gap_ = map_.gap();
    best_q_.assign(q_.begin(), q_.end());
  }
  ++n_iter_;
}

void AlternatingSolver::normalise() {
  const double total = std::accumulate(q_.begin(), q_.end(), 0.0);
  for (double& weight : q_) weight /= total;
}

void AlternatingSolver::anderson_step() {
  const double least = std::log(*std::max_element(q_.begin(), q_.end())) + kLeastLogWeight;
  for (std::size_t j = 0; j < q_.size(); ++j) {
    const double gain = std::max(map_.log_gains()[j], kLeastLogWeight);
    log_q_[j] = q_[j] > 0.0 ? std::max(std::log(q_[j]), least) : least;
    residual_[j] = log_q_[j] < least + 1.0 ? std::max(gain, 0.0) : gain;  // what is gone does not keep going
  }
  anderson_.reweigh(q_);
  anderson_.advance(log_q_, residual_);
  const double largest = *std::max_element(log_q_.begin(), log_q_.end());
  for (std::size_t j = 0; j < q_.size(); ++j) q_[j] = std::exp(std::max(log_q_[j] - largest, kLeastLogWeight));
  normalise();
}

bool AlternatingSolver::is_worse() const {
  return !fallback_.empty() && !(map_.value() <= best_value_ + kSlack * std::max(1.0, std::abs(best_value_)));
}

// From a point that is worse than the best: a shorter Newton step, or a plain step from the best point.
void AlternatingSolver::retreat() {
  newton_fraction_ *= 0.25;
  if (!newton_target_.empty() && newton_fraction_ > kLeastFraction) {
    for (std::size_t j = 0; j < q_.size(); ++j)
      q_[j] = newton_base_[j] + newton_fraction_ * (newton_target_[j] - newton_base_[j]);
    return normalise();
  }
  if (!newton_target_.empty()) end_newton_phase();
  newton_target_.clear();
  std::copy(fallback_.begin(), fallback_.end(), q_.begin());
  fallback_.clear();
  anderson_.forget();
}

std::vector<std::size_t> AlternatingSolver::newton_columns() const {
  std::vector<std::size_t> columns;
  const double least = kDropped / static_cast<double>(q_.size());
  for (std::size_t j = 0; j < q_.size(); ++j)
    if (q_[j] > least || map_.log_gains()[j] > 0.0) columns.push_back(j);
  return columns;
}

bool AlternatingSolver::newton_is_due() const {
  if (n_failed_phases_ >= kMostFailedPhases) return false;
  if (in_newton_phase_) return true;
  const std::size_t n_passes = n_iter_ - phase_begin_;
  if (n_passes < kFirstPhase) return false;
  const auto size = static_cast<double>(newton_columns().size());
  const auto rows = static_cast<double>(map_.n_rows()), columns = static_cast<double>(map_.n_columns());
  const double passes_a_step = size * size * (rows / 2 + size) / (kFlopsRatio * rows * columns);
  return static_cast<double>(n_passes) > std::min(passes_a_step, static_cast<double>(kLongestPhase));
}

void AlternatingSolver::end_newton_phase() {
  n_failed_phases_ = best_gap_ < 0.5 * last_phase_gap_ ? 0 : n_failed_phases_ + 1;
  last_phase_gap_ = best_gap_;
  in_newton_phase_ = false;
  phase_begin_ = n_iter_;
  last_newton_gap_ = 0.0;
  n_stalls_ = 0;
  anderson_.forget();
}

// False where the step cannot be taken; q stays as it is.
bool AlternatingSolver::newton_step() {
  const std::vector<std::size_t> columns = newton_columns();
  n_stalls_ = in_newton_phase_ && map_.gap() > 0.5 * last_newton_gap_ && last_newton_gap_ > 0.0 ? n_stalls_ + 1 : 0;
  last_newton_gap_ = map_.gap();
  in_newton_phase_ = columns.size() <= kMostColumns && n_stalls_ < kMostStalls;
  if (!in_newton_phase_) {
    end_newton_phase();
    return false;
  }
  const auto size = static_cast<Eigen::Index>(columns.size());
  const double least = kDropped / static_cast<double>(q_.size());
  Eigen::VectorXd weights(size), start(size), ascent(size);
  for (Eigen::Index k = 0; k < size; ++k) {
    const std::size_t j = columns[static_cast<std::size_t>(k)];
    weights[k] = q_[j];
    start[k] = q_[j] > least ? q_[j] : 0.0;
    ascent[k] = map_.ascent(j);
  }
  const Eigen::MatrixXd curvature = map_.curvature(columns, options_.n_threads);
  start /= start.sum();
  minimise_on_simplex(curvature, curvature * weights + ascent, std::max(0.25 * options_.tolerance, 1e-14), start);
  if (!start.allFinite()) {
    end_newton_phase();
    return false;
  }
  newton_base_.assign(q_.begin(), q_.end());
  newton_target_.resize(q_.size());
  // Weights too small for the model take a plain step: rows of tiny probability depend on them alone.
  for (std::size_t j = 0; j < q_.size(); ++j) {
    const double gain = map_.log_gains()[j];
    newton_target_[j] = std::min(q_[j] * std::exp(gain), gain > 0.0 && q_[j] <= least ? least : kKept * least);
  }
  for (Eigen::Index k = 0; k < size; ++k) {
    double& target = newton_target_[columns[static_cast<std::size_t>(k)]];
    target = std::max(target, start[k]);
  }
  newton_fraction_ = 1.0;
  std::copy(newton_target_.begin(), newton_target_.end(), q_.begin());
  normalise();
  ++n_iter_;
  return true;
}

AlternatingReport AlternatingSolver::solve() {
  for (;;) {
    evaluate();
    if (map_.gap() <= options_.tolerance || n_iter_ >= options_.max_iter) break;
    if (!options_.accelerate) {
      map_.step(q_, q_);
      continue;
    }
    if (is_worse()) {
      retreat();
      continue;
    }
    newton_target_.clear();
    best_value_ = map_.value();
    fallback_.resize(q_.size());
    map_.step(q_, fallback_);
    if (!newton_is_due() || !newton_step()) anderson_step();
  }
  if (map_.gap() > best_gap_) {
    std::copy(best_q_.begin(), best_q_.end(), q_.begin());
    map_.evaluate(q_, -1.0, options_.n_threads);
  }
  return {n_iter_, map_.gap() <= options_.tolerance};
}

}  // namespace hartley
