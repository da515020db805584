#include "kernels/pmf.hpp"

#include "bind/array.hpp"
#include "bind/register.hpp"
#include "kernels/pmf_power_sums.hpp"

namespace hartley::bind {
namespace {

// A batch of one slab is repeated for every slab of the other argument.
template <class T>
PmfBatch<T> batch(const Array<T>& array) {
  return {array.data(), extent(array, 0) == 1 ? 0 : extent(array, 1) * extent(array, 2)};
}

template <class T>
BatchShape common_shape(const Array<T>& p, const Array<T>& q) {
  require_rank(p, 3, "p");
  require_rank(q, 3, "q");
  const BatchShape shape{extent(p, 0) == 1 ? extent(q, 0) : extent(p, 0), extent(p, 1), extent(p, 2)};
  if (shape.n == 0) throw py::value_error("p must have entries along its middle axis");
  const bool slabs_pair = extent(q, 0) == 1 || extent(q, 0) == shape.outer;
  if (!slabs_pair || extent(q, 1) != shape.n || extent(q, 2) != shape.inner)
    throw py::value_error("p and q must have equal shapes");
  return shape;
}

template <class T>
Array<double> sums(PmfFunctional functional, double delta, const Array<T>& p, const Array<T>& q, int n_threads) {
  const BatchShape shape = common_shape(p, q);
  const std::size_t n_rows = shape.outer * shape.inner;
  Array<double> out = make_array<double>({4, n_rows});
  double* row = out.mutable_data();
  const PmfSums target{row, row + n_rows, row + 2 * n_rows, row + 3 * n_rows};
  const PmfBatch<T> p_batch = batch(p), q_batch = batch(q);
  without_gil([&] { pmf_sums<T>(functional, delta, p_batch, q_batch, shape, target, n_threads); });
  return out;
}

template <class T>
Array<double> log_power_sums(const Array<T>& p, const Array<T>& q, double a, double b, int n_threads) {
  const BatchShape shape = common_shape(p, q);
  if (shape.inner != 1) throw py::value_error("p and q must have their distributions along the last axis");
  Array<double> out = make_array<double>({5, shape.outer});
  double* row = out.mutable_data();
  const PowerSums target{row, row + shape.outer, row + 2 * shape.outer, row + 3 * shape.outer, row + 4 * shape.outer};
  const PmfBatch<T> p_batch = batch(p), q_batch = batch(q);
  without_gil([&] { pmf_log_power_sums<T>(a, b, p_batch, q_batch, shape, target, n_threads); });
  return out;
}

template <class T>
void register_type(py::module_& m) {
  using py::arg;
  m.def(
      "pmf_entropy",
      [](const Array<T>& p, int n_threads) { return sums<T>(PmfFunctional::kEntropy, 0.0, p, p, n_threads); },
      arg("p").noconvert(), arg("n_threads"));
  m.def(
      "pmf_power",
      [](const Array<T>& p, double delta, int n_threads) {
        return sums<T>(PmfFunctional::kPower, delta, p, p, n_threads);
      },
      arg("p").noconvert(), arg("delta"), arg("n_threads"));
  m.def(
      "pmf_power_ratio",
      [](const Array<T>& p, const Array<T>& q, double delta, int n_threads) {
        return sums<T>(PmfFunctional::kPowerRatio, delta, p, q, n_threads);
      },
      arg("p").noconvert(), arg("q").noconvert(), arg("delta"), arg("n_threads"));
  m.def("pmf_log_power_sums", &log_power_sums<T>, arg("p").noconvert(), arg("q").noconvert(), arg("a"), arg("b"),
        arg("n_threads"));
  const auto define = [&m](const char* name, PmfFunctional functional) {
    m.def(
        name,
        [functional](const Array<T>& p, const Array<T>& q, int n_threads) {
          return sums<T>(functional, 0.0, p, q, n_threads);
        },
        arg("p").noconvert(), arg("q").noconvert(), arg("n_threads"));
  };
  define("pmf_cross_entropy", PmfFunctional::kCrossEntropy);
  define("pmf_kl_divergence", PmfFunctional::kKl);
  define("pmf_js_divergence", PmfFunctional::kJs);
  define("pmf_total_variation", PmfFunctional::kTotalVariation);
  define("pmf_chi2_divergence", PmfFunctional::kChi2);
  define("pmf_squared_hellinger", PmfFunctional::kHellinger);
  define("pmf_jeffreys_divergence", PmfFunctional::kJeffreys);
  define("pmf_le_cam_divergence", PmfFunctional::kLeCam);
}

py::tuple binary_entropy(const Array<double>& p, int n_threads) {
  require_rank(p, 1, "p");
  Array<double> entropy = make_array<double>({extent(p, 0)});
  const std::span<const double> source = view(p);
  double* target = entropy.mutable_data();
  const bool valid = without_gil([&] { return binary_entropies(source.data(), source.size(), target, n_threads); });
  return py::make_tuple(entropy, valid);
}

}  // namespace

void register_pmf(py::module_& m) {
  register_type<double>(m);
  register_type<float>(m);
  m.def("pmf_binary_entropy", &binary_entropy, py::arg("p").noconvert(), py::arg("n_threads"));
}

}  // namespace hartley::bind
