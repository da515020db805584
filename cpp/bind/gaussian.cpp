#include "kernels/gaussian.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "bind/array.hpp"
#include "bind/register.hpp"
#include "support/normal.hpp"

namespace hartley::bind {
namespace {

constexpr std::size_t kQuantiles = 512;  // a task: about 100 us

// A batch of one is repeated for all of the other argument.
ArrayBatch batch(const Array<double>& array) {
  const auto n = extent(array, 0);
  return {array.data(), n == 1 ? 0 : static_cast<std::size_t>(array.size()) / std::max<std::size_t>(n, 1)};
}

// The index that failed, or -1.
py::ssize_t index(std::size_t failure) { return failure == kNoFailure ? -1 : static_cast<py::ssize_t>(failure); }

std::size_t dimension(const Array<double>& covariance, const char* name) {
  require_rank(covariance, 3, name);
  if (extent(covariance, 1) != extent(covariance, 2) || extent(covariance, 1) == 0)
    throw py::value_error(std::string(name) + " must have shape (n, d, d)");
  return extent(covariance, 1);
}

py::tuple log_determinant(const Array<double>& covariance, double ridge, double asymmetry, int n_threads) {
  const std::size_t d = dimension(covariance, "covariance"), n = extent(covariance, 0);
  Array<double> out = make_array<double>({n});
  double* target = out.mutable_data();
  const ArrayBatch source = batch(covariance);
  const std::size_t failure =
      without_gil([&] { return gaussian_log_determinants(source, n, d, {ridge, asymmetry}, target, n_threads); });
  return py::make_tuple(out, index(failure));
}

struct Pair {
  GaussianBatch p, q;
  std::size_t n, d;
};

Pair pair(const Array<double>& p_mean, const Array<double>& p_covariance, const Array<double>& q_mean,
          const Array<double>& q_covariance) {
  const std::size_t d = dimension(p_covariance, "p_covariance");
  if (dimension(q_covariance, "q_covariance") != d) throw py::value_error("p_covariance and q_covariance must agree");
  std::size_t n = 1;
  for (const Array<double>* array : {&p_covariance, &q_covariance, &p_mean, &q_mean})
    if (extent(*array, 0) != 1) n = extent(*array, 0);
  for (const Array<double>* array : {&p_covariance, &q_covariance, &p_mean, &q_mean})
    if (extent(*array, 0) != 1 && extent(*array, 0) != n) throw py::value_error("batches must have one length");
  for (const Array<double>* mean : {&p_mean, &q_mean}) {
    require_rank(*mean, 2, "mean");
    if (extent(*mean, 1) != d) throw py::value_error("means must have shape (n, d)");
  }
  return {{batch(p_mean), batch(p_covariance)}, {batch(q_mean), batch(q_covariance)}, n, d};
}

py::tuple kl_divergence(const Array<double>& p_mean, const Array<double>& p_covariance, const Array<double>& q_mean,
                        const Array<double>& q_covariance, double ridge, double asymmetry, int n_threads) {
  const Pair both = pair(p_mean, p_covariance, q_mean, q_covariance);
  Array<double> out = make_array<double>({both.n});
  double* target = out.mutable_data();
  const PairFailures failures = without_gil(
      [&] { return gaussian_kl_divergences(both.p, both.q, both.n, both.d, {ridge, asymmetry}, target, n_threads); });
  return py::make_tuple(out, index(failures.p), index(failures.q));
}

py::tuple whiten(const Array<double>& p_mean, const Array<double>& p_covariance, const Array<double>& q_mean,
                 const Array<double>& q_covariance, double ridge, double asymmetry, int n_threads) {
  const Pair both = pair(p_mean, p_covariance, q_mean, q_covariance);
  Array<double> factor = make_array<double>({both.n, both.d, both.d}), shift = make_array<double>({both.n, both.d});
  double *factors = factor.mutable_data(), *shifts = shift.mutable_data();
  const PairFailures failures = without_gil(
      [&] { return gaussian_whiten(both.p, both.q, both.n, both.d, {ridge, asymmetry}, factors, shifts, n_threads); });
  return py::make_tuple(factor, shift, index(failures.p), index(failures.q));
}

py::tuple information(const Array<double>& covariance, const Array<std::int64_t>& block_ends, bool first_is_given,
                      double ridge, double asymmetry, int n_threads) {
  const std::size_t d = dimension(covariance, "covariance"), n = extent(covariance, 0);
  std::vector<std::size_t> ends;
  for (const std::int64_t end : view(block_ends)) ends.push_back(static_cast<std::size_t>(end));
  if (ends.empty() || ends.back() != d || !std::is_sorted(ends.begin(), ends.end()))
    throw py::value_error("ends must rise to d");
  Array<double> out = make_array<double>({n});
  double* target = out.mutable_data();
  const ArrayBatch source = batch(covariance);
  const std::size_t failure = without_gil([&] {
    return gaussian_informations(source, n, d, {ends, first_is_given}, {ridge, asymmetry}, target, n_threads);
  });
  return py::make_tuple(out, index(failure));
}

Array<double> quantiles(const Array<double>& p, int n_threads) {
  require_rank(p, 1, "p");
  Array<double> out = make_array<double>({extent(p, 0)});
  const std::span<const double> source = view(p);
  const std::span<double> target = fill(out);
  without_gil([&] {
    parallel_for(count_blocks(source.size(), kQuantiles), n_threads, [&](std::size_t block, int) {
      for (std::size_t i = block * kQuantiles; i < std::min(source.size(), (block + 1) * kQuantiles); ++i)
        target[i] = normal_quantile(source[i]);
    });
  });
  return out;
}

}  // namespace

void register_gaussian(py::module_& m) {
  using py::arg;
  m.def("gaussian_log_determinant", &log_determinant, arg("covariance").noconvert(), arg("ridge"), arg("asymmetry"),
        arg("n_threads"));
  const auto define = [&m](const char* name, auto function) {
    m.def(name, function, arg("p_mean").noconvert(), arg("p_covariance").noconvert(), arg("q_mean").noconvert(),
          arg("q_covariance").noconvert(), arg("ridge"), arg("asymmetry"), arg("n_threads"));
  };
  define("gaussian_kl_divergence", &kl_divergence);
  define("gaussian_whiten", &whiten);
  m.def("gaussian_information", &information, arg("covariance").noconvert(), arg("ends").noconvert(),
        arg("first_is_given"), arg("ridge"), arg("asymmetry"), arg("n_threads"));
  m.def("gaussian_normal_quantile", &quantiles, arg("p").noconvert(), arg("n_threads"));
}

}  // namespace hartley::bind
