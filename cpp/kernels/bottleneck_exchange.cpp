#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/bottleneck.hpp"
#include "support/buffer.hpp"
#include "support/parallel.hpp"
#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;

constexpr std::size_t kLane = static_cast<std::size_t>(kLanes<double>);
constexpr std::size_t kCellsATask = 65'536;  // 100 us of logarithms: less is not worth a second thread
// a move has to lower the objective by more than the rounding of its parts, or sweeps would not end
constexpr double kLeastGain = 1e-12;

double entropy_term(double p) { return p > 0 ? p * std::log(p) : 0.0; }  // 0 log 0 = 0

// Σ_y v log v of v = max(0, row + sign * joint): a difference that ought to be 0 may round to less.
double sum_of_terms(const double* row, const double* joint, double sign, std::size_t n) {
  Vec<double> total{};
  const auto add = [&](Vec<double> of_row, Vec<double> of_x) {
    const Vec<double> p = of_row + sign * of_x;
    total += select<double>(p > 0.0, p * log(p), Vec<double>{});
  };
  std::size_t y = 0;
  for (; y + kLane <= n; y += kLane) add(load(row + y), load(joint + y));
  if (y < n) add(load_partial(row + y, n - y), load_partial(joint + y, n - y));
  return sum(total);
}

// A partition of the x; its objective is Σ_t φ(t), φ(t) = (β - 1) p(t) log p(t) - β Σ_y p(t, y) log p(t, y), less β
// H(Y).
class Partition {
 public:
  Partition(const Joint& joint, std::size_t n_clusters, double beta, std::span<std::uint32_t> labels, int n_threads)
      : joint_(joint),
        n_clusters_(n_clusters),
        beta_(beta),
        labels_(labels),
        n_threads_(n_threads),
        rows_(n_clusters * joint.n_y),
        p_x_(joint.n_x),
        p_t_(n_clusters),
        phi_(n_clusters),
        sizes_(n_clusters),
        costs_(n_clusters) {
    std::fill(rows_.begin(), rows_.end(), 0.0);
    for (std::size_t x = 0; x < joint.n_x; ++x) {
      for (std::size_t y = 0; y < joint.n_y; ++y) p_x_[x] += joint.p[x * joint.n_y + y];
      add(x, labels[x]);
    }
    for (std::size_t t = 0; t < n_clusters; ++t) phi_[t] = phi_with(t, joint.p, 0.0, 0.0);
  }

  // Whether x found a better place.
  bool move(std::size_t x) {
    const std::size_t from = labels_[x];
    const double* const own = joint_.p + x * joint_.n_y;
    const double phi_without = sizes_[from] == 1 ? 0.0 : phi_with(from, own, p_x_[x], -1.0);
    const std::size_t to = cheapest(x, from);
    if (to == n_clusters_ || costs_[to] >= phi_[from] - phi_without - kLeastGain * (1.0 + beta_)) return false;
    phi_[to] += costs_[to];
    phi_[from] = phi_without;
    remove(x, from);
    add(x, to);
    labels_[x] = static_cast<std::uint32_t>(to);
    return true;
  }

 private:
  // φ(t) with x added (sign 1) or taken away (-1).
  double phi_with(std::size_t t, const double* joint_of_x, double p_x, double sign) const {
    const double terms = sum_of_terms(rows_.data() + t * joint_.n_y, joint_of_x, sign, joint_.n_y);
    return (beta_ - 1.0) * entropy_term(p_t_[t] + sign * p_x) - beta_ * terms;
  }

  // The cluster, other than its own, that x costs least to join, n_clusters where there is none. Of empty ones, all
  // alike, the first is looked at.
  std::size_t cheapest(std::size_t x, std::size_t from) {
    const std::size_t first_empty =
        static_cast<std::size_t>(std::find(sizes_.begin(), sizes_.end(), 0u) - sizes_.begin());
    const std::size_t grain = std::max<std::size_t>(1, kCellsATask / joint_.n_y);
    parallel_for(count_blocks(n_clusters_, grain), n_threads_, [&](std::size_t block, int) {
      for (std::size_t t = block * grain; t < std::min(n_clusters_, (block + 1) * grain); ++t) {
        const bool is_open = t != from && (sizes_[t] > 0 || t == first_empty);
        costs_[t] = is_open ? phi_with(t, joint_.p + x * joint_.n_y, p_x_[x], 1.0) - phi_[t]
                            : std::numeric_limits<double>::infinity();
      }
    });
    const auto least = std::min_element(costs_.begin(), costs_.end());
    return std::isinf(*least) ? n_clusters_ : static_cast<std::size_t>(least - costs_.begin());
  }

  void add(std::size_t x, std::size_t t) {
    ++sizes_[t];
    p_t_[t] += p_x_[x];
    for (std::size_t y = 0; y < joint_.n_y; ++y) rows_[t * joint_.n_y + y] += joint_.p[x * joint_.n_y + y];
  }

  void remove(std::size_t x, std::size_t t) {
    if (--sizes_[t] == 0) {  // nothing stays behind, not even rounding
      p_t_[t] = 0.0;
      std::fill_n(rows_.data() + t * joint_.n_y, joint_.n_y, 0.0);
      return;
    }
    p_t_[t] -= p_x_[x];
    for (std::size_t y = 0; y < joint_.n_y; ++y) {
      double& p = rows_[t * joint_.n_y + y];
      p = std::max(0.0, p - joint_.p[x * joint_.n_y + y]);
    }
  }

  const Joint joint_;
  const std::size_t n_clusters_;
  const double beta_;
  const std::span<std::uint32_t> labels_;
  const int n_threads_;
  Buffer<double> rows_;  // p(t, y), cluster after cluster
  std::vector<double> p_x_, p_t_, phi_;
  std::vector<std::uint32_t> sizes_;
  std::vector<double> costs_;  // what φ grows by when x joins
};

}  // namespace

std::size_t bottleneck_exchange(const Joint& joint, std::size_t n_clusters, double beta, std::size_t max_sweeps,
                                std::span<std::uint32_t> labels, int n_threads) {
  Partition partition(joint, n_clusters, beta, labels, n_threads);
  for (std::size_t sweep = 0; sweep < max_sweeps; ++sweep) {
    bool moved = false;
    for (std::size_t x = 0; x < joint.n_x; ++x) moved |= partition.move(x);
    if (!moved) return sweep + 1;
  }
  return max_sweeps;
}

}  // namespace hartley
