// Exact Wasserstein distance between two weighted samples of a circle.
//
//   W_p = min over the shift α of (∫_0^1 |F⁻¹(u) - G⁻¹(u + α)|^p du)^(1/p), the largest difference for p = inf,
//
// with quantile functions continued by F⁻¹(u + 1) = F⁻¹(u) + period: the cheapest of all ways to cut the circle (Delon,
// Salomon & Sobolevski 2010, SIAM J. Appl. Math. 70, theorems 3.5 and 4.1). Values are taken modulo the period, which
// is exact. The integral is convex in α and linear between shifts that bring two steps' ends together. α is a whole
// number of units: 1 / lcm(n, m) of the mass for equal weights, which every such shift is a multiple of, else 2^-60.
//
//   p = 1      α = -median of F - G on the circle: two sorts, a merge and a sort of the merged differences
//   p < inf    Fibonacci search: at most 90 evaluations of two passes over the n + m steps
//   p = inf    bisection of the distance by what shifts it allows: at most 64 passes
//
// Accuracy: relative 1e-14 max(p, 10) for equal weights, besides the rounding of the differences, eps times the values.
// Ends of steps by weight are exact to 2.5 eps, and ends within 10 eps of each other are one.
// The caller checks: at least one point a side, all finite, 1 <= p, 0 < period <= 1e300, weights non-negative with a
// positive sum, fewer than 2^32 points.
#pragma once

#include "kernels/wasserstein_1d.hpp"

namespace hartley {

template <class T>
double wasserstein_circle(WeightedSample<T> x, WeightedSample<T> y, double p, double period, int n_threads);

}  // namespace hartley
