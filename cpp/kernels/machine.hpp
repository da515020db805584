// What the machine can do at most, for the bench to hold the other kernels against: reading, streaming, arithmetic.
// Work is as simple as it can be; the figures are what this level's instructions reach, not what a data sheet says.
#pragma once

#include <cstddef>
#include <span>

namespace hartley {

// n_passes times the sum of x, each block of `block` >= 1 numbers read n_passes times by one thread before it takes
// another: small blocks measure the caches, one pass over a large x the memory. n_passes * block should stay under
// 10^7.
double read_sum(std::span<const double> x, std::size_t block, std::size_t n_passes, int n_threads);

// out[i] = b[i] + scale * c[i]: two streams read, one written. Equal lengths.
void triad(std::span<double> out, std::span<const double> b, std::span<const double> c, double scale, int n_threads);

// x -> kFactor x + kAddend, n_steps times for every number: 2 * n_steps * x.size() operations that need no memory.
// The fixed point is 1. The full rate takes n_threads * multiply_add_group<T>() numbers, or a multiple of that.
inline constexpr double kFactor = 0.875, kAddend = 0.125;
template <class T>
void multiply_add(std::span<const T> x, std::size_t n_steps, std::span<T> out, int n_threads);
template <class T>
std::size_t multiply_add_group();

}  // namespace hartley
