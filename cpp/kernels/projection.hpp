// Point clouds projected onto directions, and the way back.
//
//   project          values[g][i] = ⟨θ_g, x_i⟩
//   project_back     points[i]   += Σ_g coefficients[g][i] θ_g
//   combine_points   sums[g]      = Σ_i coefficients[g][i] x_i
//
// Points are (n, n_features), directions (n_directions, n_features), row after row; values and coefficients have one
// row a direction, `stride` numbers apart. Points are read once for all directions of a call, products are added in
// the order of the features, in T: error of a value at most n_features eps(T) Σ |θ_k x_ik|. The others add in float64.
// The same bits for every number of threads.
#pragma once

#include <cstddef>
#include <span>

namespace hartley {

// Numbers between rows of n values: rows of n = 2^k would all begin in the same set of the cache.
constexpr std::size_t row_stride(std::size_t n) { return (n + 15) / 16 * 16 + 16; }

template <class T>
void project(const T* points, std::size_t n, std::size_t n_features, const double* directions, std::size_t n_directions,
             T* values, std::size_t stride, int n_threads);

void project_back(const double* coefficients, std::size_t n, std::size_t stride, const double* directions,
                  std::size_t n_directions, std::size_t n_features, double* points, int n_threads);

template <class T>
void combine_points(const T* points, std::size_t n, std::size_t n_features, const double* coefficients,
                    std::size_t n_directions, std::size_t stride, double* sums, int n_threads);

}  // namespace hartley
