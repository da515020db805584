#include "kernels/exact_transport.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "kernels/flow_forest.hpp"
#include "kernels/network_simplex.hpp"
#include "kernels/transport_pricing.hpp"
#include "kernels/transport_start.hpp"
#include "kernels/whole_masses.hpp"
#include "support/parallel.hpp"
#include "support/sums.hpp"

namespace hartley {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kEps = 0x1p-52;

// An arc improves the plan if its reduced cost is below -kSlack (|u| + |v|): what rounding makes of sums of three.
constexpr double kSlack = 8 * kEps;
// Passes that find nothing above kNoise times the slack, after which every further one doubles it: rounding that makes
// bases return must not go on for ever.
constexpr std::size_t kPatience = 20;
constexpr double kNoise = 64.0;
constexpr std::size_t kAddedPerRow = 8;  // arcs of a row that one pass adds to the list
constexpr std::size_t kCandidates = 40;  // arcs among which the best enters
constexpr std::size_t kPollEvery = 16;   // pivots: at most a few thousand steps each
constexpr double kDearer = 16.0;         // factor of the price of forbidden pairs from one attempt to the next

// The rows and columns that have mass, the whole problem of the solver.
struct Problem {
  const PairCosts& costs;
  std::span<const Mass> supply, demand;
  int n_threads;
};

// Arcs that may enter, beside those of the tree.
struct ArcPool {
  std::vector<NodeIndex> rows, columns;
  std::vector<double> costs;

  void add(const PricedArc& arc) {
    rows.push_back(static_cast<NodeIndex>(arc.row));
    columns.push_back(static_cast<NodeIndex>(arc.column));
    costs.push_back(arc.cost);
  }
};

// The network simplex method on a pool of arcs. Candidates are collected along the pool and the best of them enters,
// until none is left; then the next are collected (multiple partial pricing).
class PoolSimplex {
 public:
  PoolSimplex(TransportTree& tree, const ArcPool& pool, double slack) : tree_(tree), pool_(pool), slack_(slack) {}

  // Pivots until no arc of the pool improves the plan; how many it took.
  std::size_t run() {
    std::size_t n_pivots = 0;
    while (collect())
      for (std::size_t k = take_best(); k != kNone; k = take_best()) {
        tree_.pivot(pool_.rows[k], pool_.columns[k], pool_.costs[k]);
        if (++n_pivots % kPollEvery == 0) stop_if_asked();
      }
    return n_pivots;
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  // Reduced cost, or 0 where it is not below the slack.
  double gain(std::size_t k) const {
    const double u = tree_.u()[pool_.rows[k]], v = tree_.v()[pool_.columns[k]];
    const double reduced = pool_.costs[k] - u + v;
    return reduced < -slack_ * (std::fabs(u) + std::fabs(v)) ? reduced : 0.0;
  }

  bool collect() {
    const std::size_t n = pool_.costs.size();
    candidates_.clear();
    for (std::size_t looked = 0; looked < n && candidates_.size() < kCandidates; ++looked) {
      if (gain(cursor_) < 0.0) candidates_.push_back(cursor_);
      if (++cursor_ == n) cursor_ = 0;
    }
    return !candidates_.empty();
  }

  std::size_t take_best() {
    double least = 0.0;
    std::size_t n_kept = 0, best = 0;
    for (const std::size_t k : candidates_) {
      const double reduced = gain(k);
      if (reduced >= 0.0) continue;
      if (reduced < least) least = reduced, best = n_kept;
      candidates_[n_kept++] = k;
    }
    candidates_.resize(n_kept);
    if (n_kept == 0) return kNone;
    const std::size_t k = candidates_[best];
    candidates_[best] = candidates_.back();
    candidates_.pop_back();
    return k;
  }

  TransportTree& tree_;
  const ArcPool& pool_;
  double slack_;
  std::vector<std::size_t> candidates_;
  std::size_t cursor_ = 0;
};

// The largest of the arcs' violations of C_ij - u_i + v_j >= 0, per |u| + |v|.
double worst_violation(std::span<const PricedArc> arcs, const TransportTree& tree) {
  double worst = 0.0;
  for (const PricedArc& arc : arcs) {
    const double u = tree.u()[arc.row], v = tree.v()[arc.column];
    worst = std::max(worst, (u - v - arc.cost) / (std::fabs(u) + std::fabs(v)));
  }
  return worst;
}

// Pivots until no arc at all improves the plan.
void solve(const Problem& problem, TransportTree& tree, ArcPool& pool, ExactPlan& report) {
  double slack = kSlack;
  std::size_t n_noisy = 0;
  std::vector<double> v(problem.demand.size()), limit(problem.supply.size());
  for (;;) {
    report.n_pivots += PoolSimplex(tree, pool, slack).run();
    tree.refresh_potentials();
    for (std::size_t j = 0; j < v.size(); ++j) v[j] = tree.v()[j] + slack * std::fabs(tree.v()[j]);
    for (std::size_t i = 0; i < limit.size(); ++i) limit[i] = tree.u()[i] - slack * std::fabs(tree.u()[i]);
    const std::vector<PricedArc> better =
        least_arcs_of_rows(problem.costs, v.data(), limit, kAddedPerRow, problem.n_threads);
    ++report.n_passes;
    if (better.empty()) return;
    if (worst_violation(better, tree) < kNoise * slack && ++n_noisy > kPatience) slack *= 2;
    for (const PricedArc& arc : better) pool.add(arc);
  }
}

bool ships_above(const TransportTree& tree, double largest) {
  bool above = false;
  tree.for_each_arc([&](const FlowArc& arc) { above = above || (arc.flow > 0 && arc.cost > largest); });
  return above;
}

// Forbidden pairs first cost little more than the dearest allowed one: potentials then keep their digits. Where the
// plan still uses one, the price rises until no detour over allowed pairs, of at most n + m, could be dearer.
bool solve_without_forbidden(PairCosts& costs, const CostRange& range, const Problem& problem, double premium,
                             TransportTree& tree, ArcPool& pool, ExactPlan& report) {
  const double span = range.largest - range.least;
  const double most = 2.0 * span * static_cast<double>(problem.supply.size() + problem.demand.size());
  for (;;) {
    solve(problem, tree, pool, report);
    if (!range.has_infinity || !ships_above(tree, range.largest)) return true;
    if (premium > most) return false;
    premium *= kDearer;
    const double ceiling = range.largest + premium;
    costs.set_ceiling(ceiling);
    for (double& cost : pool.costs)
      if (cost > range.largest) cost = ceiling;
    tree.reprice([&](NodeIndex row, NodeIndex column) {
      return costs.at(static_cast<std::size_t>(row), static_cast<std::size_t>(column));
    });
  }
}

double first_premium(const CostRange& range) {
  const double span = range.largest - range.least;
  return span > 0.0 ? span : std::max(1.0, std::fabs(range.largest));
}

// What the solver leaves, of the rows and columns with mass alone.
struct Solved {
  std::vector<FlowArc> arcs;  // with flow
  std::vector<double> u;
};

Solved solved_of(const TransportTree& tree, std::size_t n_rows) {
  Solved solved;
  tree.for_each_arc([&](const FlowArc& arc) {
    if (arc.flow > 0) solved.arcs.push_back(arc);
  });
  std::sort(solved.arcs.begin(), solved.arcs.end(),
            [](const FlowArc& a, const FlowArc& b) { return a.row != b.row ? a.row < b.row : a.column < b.column; });
  solved.u.assign(tree.u(), tree.u() + n_rows);
  return solved;
}

std::vector<std::uint32_t> with_mass(std::span<const Mass> masses) {
  std::vector<std::uint32_t> indices;
  for (std::size_t i = 0; i < masses.size(); ++i)
    if (masses[i] > 0) indices.push_back(static_cast<std::uint32_t>(i));
  return indices;
}

std::vector<Mass> masses_at(std::span<const Mass> masses, std::span<const std::uint32_t> indices) {
  std::vector<Mass> chosen;
  for (const std::uint32_t i : indices) chosen.push_back(masses[i]);
  return chosen;
}

template <class T>
std::vector<T> values_at(std::span<const T> values, std::span<const std::uint32_t> indices) {
  std::vector<T> chosen;
  for (const std::uint32_t i : indices) chosen.push_back(values[i]);
  return chosen;
}

// g_j = min_i C_ij - u_i over rows with mass, then f_i = min_j C_ij - g_j over all columns: feasible for every pair,
// and no smaller than u. A potential that no pair bounds is 0.
void set_potentials(const PairCosts& costs, std::span<const std::uint32_t> rows, std::span<const double> u,
                    ExactPlan& plan, int n_threads) {
  plan.f.resize(costs.n_rows());
  plan.g.resize(costs.n_columns());
  column_minima(costs, rows, u.data(), plan.g, n_threads);
  std::vector<double> v(plan.g.size());
  for (std::size_t j = 0; j < v.size(); ++j) {
    if (plan.g[j] == kInfinity) plan.g[j] = 0.0;
    v[j] = -plan.g[j];
  }
  row_minima(costs, v.data(), plan.f, n_threads);
  for (double& potential : plan.f)
    if (potential == kInfinity) potential = 0.0;
}

void set_values(const Solved& solved, const WholeMasses& masses, ExactPlan& plan) {
  CompensatedSum cost, dual, size;
  for (std::size_t k = 0; k < solved.arcs.size(); ++k) {
    const double term = plan.mass[k] * solved.arcs[k].cost;
    cost += term;
    size += std::fabs(term);
  }
  const auto add = [&](std::span<const Mass> of, std::span<const double> potentials) {
    for (std::size_t i = 0; i < of.size(); ++i) {
      const double term = static_cast<double>(of[i]) * potentials[i];
      dual += term;
      size += std::fabs(term);
    }
  };
  add(masses.supply, plan.f);
  add(masses.demand, plan.g);
  plan.cost = cost.value();
  plan.dual_value = dual.value();
  // each potential is a sum of up to n + m costs along the tree; their errors are independent and grow with the root
  const double n_nodes = static_cast<double>(plan.f.size() + plan.g.size());
  plan.rounding = (16.0 + 4.0 * std::sqrt(n_nodes)) * kEps * size.value();
}

// `start` makes the tree and the first pool of the problem whose rows and columns all have mass.
template <class Start>
ExactPlan certified(PairCosts& costs, const CostRange& range, std::span<const double> a, std::span<const double> b,
                    int n_threads, Start&& start) {
  const WholeMasses masses = whole_masses(a, b);
  const std::vector<std::uint32_t> rows = with_mass(masses.supply), columns = with_mass(masses.demand);
  const bool whole = rows.size() == a.size() && columns.size() == b.size();
  std::unique_ptr<PairCosts> part;
  if (!whole) part = costs.subset(rows, columns);
  PairCosts& solver_costs = whole ? costs : *part;
  const double premium = first_premium(range);
  if (range.has_infinity) solver_costs.set_ceiling(range.largest + premium);
  const std::vector<Mass> supply = masses_at(masses.supply, rows), demand = masses_at(masses.demand, columns);
  const Problem problem{solver_costs, supply, demand, n_threads};

  ExactPlan plan;
  plan.total = masses.total;
  ArcPool pool;
  TransportTree tree = start(problem, rows, columns, pool);
  plan.exists = solve_without_forbidden(solver_costs, range, problem, premium, tree, pool, plan);
  costs.set_ceiling(kInfinity);
  if (!plan.exists) return plan;
  const Solved solved = solved_of(tree, rows.size());
  for (const FlowArc& arc : solved.arcs) {
    plan.rows.push_back(rows[static_cast<std::size_t>(arc.row)]);
    plan.columns.push_back(columns[static_cast<std::size_t>(arc.column)]);
    plan.mass.push_back(static_cast<double>(arc.flow));
  }
  set_potentials(costs, rows, solved.u, plan, n_threads);
  set_values(solved, masses, plan);
  return plan;
}

// The plan that keeps the order, as a path: from one pair to the next, the row or the column advances whose mass is
// used up, the row where both are. Arcs without flow then lie between a row and the column before it, so that they
// point to the first row, the root.
std::vector<FlowArc> arcs_in_order(const Problem& problem, std::span<const std::uint32_t> row_order,
                                   std::span<const std::uint32_t> column_order) {
  std::vector<FlowArc> arcs;
  Mass supply = problem.supply[row_order[0]], demand = problem.demand[column_order[0]];
  for (std::size_t i = 0, j = 0;;) {
    const Mass flow = std::min(supply, demand);
    arcs.push_back({static_cast<NodeIndex>(row_order[i]), static_cast<NodeIndex>(column_order[j]), flow,
                    problem.costs.at(row_order[i], column_order[j])});
    supply -= flow;
    demand -= flow;
    if (supply == 0 && i + 1 < row_order.size())
      supply = problem.supply[row_order[++i]];
    else if (j + 1 < column_order.size())
      demand = problem.demand[column_order[++j]];
    else
      return arcs;
  }
}

std::vector<std::uint32_t> increasing_order(std::span<const double> values) {
  std::vector<std::uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t i, std::uint32_t j) { return values[i] < values[j]; });
  return order;
}

}  // namespace

template <class T>
CostRange cost_range(std::span<const T> costs, int n_threads) {
  constexpr std::size_t kBlock = 1u << 16;  // numbers a task: tens of microseconds
  std::vector<CostRange> ranges(count_blocks(costs.size(), kBlock));
  parallel_for(ranges.size(), n_threads, [&](std::size_t block, int) {
    CostRange range{kInfinity, -kInfinity, false, false, false};
    for (const T cost : costs.subspan(block * kBlock, std::min(kBlock, costs.size() - block * kBlock))) {
      const double value = static_cast<double>(cost);
      if (std::fabs(value) < kInfinity) {
        range.least = std::min(range.least, value);
        range.largest = std::max(range.largest, value);
      } else {
        range.has_nan |= std::isnan(value);
        range.has_infinity |= value > 0;
        range.has_negative_infinity |= value < 0;
      }
    }
    ranges[block] = range;
  });
  CostRange all{kInfinity, -kInfinity, false, false, false};
  for (const CostRange& range : ranges)
    all = {std::min(all.least, range.least), std::max(all.largest, range.largest), all.has_nan || range.has_nan,
           all.has_negative_infinity || range.has_negative_infinity, all.has_infinity || range.has_infinity};
  return all;
}
template CostRange cost_range<double>(std::span<const double>, int);
template CostRange cost_range<float>(std::span<const float>, int);

ExactPlan exact_transport(PairCosts& costs, const CostRange& range, std::span<const double> a,
                          std::span<const double> b, int n_threads) {
  if (range.least > range.largest) return {};  // every pair is forbidden
  return certified(costs, range, a, b, n_threads, [](const Problem& problem, const auto&, const auto&, ArcPool& pool) {
    const TransportStart start = transport_start(problem.costs, problem.supply, problem.demand, problem.n_threads);
    for (std::size_t i = 0; i < problem.supply.size(); ++i)
      for (std::uint32_t k = start.list.begin[i]; k < start.list.begin[i + 1]; ++k)
        pool.add({static_cast<std::uint32_t>(i), start.list.columns[k], start.list.costs[k]});
    const SpanningTree tree = complete_tree(start, problem.costs);
    return TransportTree(problem.supply.size(), problem.demand.size(), tree.arcs, tree.root);
  });
}

ExactPlan exact_transport_on_line(PairCosts& costs, const CostRange& range, std::span<const double> x,
                                  std::span<const double> y, std::span<const double> a, std::span<const double> b,
                                  int n_threads) {
  return certified(costs, range, a, b, n_threads,
                   [&](const Problem& problem, const auto& rows, const auto& columns, ArcPool&) {
                     const auto row_order = increasing_order(values_at(x, rows));
                     const auto column_order = increasing_order(values_at(y, columns));
                     return TransportTree(rows.size(), columns.size(), arcs_in_order(problem, row_order, column_order),
                                          static_cast<NodeIndex>(row_order[0]));
                   });
}

template <class T>
bool transport_is_feasible(const T* costs, std::size_t n, std::size_t m, std::span<const double> a,
                           std::span<const double> b, int n_threads) {
  ForbiddenCosts<T> forbidden(costs, n, m);
  return exact_transport(forbidden, {0.0, 0.0, false, false, true}, a, b, n_threads).exists;
}
template bool transport_is_feasible<double>(const double*, std::size_t, std::size_t, std::span<const double>,
                                            std::span<const double>, int);
template bool transport_is_feasible<float>(const float*, std::size_t, std::size_t, std::span<const double>,
                                           std::span<const double>, int);

}  // namespace hartley
