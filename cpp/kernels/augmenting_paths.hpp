// Transport on a short list of arcs by shortest augmenting paths (successive shortest paths: Ahuja, Magnanti & Orlin
// 1993, section 9.7; for assignment Jonker & Volgenant 1987): a start for the network simplex method.
//
// Potentials u, v keep C_ij - u_i + v_j >= 0 on the list, = 0 where mass flows. Each search runs Dijkstra's algorithm
// from a row that has mass left to the nearest column that lacks some; with good potentials it visits few nodes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/network_simplex.hpp"
#include "kernels/transport_pricing.hpp"

namespace hartley {

// Arcs by row: those of row i are columns[begin[i]] … columns[begin[i + 1] - 1].
struct ArcList {
  std::vector<std::uint32_t> begin, columns;
  std::vector<double> costs;

  // `arcs` in any order; of equal pairs one is kept.
  ArcList(std::vector<PricedArc> arcs, std::size_t n_rows);
};

class AugmentingPaths {
 public:
  // v: where to begin; u is the largest that the list's arcs allow.
  AugmentingPaths(const ArcList& arcs, std::span<const Mass> supply, std::span<const Mass> demand,
                  std::span<const double> v);

  // Ships until nothing is left that the list can bring anywhere, or `most_visits` arcs have been looked at.
  void run(std::size_t most_visits);

  std::vector<FlowArc> flow_arcs() const;
  const std::vector<Mass>& excess() const { return excess_; }    // of rows: what is still there
  const std::vector<Mass>& deficit() const { return deficit_; }  // of columns: what is still missing
  const std::vector<double>& u() const { return u_; }
  const std::vector<double>& v() const { return v_; }
  std::size_t n_visits() const { return n_visits_; }
  std::size_t n_searches() const { return n_searches_; }

 private:
  static constexpr std::int32_t kNone = -1;
  struct Shipment {
    std::int32_t row;
    Mass flow;
    double cost;
    std::int32_t next;  // of the same column
  };
  struct Reached {
    double distance;
    std::int32_t column;
    bool operator<(const Reached& other) const { return distance > other.distance; }  // for a heap with the least first
  };

  void ship_tight();
  bool augment_from(std::int32_t row);
  void visit_row(std::int32_t row, double distance, std::int32_t through);
  void ship(std::int32_t row, std::int32_t column, double cost, Mass amount);
  Mass take_back(std::int32_t row, std::int32_t column, Mass amount, bool really);
  void raise_potentials(double distance);

  const ArcList& arcs_;
  std::vector<Mass> excess_, deficit_;
  std::vector<double> u_, v_;
  std::vector<std::int32_t> first_shipment_;
  std::vector<Shipment> shipments_;
  std::int32_t free_shipment_ = kNone;

  // One search: of rows the column they were reached through, of columns the row and the arc.
  std::vector<Reached> heap_;
  std::vector<std::uint32_t> row_seen_, column_seen_, column_done_;
  std::uint32_t search_ = 0;
  std::vector<double> row_distance_, column_distance_, column_cost_;
  std::vector<std::int32_t> row_through_, column_from_, rows_visited_, columns_done_;
  double nearest_ = 0.0;
  std::int32_t target_ = kNone;
  std::size_t n_visits_ = 0, n_searches_ = 0;
};

}  // namespace hartley
