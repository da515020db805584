#include "kernels/machine.hpp"

#include "bind/array.hpp"
#include "bind/register.hpp"

namespace hartley::bind {
namespace {

using py::arg;

template <class T>
void register_type(py::module_& m, const char* group_name) {
  m.def(
      "machine_multiply_add",
      [](const Array<T>& x, std::size_t n_steps, int n_threads) {
        Array<T> out = make_array<T>({static_cast<std::size_t>(x.size())});
        without_gil([&, from = view(x), to = fill(out)] { multiply_add<T>(from, n_steps, to, n_threads); });
        return out;
      },
      arg("x").noconvert(), arg("n_steps"), arg("n_threads"));
  m.attr(group_name) = multiply_add_group<T>();
}

}  // namespace

void register_machine(py::module_& m) {
  m.def(
      "machine_read_sum",
      [](const Array<double>& x, std::size_t block, std::size_t n_passes, int n_threads) {
        if (block == 0) throw py::value_error("block must be at least 1");
        return without_gil([&, x_view = view(x)] { return read_sum(x_view, block, n_passes, n_threads); });
      },
      arg("x").noconvert(), arg("block"), arg("n_passes"), arg("n_threads"));
  m.def(
      "machine_triad",
      [](Array<double>& out, const Array<double>& b, const Array<double>& c, double scale, int n_threads) {
        if (b.size() != out.size() || c.size() != out.size())
          throw py::value_error("out, b and c must have equal lengths");
        without_gil(
            [&, to = fill(out), b_view = view(b), c_view = view(c)] { triad(to, b_view, c_view, scale, n_threads); });
      },
      arg("out").noconvert(), arg("b").noconvert(), arg("c").noconvert(), arg("scale"), arg("n_threads"));
  register_type<double>(m, "machine_group_float64");
  register_type<float>(m, "machine_group_float32");
}

}  // namespace hartley::bind
