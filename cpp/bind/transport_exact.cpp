#include "bind/array.hpp"
#include "bind/transport.hpp"
#include "kernels/exact_transport.hpp"

namespace hartley::bind {
namespace {

void require_masses(const Array<double>& a, const Array<double>& b, std::size_t n, std::size_t m) {
  require_rank(a, 1, "a");
  require_rank(b, 1, "b");
  if (extent(a, 0) != n) throw py::value_error("a must have one weight for every row");
  if (extent(b, 0) != m) throw py::value_error("b must have one weight for every column");
}

template <class T>
Array<T> to_array(const std::vector<T>& values) {
  Array<T> array = make_array<T>({values.size()});
  std::copy(values.begin(), values.end(), array.mutable_data());
  return array;
}

// None where no plan exists.
py::object to_dict(const ExactPlan& plan) {
  using namespace py::literals;
  if (!plan.exists) return py::none();
  return py::dict("total"_a = plan.total, "rows"_a = to_array(plan.rows), "columns"_a = to_array(plan.columns),
                  "mass"_a = to_array(plan.mass), "f"_a = to_array(plan.f), "g"_a = to_array(plan.g),
                  "cost"_a = plan.cost, "dual_value"_a = plan.dual_value, "rounding"_a = plan.rounding,
                  "n_pivots"_a = plan.n_pivots, "n_passes"_a = plan.n_passes);
}

// (least and largest finite cost, has NaN, has -inf, has inf)
template <class T>
py::tuple range_of(const Array<T>& cost, int n_threads) {
  const std::span<const T> costs = view(cost);
  const CostRange range = without_gil([&] { return cost_range<T>(costs, n_threads); });
  return py::make_tuple(range.least, range.largest, range.has_nan, range.has_negative_infinity, range.has_infinity);
}

template <class T>
py::object solve_matrix(const Array<double>& a, const Array<double>& b, const Array<T>& cost, double least,
                        double largest, bool has_infinity, int n_threads) {
  require_rank(cost, 2, "cost");
  require_masses(a, b, extent(cost, 0), extent(cost, 1));
  MatrixCosts<T> costs(cost.data(), extent(cost, 0), extent(cost, 1));
  const CostRange range{least, largest, false, false, has_infinity};
  const std::span<const double> a_view = view(a), b_view = view(b);
  return to_dict(without_gil([&] { return exact_transport(costs, range, a_view, b_view, n_threads); }));
}

template <class T>
bool is_feasible(const Array<double>& a, const Array<double>& b, const Array<T>& cost, int n_threads) {
  require_rank(cost, 2, "cost");
  require_masses(a, b, extent(cost, 0), extent(cost, 1));
  const T* matrix = cost.data();
  const std::size_t n = extent(cost, 0), m = extent(cost, 1);
  const std::span<const double> a_view = view(a), b_view = view(b);
  return without_gil([&] { return transport_is_feasible<T>(matrix, n, m, a_view, b_view, n_threads); });
}

// Distances of the scaled points are at most 1.
template <class T>
py::object solve_clouds(const Array<T>& x, const Array<T>& y, const Array<double>& a, const Array<double>& b,
                        double scale, double p, int n_threads) {
  require_rank(x, 2, "x");
  require_rank(y, 2, "y");
  if (extent(x, 1) != extent(y, 1)) throw py::value_error("x and y must have equally many features");
  require_masses(a, b, extent(x, 0), extent(y, 0));
  const std::size_t n = extent(x, 0), m = extent(y, 0), n_features = extent(x, 1);
  const std::span<const T> x_view = view(x), y_view = view(y);
  const std::span<const double> a_view = view(a), b_view = view(b);
  return to_dict(without_gil([&] {
    CloudCosts costs(x_view.data(), n, y_view.data(), m, n_features, scale, p);
    constexpr CostRange kRange{0.0, 1.0, false, false, false};
    if (n_features > 1) return exact_transport(costs, kRange, a_view, b_view, n_threads);
    const std::vector<double> on_line_x(x_view.begin(), x_view.end()), on_line_y(y_view.begin(), y_view.end());
    return exact_transport_on_line(costs, kRange, on_line_x, on_line_y, a_view, b_view, n_threads);
  }));
}

template <class T>
void bind_type(py::module_& m) {
  using py::arg;
  m.def("transport_cost_range", &range_of<T>, arg("cost").noconvert(), arg("n_threads"));
  m.def("transport_exact", &solve_matrix<T>, arg("a").noconvert(), arg("b").noconvert(), arg("cost").noconvert(),
        arg("least"), arg("largest"), arg("has_infinity"), arg("n_threads"));
  m.def("transport_exact_clouds", &solve_clouds<T>, arg("x").noconvert(), arg("y").noconvert(), arg("a").noconvert(),
        arg("b").noconvert(), arg("scale"), arg("p"), arg("n_threads"));
  m.def("transport_is_feasible", &is_feasible<T>, arg("a").noconvert(), arg("b").noconvert(), arg("cost").noconvert(),
        arg("n_threads"));
}

}  // namespace

void bind_transport_exact(py::module_& m) {
  bind_type<double>(m);
  bind_type<float>(m);
}

}  // namespace hartley::bind
