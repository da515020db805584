#include <algorithm>
#include <cstdint>
#include <span>

#include "bind/array.hpp"
#include "bind/rate_distortion.hpp"
#include "kernels/bottleneck.hpp"

namespace hartley::bind {
namespace {

Joint joint_view(const Array<double>& joint) {
  require_rank(joint, 2, "joint");
  return {joint.data(), extent(joint, 0), extent(joint, 1)};
}

// (encoder, p(t, y) as (n_y, n_clusters), change, n_iter, converged)
py::tuple iterate(const Array<double>& joint, const Array<double>& encoder, double beta, double tolerance,
                  std::size_t max_iter, bool deterministic, int n_threads) {
  const Joint problem = joint_view(joint);
  require_rank(encoder, 2, "encoder");
  if (extent(encoder, 0) != problem.n_x) throw py::value_error("encoder must have one row for every row of joint");
  const std::size_t n_clusters = extent(encoder, 1);
  Array<double> last = make_array<double>({problem.n_x, n_clusters});
  Array<double> of_clusters = make_array<double>({problem.n_y, n_clusters});
  const std::span<double> last_view = fill(last), of_clusters_view = fill(of_clusters);
  std::copy_n(encoder.data(), last_view.size(), last_view.data());
  const BottleneckOptions options{beta, tolerance, max_iter, deterministic, n_threads};
  const BottleneckReport report =
      without_gil([&] { return bottleneck(problem, n_clusters, options, last_view, of_clusters_view); });
  return py::make_tuple(last, of_clusters, report.change, report.n_iter, report.converged);
}

// (labels, sweeps)
py::tuple exchange(const Array<double>& joint, const Array<std::uint32_t>& labels, std::size_t n_clusters, double beta,
                   std::size_t max_sweeps, int n_threads) {
  const Joint problem = joint_view(joint);
  require_rank(labels, 1, "labels");
  if (extent(labels, 0) != problem.n_x) throw py::value_error("labels must have one entry for every row of joint");
  Array<std::uint32_t> moved = make_array<std::uint32_t>({problem.n_x});
  const std::span<std::uint32_t> moved_view = fill(moved);
  std::copy_n(labels.data(), problem.n_x, moved_view.data());
  for (const std::uint32_t label : moved_view)
    if (label >= n_clusters) throw py::value_error("labels must be below n_clusters");
  const std::size_t sweeps =
      without_gil([&] { return bottleneck_exchange(problem, n_clusters, beta, max_sweeps, moved_view, n_threads); });
  return py::make_tuple(moved, sweeps);
}

}  // namespace

void define_bottleneck(py::module_& m) {
  using py::arg;
  m.def("rate_distortion_bottleneck_iterate", &iterate, arg("joint").noconvert(), arg("encoder").noconvert(),
        arg("beta"), arg("tolerance"), arg("max_iter"), arg("deterministic"), arg("n_threads"));
  m.def("rate_distortion_bottleneck_exchange", &exchange, arg("joint").noconvert(), arg("labels").noconvert(),
        arg("n_clusters"), arg("beta"), arg("max_sweeps"), arg("n_threads"));
}

}  // namespace hartley::bind
