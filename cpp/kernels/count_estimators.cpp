#include "kernels/count_estimators.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/special.hpp"
#include "support/sums.hpp"

namespace hartley {
namespace {

// Moments of a table that several estimators ask for.
class Sample {
 public:
  explicit Sample(const CountTable& table) : table_(table) {
    CompensatedSum n;
    for (std::size_t i = 0; i < table.counts.size(); ++i) {
      n += table.counts[i] * table.multiplicity[i];
      n_seen_ += table.multiplicity[i];
      if (table.counts[i] == 1.0) singletons_ += table.multiplicity[i];
      if (table.counts[i] == 2.0) doubletons_ += table.multiplicity[i];
    }
    n_ = n.value();
  }

  double n() const { return n_; }
  double n_seen() const { return n_seen_; }
  double n_unseen() const { return table_.n_symbols - n_seen_; }
  double n_symbols() const { return table_.n_symbols; }
  double singletons() const { return singletons_; }
  double doubletons() const { return doubletons_; }

  // Σ over the symbols seen of term(count).
  template <class Term>
  double sum(Term&& term) const {
    CompensatedSum total;
    for (std::size_t i = 0; i < table_.counts.size(); ++i) total += table_.multiplicity[i] * term(table_.counts[i]);
    return total.value();
  }

  // Σ over the symbols seen of (count / N) value(count).
  template <class Value>
  double mean(Value&& value) const {
    return sum([&](double c) { return c * value(c); }) / n_;
  }

 private:
  const CountTable& table_;
  double n_ = 0.0, n_seen_ = 0.0, singletons_ = 0.0, doubletons_ = 0.0;
};

// -p log p, 0 log 0 = 0.
double entropy_term(double p) { return p > 0.0 ? -p * std::log(p) : 0.0; }

double plug_in(const Sample& sample) {
  return std::max(0.0, sample.sum([&](double c) { return entropy_term(c / sample.n()); }));
}

double grassberger(const Sample& sample) {
  return std::log(sample.n()) - sample.mean([](double c) {
    const double sign = std::fmod(c, 2.0) == 0.0 ? 1.0 : -1.0;
    return digamma(c) + 0.5 * sign * (digamma((c + 1.0) / 2.0) - digamma(c / 2.0));
  });
}

double zhang(const Sample& sample) {
  return digamma(sample.n()) - sample.mean([](double c) { return digamma(c); });
}

// -(n - 1) log(1 - 1/n), from 0 at n = 1 to 1.
double jackknife_share(double n) { return n > 1.0 ? -(n - 1.0) * std::log1p(-1.0 / n) : 0.0; }

// N H - (N - 1)/N Σ H without one observation, without differences of large numbers.
double jackknife(const Sample& sample) {
  return plug_in(sample) + jackknife_share(sample.n()) - sample.mean(jackknife_share);
}

double chao_shen(const Sample& sample) {
  const double n = sample.n();
  // no coverage would leave nothing to weight
  const double singletons = sample.singletons() == n ? n - 1.0 : sample.singletons();
  const double coverage = 1.0 - singletons / n;
  return std::max(0.0, sample.sum([&](double c) {
    const double p = coverage * c / n;
    if (p >= 1.0) return 0.0;                                  // one symbol, seen at least twice
    const double inclusion = -std::expm1(n * std::log1p(-p));  // 1 - (1 - p)^N
    return entropy_term(p) / inclusion;
  }));
}

// What symbols never seen add in Chao, Wang & Jost: (f1/N) Σ_j (1 - A)^(j+1) / (N + j), j = 0, 1, … The series as an
// integral, ∫ z e^(-N t) / (1 - z e^(-t)) dt, whose integrand over a double-exponential grid a trapezoid sums to
// rounding.
double unseen_part(const Sample& sample) {
  const double n = sample.n(), f1 = sample.singletons(), f2 = sample.doubletons();
  if (f1 == 0.0 || n == 1.0) return 0.0;
  const double a = f2 > 0.0 ? 2.0 * f2 / ((n - 1.0) * f1 + 2.0 * f2) : 2.0 / ((n - 1.0) * (f1 - 1.0) + 2.0);
  if (a >= 1.0) return 0.0;
  const double z = 1.0 - a;
  constexpr double kStep = 1.0 / 32.0, kReach = 4.5;
  CompensatedSum integral;
  for (double s = -kReach; s < kReach; s += kStep) {
    const double u = std::exp(s - std::exp(-s));
    integral += u * (1.0 + std::exp(-s)) * kStep * z * std::exp(-u) / (a - z * std::expm1(-u / n)) / n;
  }
  return f1 / n * integral.value();
}

double bonachela(const Sample& sample) {
  const double top = digamma(sample.n() + 3.0);
  const auto term = [&](double c) { return (c + 1.0) * (top - digamma(c + 2.0)); };
  return (sample.sum(term) + sample.n_unseen() * term(0.0)) / (sample.n() + 2.0);
}

double shrinkage(const Sample& sample) {
  const double n = sample.n(), target = 1.0 / sample.n_symbols();
  const auto square = [](double x) { return x * x; };
  const double misfit =
      sample.sum([&](double c) { return square(target - c / n); }) + sample.n_unseen() * square(target);
  const double spread = 1.0 - sample.sum([&](double c) { return square(c / n); });
  const double weight = misfit == 0.0 || n == 1.0 ? 1.0 : std::min(1.0, spread / ((n - 1.0) * misfit));
  const double seen = sample.sum([&](double c) { return entropy_term(weight * target + (1.0 - weight) * c / n); });
  return std::max(0.0, seen + sample.n_unseen() * entropy_term(weight * target));
}

double dirichlet(const Sample& sample, double alpha) {
  const double total = sample.n() + alpha * sample.n_symbols();
  const double seen = sample.sum([&](double c) { return entropy_term((c + alpha) / total); });
  return std::max(0.0, seen + sample.n_unseen() * entropy_term(alpha / total));
}

}  // namespace

EntropyEstimator estimator_named(std::string_view name) {
  using enum EntropyEstimator;
  constexpr std::array<std::pair<std::string_view, EntropyEstimator>, 11> kNames{{{"mle", kMle},
                                                                                  {"miller_madow", kMillerMadow},
                                                                                  {"grassberger", kGrassberger},
                                                                                  {"zhang", kZhang},
                                                                                  {"jackknife", kJackknife},
                                                                                  {"chao_shen", kChaoShen},
                                                                                  {"chao_wang_jost", kChaoWangJost},
                                                                                  {"bonachela", kBonachela},
                                                                                  {"shrinkage", kShrinkage},
                                                                                  {"dirichlet", kDirichlet},
                                                                                  {"nsb", kNsb}}};
  for (const auto& [known, estimator] : kNames)
    if (known == name) return estimator;
  throw std::invalid_argument("unknown estimator " + std::string(name));
}

double Pseudocount::of(double n, double n_symbols) const {
  if (rule == Rule::kPerks) return 1.0 / n_symbols;
  return rule == Rule::kMinimax ? std::sqrt(n) / n_symbols : number;
}

EntropyEstimate estimate_entropy(const CountTable& table, EntropyEstimator estimator, Pseudocount alpha) {
  if (table.counts.empty()) return {};
  const Sample sample(table);
  switch (estimator) {
    case EntropyEstimator::kMle:
      return {plug_in(sample)};
    case EntropyEstimator::kMillerMadow:
      return {plug_in(sample) + (sample.n_seen() - 1.0) / (2.0 * sample.n())};
    case EntropyEstimator::kGrassberger:
      return {grassberger(sample)};
    case EntropyEstimator::kZhang:
      return {zhang(sample)};
    case EntropyEstimator::kJackknife:
      return {jackknife(sample)};
    case EntropyEstimator::kChaoShen:
      return {chao_shen(sample)};
    case EntropyEstimator::kChaoWangJost:
      return {zhang(sample) + unseen_part(sample)};
    case EntropyEstimator::kBonachela:
      return {bonachela(sample)};
    case EntropyEstimator::kShrinkage:
      return {shrinkage(sample)};
    case EntropyEstimator::kDirichlet:
      return {dirichlet(sample, alpha.of(sample.n(), sample.n_symbols()))};
    case EntropyEstimator::kNsb:
      return nsb_entropy(table);
  }
  return {};
}

double estimate_entropy(std::span<const std::int64_t> counts, double n_symbols, EntropyEstimator estimator,
                        Pseudocount alpha, CountScratch& scratch) {
  scratch.counts.clear();
  for (const std::int64_t count : counts)
    if (count > 0) scratch.counts.push_back(static_cast<double>(count));
  // every estimator asks for logarithms or gamma functions of the counts: equal ones share them
  std::sort(scratch.counts.begin(), scratch.counts.end());
  scratch.multiplicity.clear();
  std::size_t n_distinct = 0;
  for (const double count : scratch.counts) {
    if (n_distinct > 0 && scratch.counts[n_distinct - 1] == count) {
      ++scratch.multiplicity.back();
    } else {
      scratch.counts[n_distinct++] = count;
      scratch.multiplicity.push_back(1.0);
    }
  }
  const std::span<const double> distinct(scratch.counts.data(), n_distinct);
  return estimate_entropy({distinct, scratch.multiplicity, n_symbols}, estimator, alpha).value;
}

}  // namespace hartley
