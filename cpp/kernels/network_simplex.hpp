// The spanning tree of a transport problem and the pivots of the network simplex method.
//
//   minimise Σ C_ij P_ij,  Σ_j P_ij = supply_i,  Σ_i P_ij = demand_j,  P >= 0,  masses are whole numbers
//
// Rows are nodes 0 … n-1, columns nodes n … n+m-1. A basis is a spanning tree; its potentials have u_i - v_j = C_ij on
// tree arcs, and an arc with C_ij - u_i + v_j < 0 improves the plan when it enters (f = u and g = -v in the dual).
// Trees are strongly feasible: from every node some mass can be sent to the root, that is, tree arcs without flow point
// to the root. Cunningham's choice of the leaving arc (1976) keeps them so, and with exact potentials no basis returns.
//
// The tree is a preorder list with, for every node, its parent, the size of its subtree and the last node of it
// (Ahuja, Magnanti & Orlin 1993, section 11.3). A pivot shifts the potentials of the smaller side of the cut.
// Memory: 52 bytes a node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/whole_masses.hpp"

namespace hartley {

using NodeIndex = std::int32_t;

// Mass on the way from a row to a column; `column` counts from 0.
struct FlowArc {
  NodeIndex row, column;
  Mass flow;
  double cost;
};

class TransportTree {
 public:
  // The n + m - 1 arcs form a spanning tree with balanced flows >= 0 that is strongly feasible for `root` (a node).
  TransportTree(std::size_t n_rows, std::size_t n_columns, std::span<const FlowArc> arcs, NodeIndex root);

  // Brings an arc that is not in the tree into it: what it saves is flow * -reduced_cost(row, column, cost).
  void pivot(NodeIndex row, NodeIndex column, double cost);

  // The potentials anew from the root: sums of at most depth costs, without what pivots have piled up in rounding.
  void refresh_potentials();

  // Tells the tree another cost of its arcs (cost_of(row, column)) and refreshes the potentials.
  template <class CostOf>
  void reprice(CostOf&& cost_of) {
    for (NodeIndex node = next_[root_]; node != root_; node = next_[node]) {
      const FlowArc arc = arc_of(node);
      cost_[node] = cost_of(arc.row, arc.column);
    }
    refresh_potentials();
  }

  double reduced_cost(NodeIndex row, NodeIndex column, double cost) const {
    return cost - potential_[row] + potential_[n_rows_ + column];
  }
  const double* u() const { return potential_.data(); }
  const double* v() const { return potential_.data() + n_rows_; }

  // Calls visit(arc) for the tree's arcs, in preorder.
  template <class Visit>
  void for_each_arc(Visit&& visit) const {
    for (NodeIndex node = next_[root_]; node != root_; node = next_[node]) visit(arc_of(node));
  }

 private:
  struct Leaving {
    NodeIndex node;  // the arc from it to its parent
    Mass flow;
    bool on_row_side;
  };

  bool is_row(NodeIndex node) const { return node < n_rows_; }
  FlowArc arc_of(NodeIndex node) const;
  NodeIndex apex(NodeIndex row, NodeIndex column) const;
  Leaving choose_leaving(NodeIndex row, NodeIndex column, NodeIndex top) const;
  void change_flows(NodeIndex row, NodeIndex column, NodeIndex top, Mass flow);
  void cut(NodeIndex node);
  NodeIndex reroot(NodeIndex new_root, NodeIndex old_root, Mass flow, double cost, NodeIndex new_parent);
  void hang(NodeIndex subtree, NodeIndex last, NodeIndex parent);
  void shift_potentials(NodeIndex subtree, NodeIndex last, double shift);

  NodeIndex n_rows_, n_nodes_, root_;
  std::vector<NodeIndex> parent_, next_, previous_, last_, size_;
  std::vector<Mass> flow_;    // on the arc between a node and its parent
  std::vector<double> cost_;  // of that arc
  std::vector<double> potential_;
};

}  // namespace hartley
