// Exact Wasserstein distance between two weighted samples of the line.
//
//   W_p = (∫_0^1 |F⁻¹(u) - G⁻¹(u)|^p du)^(1/p),   W_inf = sup |F⁻¹ - G⁻¹|
//
// Both quantile functions are steps: the integral is a sum over the merged steps, at most n + m of them. Weights need
// not sum to 1: each side is divided by its sum. Cost: two sorts and one merge. Points of weight 0 do not count.
// Accuracy: differences as exact as T allows; ends of steps (cumulative weights over their sum) to 2.5 eps each, and
// ends of both sides within 5 eps of each other are one, so that equal weights written differently leave no mass.
// The caller checks: at least one point a side, all finite, p >= 1, weights non-negative with a positive sum,
// fewer than 2^32 points.
#pragma once

#include <span>

namespace hartley {

template <class T>
struct WeightedSample {
  std::span<const T> values;
  std::span<const double> weights;  // empty: equal
};

template <class T>
double wasserstein_1d(WeightedSample<T> x, WeightedSample<T> y, double p, int n_threads);

// The same; the values are sorted where they lie, which saves their copies.
template <class T>
struct ScratchSample {
  std::span<T> values;
  std::span<const double> weights;
};
template <class T>
double wasserstein_1d_in_place(ScratchSample<T> x, ScratchSample<T> y, double p, int n_threads);

// The same for p < inf, with its derivatives: x_slopes[i] = ∂W_p / ∂x_i = Σ mass (|difference| / W_p)^(p - 1) sign over
// the steps of x_i, and y_slopes likewise. They sum to 0, and are all 0 where W_p is; at ties one of several
// subgradients.
template <class T>
double wasserstein_1d_slopes(ScratchSample<T> x, ScratchSample<T> y, double p, std::span<double> x_slopes,
                             std::span<double> y_slopes, int n_threads);

}  // namespace hartley
