#include "kernels/evaluation.hpp"

#include "bind/array.hpp"
#include "bind/register.hpp"

namespace hartley::bind {
namespace {

template <class T>
Cloud<T> cloud(const Array<T>& points, const Array<double>& centre, double scale, const char* name) {
  require_rank(points, 2, name);
  require_rank(centre, 1, "centre");
  const std::size_t n = extent(points, 0), d = extent(points, 1);
  if (d == 0 || d > kMostFeatures)
    throw py::value_error(std::string(name) + " must have from 1 to 2^20 columns, got " + std::to_string(d));
  if (n >= std::size_t{1} << 32) throw py::value_error(std::string(name) + " must have fewer than 2^32 rows");
  if (extent(centre, 0) != d) throw py::value_error("centre must have one entry a column");
  return {points.data(), n, d, centre.data(), scale};
}

template <class T>
Array<double> radii(const Array<T>& x, std::size_t k, const Array<double>& centre, double scale, py::object progress,
                    int n_threads) {
  const Cloud<T> points = cloud(x, centre, scale, "x");
  if (k < 1 || k >= points.n) throw py::value_error("k must be at least 1 and less than the number of rows");
  Array<double> squared = make_array<double>({points.n});
  double* target = squared.mutable_data();
  const ProgressScope scope(progress);
  without_gil([&] { ball_radii(points, k, target, n_threads, {0.0, 1.0}); });
  return squared;
}

template <class T>
py::tuple members(const Array<T>& real, const Array<double>& real_radius, const Array<T>& generated,
                  const Array<double>& generated_radius, const Array<double>& centre, double scale, py::object progress,
                  int n_threads) {
  const Cloud<T> first = cloud(real, centre, scale, "real"), second = cloud(generated, centre, scale, "generated");
  require_rank(real_radius, 1, "real_radius");
  require_rank(generated_radius, 1, "generated_radius");
  if (extent(real_radius, 0) != first.n || extent(generated_radius, 0) != second.n)
    throw py::value_error("radii must have one entry a row");
  Array<std::uint32_t> around = make_array<std::uint32_t>({second.n});
  Array<std::uint8_t> covered = make_array<std::uint8_t>({first.n}), reached = make_array<std::uint8_t>({first.n});
  const double *first_radius = real_radius.data(), *second_radius = generated_radius.data();
  std::uint32_t* counts = around.mutable_data();
  std::uint8_t *is_covered = covered.mutable_data(), *is_reached = reached.mutable_data();
  const ProgressScope scope(progress);
  without_gil([&] {
    ball_members(first, first_radius, second, second_radius, counts, is_covered, is_reached, n_threads, {0.0, 1.0});
  });
  return py::make_tuple(around, covered, reached);
}

template <class T>
void register_type(py::module_& m) {
  using py::arg;
  m.def("evaluation_ball_radii", &radii<T>, arg("x").noconvert(), arg("k"), arg("centre").noconvert(), arg("scale"),
        arg("progress"), arg("n_threads"));
  m.def("evaluation_ball_members", &members<T>, arg("real").noconvert(), arg("real_radius").noconvert(),
        arg("generated").noconvert(), arg("generated_radius").noconvert(), arg("centre").noconvert(), arg("scale"),
        arg("progress"), arg("n_threads"));
}

}  // namespace

void register_evaluation(py::module_& m) {
  register_type<double>(m);
  register_type<float>(m);
}

}  // namespace hartley::bind
