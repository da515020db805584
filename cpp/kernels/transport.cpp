#include "kernels/transport.hpp"

#include <algorithm>

#include "kernels/sinkhorn_solver.hpp"
#include "kernels/transport_gradient.hpp"
#include "kernels/transport_passes.hpp"

namespace hartley {
namespace {

constexpr double kLog2E = 1.4426950408889634;

// Calls body(problem, options) for every problem: side by side and on one thread each where that keeps all busy.
template <class Body>
void for_each_problem(std::size_t n_problems, SinkhornOptions options, Body&& body) {
  const auto n_threads = static_cast<std::size_t>(options.n_threads);
  if (n_problems < std::max<std::size_t>(n_threads, 2)) {
    for (std::size_t problem = 0; problem < n_problems; ++problem) body(problem, options);
    return;
  }
  const ProgressRange progress = options.report_progress ? ProgressRange{0.0, 1.0} : ProgressRange{};
  const int team = options.n_threads;
  options.report_progress = false;
  options.n_threads = 1;
  options.memory_limit /= n_threads;
  parallel_for(n_problems, team, [&](std::size_t problem, int) { body(problem, options); }, progress);
}

// View of a plan in float64, with the padded vectors it points to.
struct PlanView {
  std::vector<double> f, g;
  KernelView view, transpose;

  explicit PlanView(const TransportPlan& plan) {
    CostGeometry& geometry = plan.geometry;
    geometry.set_bits(kLog2E / least_reg(plan.reg, geometry.mean_cost()));
    f = scaled(plan.f, geometry.bits());
    g = scaled(plan.g, geometry.bits());
    view = {&geometry, &geometry.x(), &geometry.y(), f.data(), g.data()};
    transpose = {&geometry, &geometry.y(), &geometry.x(), g.data(), f.data()};
  }

  static std::vector<double> scaled(std::span<const double> potential, double bits) {
    std::vector<double> result = with_padding(potential, kNowhere);
    for (std::size_t i = 0; i < potential.size(); ++i) result[i] *= bits;
    return result;
  }
};

}  // namespace

std::vector<SinkhornReport> sinkhorn(const TransportBatch& batch, const SinkhornOptions& options, std::span<double> f,
                                     std::span<double> g) {
  std::vector<SinkhornReport> reports(batch.n_problems);
  for_each_problem(batch.n_problems, options, [&](std::size_t problem, const SinkhornOptions& own) {
    const std::size_t n = batch.n, m = batch.m;
    CostGeometry geometry = batch.geometry(problem);
    const std::span<double> own_f = f.subspan(problem * n, n), own_g = g.subspan(problem * m, m);
    SinkhornSolver solver(geometry, batch.a.subspan(problem * n, n), batch.b.subspan(problem * m, m), false, own);
    if (own.warm_start) solver.start_at(own_f, own_g);
    solver.solve();
    for (std::size_t i = 0; i < n; ++i) own_f[i] = solver.potential_f(i);
    for (std::size_t j = 0; j < m; ++j) own_g[j] = solver.potential_g(j);
    reports[problem] = solver.report();
  });
  return reports;
}

std::vector<SinkhornReport> sinkhorn_symmetric(const TransportBatch& batch, const SinkhornOptions& options,
                                               std::span<double> f) {
  std::vector<SinkhornReport> reports(batch.n_problems);
  for_each_problem(batch.n_problems, options, [&](std::size_t problem, const SinkhornOptions& own) {
    const std::size_t n = batch.n;
    CostGeometry geometry = batch.geometry(problem);
    const std::span<const double> a = batch.a.subspan(problem * n, n);
    SinkhornSolver solver(geometry, a, a, true, own);
    solver.solve();
    for (std::size_t i = 0; i < n; ++i) f[problem * n + i] = solver.potential_g(i);
    reports[problem] = solver.symmetric_report();
  });
  return reports;
}

void transport_plan(const TransportPlan& plan, double* matrix, int n_threads) {
  write_plan(PlanView(plan).view, plan.a, plan.b, matrix, {n_threads});
}

void transport_apply(const TransportPlan& plan, const double* vectors, std::size_t n_vectors, double* product,
                     int n_threads) {
  apply_plan(PlanView(plan).view, plan.a, plan.b, vectors, n_vectors, product, {n_threads});
}

void transport_gradient(const TransportPlan& plan, double* of_x, double* of_y, int n_threads) {
  const PlanView views(plan);
  gradient_pass(views.view, plan.a, plan.b, of_x, {n_threads});
  gradient_pass(views.transpose, plan.b, plan.a, of_y, {n_threads});
}

}  // namespace hartley
