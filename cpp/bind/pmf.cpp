#include "kernels/pmf.hpp"

#include "bind/array.hpp"
#include "bind/register.hpp"

namespace hartley::bind {
namespace {

// A batch of one slab is repeated for every slab of the other argument.
template <class T>
PmfBatch<T> batch(const Array<T>& array) {
  return {array.data(), extent(array, 0) == 1 ? 0 : extent(array, 1) * extent(array, 2)};
}

template <class T>
Array<double> sums(PmfFunctional functional, const Array<T>& p, const Array<T>& q, int n_threads) {
  require_rank(p, 3, "p");
  require_rank(q, 3, "q");
  const BatchShape shape{extent(p, 0) == 1 ? extent(q, 0) : extent(p, 0), extent(p, 1), extent(p, 2)};
  const bool slabs_pair = extent(q, 0) == 1 || extent(q, 0) == shape.outer;
  if (!slabs_pair || extent(q, 1) != shape.n || extent(q, 2) != shape.inner)
    throw py::value_error("p and q must have equal shapes");
  const std::size_t n_rows = shape.outer * shape.inner;
  Array<double> out = make_array<double>({4, n_rows});
  double* row = out.mutable_data();
  const PmfSums target{row, row + n_rows, row + 2 * n_rows, row + 3 * n_rows};
  const PmfBatch<T> p_batch = batch(p), q_batch = batch(q);
  without_gil([&] { pmf_sums<T>(functional, p_batch, q_batch, shape, target, n_threads); });
  return out;
}

template <class T>
void register_type(py::module_& m) {
  using py::arg;
  m.def(
      "pmf_entropy", [](const Array<T>& p, int n_threads) { return sums<T>(PmfFunctional::kEntropy, p, p, n_threads); },
      arg("p").noconvert(), arg("n_threads"));
  const auto define = [&m](const char* name, PmfFunctional functional) {
    m.def(
        name,
        [functional](const Array<T>& p, const Array<T>& q, int n_threads) {
          return sums<T>(functional, p, q, n_threads);
        },
        arg("p").noconvert(), arg("q").noconvert(), arg("n_threads"));
  };
  define("pmf_cross_entropy", PmfFunctional::kCrossEntropy);
  define("pmf_kl_divergence", PmfFunctional::kKl);
  define("pmf_js_divergence", PmfFunctional::kJs);
}

}  // namespace

void register_pmf(py::module_& m) {
  register_type<double>(m);
  register_type<float>(m);
}

}  // namespace hartley::bind
