// Which instruction-set levels this build has and this machine can run. Compiled for the baseline processor: it must
// load anywhere.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <vector>

namespace py = pybind11;

namespace {

// Both the processor and the operating system (saved vector registers, XGETBV) have to support a level.
std::vector<std::string> supported_levels() {
#if defined(__x86_64__)
  std::vector<std::string> levels;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v2")) levels.emplace_back("v2");
  if (__builtin_cpu_supports("x86-64-v3")) levels.emplace_back("v3");
  if (__builtin_cpu_supports("x86-64-v4")) levels.emplace_back("v4");
  return levels;
#else
  return {"base"};
#endif
}

}  // namespace

PYBIND11_MODULE(_cpu, m, py::mod_gil_not_used()) {
  m.def("supported_levels", &supported_levels);
  m.attr("version") = HARTLEY_VERSION;
  m.attr("built_levels") = HARTLEY_LEVELS;  // comma-separated
  m.attr("compiler") = HARTLEY_COMPILER;
  m.attr("eigen") = HARTLEY_EIGEN;
#if defined(_OPENMP)
  m.attr("openmp") = _OPENMP;
#else
  m.attr("openmp") = 0;
#endif
}
