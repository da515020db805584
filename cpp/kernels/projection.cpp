#include "kernels/projection.hpp"

#include <algorithm>
#include <vector>

#include "support/parallel.hpp"
#include "support/simd.hpp"

namespace hartley {
namespace {

using namespace simd;

constexpr std::size_t kPoints = 4;   // points at once: their sums and a row of directions fill the registers of AVX2
constexpr std::size_t kVectors = 2;  // vectors of directions at once
constexpr std::size_t kPointsATask = 1024;
constexpr std::size_t kMostParts = 256;  // partial sums kept at a time

template <class T>
constexpr std::size_t kPanel = kVectors * static_cast<std::size_t>(kLanes<T>);  // directions at once

// Directions in panels of kPanel, feature after feature, 0 where there are none.
template <class T>
std::vector<T> to_panels(const double* directions, std::size_t n_directions, std::size_t n_features) {
  std::vector<T> panels(count_blocks(n_directions, kPanel<T>) * kPanel<T> * n_features);
  for (std::size_t g = 0; g < n_directions; ++g)
    for (std::size_t k = 0; k < n_features; ++k)
      panels[g / kPanel<T> * kPanel<T> * n_features + k * kPanel<T> + g % kPanel<T>] =
          static_cast<T>(directions[g * n_features + k]);
  return panels;
}

// values[g * stride + i] for i < kCount and the first n_directions of a panel.
template <std::size_t kCount, class T>
HARTLEY_INLINE void project_onto_panel(const T* points, std::size_t n_features, const T* panel,
                                       std::size_t n_directions, T* values, std::size_t stride) {
  Vec<T> sums[kCount][kVectors]{};
  for (std::size_t k = 0; k < n_features; ++k) {
    Vec<T> row[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) row[v] = load(panel + k * kPanel<T> + v * kLanes<T>);
    for (std::size_t i = 0; i < kCount; ++i) {
      const Vec<T> coordinate = splat(points[i * n_features + k]);
      for (std::size_t v = 0; v < kVectors; ++v) sums[i][v] = fma(coordinate, row[v], sums[i][v]);
    }
  }
  T lanes[kCount][kPanel<T>];
  for (std::size_t i = 0; i < kCount; ++i)
    for (std::size_t v = 0; v < kVectors; ++v) store(lanes[i] + v * kLanes<T>, sums[i][v]);
  for (std::size_t g = 0; g < n_directions; ++g)
    for (std::size_t i = 0; i < kCount; ++i) values[g * stride + i] = lanes[i][g];
}

}  // namespace

template <class T>
void project(const T* points, std::size_t n, std::size_t n_features, const double* directions, std::size_t n_directions,
             T* values, std::size_t stride, int n_threads) {
  const std::vector<T> panels = to_panels<T>(directions, n_directions, n_features);
  parallel_for(count_blocks(n, kPointsATask), n_threads, [&](std::size_t block, int) {
    const std::size_t end = std::min(n, (block + 1) * kPointsATask);
    for (std::size_t i = block * kPointsATask; i < end;) {
      const std::size_t n_points = end - i >= kPoints ? kPoints : 1;
      const T* point = points + i * n_features;
      for (std::size_t g = 0; g < n_directions; g += kPanel<T>) {
        const T* panel = panels.data() + g * n_features;
        const std::size_t n_here = std::min(kPanel<T>, n_directions - g);
        T* target = values + g * stride + i;
        if (n_points == kPoints)
          project_onto_panel<kPoints>(point, n_features, panel, n_here, target, stride);
        else
          project_onto_panel<1>(point, n_features, panel, n_here, target, stride);
      }
      i += n_points;
    }
  });
}

void project_back(const double* coefficients, std::size_t n, std::size_t stride, const double* directions,
                  std::size_t n_directions, std::size_t n_features, double* points, int n_threads) {
  parallel_for(count_blocks(n, kPointsATask), n_threads, [&](std::size_t block, int) {
    for (std::size_t i = block * kPointsATask; i < std::min(n, (block + 1) * kPointsATask); ++i)
      for (std::size_t g = 0; g < n_directions; ++g) {
        const double coefficient = coefficients[g * stride + i];
        const double* direction = directions + g * n_features;
        double* point = points + i * n_features;
        for (std::size_t k = 0; k < n_features; ++k) point[k] += coefficient * direction[k];
      }
  });
}

template <class T>
void combine_points(const T* points, std::size_t n, std::size_t n_features, const double* coefficients,
                    std::size_t n_directions, std::size_t stride, double* sums, int n_threads) {
  const std::size_t block_size = std::max(kPointsATask, count_blocks(n, kMostParts));
  const std::size_t n_blocks = count_blocks(n, block_size), width = n_directions * n_features;
  std::vector<double> parts(n_blocks * width);
  parallel_for(n_blocks, n_threads, [&](std::size_t block, int) {
    for (std::size_t i = block * block_size; i < std::min(n, (block + 1) * block_size); ++i) {
      if (i % kPointsATask == 0) stop_if_asked();
      for (std::size_t g = 0; g < n_directions; ++g) {
        const double coefficient = coefficients[g * stride + i];
        double* part = parts.data() + block * width + g * n_features;
        for (std::size_t k = 0; k < n_features; ++k)
          part[k] += coefficient * static_cast<double>(points[i * n_features + k]);
      }
    }
  });
  std::fill_n(sums, width, 0.0);
  for (std::size_t block = 0; block < n_blocks; ++block)
    for (std::size_t k = 0; k < width; ++k) sums[k] += parts[block * width + k];
}

#define HARTLEY_INSTANTIATE(T)                                                                                    \
  template void project<T>(const T*, std::size_t, std::size_t, const double*, std::size_t, T*, std::size_t, int); \
  template void combine_points<T>(const T*, std::size_t, std::size_t, const double*, std::size_t, std::size_t,    \
                                  double*, int);
HARTLEY_INSTANTIATE(double)
HARTLEY_INSTANTIATE(float)
#undef HARTLEY_INSTANTIATE

}  // namespace hartley
