#include "kernels/vae.hpp"

#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "bind/array.hpp"
#include "bind/register.hpp"
#include "kernels/aggregate_posterior.hpp"

namespace hartley::bind {
namespace {

template <class T>
using OptionalArray = std::optional<Array<T>>;

template <class T>
NormalPair<T> pair_of(const Array<T>& mean, const Array<T>& log_variance, const OptionalArray<T>& mean_q,
                      const OptionalArray<T>& log_variance_q) {
  require_rank(mean, 2, "mean");
  if (mean.size() == 0) throw py::value_error("mean must have entries");
  const auto same_shape = [&](const Array<T>& array, std::size_t n_rows) {
    return array.ndim() == 2 && extent(array, 0) == n_rows && extent(array, 1) == extent(mean, 1);
  };
  NormalPair<T> pair{mean.data(), log_variance.data(), nullptr, nullptr, view(mean).size(), false};
  bool fit = same_shape(log_variance, extent(mean, 0)) && mean_q.has_value() == log_variance_q.has_value();
  if (fit && mean_q) {
    pair.one_row_of_q = extent(mean, 0) > 1 && mean_q->ndim() == 2 && extent(*mean_q, 0) == 1;
    pair.mean_q = mean_q->data();
    pair.log_variance_q = log_variance_q->data();
    const std::size_t n_rows = pair.one_row_of_q ? 1 : extent(mean, 0);
    fit = same_shape(*mean_q, n_rows) && same_shape(*log_variance_q, n_rows);
  }
  if (!fit) throw py::value_error("means and log-variances must have equal shapes");
  return pair;
}

// The arrays of a gradient, where it is wanted.
template <class T>
class GradientArrays {
 public:
  GradientArrays(const Array<T>& mean, bool is_wanted, bool of_q, double scale) : gradient_{} {
    gradient_.scale = scale;
    if (!is_wanted) return;
    for (int i = 0; i < (of_q ? 4 : 2); ++i) arrays_.push_back(make_array<T>({extent(mean, 0), extent(mean, 1)}));
    gradient_.mean = arrays_[0].mutable_data();
    gradient_.log_variance = arrays_[1].mutable_data();
    if (!of_q) return;
    gradient_.mean_q = arrays_[2].mutable_data();
    gradient_.log_variance_q = arrays_[3].mutable_data();
  }
  const NormalGradient<T>& target() const { return gradient_; }
  py::tuple arrays() const { return py::cast(arrays_); }

 private:
  std::vector<Array<T>> arrays_;
  NormalGradient<T> gradient_;
};

template <class T>
py::tuple kl_rows(const Array<T>& mean, const Array<T>& log_variance, const OptionalArray<T>& mean_q,
                  const OptionalArray<T>& log_variance_q, std::size_t row_length, bool wants_gradient, double scale,
                  int n_threads) {
  const NormalPair<T> pair = pair_of(mean, log_variance, mean_q, log_variance_q);
  if (row_length == 0 || (pair.one_row_of_q && row_length != extent(mean, 1)))
    throw py::value_error("row_length must be positive, and the length of a row where one row of q stands for all");
  const GradientArrays<T> gradient(mean, wants_gradient, mean_q.has_value(), scale);
  Array<double> sums = make_array<double>({count_blocks(pair.n_elements, row_length)});
  double* target = sums.mutable_data();
  const double largest =
      without_gil([&] { return normal_kl_rows<T>(pair, row_length, gradient.target(), target, n_threads); });
  return py::make_tuple(sums, largest, gradient.arrays());
}

template <class T>
py::tuple kl_columns(const Array<T>& mean, const Array<T>& log_variance, const OptionalArray<T>& mean_q,
                     const OptionalArray<T>& log_variance_q, double epsilon, bool wants_gradient, double scale,
                     int n_threads) {
  const NormalPair<T> pair = pair_of(mean, log_variance, mean_q, log_variance_q);
  const std::size_t n_columns = extent(mean, 1);
  const GradientArrays<T> gradient(mean, wants_gradient, mean_q.has_value(), scale);
  Array<double> sums = make_array<double>({n_columns});
  Array<std::int64_t> below = make_array<std::int64_t>({n_columns});
  double* target = sums.mutable_data();
  std::int64_t* counts = below.mutable_data();
  const double largest = without_gil(
      [&] { return normal_kl_columns<T>(pair, n_columns, epsilon, gradient.target(), target, counts, n_threads); });
  return py::make_tuple(sums, below, largest, gradient.arrays());
}

template <class T>
py::tuple mixture(const Array<T>& z, const Array<T>& mean, const Array<T>& log_variance, double own, double other,
                  int n_threads) {
  require_rank(z, 2, "z");
  if (z.size() == 0) throw py::value_error("z must have entries");
  for (const Array<T>* array : {&mean, &log_variance})
    if (array->ndim() != 2 || extent(*array, 0) != extent(z, 0) || extent(*array, 1) != extent(z, 1))
      throw py::value_error("z, mean and log_variance must have equal shapes");
  const PosteriorSamples<T> samples{z.data(), mean.data(), log_variance.data(), extent(z, 0), extent(z, 1)};
  Array<double> joint = make_array<double>({samples.n}), marginal_sums = make_array<double>({samples.n_latents});
  double *joint_target = joint.mutable_data(), *marginal_target = marginal_sums.mutable_data();
  without_gil([&] { compare_with_mixture<T>(samples, own, other, joint_target, marginal_target, n_threads); });
  return py::make_tuple(joint, marginal_sums);
}

template <class T>
void register_type(py::module_& m) {
  using py::arg;
  m.def("vae_kl_rows", &kl_rows<T>, arg("mean").noconvert(), arg("log_variance").noconvert(), arg("mean_q").noconvert(),
        arg("log_variance_q").noconvert(), arg("row_length"), arg("wants_gradient"), arg("scale"), arg("n_threads"));
  m.def("vae_kl_columns", &kl_columns<T>, arg("mean").noconvert(), arg("log_variance").noconvert(),
        arg("mean_q").noconvert(), arg("log_variance_q").noconvert(), arg("epsilon"), arg("wants_gradient"),
        arg("scale"), arg("n_threads"));
  m.def("vae_mixture", &mixture<T>, arg("z").noconvert(), arg("mean").noconvert(), arg("log_variance").noconvert(),
        arg("own"), arg("other"), arg("n_threads"));
}

}  // namespace

void register_vae(py::module_& m) {
  register_type<double>(m);
  register_type<float>(m);
}

}  // namespace hartley::bind
