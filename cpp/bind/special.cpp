// Special functions over arrays.
#include "support/special.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "bind/array.hpp"
#include "bind/register.hpp"
#include "support/bessel.hpp"
#include "support/deviance.hpp"
#include "support/lattice_entropy.hpp"

namespace hartley::bind {
namespace {

constexpr std::size_t kGrain = 4096;    // about 100 us of the plain functions
constexpr std::size_t kSumsGrain = 32;  // 2 to 15 us each, 1.2 ms for the widest laws: below 50 ms a block

// function(x[i], …) for every i; the arrays have one axis of one length.
template <class... X>
Array<double> map(std::size_t grain, int n_threads, double (*function)(X...), const Array<X>&... x) {
  (require_rank(x, 1, "every argument"), ...);
  const std::array<std::size_t, sizeof...(X)> lengths{extent(x, 0)...};
  for (const std::size_t length : lengths)
    if (length != lengths[0]) throw py::value_error("arguments must have equal lengths");
  Array<double> result = make_array<double>({lengths[0]});
  const std::span<double> target = fill(result);
  const auto run = [&](const auto*... source) {
    without_gil([&] {
      parallel_for(count_blocks(target.size(), grain), n_threads, [&](std::size_t block, int) {
        for (std::size_t i = block * grain; i < std::min(target.size(), (block + 1) * grain); ++i)
          target[i] = function(source[i]...);
      });
    });
  };
  run(x.data()...);
  return result;
}

void define(py::module_& m, const char* name, double (*function)(double), std::size_t grain = kGrain) {
  m.def(
      name, [=](const Array<double>& x, int n_threads) { return map(grain, n_threads, function, x); },
      py::arg("x").noconvert(), py::arg("n_threads"));
}

void define(py::module_& m, const char* name, double (*function)(double, double), std::size_t grain = kGrain) {
  m.def(
      name,
      [=](const Array<double>& x, const Array<double>& y, int n_threads) {
        return map(grain, n_threads, function, x, y);
      },
      py::arg("x").noconvert(), py::arg("y").noconvert(), py::arg("n_threads"));
}

void define(py::module_& m, const char* name, double (*function)(double, double, double)) {
  m.def(
      name,
      [=](const Array<double>& x, const Array<double>& y, const Array<double>& z, int n_threads) {
        return map(kGrain, n_threads, function, x, y, z);
      },
      py::arg("x").noconvert(), py::arg("y").noconvert(), py::arg("z").noconvert(), py::arg("n_threads"));
}

}  // namespace

void register_special(py::module_& m) {
  define(m, "special_digamma", &digamma);
  define(m, "special_trigamma", &trigamma);
  define(m, "special_log_gamma", &log_gamma);
  define(m, "special_log_rising", &log_rising);

  define(m, "special_log1p_excess", &log1p_excess);
  define(m, "special_ratio_excess", &ratio_excess);
  define(m, "special_deviance", &deviance);
  define(m, "special_log_factorial_rest", &log_factorial_rest);
  define(m, "special_gamma_entropy", &gamma_entropy);
  define(m, "special_digamma_gap", &digamma_gap);
  define(m, "special_trigamma_gap", &trigamma_gap);
  define(m, "special_log_gamma_bregman_rest", &log_gamma_bregman_rest);

  define(m, "special_log_bessel0_scaled", &log_bessel0_scaled);
  define(m, "special_bessel_ratio", &bessel_ratio);
  define(m, "special_bessel_ratio_gap", &bessel_ratio_gap);
  define(m, "special_bessel_ratio_slope", &bessel_ratio_slope);
  define(m, "special_log_bessel0_bregman", &log_bessel0_bregman);

  define(m, "special_poisson_log_pmf", &poisson_log_pmf);
  define(m, "special_binomial_log_pmf", &binomial_log_pmf);
  define(m, "special_negative_binomial_log_pmf", &negative_binomial_log_pmf);
  define(m, "special_poisson_entropy", &poisson_entropy, kSumsGrain);
  define(m, "special_binomial_entropy", &binomial_entropy, kSumsGrain);
  define(m, "special_negative_binomial_entropy", &negative_binomial_entropy, kSumsGrain);
}

}  // namespace hartley::bind
