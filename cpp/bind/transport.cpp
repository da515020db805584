#include "kernels/transport.hpp"

#include "bind/array.hpp"
#include "bind/register.hpp"
#include "bind/transport.hpp"
#include "kernels/barycenter.hpp"

namespace hartley::bind {
namespace {

TransportCost cost_of(const std::string& name, double order) {
  if (name == "sqeuclidean") return {CostKind::kSquaredEuclidean, order};
  if (name == "euclidean") return {CostKind::kEuclidean, order};
  if (name == "minkowski") return {CostKind::kMinkowski, order};
  if (name == "cosine") return {CostKind::kCosine, order};
  throw py::value_error("cost must be sqeuclidean, euclidean, minkowski or cosine, got " + name);
}

// What lies between the points of every problem of a batch: the arrays and how to make a geometry of them.
struct Ground {
  std::size_t n_problems = 0, n = 0, m = 0, n_features = 0;
  std::function<CostGeometry(std::size_t)> geometry;
};

template <class T>
Ground ground_of_clouds(const py::tuple& ground) {
  const auto x = ground[0].cast<Array<T>>(), y = ground[1].cast<Array<T>>();
  require_rank(x, 3, "x");
  require_rank(y, 3, "y");
  if (extent(x, 0) != extent(y, 0)) throw py::value_error("x and y must hold equally many clouds");
  if (extent(x, 2) != extent(y, 2)) throw py::value_error("x and y must have equally many features");
  const TransportCost cost = cost_of(ground[2].cast<std::string>(), ground[3].cast<double>());
  const std::size_t n = extent(x, 1), m = extent(y, 1), d = extent(x, 2);
  return {extent(x, 0), n, m, d, [x_points = x.data(), y_points = y.data(), n, m, d, cost](std::size_t problem) {
            const PointCloud<T> first{x_points + problem * n * d, n}, second{y_points + problem * m * d, m};
            return CostGeometry(first, second, d, cost);
          }};
}

// One matrix for all problems.
template <class T>
Ground ground_of_matrix(const py::tuple& ground, std::size_t n_problems) {
  const auto costs = ground[0].cast<Array<T>>();
  require_rank(costs, 2, "cost");
  const CostMatrix<T> matrix{costs.data(), extent(costs, 0), extent(costs, 1)};
  return {n_problems, matrix.n, matrix.m, 0, [matrix](std::size_t) { return CostGeometry(matrix); }};
}

// (x, y, cost name, order) with clouds (n_problems, n, n_features), or (cost matrix,); arrays of one dtype, kept alive
// by the tuple.
Ground ground_of(const py::tuple& ground, std::size_t n_problems) {
  const bool clouds = ground.size() == 4;
  if (!clouds && ground.size() != 1) throw py::value_error("ground must be (x, y, cost, order) or (cost,)");
  if (py::isinstance<Array<double>>(ground[0]))
    return clouds ? ground_of_clouds<double>(ground) : ground_of_matrix<double>(ground, n_problems);
  if (py::isinstance<Array<float>>(ground[0]))
    return clouds ? ground_of_clouds<float>(ground) : ground_of_matrix<float>(ground, n_problems);
  throw py::type_error("ground must hold C-contiguous float64 or float32 arrays");
}

void require_shape(const Array<double>& array, std::size_t rows, std::size_t columns, const char* name) {
  require_rank(array, 2, name);
  if (extent(array, 0) != rows || extent(array, 1) != columns)
    throw py::value_error(std::string(name) + " must have shape (" + std::to_string(rows) + ", " +
                          std::to_string(columns) + ")");
}

TransportBatch batch_of(const Ground& ground, const Array<double>& a, const Array<double>& b) {
  require_shape(a, ground.n_problems, ground.n, "a");
  require_shape(b, ground.n_problems, ground.m, "b");
  return {ground.n_problems, ground.n, ground.m, ground.geometry, view(a), view(b)};
}

SinkhornOptions options_of(const py::dict& options, bool warm_start, const py::object& progress, int n_threads) {
  return {options["reg"].cast<double>(),
          options["rho_x"].cast<double>(),
          options["rho_y"].cast<double>(),
          options["tolerance"].cast<double>(),
          options["max_iter"].cast<std::size_t>(),
          options["memory_limit"].cast<std::size_t>(),
          warm_start,
          !progress.is_none(),
          n_threads};
}

py::list to_list(const std::vector<SinkhornReport>& reports) {
  using namespace py::literals;
  py::list list;
  for (const SinkhornReport& report : reports)
    list.append(py::dict("value"_a = report.value, "value_linear"_a = report.value_linear,
                         "dual_value"_a = report.dual_value, "gap"_a = report.gap,
                         "marginal_error"_a = report.marginal_error, "n_iter"_a = report.n_iter,
                         "converged"_a = report.converged));
  return list;
}

// start: (f, g), or None; the result comes in new arrays.
py::tuple solve(const py::tuple& ground, const Array<double>& a, const Array<double>& b, const py::dict& options,
                const py::object& start, py::object progress, int n_threads) {
  const Ground parsed = ground_of(ground, extent(a, 0));
  const TransportBatch batch = batch_of(parsed, a, b);
  Array<double> f = make_array<double>({batch.n_problems, batch.n}),
                g = make_array<double>({batch.n_problems, batch.m});
  const std::span<double> f_out = fill(f), g_out = fill(g);
  if (!start.is_none()) {
    const auto pair = start.cast<std::pair<Array<double>, Array<double>>>();
    require_shape(pair.first, batch.n_problems, batch.n, "f");
    require_shape(pair.second, batch.n_problems, batch.m, "g");
    std::copy_n(pair.first.data(), f_out.size(), f_out.data());
    std::copy_n(pair.second.data(), g_out.size(), g_out.data());
  }
  const SinkhornOptions own = options_of(options, !start.is_none(), progress, n_threads);
  const ProgressScope scope(progress);
  const auto reports = without_gil([&] { return sinkhorn(batch, own, f_out, g_out); });
  return py::make_tuple(to_list(reports), f, g);
}

py::tuple solve_symmetric(const py::tuple& ground, const Array<double>& a, const py::dict& options, int n_threads) {
  const TransportBatch batch = batch_of(ground_of(ground, extent(a, 0)), a, a);
  Array<double> f = make_array<double>({batch.n_problems, batch.n});
  const std::span<double> f_out = fill(f);
  const SinkhornOptions own = options_of(options, false, py::none(), n_threads);
  const auto reports = without_gil([&] { return sinkhorn_symmetric(batch, own, f_out); });
  return py::make_tuple(to_list(reports), f);
}

// Calls kernel(plan) for the plan of potentials of a batch of one, without the GIL.
template <class Kernel>
void with_plan(const Ground& ground, double reg, const Array<double>& a, const Array<double>& b, const Array<double>& f,
               const Array<double>& g, Kernel&& kernel) {
  for (const auto& [array, name] : {std::pair{&a, "a"}, {&f, "f"}}) require_shape(*array, 1, ground.n, name);
  for (const auto& [array, name] : {std::pair{&b, "b"}, {&g, "g"}}) require_shape(*array, 1, ground.m, name);
  const std::span<const double> a_view = view(a), b_view = view(b), f_view = view(f), g_view = view(g);
  without_gil([&] {
    CostGeometry geometry = ground.geometry(0);
    kernel(TransportPlan{geometry, reg, a_view, b_view, f_view, g_view});
  });
}

Array<double> plan(const py::tuple& ground, double reg, const Array<double>& a, const Array<double>& b,
                   const Array<double>& f, const Array<double>& g, int n_threads) {
  const Ground parsed = ground_of(ground, 1);
  Array<double> result = make_array<double>({parsed.n, parsed.m});
  double* target = result.mutable_data();
  with_plan(parsed, reg, a, b, f, g, [&](const TransportPlan& own) { transport_plan(own, target, n_threads); });
  return result;
}

Array<double> apply(const py::tuple& ground, double reg, const Array<double>& a, const Array<double>& b,
                    const Array<double>& f, const Array<double>& g, const Array<double>& vectors, int n_threads) {
  const Ground parsed = ground_of(ground, 1);
  require_rank(vectors, 2, "vectors");
  if (extent(vectors, 0) != parsed.m) throw py::value_error("vectors must have one row for every point of y");
  const std::size_t n_vectors = extent(vectors, 1);
  Array<double> result = make_array<double>({parsed.n, n_vectors});
  double* target = result.mutable_data();
  const double* source = vectors.data();
  with_plan(parsed, reg, a, b, f, g,
            [&](const TransportPlan& own) { transport_apply(own, source, n_vectors, target, n_threads); });
  return result;
}

py::tuple gradient(const py::tuple& ground, double reg, const Array<double>& a, const Array<double>& b,
                   const Array<double>& f, const Array<double>& g, int n_threads) {
  const Ground parsed = ground_of(ground, 1);
  if (parsed.n_features == 0) throw py::value_error("a matrix of costs has no points");
  Array<double> of_x = make_array<double>({parsed.n, parsed.n_features}),
                of_y = make_array<double>({parsed.m, parsed.n_features});
  double *x_target = of_x.mutable_data(), *y_target = of_y.mutable_data();
  with_plan(parsed, reg, a, b, f, g,
            [&](const TransportPlan& own) { transport_gradient(own, x_target, y_target, n_threads); });
  return py::make_tuple(of_x, of_y);
}

py::tuple fixed_support_barycenter(const py::tuple& ground, const Array<double>& histograms,
                                   const Array<double>& weights, double reg, double tolerance, std::size_t max_iter,
                                   std::size_t memory_limit, bool debiased, int n_threads) {
  const Ground parsed = ground_of(ground, 1);
  require_rank(weights, 1, "weights");
  require_shape(histograms, extent(weights, 0), parsed.n, "histograms");
  Array<double> result = make_array<double>({parsed.m});
  const std::span<double> target = fill(result);
  const std::span<const double> rows = view(histograms), shares = view(weights);
  const BarycenterOptions options{reg, tolerance, max_iter, memory_limit, debiased, n_threads};
  const BarycenterReport report = without_gil([&] {
    CostGeometry geometry = parsed.geometry(0);
    return barycenter(geometry, rows, shares, options, target);
  });
  return py::make_tuple(result, report.marginal_error, report.n_iter, report.converged);
}

}  // namespace

void register_transport(py::module_& m) {
  using py::arg;
  m.def("transport_sinkhorn", &solve, arg("ground"), arg("a").noconvert(), arg("b").noconvert(), arg("options"),
        arg("start"), arg("progress"), arg("n_threads"));
  m.def("transport_sinkhorn_symmetric", &solve_symmetric, arg("ground"), arg("a").noconvert(), arg("options"),
        arg("n_threads"));
  m.def("transport_plan", &plan, arg("ground"), arg("reg"), arg("a").noconvert(), arg("b").noconvert(),
        arg("f").noconvert(), arg("g").noconvert(), arg("n_threads"));
  m.def("transport_apply", &apply, arg("ground"), arg("reg"), arg("a").noconvert(), arg("b").noconvert(),
        arg("f").noconvert(), arg("g").noconvert(), arg("vectors").noconvert(), arg("n_threads"));
  m.def("transport_gradient", &gradient, arg("ground"), arg("reg"), arg("a").noconvert(), arg("b").noconvert(),
        arg("f").noconvert(), arg("g").noconvert(), arg("n_threads"));
  m.def("transport_barycenter", &fixed_support_barycenter, arg("ground"), arg("histograms").noconvert(),
        arg("weights").noconvert(), arg("reg"), arg("tolerance"), arg("max_iter"), arg("memory_limit"), arg("debiased"),
        arg("n_threads"));
  bind_transport_line(m);
  bind_transport_exact(m);
}

}  // namespace hartley::bind
