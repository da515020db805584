// Parts of register_rate_distortion that have a file of their own.
#pragma once

#include <pybind11/pybind11.h>

namespace hartley::bind {

// The information bottleneck.
void define_bottleneck(pybind11::module_& m);

}  // namespace hartley::bind
