#include <cmath>

#include "bind/array.hpp"
#include "bind/transport.hpp"
#include "kernels/permuted_lines.hpp"
#include "kernels/sliced.hpp"
#include "kernels/wasserstein_1d.hpp"
#include "kernels/wasserstein_circle.hpp"
#include "kernels/wasserstein_grid.hpp"

namespace hartley::bind {
namespace {

template <class T>
void require_fewer_than_2_32(const Array<T>& samples, const std::string& name) {
  if (extent(samples, 0) >> 32 != 0)
    throw py::value_error(name + " must have fewer than 2^32 samples, got " + std::to_string(extent(samples, 0)));
}

template <class T>
void require_weights(const Array<double>& weights, const Array<T>& samples, const std::string& name) {
  if (weights.size() != 0 && (weights.ndim() != 1 || extent(weights, 0) != extent(samples, 0)))
    throw py::value_error(name + "_weights must be empty or as long as " + name);
}

template <class T>
WeightedSample<T> sample(const Array<T>& values, const Array<double>& weights, const char* name) {
  require_rank(values, 1, name);
  require_fewer_than_2_32(values, name);
  require_weights(weights, values, name);
  return {view(values), view(weights)};
}

template <class T>
double distance_1d(const Array<T>& x, const Array<T>& y, const Array<double>& x_weights, const Array<double>& y_weights,
                   double p, int n_threads) {
  const WeightedSample<T> first = sample(x, x_weights, "x"), second = sample(y, y_weights, "y");
  return without_gil([&] { return wasserstein_1d<T>(first, second, p, n_threads); });
}

template <class T>
double distance_on_circle(const Array<T>& x, const Array<T>& y, const Array<double>& x_weights,
                          const Array<double>& y_weights, double p, double period, int n_threads) {
  const WeightedSample<T> first = sample(x, x_weights, "x"), second = sample(y, y_weights, "y");
  return without_gil([&] { return wasserstein_circle<T>(first, second, p, period, n_threads); });
}

void require_rows(const Array<std::int64_t>& rows, std::size_t n_rows, const char* name) {
  require_rank(rows, 1, name);
  for (const std::int64_t row : view(rows))
    if (row < 0 || static_cast<std::size_t>(row) >= n_rows)
      throw py::value_error(std::string(name) + " must lie in [0, " + std::to_string(n_rows) + "), got " +
                            std::to_string(row));
}

template <class T>
Array<double> distances_on_grid(const Array<T>& p, const Array<T>& q, const Array<std::int64_t>& p_rows,
                                const Array<std::int64_t>& q_rows, const Array<double>& positions,
                                const Array<std::int64_t>& order, double exponent, int n_threads) {
  require_rank(p, 2, "p");
  require_rank(q, 2, "q");
  require_rank(positions, 1, "positions");
  const std::size_t n = extent(positions, 0);
  if (n == 0 || extent(p, 1) != n || extent(q, 1) != n)
    throw py::value_error("p and q must have one entry for every position");
  require_rows(p_rows, extent(p, 0), "p_rows");
  require_rows(q_rows, extent(q, 0), "q_rows");
  if (p_rows.size() != q_rows.size()) throw py::value_error("p_rows and q_rows must be equally long");
  require_rows(order, n, "order");
  if (order.size() != 0 && order.size() != positions.size())
    throw py::value_error("order must be empty or as long as positions");
  const GridPairs<T> pairs{p.data(), q.data(), view(p_rows), view(q_rows), view(positions), view(order)};
  Array<double> distances = make_array<double>({pairs.first.size()});
  const std::span<double> target = fill(distances);
  without_gil([&] { wasserstein_1d_grid<T>(pairs, exponent, target, n_threads); });
  return distances;
}

template <class T>
SlicedProblem<T> sliced_problem(const Array<T>& x, const Array<T>& y, const Array<double>& directions,
                                const Array<double>& x_weights, const Array<double>& y_weights, double p) {
  require_rank(x, 2, "x");
  require_rank(y, 2, "y");
  require_rank(directions, 2, "directions");
  if (extent(x, 1) == 0 || extent(x, 1) != extent(y, 1) || extent(directions, 1) != extent(x, 1))
    throw py::value_error("x, y and directions must have equally many features");
  if (extent(x, 0) == 0 || extent(y, 0) == 0 || extent(directions, 0) == 0)
    throw py::value_error("x, y and directions must not be empty");
  require_fewer_than_2_32(x, "x");
  require_fewer_than_2_32(y, "y");
  require_weights(x_weights, x, "x");
  require_weights(y_weights, y, "y");
  if (!(p >= 1.0 && std::isfinite(p))) throw py::value_error("p must be at least 1 and finite");
  return {{x.data(), extent(x, 0), view(x_weights)},
          {y.data(), extent(y, 0), view(y_weights)},
          extent(x, 1),
          view(directions),
          p};
}

template <class T>
Array<double> distances_by_direction(const Array<T>& x, const Array<T>& y, const Array<double>& directions,
                                     const Array<double>& x_weights, const Array<double>& y_weights, double p,
                                     py::object progress, int n_threads) {
  const SlicedProblem<T> problem = sliced_problem(x, y, directions, x_weights, y_weights, p);
  Array<double> distances = make_array<double>({problem.n_directions()});
  const std::span<double> target = fill(distances);
  const bool with_progress = !progress.is_none();
  const ProgressScope scope(progress);
  without_gil([&] { sliced_distances<T>(problem, target, with_progress, n_threads); });
  return distances;
}

template <class T>
py::tuple gradient_by_points(const Array<T>& x, const Array<T>& y, const Array<double>& directions,
                             const Array<double>& x_weights, const Array<double>& y_weights, double p,
                             const Array<double>& factors, int n_threads) {
  const SlicedProblem<T> problem = sliced_problem(x, y, directions, x_weights, y_weights, p);
  require_rank(factors, 1, "factors");
  if (extent(factors, 0) != problem.n_directions())
    throw py::value_error("factors must have one number for every direction");
  Array<double> of_x = make_array<double>({problem.x.n, problem.n_features});
  Array<double> of_y = make_array<double>({problem.y.n, problem.n_features});
  double *x_target = of_x.mutable_data(), *y_target = of_y.mutable_data();
  const std::span<const double> factor_view = view(factors);
  without_gil([&] { sliced_gradient<T>(problem, factor_view, x_target, y_target, n_threads); });
  return py::make_tuple(of_x, of_y);
}

template <class T>
py::tuple slopes_by_direction(const Array<T>& x, const Array<T>& y, const Array<double>& directions,
                              const Array<double>& x_weights, const Array<double>& y_weights, double p, int n_threads) {
  const SlicedProblem<T> problem = sliced_problem(x, y, directions, x_weights, y_weights, p);
  Array<double> distances = make_array<double>({problem.n_directions()});
  Array<double> gradients = make_array<double>({problem.n_directions(), problem.n_features});
  const std::span<double> target = fill(distances);
  double* gradient_target = gradients.mutable_data();
  without_gil([&] { sliced_slopes<T>(problem, target, gradient_target, n_threads); });
  return py::make_tuple(distances, gradients);
}

template <class T>
Array<double> distances_of_partitions(const Array<T>& points, const Array<double>& directions,
                                      const Array<std::uint8_t>& labels, double p, int n_threads) {
  require_rank(points, 2, "points");
  require_rank(directions, 2, "directions");
  require_rank(labels, 2, "labels");
  require_fewer_than_2_32(points, "points");
  if (extent(directions, 1) != extent(points, 1)) throw py::value_error("directions must have one number a feature");
  if (extent(labels, 1) != extent(points, 0)) throw py::value_error("labels must have one number for every point");
  for (const std::uint8_t label : view(labels))
    if (label > 1) throw py::value_error("labels must be 0 or 1");
  const PooledCloud<T> cloud{points.data(), extent(points, 0), extent(points, 1)};
  Array<double> distances = make_array<double>({extent(labels, 0), extent(directions, 0)});
  const std::span<double> target = fill(distances);
  const std::span<const double> direction_view = view(directions);
  const std::span<const std::uint8_t> label_view = view(labels);
  without_gil([&] { permuted_lines<T>(cloud, direction_view, label_view, p, target, n_threads); });
  return distances;
}

template <class T>
void bind_type(py::module_& m) {
  using py::arg;
  m.def("transport_wasserstein_1d", &distance_1d<T>, arg("x").noconvert(), arg("y").noconvert(),
        arg("x_weights").noconvert(), arg("y_weights").noconvert(), arg("p"), arg("n_threads"));
  m.def("transport_wasserstein_circle", &distance_on_circle<T>, arg("x").noconvert(), arg("y").noconvert(),
        arg("x_weights").noconvert(), arg("y_weights").noconvert(), arg("p"), arg("period"), arg("n_threads"));
  m.def("transport_wasserstein_1d_grid", &distances_on_grid<T>, arg("p").noconvert(), arg("q").noconvert(),
        arg("p_rows").noconvert(), arg("q_rows").noconvert(), arg("positions").noconvert(), arg("order").noconvert(),
        arg("exponent"), arg("n_threads"));
  m.def("transport_sliced", &distances_by_direction<T>, arg("x").noconvert(), arg("y").noconvert(),
        arg("directions").noconvert(), arg("x_weights").noconvert(), arg("y_weights").noconvert(), arg("p"),
        arg("progress"), arg("n_threads"));
  m.def("transport_sliced_gradient", &gradient_by_points<T>, arg("x").noconvert(), arg("y").noconvert(),
        arg("directions").noconvert(), arg("x_weights").noconvert(), arg("y_weights").noconvert(), arg("p"),
        arg("factors").noconvert(), arg("n_threads"));
  m.def("transport_sliced_slopes", &slopes_by_direction<T>, arg("x").noconvert(), arg("y").noconvert(),
        arg("directions").noconvert(), arg("x_weights").noconvert(), arg("y_weights").noconvert(), arg("p"),
        arg("n_threads"));
  m.def("transport_permuted_lines", &distances_of_partitions<T>, arg("points").noconvert(),
        arg("directions").noconvert(), arg("labels").noconvert(), arg("p"), arg("n_threads"));
}

}  // namespace

void bind_transport_line(py::module_& m) {
  bind_type<double>(m);
  bind_type<float>(m);
}

}  // namespace hartley::bind
