// One module per instruction-set level; HARTLEY_MODULE is its name.
#include "bind/array.hpp"
#include "bind/register.hpp"

namespace {

namespace py = pybind11;

// Called by parallel loops on the thread that called the kernel.
bool poll_python(double fraction) {
  const py::gil_scoped_acquire gil;
  if (PyErr_CheckSignals() != 0) return true;  // the exception stays set for without_gil
  py::object* callback = hartley::bind::progress_callback;
  if (fraction < 0 || callback == nullptr) return false;
  try {
    (*callback)(fraction);
    return false;
  } catch (py::error_already_set& error) {
    error.restore();
    return true;
  }
}

void register_all(py::module_& m) {
  hartley::poll_hook.store(&poll_python);
  m.attr("level") = HARTLEY_LEVEL;
  hartley::bind::register_vector_math(m);
  hartley::bind::register_machine(m);
  hartley::bind::register_special(m);
  hartley::bind::register_pmf(m);
  hartley::bind::register_discrete(m);
  hartley::bind::register_histogram(m);
  hartley::bind::register_knn(m);
  hartley::bind::register_transport(m);
  hartley::bind::register_gaussian(m);
  hartley::bind::register_rate_distortion(m);
  hartley::bind::register_vae(m);
  hartley::bind::register_logits(m);
  hartley::bind::register_evaluation(m);
}

}  // namespace

#define HARTLEY_DEFINE_MODULE(name) \
  PYBIND11_MODULE(name, m, pybind11::mod_gil_not_used()) { register_all(m); }
HARTLEY_DEFINE_MODULE(HARTLEY_MODULE)
