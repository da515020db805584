#include "kernels/augmenting_paths.hpp"

#include <algorithm>
#include <limits>

#include "support/parallel.hpp"

namespace hartley {

ArcList::ArcList(std::vector<PricedArc> arcs, std::size_t n_rows) : begin(n_rows + 1) {
  const auto less = [](const PricedArc& a, const PricedArc& b) {
    return a.row != b.row ? a.row < b.row : a.column < b.column;
  };
  std::vector<std::uint32_t> starts(n_rows + 1);
  for (const PricedArc& arc : arcs) ++starts[arc.row + 1];
  for (std::size_t i = 0; i < n_rows; ++i) starts[i + 1] += starts[i];
  std::vector<PricedArc> sorted(arcs.size());
  std::vector<std::uint32_t> fill(starts.begin(), starts.end() - 1);
  for (const PricedArc& arc : arcs) sorted[fill[arc.row]++] = arc;
  columns.reserve(arcs.size());
  costs.reserve(arcs.size());
  for (std::size_t i = 0; i < n_rows; ++i) {
    std::sort(sorted.begin() + starts[i], sorted.begin() + starts[i + 1], less);
    for (std::uint32_t k = starts[i]; k < starts[i + 1]; ++k) {
      if (k > starts[i] && sorted[k].column == sorted[k - 1].column) continue;
      columns.push_back(sorted[k].column);
      costs.push_back(sorted[k].cost);
    }
    begin[i + 1] = static_cast<std::uint32_t>(columns.size());
  }
}

AugmentingPaths::AugmentingPaths(const ArcList& arcs, std::span<const Mass> supply, std::span<const Mass> demand,
                                 std::span<const double> v)
    : arcs_(arcs),
      excess_(supply.begin(), supply.end()),
      deficit_(demand.begin(), demand.end()),
      u_(supply.size()),
      v_(v.begin(), v.end()),
      first_shipment_(demand.size(), kNone),
      row_seen_(supply.size()),
      column_seen_(demand.size()),
      column_done_(demand.size()),
      row_distance_(supply.size()),
      column_distance_(demand.size()),
      column_cost_(demand.size()),
      row_through_(supply.size()),
      column_from_(demand.size()) {}

void AugmentingPaths::ship(std::int32_t row, std::int32_t column, double cost, Mass amount) {
  for (std::int32_t k = first_shipment_[column]; k != kNone; k = shipments_[k].next)
    if (shipments_[k].row == row) {
      shipments_[k].flow += amount;
      return;
    }
  const Shipment shipment{row, amount, cost, first_shipment_[column]};
  if (free_shipment_ == kNone) {
    first_shipment_[column] = static_cast<std::int32_t>(shipments_.size());
    shipments_.push_back(shipment);
  } else {
    first_shipment_[column] = free_shipment_;
    free_shipment_ = shipments_[free_shipment_].next;
    shipments_[first_shipment_[column]] = shipment;
  }
}

// Of what flows from row to column, how much there is, at most `amount`; takes it back where `really`.
Mass AugmentingPaths::take_back(std::int32_t row, std::int32_t column, Mass amount, bool really) {
  std::int32_t* link = &first_shipment_[column];
  while (shipments_[*link].row != row) link = &shipments_[*link].next;
  Shipment& shipment = shipments_[*link];
  if (!really) return std::min(amount, shipment.flow);
  shipment.flow -= amount;
  if (shipment.flow == 0) {
    const std::int32_t emptied = *link;
    *link = shipment.next;
    shipments_[emptied].next = free_shipment_;
    free_shipment_ = emptied;
  }
  return amount;
}

// u as large as the arcs allow, and mass along arcs that are then tight where the column still wants it.
void AugmentingPaths::ship_tight() {
  for (std::size_t i = 0; i < u_.size(); ++i) {
    u_[i] = std::numeric_limits<double>::infinity();
    for (std::uint32_t k = arcs_.begin[i]; k < arcs_.begin[i + 1]; ++k)
      u_[i] = std::min(u_[i], arcs_.costs[k] + v_[arcs_.columns[k]]);
    for (std::uint32_t k = arcs_.begin[i]; k < arcs_.begin[i + 1] && excess_[i] > 0; ++k) {
      const std::uint32_t j = arcs_.columns[k];
      const Mass amount = std::min(excess_[i], deficit_[j]);
      if (amount == 0 || arcs_.costs[k] + v_[j] > u_[i]) continue;
      ship(static_cast<std::int32_t>(i), static_cast<std::int32_t>(j), arcs_.costs[k], amount);
      excess_[i] -= amount;
      deficit_[j] -= amount;
    }
  }
}

void AugmentingPaths::visit_row(std::int32_t row, double distance, std::int32_t through) {
  row_seen_[row] = search_;
  row_distance_[row] = distance;
  row_through_[row] = through;
  rows_visited_.push_back(row);
  const double base = distance - u_[row];
  const std::uint32_t begin = arcs_.begin[row], end = arcs_.begin[row + 1];
  n_visits_ += end - begin;
  for (std::uint32_t k = begin; k < end; ++k) {
    const std::uint32_t j = arcs_.columns[k];
    const double reached = std::max(base + arcs_.costs[k] + v_[j], distance);  // rounding may go below
    if (reached >= nearest_) continue;
    if (column_seen_[j] == search_ && reached >= column_distance_[j]) continue;
    column_seen_[j] = search_;
    column_distance_[j] = reached;
    column_from_[j] = row;
    column_cost_[j] = arcs_.costs[k];
    if (deficit_[j] > 0) {
      nearest_ = reached;
      target_ = static_cast<std::int32_t>(j);
    } else {
      heap_.push_back({reached, static_cast<std::int32_t>(j)});
      std::push_heap(heap_.begin(), heap_.end());
    }
  }
}

void AugmentingPaths::raise_potentials(double distance) {
  for (const std::int32_t row : rows_visited_) u_[row] += distance - row_distance_[row];
  for (const std::int32_t column : columns_done_) v_[column] += distance - column_distance_[column];
}

bool AugmentingPaths::augment_from(std::int32_t source) {
  ++search_;
  ++n_searches_;
  heap_.clear();
  rows_visited_.clear();
  columns_done_.clear();
  nearest_ = std::numeric_limits<double>::infinity();
  target_ = kNone;
  visit_row(source, 0.0, kNone);
  while (!heap_.empty()) {
    const Reached reached = heap_.front();
    std::pop_heap(heap_.begin(), heap_.end());
    heap_.pop_back();
    if (reached.distance >= nearest_) break;
    const std::int32_t column = reached.column;
    if (column_done_[column] == search_) continue;
    column_done_[column] = search_;
    columns_done_.push_back(column);
    for (std::int32_t k = first_shipment_[column]; k != kNone; k = shipments_[k].next)
      if (row_seen_[shipments_[k].row] != search_) visit_row(shipments_[k].row, reached.distance, column);
  }
  if (target_ == kNone) return false;
  raise_potentials(nearest_);
  Mass amount = std::min(excess_[source], deficit_[target_]);
  for (std::int32_t row = column_from_[target_]; row_through_[row] != kNone; row = column_from_[row_through_[row]])
    amount = take_back(row, row_through_[row], amount, false);
  for (std::int32_t column = target_; column != kNone;) {
    const std::int32_t row = column_from_[column];
    ship(row, column, column_cost_[column], amount);
    column = row_through_[row];
    if (column != kNone) take_back(row, column, amount, true);
  }
  excess_[source] -= amount;
  deficit_[target_] -= amount;
  return true;
}

void AugmentingPaths::run(std::size_t most_visits) {
  ship_tight();
  for (std::size_t i = 0; i < excess_.size(); ++i)
    while (excess_[i] > 0 && n_visits_ < most_visits && augment_from(static_cast<std::int32_t>(i)))
      if (n_searches_ % 64 == 0) stop_if_asked();
}

std::vector<FlowArc> AugmentingPaths::flow_arcs() const {
  std::vector<FlowArc> arcs;
  for (std::size_t j = 0; j < first_shipment_.size(); ++j)
    for (std::int32_t k = first_shipment_[j]; k != kNone; k = shipments_[k].next)
      arcs.push_back({shipments_[k].row, static_cast<NodeIndex>(j), shipments_[k].flow, shipments_[k].cost});
  return arcs;
}

}  // namespace hartley
