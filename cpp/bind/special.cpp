// Special functions over arrays.
#include "support/special.hpp"

#include <algorithm>

#include "bind/array.hpp"
#include "bind/register.hpp"

namespace hartley::bind {
namespace {

constexpr std::size_t kGrain = 4096;  // about 100 us

template <class Function>
Array<double> map(const Array<double>& x, int n_threads, Function&& function) {
  require_rank(x, 1, "x");
  Array<double> result = make_array<double>({extent(x, 0)});
  const std::span<const double> source = view(x);
  const std::span<double> target = fill(result);
  without_gil([&] {
    parallel_for(count_blocks(source.size(), kGrain), n_threads, [&](std::size_t block, int) {
      for (std::size_t i = block * kGrain; i < std::min(source.size(), (block + 1) * kGrain); ++i)
        target[i] = function(source[i]);
    });
  });
  return result;
}

Array<double> log_rising_of(const Array<double>& x, const Array<double>& n, int n_threads) {
  require_rank(x, 1, "x");
  require_rank(n, 1, "n");
  if (x.size() != n.size()) throw py::value_error("x and n must have equal lengths");
  Array<double> result = make_array<double>({extent(x, 0)});
  const std::span<const double> bases = view(x), steps = view(n);
  const std::span<double> target = fill(result);
  without_gil([&] {
    parallel_for(count_blocks(bases.size(), kGrain), n_threads, [&](std::size_t block, int) {
      for (std::size_t i = block * kGrain; i < std::min(bases.size(), (block + 1) * kGrain); ++i)
        target[i] = log_rising(bases[i], steps[i]);
    });
  });
  return result;
}

}  // namespace

void register_special(py::module_& m) {
  const auto define = [&m](const char* name, double (*function)(double)) {
    m.def(
        name, [function](const Array<double>& x, int n_threads) { return map(x, n_threads, function); },
        py::arg("x").noconvert(), py::arg("n_threads"));
  };
  define("special_digamma", &digamma);
  define("special_trigamma", &trigamma);
  m.def("special_log_rising", &log_rising_of, py::arg("x").noconvert(), py::arg("n").noconvert(), py::arg("n_threads"));
}

}  // namespace hartley::bind
