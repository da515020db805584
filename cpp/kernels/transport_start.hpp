// Where the exact solver begins: potentials of a sample and softened minima, a short list of arcs, and flows along it.
#pragma once

#include <span>
#include <vector>

#include "kernels/augmenting_paths.hpp"
#include "kernels/pair_costs.hpp"
#include "kernels/whole_masses.hpp"

namespace hartley {

struct TransportStart {
  ArcList list;                       // a few arcs of every row and of every column
  std::vector<FlowArc> flows;         // shipped along them
  std::vector<Mass> excess, deficit;  // of rows and columns: what the list's arcs could not ship
  std::vector<double> u, v;           // C_ij - u_i + v_j >= 0 on the list, = 0 where mass flows
};

// supply and demand: > 0, of equal sums, as all masses here. The potentials of a quarter of the rows and columns,
// found in the same way, are carried over to all columns; Sinkhorn iterations at falling temperature balance them
// (the list's arcs then are those that the softened plan uses), and shortest augmenting paths ship on the list.
// Nothing here needs to be exact: whatever comes out, the network simplex method makes it so.
TransportStart transport_start(const PairCosts& costs, std::span<const Mass> supply, std::span<const Mass> demand,
                               int n_threads);

}  // namespace hartley
