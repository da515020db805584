#include "kernels/network_simplex.hpp"

#include <cassert>
#include <limits>
#include <utility>

namespace hartley {
namespace {

// Arcs around every node, as one list cut by node.
struct Adjacency {
  std::vector<NodeIndex> begin, arc;

  Adjacency(std::span<const FlowArc> arcs, NodeIndex n_rows, NodeIndex n_nodes)
      : begin(static_cast<std::size_t>(n_nodes) + 1), arc(2 * arcs.size()) {
    for (const FlowArc& a : arcs) {
      ++begin[static_cast<std::size_t>(a.row) + 1];
      ++begin[static_cast<std::size_t>(n_rows + a.column) + 1];
    }
    for (std::size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
    std::vector<NodeIndex> fill(begin.begin(), begin.end() - 1);
    for (std::size_t i = 0; i < arcs.size(); ++i) {
      arc[static_cast<std::size_t>(fill[static_cast<std::size_t>(arcs[i].row)]++)] = static_cast<NodeIndex>(i);
      arc[static_cast<std::size_t>(fill[static_cast<std::size_t>(n_rows + arcs[i].column)]++)] =
          static_cast<NodeIndex>(i);
    }
  }
};

}  // namespace

TransportTree::TransportTree(std::size_t n_rows, std::size_t n_columns, std::span<const FlowArc> arcs, NodeIndex root)
    : n_rows_(static_cast<NodeIndex>(n_rows)),
      n_nodes_(static_cast<NodeIndex>(n_rows + n_columns)),
      root_(root),
      parent_(n_rows + n_columns, -1),
      next_(n_rows + n_columns),
      previous_(n_rows + n_columns),
      last_(n_rows + n_columns),
      size_(n_rows + n_columns, 1),
      flow_(n_rows + n_columns),
      cost_(n_rows + n_columns),
      potential_(n_rows + n_columns) {
  assert(arcs.size() + 1 == n_rows + n_columns);
  const Adjacency around(arcs, n_rows_, n_nodes_);
  std::vector<NodeIndex> stack{root}, order;
  order.reserve(parent_.size());
  while (!stack.empty()) {
    const NodeIndex node = stack.back();
    stack.pop_back();
    order.push_back(node);
    for (NodeIndex k = around.begin[node]; k < around.begin[node + 1]; ++k) {
      const FlowArc& arc = arcs[around.arc[k]];
      const NodeIndex other = is_row(node) ? n_rows_ + arc.column : arc.row;
      if (other == parent_[node]) continue;
      parent_[other] = node;
      flow_[other] = arc.flow;
      cost_[other] = arc.cost;
      assert(arc.flow > 0 || is_row(other));
      stack.push_back(other);
    }
  }
  assert(order.size() == parent_.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    const NodeIndex node = order[k], following = order[k + 1 < order.size() ? k + 1 : 0];
    next_[node] = following;
    previous_[following] = node;
  }
  for (std::size_t k = order.size(); k-- > 0;) last_[order[k]] = order[k];
  for (std::size_t k = order.size(); k-- > 1;) {  // children before parents; the first child seen is the last one
    const NodeIndex node = order[k], parent = parent_[node];
    size_[parent] += size_[node];
    if (last_[parent] == parent) last_[parent] = last_[node];
  }
  refresh_potentials();
}

FlowArc TransportTree::arc_of(NodeIndex node) const {
  const NodeIndex parent = parent_[node];
  return is_row(node) ? FlowArc{node, parent - n_rows_, flow_[node], cost_[node]}
                      : FlowArc{parent, node - n_rows_, flow_[node], cost_[node]};
}

void TransportTree::refresh_potentials() {
  potential_[root_] = 0.0;
  for (NodeIndex node = next_[root_]; node != root_; node = next_[node]) {
    const double of_parent = potential_[parent_[node]];
    potential_[node] = is_row(node) ? of_parent + cost_[node] : of_parent - cost_[node];
  }
}

// The lowest node above both: a node that is not above the other has fewer nodes below it than the apex.
NodeIndex TransportTree::apex(NodeIndex row, NodeIndex column) const {
  while (row != column) {
    if (size_[row] < size_[column])
      row = parent_[row];
    else
      column = parent_[column];
  }
  return row;
}

// The cycle runs down from the apex to the row, over the entering arc to the column and up again. Of the arcs that lose
// mass and have the least, the last one on this way leaves (Cunningham 1976).
TransportTree::Leaving TransportTree::choose_leaving(NodeIndex row, NodeIndex column, NodeIndex top) const {
  Leaving leaving{-1, std::numeric_limits<Mass>::max(), true};
  for (NodeIndex node = row; node != top; node = parent_[node])
    if (is_row(node) && flow_[node] < leaving.flow) leaving = {node, flow_[node], true};
  for (NodeIndex node = column; node != top; node = parent_[node])
    if (!is_row(node) && flow_[node] <= leaving.flow) leaving = {node, flow_[node], false};
  return leaving;
}

void TransportTree::change_flows(NodeIndex row, NodeIndex column, NodeIndex top, Mass flow) {
  for (NodeIndex node = row; node != top; node = parent_[node]) flow_[node] += is_row(node) ? -flow : flow;
  for (NodeIndex node = column; node != top; node = parent_[node]) flow_[node] += is_row(node) ? flow : -flow;
}

// Takes the subtree of `node` out of the sizes and lasts of those above it; the preorder list still has it.
void TransportTree::cut(NodeIndex node) {
  const NodeIndex last = last_[node], before = previous_[node], size = size_[node];
  for (NodeIndex above = parent_[node]; above != -1; above = parent_[above]) {
    size_[above] -= size;
    if (last_[above] == last) last_[above] = before;
  }
  const NodeIndex after = next_[last];
  next_[before] = after;
  previous_[after] = before;
}

// Turns the cut subtree of old_root over so that new_root is on top: its preorder becomes that of new_root's subtree,
// then of each node of the way up without the part that has been listed. Returns the new last node.
NodeIndex TransportTree::reroot(NodeIndex new_root, NodeIndex old_root, Mass flow, double cost, NodeIndex new_parent) {
  const NodeIndex whole = size_[old_root];
  NodeIndex tail = last_[new_root];
  NodeIndex below = new_root, below_last = last_[new_root], below_size = size_[new_root];
  NodeIndex below_previous = previous_[new_root];
  NodeIndex rest = next_[below_last];  // what follows the part listed so far, in the old order
  NodeIndex node = parent_[new_root];
  parent_[new_root] = new_parent;
  Mass flow_below = std::exchange(flow_[new_root], flow);
  double cost_below = std::exchange(cost_[new_root], cost);
  while (below != old_root) {
    const NodeIndex node_last = last_[node], node_size = size_[node], node_previous = previous_[node];
    const NodeIndex above = parent_[node];
    next_[tail] = node;
    previous_[node] = tail;
    tail = below_previous;  // end of the part of node's subtree before that of `below`: node itself, or further
    if (below_last != node_last) {
      next_[tail] = rest;
      previous_[rest] = tail;
      tail = node_last;
      rest = next_[node_last];
    }
    parent_[node] = below;
    flow_below = std::exchange(flow_[node], flow_below);
    cost_below = std::exchange(cost_[node], cost_below);
    size_[node] = whole - below_size;
    below = node, below_last = node_last, below_size = node_size, below_previous = node_previous;
    node = above;
  }
  size_[new_root] = whole;
  for (NodeIndex up = old_root; up != new_parent; up = parent_[up]) last_[up] = tail;
  return tail;
}

// Puts the cut subtree behind `parent` in the preorder, and into the sizes and lasts above.
void TransportTree::hang(NodeIndex subtree, NodeIndex last, NodeIndex parent) {
  const NodeIndex after = next_[parent];
  next_[parent] = subtree;
  previous_[subtree] = parent;
  next_[last] = after;
  previous_[after] = last;
  const NodeIndex size = size_[subtree];
  for (NodeIndex above = parent; above != -1; above = parent_[above]) {
    size_[above] += size;
    if (last_[above] == parent) last_[above] = last;
  }
}

void TransportTree::shift_potentials(NodeIndex subtree, NodeIndex last, double shift) {
  NodeIndex first = subtree, count = size_[subtree];
  if (2 * count > n_nodes_) first = next_[last], count = n_nodes_ - count, shift = -shift;
  for (NodeIndex node = first; count > 0; --count, node = next_[node]) potential_[node] += shift;
}

void TransportTree::pivot(NodeIndex row, NodeIndex column_index, double cost) {
  const NodeIndex column = n_rows_ + column_index;
  const double reduced = cost - potential_[row] + potential_[column];
  const NodeIndex top = apex(row, column);
  const Leaving leaving = choose_leaving(row, column, top);
  assert(leaving.node >= 0);
  if (leaving.flow > 0) change_flows(row, column, top, leaving.flow);
  const NodeIndex moved = leaving.on_row_side ? row : column, onto = leaving.on_row_side ? column : row;
  cut(leaving.node);
  const NodeIndex last = reroot(moved, leaving.node, leaving.flow, cost, onto);
  hang(moved, last, onto);
  shift_potentials(moved, last, leaving.on_row_side ? reduced : -reduced);
}

}  // namespace hartley
