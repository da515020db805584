// Two clouds of points as unions of balls: each point's ball reaches to its k-th nearest other point of its own cloud.
// Precision and recall (Kynkäänniemi et al. 2019), density and coverage (Naeem et al. 2020) count who lies in whose.
//
// Every decision (nearer, at most a radius away) is that of the float64 sum of squares Σ ((x_c - y_c) scale)², added in
// the order of the coordinates: the same on every level. `scale` is a power of two that keeps the squares in range.
// O(n m d) time in tiles of a float32 matrix product, which decide all but near ties; O((n + m) (d + k)) memory, two
// float32 copies of the clouds.
//
// Preconditions: finite coordinates, |x_c - centre_c| scale <= 4 for every point, 1 <= d <= kMostFeatures, n < 2^32.
#pragma once

#include <cstddef>
#include <cstdint>

#include "support/parallel.hpp"

namespace hartley {

inline constexpr std::size_t kMostFeatures = std::size_t{1} << 20;  // float32 sums of more terms bound nothing

template <class T>
struct Cloud {
  const T* points;  // [n][d]
  std::size_t n, d;
  const double* centre;  // (d): what the float32 copy is counted from; the nearer to the points, the fewer near ties
  double scale;
};

// squared_radius[i] = squared distance of point i to its k-th nearest other point, times scale². 1 <= k < n.
template <class T>
void ball_radii(const Cloud<T>& cloud, std::size_t k, double* squared_radius, int n_threads,
                ProgressRange progress = {});

// What the balls of two clouds of equal d, centre and scale hold; balls are closed, those of negative squared radius
// empty. n_around[j]: real balls around generated point j; is_covered[i]: whether the ball of real point i holds a
// generated point; is_reached[i]: whether real point i lies in a generated ball.
template <class T>
void ball_members(const Cloud<T>& real, const double* real_squared_radius, const Cloud<T>& generated,
                  const double* generated_squared_radius, std::uint32_t* n_around, std::uint8_t* is_covered,
                  std::uint8_t* is_reached, int n_threads, ProgressRange progress = {});

}  // namespace hartley
