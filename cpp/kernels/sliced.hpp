// Wasserstein distances between the projections of two weighted point clouds onto given directions.
//
//   W_l = W_p(⟨θ_l, x⟩, ⟨θ_l, y⟩), exact on each line (wasserstein_1d.hpp)
//
// Clouds are (n, n_features), directions (n_directions, n_features), taken as given: their length scales W_l. Several
// directions at a time are projected in one pass over the points, each is sorted where it lies and folded at once.
// Scratch: the projected values of one group of directions, at most the larger of 64 MiB and half the bytes of the
// points (or one direction), and for each thread the sort's own, 10 bytes a point (14 with indices); with weights or
// derivatives 12 more for every point of a direction in work. float32 clouds are projected and sorted in float32, sums
// are float64. The same bits for every number of threads.
// The caller checks: at least one point, feature and direction, all finite, projections that do not overflow, 1 <= p <
// inf, weights non-negative with a positive sum, fewer than 2^32 points a cloud.
#pragma once

#include <cstddef>
#include <span>

namespace hartley {

template <class T>
struct WeightedCloud {
  const T* points;
  std::size_t n;
  std::span<const double> weights;  // empty: equal
};

template <class T>
struct SlicedProblem {
  WeightedCloud<T> x, y;
  std::size_t n_features;
  std::span<const double> directions;
  double p;

  std::size_t n_directions() const { return directions.size() / n_features; }
};

// distances[l] = W_l.
template <class T>
void sliced_distances(const SlicedProblem<T>& problem, std::span<double> distances, bool with_progress, int n_threads);

// x_gradient[i] = Σ_l factors[l] ∂W_l / ∂x_i, shape (n, n_features), and y_gradient likewise.
template <class T>
void sliced_gradient(const SlicedProblem<T>& problem, std::span<const double> factors, double* x_gradient,
                     double* y_gradient, int n_threads);

// distances[l] = W_l and gradients[l] = ∂W_l / ∂θ_l, shape (n_directions, n_features).
template <class T>
void sliced_slopes(const SlicedProblem<T>& problem, std::span<double> distances, double* gradients, int n_threads);

}  // namespace hartley
