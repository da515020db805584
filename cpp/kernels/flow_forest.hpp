// Flows completed to a spanning tree from which the network simplex method can go on.
#pragma once

#include <vector>

#include "kernels/network_simplex.hpp"
#include "kernels/pair_costs.hpp"
#include "kernels/transport_start.hpp"

namespace hartley {

struct SpanningTree {
  std::vector<FlowArc> arcs;
  NodeIndex root;
};

// A strongly feasible spanning tree with the start's flows (mass goes round the cycles among them until they open) and
// the excess that is left, shipped along arcs of small C_ij + v_j. Pieces are joined by the list's arcs along shortest
// paths to the root: where the start's flows and potentials are optimal for its list, so is the tree.
SpanningTree complete_tree(const TransportStart& start, const PairCosts& costs);

}  // namespace hartley
