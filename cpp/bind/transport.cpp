#include "kernels/transport.hpp"

#include "bind/array.hpp"
#include "bind/register.hpp"
#include "bind/transport.hpp"

namespace hartley::bind {
namespace {

template <class T>
PointCloud<T> cloud(const Array<T>& points) {
  return {points.data(), extent(points, 0)};
}

TransportCost cost_of(const std::string& name, double order) {
  if (name == "sqeuclidean") return {CostKind::kSquaredEuclidean, order};
  if (name == "euclidean") return {CostKind::kEuclidean, order};
  if (name == "minkowski") return {CostKind::kMinkowski, order};
  if (name == "cosine") return {CostKind::kCosine, order};
  throw py::value_error("cost must be sqeuclidean, euclidean, minkowski or cosine, got " + name);
}

template <class T>
TransportProblem<T> problem(const Array<T>& x, const Array<T>& y, const std::string& cost, double order,
                            const Array<double>& a, const Array<double>& b) {
  require_rank(x, 2, "x");
  require_rank(y, 2, "y");
  require_rank(a, 1, "a");
  require_rank(b, 1, "b");
  if (extent(x, 1) != extent(y, 1)) throw py::value_error("x and y must have equally many features");
  if (extent(a, 0) != extent(x, 0)) throw py::value_error("a must have one weight for every point of x");
  if (extent(b, 0) != extent(y, 0)) throw py::value_error("b must have one weight for every point of y");
  return {cloud(x), cloud(y), extent(x, 1), cost_of(cost, order), view(a), view(b)};
}

template <class T>
void require_potentials(const TransportProblem<T>& problem, const Array<double>& f, const Array<double>& g) {
  require_rank(f, 1, "f");
  require_rank(g, 1, "g");
  if (extent(f, 0) != problem.x.n || extent(g, 0) != problem.y.n)
    throw py::value_error("potentials must have one number for every point");
}

SinkhornOptions options_of(double reg, double tolerance, std::size_t max_iter, std::size_t memory_limit,
                           bool warm_start, const py::object& progress, int n_threads) {
  return {reg, tolerance, max_iter, memory_limit, warm_start, !progress.is_none(), n_threads};
}

py::dict to_dict(const SinkhornReport& report) {
  using namespace py::literals;
  return py::dict("value"_a = report.value, "value_linear"_a = report.value_linear, "dual_value"_a = report.dual_value,
                  "gap"_a = report.gap, "marginal_error"_a = report.marginal_error, "n_iter"_a = report.n_iter,
                  "converged"_a = report.converged);
}

// f and g hold the start where warm_start is set; the result comes in new arrays.
template <class T>
py::tuple solve(const Array<T>& x, const Array<T>& y, const std::string& cost, double order, const Array<double>& a,
                const Array<double>& b, double reg, double tolerance, std::size_t max_iter, std::size_t memory_limit,
                const Array<double>& f_start, const Array<double>& g_start, bool warm_start, py::object progress,
                int n_threads) {
  const TransportProblem<T> task = problem(x, y, cost, order, a, b);
  require_potentials(task, f_start, g_start);
  Array<double> f = make_array<double>({task.x.n}), g = make_array<double>({task.y.n});
  const std::span<double> f_out = fill(f), g_out = fill(g);
  std::copy_n(f_start.data(), task.x.n, f_out.data());
  std::copy_n(g_start.data(), task.y.n, g_out.data());
  const SinkhornOptions options = options_of(reg, tolerance, max_iter, memory_limit, warm_start, progress, n_threads);
  const ProgressScope scope(progress);
  const SinkhornReport report = without_gil([&] { return sinkhorn<T>(task, options, f_out, g_out); });
  return py::make_tuple(to_dict(report), f, g);
}

template <class T>
py::dict solve_symmetric(const Array<T>& x, const std::string& cost, double order, const Array<double>& a, double reg,
                         double tolerance, std::size_t max_iter, std::size_t memory_limit, int n_threads) {
  const TransportProblem<T> task = problem(x, x, cost, order, a, a);
  const SinkhornOptions options = options_of(reg, tolerance, max_iter, memory_limit, false, py::none(), n_threads);
  return to_dict(without_gil([&] { return sinkhorn_symmetric<T>(task, options); }));
}

template <class T>
Array<double> plan(const Array<T>& x, const Array<T>& y, const std::string& cost, double order, const Array<double>& a,
                   const Array<double>& b, double reg, const Array<double>& f, const Array<double>& g, int n_threads) {
  const TransportProblem<T> task = problem(x, y, cost, order, a, b);
  require_potentials(task, f, g);
  Array<double> result = make_array<double>({task.x.n, task.y.n});
  double* target = result.mutable_data();
  const std::span<const double> f_view = view(f), g_view = view(g);
  without_gil([&] { transport_plan<T>(task, reg, f_view, g_view, target, n_threads); });
  return result;
}

template <class T>
Array<double> apply(const Array<T>& x, const Array<T>& y, const std::string& cost, double order, const Array<double>& a,
                    const Array<double>& b, double reg, const Array<double>& f, const Array<double>& g,
                    const Array<double>& vectors, int n_threads) {
  const TransportProblem<T> task = problem(x, y, cost, order, a, b);
  require_potentials(task, f, g);
  require_rank(vectors, 2, "vectors");
  if (extent(vectors, 0) != task.y.n) throw py::value_error("vectors must have one row for every point of y");
  const std::size_t n_vectors = extent(vectors, 1);
  Array<double> result = make_array<double>({task.x.n, n_vectors});
  double* target = result.mutable_data();
  const double* source = vectors.data();
  const std::span<const double> f_view = view(f), g_view = view(g);
  without_gil([&] { transport_apply<T>(task, reg, f_view, g_view, source, n_vectors, target, n_threads); });
  return result;
}

template <class T>
void register_type(py::module_& m) {
  using py::arg;
  m.def("transport_sinkhorn", &solve<T>, arg("x").noconvert(), arg("y").noconvert(), arg("cost"), arg("order"),
        arg("a").noconvert(), arg("b").noconvert(), arg("reg"), arg("tolerance"), arg("max_iter"), arg("memory_limit"),
        arg("f_start").noconvert(), arg("g_start").noconvert(), arg("warm_start"), arg("progress"), arg("n_threads"));
  m.def("transport_sinkhorn_symmetric", &solve_symmetric<T>, arg("x").noconvert(), arg("cost"), arg("order"),
        arg("a").noconvert(), arg("reg"), arg("tolerance"), arg("max_iter"), arg("memory_limit"), arg("n_threads"));
  m.def("transport_plan", &plan<T>, arg("x").noconvert(), arg("y").noconvert(), arg("cost"), arg("order"),
        arg("a").noconvert(), arg("b").noconvert(), arg("reg"), arg("f").noconvert(), arg("g").noconvert(),
        arg("n_threads"));
  m.def("transport_apply", &apply<T>, arg("x").noconvert(), arg("y").noconvert(), arg("cost"), arg("order"),
        arg("a").noconvert(), arg("b").noconvert(), arg("reg"), arg("f").noconvert(), arg("g").noconvert(),
        arg("vectors").noconvert(), arg("n_threads"));
}

}  // namespace

void register_transport(py::module_& m) {
  register_type<double>(m);
  register_type<float>(m);
  bind_transport_line(m);
}

}  // namespace hartley::bind
