// Each concept adds its functions to the module.
#pragma once

#include <pybind11/pybind11.h>

namespace hartley::bind {

void register_vector_math(pybind11::module_& m);
void register_machine(pybind11::module_& m);
void register_special(pybind11::module_& m);
void register_pmf(pybind11::module_& m);
void register_discrete(pybind11::module_& m);
void register_histogram(pybind11::module_& m);
void register_knn(pybind11::module_& m);
void register_transport(pybind11::module_& m);
void register_gaussian(pybind11::module_& m);
void register_rate_distortion(pybind11::module_& m);
void register_vae(pybind11::module_& m);
void register_logits(pybind11::module_& m);
void register_evaluation(pybind11::module_& m);

}  // namespace hartley::bind
