#include "kernels/knn.hpp"

#include "bind/array.hpp"
#include "bind/register.hpp"

namespace hartley::bind {
namespace {

Metric metric_named(const std::string& name) {
  if (name == "chebyshev") return Metric::kChebyshev;
  if (name == "euclidean") return Metric::kEuclidean;
  throw py::value_error("metric must be chebyshev or euclidean, got " + name);
}

template <class T>
Rows<T> rows(const Array<T>& array, const char* name) {
  require_rank(array, 2, name);
  if (extent(array, 0) >= std::size_t{1} << 32)
    throw py::value_error(std::string(name) + " must have fewer than 2^32 rows");
  return {array.data(), extent(array, 0), extent(array, 1)};
}

template <class T>
Array<T> kth_distance(const Array<T>& x, std::size_t k, const std::string& metric, int n_threads) {
  const Rows<T> points = rows(x, "x");
  const Metric norm = metric_named(metric);
  Array<T> distances = make_array<T>({points.n});
  T* target = distances.mutable_data();
  without_gil([&] { knn_kth_distances(points, k, norm, target, n_threads); });
  return distances;
}

template <class T>
Array<std::uint32_t> count_rows_within(const Array<T>& x, const Array<T>& radius, int n_threads) {
  const Rows<T> points = rows(x, "x");
  require_rank(radius, 1, "radius");
  if (extent(radius, 0) != points.n) throw py::value_error("radius must have one entry for each row of x");
  Array<std::uint32_t> counts = make_array<std::uint32_t>({points.n});
  std::uint32_t* target = counts.mutable_data();
  const T* limits = radius.data();
  without_gil([&] { knn_count_within(points, limits, target, n_threads); });
  return counts;
}

template <class T>
py::tuple entropy(const Array<T>& x, std::size_t k, const std::string& metric, py::object progress, int n_threads) {
  const Rows<T> points = rows(x, "x");
  const Metric norm = metric_named(metric);
  Array<double> terms = make_array<double>({points.n});
  double* target = terms.mutable_data();
  double mean = 0.0;
  const ProgressScope scope(progress);
  const std::size_t n_ties = without_gil([&] {
    const std::size_t ties = knn_entropy(points, k, norm, target, n_threads);
    mean = knn_mean(target, points.n);
    return ties;
  });
  return py::make_tuple(mean, terms, n_ties);
}

template <class T>
py::tuple mutual_information(const Array<T>& x, const Array<T>& y, std::size_t k, py::object progress, int n_threads) {
  const Rows<T> x_points = rows(x, "x"), y_points = rows(y, "y");
  if (x_points.n != y_points.n) throw py::value_error("x and y must have equally many rows");
  Array<double> terms = make_array<double>({x_points.n});
  double* target = terms.mutable_data();
  double mean = 0.0;
  const ProgressScope scope(progress);
  const std::size_t n_ties = without_gil([&] {
    const std::size_t ties = knn_mutual_information(x_points, y_points, k, target, n_threads);
    mean = knn_mean(target, x_points.n);
    return ties;
  });
  return py::make_tuple(mean, terms, n_ties);
}

template <class T>
void register_type(py::module_& m) {
  using py::arg;
  m.def("knn_kth_distance", &kth_distance<T>, arg("x").noconvert(), arg("k"), arg("metric"), arg("n_threads"));
  m.def("knn_count_within", &count_rows_within<T>, arg("x").noconvert(), arg("radius").noconvert(), arg("n_threads"));
  m.def("knn_entropy", &entropy<T>, arg("x").noconvert(), arg("k"), arg("metric"), arg("progress"), arg("n_threads"));
  m.def("knn_mutual_information", &mutual_information<T>, arg("x").noconvert(), arg("y").noconvert(), arg("k"),
        arg("progress"), arg("n_threads"));
}

}  // namespace

void register_knn(py::module_& m) {
  register_type<double>(m);
  register_type<float>(m);
}

}  // namespace hartley::bind
