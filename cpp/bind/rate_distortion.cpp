#include "kernels/rate_distortion.hpp"

#include "bind/array.hpp"
#include "bind/rate_distortion.hpp"
#include "bind/register.hpp"

namespace hartley::bind {
namespace {

using namespace py::literals;

void require_extent(std::size_t got, std::size_t wanted, const char* name) {
  if (got != wanted)
    throw py::value_error(std::string(name) + " must have " + std::to_string(wanted) + " entries, got " +
                          std::to_string(got));
}

// The weights to begin with: those given, or equal ones.
Array<double> starting_weights(const py::object& start, std::size_t n) {
  Array<double> weights = make_array<double>({n});
  const std::span<double> target = fill(weights);
  if (start.is_none()) {
    std::fill(target.begin(), target.end(), 1.0 / static_cast<double>(n));
    return weights;
  }
  const auto given = start.cast<Array<double>>();
  require_extent(view(given).size(), n, "start");
  std::copy_n(given.data(), n, target.data());
  return weights;
}

AlternatingOptions options_of(const py::dict& options, const py::object& start, const py::object& progress,
                              int n_threads) {
  return {options["tolerance"].cast<double>(),
          options["max_iter"].cast<std::size_t>(),
          options["accelerate"].cast<bool>(),
          !start.is_none(),
          !progress.is_none(),
          n_threads};
}

py::tuple rate_point(const Array<double>& p, const Array<double>& distortion, double beta, const py::object& start,
                     const py::dict& options, py::object progress, int n_threads) {
  require_rank(p, 1, "p");
  require_rank(distortion, 2, "distortion");
  require_extent(extent(p, 0), extent(distortion, 0), "p");
  const std::size_t n_outputs = extent(distortion, 1);
  Array<double> weights = starting_weights(start, n_outputs), output = make_array<double>({n_outputs});
  const std::span<double> q = fill(weights), marginal = fill(output);
  const std::span<const double> source = view(p);
  const double* costs = distortion.data();
  const AlternatingOptions own = options_of(options, start, progress, n_threads);
  const ProgressScope scope(progress);
  const RatePoint point = without_gil([&] { return rate_distortion(source, costs, beta, q, marginal, own); });
  const py::dict report("rate"_a = point.rate, "distortion"_a = point.distortion, "gap"_a = point.gap,
                        "intercept"_a = point.intercept, "n_iter"_a = point.report.n_iter,
                        "converged"_a = point.report.converged);
  return py::make_tuple(report, weights, output);
}

py::tuple capacity(const Array<double>& W, const Array<double>& offsets, const py::object& start,
                   const py::dict& options, py::object progress, int n_threads) {
  require_rank(W, 2, "W");
  require_rank(offsets, 1, "offsets");
  require_extent(extent(offsets, 0), extent(W, 0), "offsets");
  Array<double> weights = starting_weights(start, extent(W, 0));
  const std::span<double> q = fill(weights);
  const std::span<const double> terms = view(offsets);
  const std::size_t n_outputs = extent(W, 1);
  const double* rows = W.data();
  const AlternatingOptions own = options_of(options, start, progress, n_threads);
  const ProgressScope scope(progress);
  const CapacityPoint point = without_gil([&] { return channel_capacity(rows, n_outputs, terms, q, own); });
  const py::dict report("information"_a = point.information, "gap"_a = point.gap, "n_iter"_a = point.report.n_iter,
                        "converged"_a = point.report.converged);
  return py::make_tuple(report, weights);
}

}  // namespace

void register_rate_distortion(py::module_& m) {
  using py::arg;
  m.def("rate_distortion_point", &rate_point, arg("p").noconvert(), arg("distortion").noconvert(), arg("beta"),
        arg("start"), arg("options"), arg("progress"), arg("n_threads"));
  m.def("rate_distortion_capacity", &capacity, arg("W").noconvert(), arg("offsets").noconvert(), arg("start"),
        arg("options"), arg("progress"), arg("n_threads"));
  define_bottleneck(m);
}

}  // namespace hartley::bind
