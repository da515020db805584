#include "kernels/knn.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "bind/array.hpp"
#include "bind/register.hpp"
#include "kernels/knn_brute.hpp"
#include "support/special.hpp"

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
Array<T> kth_distance(const Array<T>& x, std::size_t k, const std::string& metric, int n_threads, py::object progress) {
  const Rows<T> points = rows(x, "x");
  const Metric norm = metric_named(metric);
  Array<T> distances = make_array<T>({points.n});
  T* target = distances.mutable_data();
  const ProgressScope scope(progress);
  without_gil([&] { knn_kth_distances(points, k, norm, target, nullptr, n_threads, {0.0, 1.0}); });
  return distances;
}

template <class T>
py::tuple kth_distance_and_ties(const Array<T>& x, std::size_t k, const std::string& metric, int n_threads,
                                py::object progress) {
  const Rows<T> points = rows(x, "x");
  const Metric norm = metric_named(metric);
  Array<T> distances = make_array<T>({points.n});
  Array<std::uint8_t> is_tied = make_array<std::uint8_t>({points.n});
  T* target = distances.mutable_data();
  std::uint8_t* flags = is_tied.mutable_data();
  const ProgressScope scope(progress);
  without_gil([&] { knn_kth_distances(points, k, norm, target, flags, n_threads, {0.0, 1.0}); });
  return py::make_tuple(distances, is_tied);
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
py::tuple mutual_information(const Array<T>& x, const Array<T>& y, std::size_t k, py::object progress, int n_threads) {
  const Rows<T> x_points = rows(x, "x"), y_points = rows(y, "y");
  if (x_points.n != y_points.n) throw py::value_error("x and y must have equally many rows");
  Array<double> terms = make_array<double>({x_points.n});
  double* target = terms.mutable_data();
  double mean = 0.0;
  const ProgressScope scope(progress);
  const KsgOutcome outcome = without_gil([&] {
    const KsgOutcome found = knn_mutual_information(x_points, y_points, k, target, n_threads);
    mean = knn_mean(target, x_points.n);
    return found;
  });
  return py::make_tuple(mean, terms, outcome.n_ties, outcome.excess);
}

// A search structure that Python keeps between calls without looking inside.
template <class T>
struct Tree {
  KdTree<T> tree;
  T scale;  // what the coordinates were multiplied by
  Metric metric;
};

template <class T>
constexpr const char* kTreeName = sizeof(T) == 8 ? "hartley.tree.float64" : "hartley.tree.float32";

// Coordinates are multiplied by `scale`, a power of two; clouds that ask each other share it.
template <class T>
py::capsule make_tree(const Array<T>& x, const std::string& metric, double scale, int n_threads) {
  const Rows<T> points = rows(x, "x");
  const Metric norm = metric_named(metric);
  auto tree = without_gil([&] {
    const T factor = static_cast<T>(scale);
    return std::make_unique<Tree<T>>(Tree<T>{build_kdtree(points, factor, n_threads), factor, norm});
  });
  return py::capsule(tree.release(), kTreeName<T>, [](void* pointer) { delete static_cast<Tree<T>*>(pointer); });
}

template <class T>
const Tree<T>& tree_in(const py::capsule& capsule) {
  if (std::string_view(capsule.name()) != kTreeName<T>) throw py::value_error("trees must hold the same type");
  return *capsule.get_pointer<Tree<T>>();
}

template <class T>
py::tuple tree_nearest_of(const py::capsule& asking, const py::capsule& capsule, std::size_t k, py::object progress,
                          int n_threads) {
  const Tree<T>&own = tree_in<T>(asking), &tree = tree_in<T>(capsule);
  Array<T> distances = make_array<T>({own.tree.n, k});
  Array<std::uint32_t> indices = make_array<std::uint32_t>({own.tree.n, k});
  T* distance = distances.mutable_data();
  std::uint32_t* index = indices.mutable_data();
  const ProgressScope scope(progress);
  without_gil([&] {
    nearest(own.tree, tree.tree, k, tree.metric, distance, index, n_threads, {0.0, 1.0});
    if (tree.scale != 1)
      for (std::size_t i = 0; i < own.tree.n * k; ++i) distance[i] /= tree.scale;
  });
  return py::make_tuple(distances, indices);
}

py::tuple tree_nearest(const py::capsule& asking, const py::capsule& tree, std::size_t k, py::object progress,
                       int n_threads) {
  return std::string_view(tree.name()) == kTreeName<double>
             ? tree_nearest_of<double>(asking, tree, k, progress, n_threads)
             : tree_nearest_of<float>(asking, tree, k, progress, n_threads);
}

template <class T>
Array<T> tree_kth_distance_of(const py::capsule& asking, const py::capsule& capsule, std::size_t k, int n_threads) {
  const Tree<T>&own = tree_in<T>(asking), &tree = tree_in<T>(capsule);
  Array<T> distances = make_array<T>({own.tree.n});
  T* distance = distances.mutable_data();
  without_gil([&] {
    kth_distances(own.tree, tree.tree, k, tree.metric, distance, nullptr, n_threads);
    if (tree.scale != 1)
      for (std::size_t i = 0; i < own.tree.n; ++i) distance[i] /= tree.scale;
  });
  return distances;
}

py::array tree_kth_distance(const py::capsule& asking, const py::capsule& tree, std::size_t k, int n_threads) {
  if (std::string_view(tree.name()) == kTreeName<double>)
    return tree_kth_distance_of<double>(asking, tree, k, n_threads);
  return tree_kth_distance_of<float>(asking, tree, k, n_threads);
}

template <class T>
Array<std::uint32_t> tree_count_within(const py::capsule& asking, const py::capsule& capsule, const Array<T>& radius,
                                       int n_threads) {
  const Tree<T>&own = tree_in<T>(asking), &tree = tree_in<T>(capsule);
  require_rank(radius, 1, "radius");
  if (extent(radius, 0) != own.tree.n) throw py::value_error("radius must have one entry for each row");
  Array<std::uint32_t> counts = make_array<std::uint32_t>({own.tree.n});
  std::uint32_t* target = counts.mutable_data();
  const auto given = view(radius);
  without_gil([&] {
    std::vector<T> scaled(given.begin(), given.end());
    for (T& r : scaled) {
      const bool is_positive = r > 0;
      r *= tree.scale;
      if (is_positive && r == 0) r = std::numeric_limits<T>::denorm_min();  // what is at distance 0 stays inside
    }
    count_within(own.tree, tree.tree, scaled.data(), tree.metric, target, n_threads);
  });
  return counts;
}

template <class T>
BruteForce<T> brute_force(const Array<T>& asking, const Array<T>& points, bool is_own, std::size_t window,
                          const std::string& metric, const Array<T>& box) {
  const BruteForce<T> search{rows(asking, "asking"),
                             rows(points, "points"),
                             is_own,
                             window,
                             metric_named(metric),
                             box.size() == 0 ? nullptr : box.data()};
  if (search.asking.d != search.points.d) throw py::value_error("asking and points must have equally many columns");
  if (box.size() != 0 && extent(box, 0) != search.points.d) throw py::value_error("box must have one entry a column");
  return search;
}

template <class T>
py::tuple brute_nearest(const Array<T>& asking, const Array<T>& points, bool is_own, std::size_t window,
                        const std::string& metric, const Array<T>& box, std::size_t k, py::object progress,
                        int n_threads) {
  const BruteForce<T> search = brute_force(asking, points, is_own, window, metric, box);
  Array<T> distances = make_array<T>({search.asking.n, k});
  Array<std::uint32_t> indices = make_array<std::uint32_t>({search.asking.n, k});
  T* distance = distances.mutable_data();
  std::uint32_t* index = indices.mutable_data();
  const ProgressScope scope(progress);
  without_gil([&] { nearest(search, k, distance, index, n_threads, {0.0, 1.0}); });
  return py::make_tuple(distances, indices);
}

template <class T>
Array<std::uint32_t> brute_count_within(const Array<T>& asking, const Array<T>& points, bool is_own, std::size_t window,
                                        const std::string& metric, const Array<T>& box, const Array<T>& radius,
                                        int n_threads) {
  const BruteForce<T> search = brute_force(asking, points, is_own, window, metric, box);
  if (radius.ndim() != 1 || extent(radius, 0) != search.asking.n)
    throw py::value_error("radius must have one entry for each row");
  Array<std::uint32_t> counts = make_array<std::uint32_t>({search.asking.n});
  std::uint32_t* target = counts.mutable_data();
  const T* limits = radius.data();
  without_gil([&] { count_within(search, limits, target, n_threads); });
  return counts;
}

py::tuple to_arrays(const std::vector<KnnEstimate>& estimates) {
  Array<double> means = make_array<double>({estimates.size()});
  Array<std::int64_t> ties = make_array<std::int64_t>({estimates.size()});
  for (std::size_t i = 0; i < estimates.size(); ++i) {
    fill(means)[i] = estimates[i].mean;
    fill(ties)[i] = static_cast<std::int64_t>(estimates[i].n_ties);
  }
  return py::make_tuple(means, ties);
}

template <class T>
py::tuple information_of_pairs(const Array<T>& columns, const Array<std::uint32_t>& pairs, std::size_t k,
                               py::object progress, int n_threads) {
  const Rows<T> all = rows(columns, "columns");
  require_rank(pairs, 2, "pairs");
  const auto wanted = view(pairs);
  for (const std::uint32_t column : wanted)
    if (column >= all.n) throw py::value_error("pairs must name columns");
  std::vector<KnnEstimate> estimates(wanted.size() / 2);
  const ProgressScope scope(progress);
  without_gil([&] { knn_pairs(all.data, all.n, all.d, wanted, k, estimates.data(), n_threads); });
  return to_arrays(estimates);
}

template <class T>
py::tuple information_permuted(const Array<T>& x, const Array<T>& y, const Array<std::uint32_t>& orders, std::size_t k,
                               py::object progress, int n_threads) {
  const Rows<T> x_points = rows(x, "x"), y_points = rows(y, "y");
  require_rank(orders, 2, "orders");
  if (x_points.n != y_points.n || extent(orders, 1) != x_points.n)
    throw py::value_error("x, y and every order must have equally many rows");
  for (const std::uint32_t row : view(orders))
    if (row >= x_points.n) throw py::value_error("orders must name rows");
  std::vector<KnnEstimate> estimates(extent(orders, 0));
  const std::uint32_t* order = orders.data();
  const ProgressScope scope(progress);
  without_gil([&] { knn_permuted(x_points, y_points, order, estimates.size(), k, estimates.data(), n_threads); });
  return to_arrays(estimates);
}

Array<std::uint32_t> local_order(const Array<std::uint32_t>& neighbours, std::uint64_t seed) {
  require_rank(neighbours, 2, "neighbours");
  const std::size_t n = extent(neighbours, 0), k = extent(neighbours, 1);
  if (k == 0) throw py::value_error("neighbours must have a column");
  for (const std::uint32_t row : view(neighbours))
    if (row >= n) throw py::value_error("neighbours must name rows");
  Array<std::uint32_t> order = make_array<std::uint32_t>({n});
  const std::uint32_t* source = neighbours.data();
  std::uint32_t* target = order.mutable_data();
  without_gil([&] { local_permutation(source, n, k, seed, target); });
  return order;
}

Array<double> digamma_of_counts(const Array<std::uint32_t>& counts) {
  require_rank(counts, 1, "counts");
  Array<double> values = make_array<double>({extent(counts, 0)});
  const auto source = view(counts);
  const auto target = fill(values);
  const IntegerDigamma& psi = IntegerDigamma::instance();
  without_gil([&] { std::transform(source.begin(), source.end(), target.begin(), psi); });
  return values;
}

template <class T>
void register_type(py::module_& m) {
  using py::arg;
  m.def("knn_kth_distance", &kth_distance<T>, arg("x").noconvert(), arg("k"), arg("metric"), arg("n_threads"),
        arg("progress") = py::none());
  m.def("knn_kth_distance_and_ties", &kth_distance_and_ties<T>, arg("x").noconvert(), arg("k"), arg("metric"),
        arg("n_threads"), arg("progress"));
  m.def("knn_count_within", &count_rows_within<T>, arg("x").noconvert(), arg("radius").noconvert(), arg("n_threads"));
  m.def("knn_mutual_information", &mutual_information<T>, arg("x").noconvert(), arg("y").noconvert(), arg("k"),
        arg("progress"), arg("n_threads"));
  m.def(
      "knn_square_safe_scale",
      [](const Array<T>& x, int n_threads) {
        const Rows<T> points = rows(x, "x");
        return without_gil([&] { return square_safe_scale(points, n_threads); });
      },
      arg("x").noconvert(), arg("n_threads"));
  m.def("knn_tree", &make_tree<T>, arg("x").noconvert(), arg("metric"), arg("scale"), arg("n_threads"));
  m.def("knn_tree_count_within", &tree_count_within<T>, arg("asking"), arg("tree"), arg("radius").noconvert(),
        arg("n_threads"));
  m.def("knn_brute_nearest", &brute_nearest<T>, arg("asking").noconvert(), arg("points").noconvert(), arg("is_own"),
        arg("window"), arg("metric"), arg("box").noconvert(), arg("k"), arg("progress"), arg("n_threads"));
  m.def("knn_brute_count_within", &brute_count_within<T>, arg("asking").noconvert(), arg("points").noconvert(),
        arg("is_own"), arg("window"), arg("metric"), arg("box").noconvert(), arg("radius").noconvert(),
        arg("n_threads"));
  m.def("knn_information_of_pairs", &information_of_pairs<T>, arg("columns").noconvert(), arg("pairs").noconvert(),
        arg("k"), arg("progress"), arg("n_threads"));
  m.def("knn_information_permuted", &information_permuted<T>, arg("x").noconvert(), arg("y").noconvert(),
        arg("orders").noconvert(), arg("k"), arg("progress"), arg("n_threads"));
}

}  // namespace

void register_knn(py::module_& m) {
  using py::arg;
  m.def("knn_tree_nearest", &tree_nearest, arg("asking"), arg("tree"), arg("k"), arg("progress"), arg("n_threads"));
  m.def("knn_tree_kth_distance", &tree_kth_distance, arg("asking"), arg("tree"), arg("k"), arg("n_threads"));
  m.def(
      "knn_mean", [](const Array<double>& terms) { return knn_mean(terms.data(), extent(terms, 0)); },
      arg("terms").noconvert());
  m.def("knn_local_order", &local_order, arg("neighbours").noconvert(), arg("seed"));
  m.def("knn_digamma", &digamma_of_counts, arg("counts").noconvert());
  register_type<double>(m);
  register_type<float>(m);
}

}  // namespace hartley::bind
