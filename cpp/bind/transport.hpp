// Parts of register_transport that have a file of their own.
#pragma once

#include <pybind11/pybind11.h>

namespace hartley::bind {

// Distances on the line, on the circle and of projections.
void bind_transport_line(pybind11::module_& m);
// Linear programs: plans without entropy.
void bind_transport_exact(pybind11::module_& m);

}  // namespace hartley::bind
