// The estimators of entropy as Python names them.
#pragma once

#include <string>

#include "bind/array.hpp"
#include "kernels/count_estimators.hpp"

namespace hartley::bind {

// alpha: None (Jeffreys' ½), a number, "perks" or "minimax".
inline Pseudocount pseudocount_of(const py::object& alpha) {
  if (alpha.is_none()) return {};
  if (!py::isinstance<py::str>(alpha)) return {Pseudocount::Rule::kNumber, alpha.cast<double>()};
  return {alpha.cast<std::string>() == "perks" ? Pseudocount::Rule::kPerks : Pseudocount::Rule::kMinimax};
}

}  // namespace hartley::bind
