#include "kernels/flow_forest.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>
#include <utility>

#include "support/parallel.hpp"

namespace hartley {
namespace {

// Trees of arcs with flow, each hung up at some node; arcs are put in one by one.
class FlowForest {
 public:
  FlowForest(std::size_t n_rows, std::size_t n_nodes)
      : n_rows_(static_cast<NodeIndex>(n_rows)),
        parent_(n_nodes, -1),
        tree_(n_nodes),
        size_(n_nodes, 1),
        seen_(n_nodes),
        flow_(n_nodes),
        cost_(n_nodes) {
    for (std::size_t node = 0; node < n_nodes; ++node) tree_[node] = static_cast<NodeIndex>(node);
  }

  void add(const FlowArc& arc) {
    NodeIndex row = arc.row, column = n_rows_ + arc.column;
    NodeIndex tree_of_row = tree_of(row), tree_of_column = tree_of(column);
    if (tree_of_row == tree_of_column) {
      add_to_cycle(row, column, arc.flow, arc.cost);
      return;
    }
    if (size_[tree_of_row] > size_[tree_of_column]) std::swap(tree_of_row, tree_of_column), std::swap(row, column);
    hang(row, column, arc.flow, arc.cost);  // `row` is the end in the smaller tree by now
    tree_[tree_of_row] = tree_of_column;
    size_[tree_of_column] += size_[tree_of_row];
  }

  // The arcs on which mass flows: some of a cycle may have lost theirs together.
  std::vector<FlowArc> arcs() const {
    std::vector<FlowArc> result;
    for (NodeIndex node = 0; node < static_cast<NodeIndex>(parent_.size()); ++node)
      if (parent_[node] >= 0 && flow_[node] > 0) {
        const bool is_row = node < n_rows_;
        result.push_back(
            {is_row ? node : parent_[node], (is_row ? parent_[node] : node) - n_rows_, flow_[node], cost_[node]});
      }
    return result;
  }

 private:
  // A name of the tree that the node is in.
  NodeIndex tree_of(NodeIndex node) {
    while (tree_[node] != node) node = tree_[node] = tree_[tree_[node]];
    return node;
  }

  // Turns the tree of `node` over so that node is on top, and hangs it below `parent`.
  void hang(NodeIndex node, NodeIndex parent, Mass flow, double cost) {
    while (node >= 0) {
      const NodeIndex above = std::exchange(parent_[node], parent);
      std::swap(flow, flow_[node]);
      std::swap(cost, cost_[node]);
      parent = node;
      node = above;
    }
  }

  // Mass on row -> column where both are in one tree: as much of it as possible goes around the tree instead.
  void add_to_cycle(NodeIndex row, NodeIndex column, Mass flow, double cost) {
    ++stamp_;
    for (NodeIndex node = row; node >= 0; node = parent_[node]) seen_[node] = stamp_;
    NodeIndex top = column;
    while (seen_[top] != stamp_) top = parent_[top];
    // going round against the arc: what it loses goes to the arcs that end with it, and is lost by every second one
    NodeIndex emptied = -1;
    Mass least = flow;
    for (const NodeIndex end : {row, column})
      for (NodeIndex node = end; node != top; node = parent_[node])
        if (loses(node, end) && flow_[node] < least) least = flow_[node], emptied = node;
    for (const NodeIndex end : {row, column})
      for (NodeIndex node = end; node != top; node = parent_[node]) flow_[node] += loses(node, end) ? -least : least;
    if (emptied < 0) return;
    bool below_row = false;
    for (NodeIndex node = row; node != top; node = parent_[node]) below_row |= node == emptied;
    parent_[emptied] = -1;
    if (below_row)
      hang(row, column, flow - least, cost);
    else
      hang(column, row, flow - least, cost);
  }

  // The arcs beside the new one gain what it loses, the next ones lose, and so on: from the row's end, the arcs above
  // columns lose; from the column's end, those above rows.
  bool loses(NodeIndex node, NodeIndex end) const { return (node < n_rows_) != (end < n_rows_); }

  NodeIndex n_rows_;
  std::vector<NodeIndex> parent_, tree_, size_, seen_;
  NodeIndex stamp_ = 0;
  std::vector<Mass> flow_;
  std::vector<double> cost_;
};

// The list's arcs by column.
struct ByColumn {
  std::vector<std::uint32_t> begin, rows, at;
  ByColumn(const ArcList& list, std::size_t n_columns)
      : begin(n_columns + 1), rows(list.columns.size()), at(rows.size()) {
    for (const std::uint32_t j : list.columns) ++begin[j + 1];
    for (std::size_t j = 0; j < n_columns; ++j) begin[j + 1] += begin[j];
    std::vector<std::uint32_t> fill(begin.begin(), begin.end() - 1);
    for (std::size_t i = 0; i + 1 < list.begin.size(); ++i)
      for (std::uint32_t k = list.begin[i]; k < list.begin[i + 1]; ++k) {
        const std::uint32_t to = fill[list.columns[k]]++;
        rows[to] = static_cast<std::uint32_t>(i);
        at[to] = k;
      }
  }
};

struct Joint {  // an arc that would join the tree of its row to the root's
  double distance;
  std::uint32_t row, column;
  double cost;
  bool operator<(const Joint& other) const { return distance > other.distance; }
};

// Nodes of each tree that the arcs make, one list cut by tree.
struct TreeNodes {
  std::vector<std::uint32_t> begin, nodes, number;  // number: of each node its tree, 0 …

  TreeNodes(std::span<const FlowArc> arcs, std::size_t n_rows, std::size_t n_nodes)
      : nodes(n_nodes), number(n_nodes), names_(n_nodes) {
    std::iota(names_.begin(), names_.end(), 0u);
    for (const FlowArc& arc : arcs)
      names_[name_of(static_cast<std::uint32_t>(n_rows) + static_cast<std::uint32_t>(arc.column))] =
          name_of(static_cast<std::uint32_t>(arc.row));
    constexpr std::uint32_t kUnnumbered = std::numeric_limits<std::uint32_t>::max();
    std::vector<std::uint32_t> number_of_name(n_nodes, kUnnumbered);
    std::uint32_t n_trees = 0;
    for (std::uint32_t node = 0; node < n_nodes; ++node) {
      std::uint32_t& named = number_of_name[name_of(node)];
      if (named == kUnnumbered) named = n_trees++;
      number[node] = named;
    }
    begin.assign(n_trees + 1, 0);
    for (const std::uint32_t tree : number) ++begin[tree + 1];
    for (std::uint32_t tree = 0; tree < n_trees; ++tree) begin[tree + 1] += begin[tree];
    std::vector<std::uint32_t> fill(begin.begin(), begin.end() - 1);
    for (std::uint32_t node = 0; node < n_nodes; ++node) nodes[fill[number[node]]++] = node;
  }
  std::size_t n_trees() const { return begin.size() - 1; }

 private:
  std::uint32_t name_of(std::uint32_t node) {
    while (names_[node] != node) node = names_[node] = names_[names_[node]];
    return node;
  }

  std::vector<std::uint32_t> names_;
};

// What the start could not ship goes, row by row, to the columns that still want some.
void ship_rest(FlowForest& forest, const TransportStart& start, const PairCosts& costs) {
  std::vector<Mass> missing = start.deficit;
  std::vector<std::uint32_t> open;
  for (std::uint32_t j = 0; j < missing.size(); ++j)
    if (missing[j] > 0) open.push_back(j);
  for (std::uint32_t i = 0; i < start.excess.size(); ++i) {
    for (Mass rest = start.excess[i]; rest > 0;) {
      std::size_t best = 0;
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t k = 0; k < open.size(); ++k) {
        const double key = costs.at(i, open[k]) + start.v[open[k]];
        if (key < least) least = key, best = k;
      }
      const std::uint32_t column = open[best];
      const Mass amount = std::min(rest, missing[column]);
      forest.add({static_cast<NodeIndex>(i), static_cast<NodeIndex>(column), amount, costs.at(i, column)});
      rest -= amount;
      missing[column] -= amount;
      if (missing[column] == 0) open[best] = open.back(), open.pop_back();
    }
    stop_if_asked();
  }
}

// Joins the trees of the forest to the root's, each by an arc without flow from a row of it to a column nearer to the
// root: the distance is the sum of reduced costs, and adding it to the potentials makes these arcs tight while none of
// the list falls below 0 (Dijkstra's algorithm on trees).
class Joiner {
 public:
  Joiner(const TransportStart& start, const PairCosts& costs, std::span<const FlowArc> flows)
      : start_(start),
        costs_(costs),
        n_rows_(start.u.size()),
        trees_(flows, n_rows_, n_rows_ + start.v.size()),
        into_(start.list, start.v.size()),
        distance_(trees_.n_trees(), std::numeric_limits<double>::infinity()),
        joined_(trees_.n_trees()) {}

  std::vector<FlowArc> run(NodeIndex root) {
    const std::uint32_t root_tree = trees_.number[static_cast<std::size_t>(root)];
    distance_[root_tree] = 0.0;
    settle(root_tree);
    join_along_list();
    for (std::uint32_t tree = 0; tree < trees_.n_trees(); ++tree) {
      if (joined_[tree]) continue;
      join_by_least_arc(tree);
      join_along_list();
    }
    return std::move(arcs_);
  }

 private:
  void settle(std::uint32_t tree) {
    joined_[tree] = 1;
    for (std::uint32_t k = trees_.begin[tree]; k < trees_.begin[tree + 1]; ++k)
      if (trees_.nodes[k] >= n_rows_) look_around(tree, trees_.nodes[k] - static_cast<std::uint32_t>(n_rows_));
  }

  void look_around(std::uint32_t tree, std::uint32_t column) {
    for (std::uint32_t k = into_.begin[column]; k < into_.begin[column + 1]; ++k) {
      const std::uint32_t row = into_.rows[k], other = trees_.number[row];
      if (joined_[other]) continue;
      const double cost = start_.list.costs[into_.at[k]];
      const double reached = distance_[tree] + std::max(0.0, cost - start_.u[row] + start_.v[column]);
      if (reached >= distance_[other]) continue;
      distance_[other] = reached;
      heap_.push_back({reached, row, column, cost});
      std::push_heap(heap_.begin(), heap_.end());
    }
  }

  void join_along_list() {
    while (!heap_.empty()) {
      const Joint joint = heap_.front();
      std::pop_heap(heap_.begin(), heap_.end());
      heap_.pop_back();
      if (!joined_[trees_.number[joint.row]]) join(joint.row, joint.column, joint.cost);
    }
  }

  void join(std::uint32_t row, std::uint32_t column, double cost) {
    arcs_.push_back({static_cast<NodeIndex>(row), static_cast<NodeIndex>(column), 0, cost});
    settle(trees_.number[row]);
  }

  // No arc of the list leads on from this tree: the least arc of its first row does.
  void join_by_least_arc(std::uint32_t tree) {
    std::uint32_t row = trees_.nodes[trees_.begin[tree]];  // every tree has a row, and rows come first
    std::uint32_t best = 0;
    double least = std::numeric_limits<double>::infinity(), best_cost = 0.0;
    for (std::uint32_t j = 0; j < start_.v.size(); ++j) {
      if (!joined_[trees_.number[n_rows_ + j]]) continue;
      const double cost = costs_.at(row, j);
      if (cost + start_.v[j] < least) least = cost + start_.v[j], best = j, best_cost = cost;
    }
    distance_[tree] = distance_[trees_.number[n_rows_ + best]];
    join(row, best, best_cost);
  }

  const TransportStart& start_;
  const PairCosts& costs_;
  std::size_t n_rows_;
  TreeNodes trees_;
  ByColumn into_;
  std::vector<double> distance_;
  std::vector<char> joined_;
  std::vector<Joint> heap_;
  std::vector<FlowArc> arcs_;
};

}  // namespace

SpanningTree complete_tree(const TransportStart& start, const PairCosts& costs) {
  FlowForest forest(start.u.size(), start.u.size() + start.v.size());
  for (const FlowArc& arc : start.flows) forest.add(arc);
  ship_rest(forest, start, costs);
  SpanningTree tree{forest.arcs(), 0};
  const std::vector<FlowArc> joints = Joiner(start, costs, tree.arcs).run(tree.root);
  tree.arcs.insert(tree.arcs.end(), joints.begin(), joints.end());
  return tree;
}

}  // namespace hartley
