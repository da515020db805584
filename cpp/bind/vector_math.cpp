// The vector logarithm and exponential over arrays, so that their errors can be measured against other arithmetic.
#include "support/vector_math.hpp"

#include <algorithm>

#include "bind/array.hpp"
#include "bind/register.hpp"

namespace hartley::bind {
namespace {

template <class T, class Function>
Array<T> map(const Array<T>& x, Function&& function) {
  require_rank(x, 1, "x");
  Array<T> result = make_array<T>({extent(x, 0)});
  const std::span<const T> source = view(x);
  const std::span<T> target = fill(result);
  for (std::size_t i = 0; i < source.size(); i += simd::kLanes<T>) {
    const std::size_t n = std::min<std::size_t>(simd::kLanes<T>, source.size() - i);
    T lanes[simd::kLanes<T>]{};
    std::copy_n(source.data() + i, n, lanes);
    simd::store(lanes, function(simd::load(lanes)));
    std::copy_n(lanes, n, target.data() + i);
  }
  return result;
}

template <class T>
void register_type(py::module_& m) {
  m.def(
      "vector_log", [](const Array<T>& x) { return map(x, [](auto v) { return simd::log(v); }); },
      py::arg("x").noconvert());
  m.def(
      "vector_exp", [](const Array<T>& x) { return map(x, [](auto v) { return simd::exp(v); }); },
      py::arg("x").noconvert());
  m.def(
      "vector_exp_or_zero", [](const Array<T>& x) { return map(x, [](auto v) { return simd::exp_or_zero(v); }); },
      py::arg("x").noconvert());
  m.def(
      "vector_expm1", [](const Array<T>& x) { return map(x, [](auto v) { return simd::expm1(v); }); },
      py::arg("x").noconvert());
}

}  // namespace

void register_vector_math(py::module_& m) {
  register_type<double>(m);
  register_type<float>(m);
}

}  // namespace hartley::bind
