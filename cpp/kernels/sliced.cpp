#include "kernels/sliced.hpp"

#include <algorithm>

#include "kernels/projection.hpp"
#include "kernels/wasserstein_1d.hpp"
#include "support/buffer.hpp"
#include "support/parallel.hpp"

namespace hartley {
namespace {

constexpr std::size_t kMostDirections = 64;             // a group; beyond, reading the points costs next to nothing
constexpr std::size_t kDirectionsTogether = 8;          // what the projection takes at once: groups that fill it
constexpr std::size_t kScratch = std::size_t{1} << 26;  // bytes of projected values that are always granted
constexpr std::size_t kWholeSort = 1u << 20;   // points: one thread sorts them within 50 ms; larger ones share threads
constexpr std::size_t kSerialWork = 1u << 19;  // products: a millisecond, many times what starting threads costs

// Directions a group, by the bytes that one of them takes.
template <class T>
std::size_t group_size(const SlicedProblem<T>& problem, std::size_t bytes_a_point) {
  const std::size_t n_points = problem.x.n + problem.y.n;
  const std::size_t granted = std::max(kScratch, n_points * problem.n_features * sizeof(T) / 2);
  const std::size_t most = std::clamp<std::size_t>(granted / (n_points * bytes_a_point), 1, kMostDirections);
  const std::size_t equal = count_blocks(problem.n_directions(), count_blocks(problem.n_directions(), most));
  return std::min(most, count_blocks(equal, kDirectionsTogether) * kDirectionsTogether);
}

template <class T>
int useful_threads(const SlicedProblem<T>& problem, int n_threads) {
  const std::size_t a_direction = (problem.x.n + problem.y.n) * (problem.n_features + 16);  // a sort is 16 products
  return a_direction > kSerialWork / problem.n_directions() ? n_threads : 1;
}

// Calls of_direction(g, n_threads) for the directions of one group: each by one thread, or one after the other by all.
template <class T, class Call>
void for_each_direction(const SlicedProblem<T>& problem, std::size_t n_here, int n_threads, ProgressRange progress,
                        Call&& of_direction) {
  const bool by_one_thread = std::max(problem.x.n, problem.y.n) <= kWholeSort;
  parallel_for(
      n_here, by_one_thread ? n_threads : 1,
      [&](std::size_t g, int) { of_direction(g, by_one_thread ? 1 : n_threads); }, progress);
}

// Projected values of one group of directions.
template <class T>
class Projected {
 public:
  Projected(const SlicedProblem<T>& problem, std::size_t group)
      : problem_(problem),
        x_stride_(row_stride(problem.x.n)),
        y_stride_(row_stride(problem.y.n)),
        x_(group * x_stride_),
        y_(group * y_stride_) {}

  void project_group(std::size_t first, std::size_t n_here, int n_threads) {
    const std::size_t d = problem_.n_features;
    const double* directions = problem_.directions.data() + first * d;
    project<T>(problem_.x.points, problem_.x.n, d, directions, n_here, x_.data(), x_stride_, n_threads);
    project<T>(problem_.y.points, problem_.y.n, d, directions, n_here, y_.data(), y_stride_, n_threads);
  }

  ScratchSample<T> x(std::size_t g) { return {{x_.data() + g * x_stride_, problem_.x.n}, problem_.x.weights}; }
  ScratchSample<T> y(std::size_t g) { return {{y_.data() + g * y_stride_, problem_.y.n}, problem_.y.weights}; }

 private:
  const SlicedProblem<T>& problem_;
  std::size_t x_stride_, y_stride_;
  Buffer<T> x_, y_;
};

// Derivatives of W_l by the projected values, group after group: use(first direction, how many, of x, of y).
template <class T, class Use>
void for_each_group_of_slopes(const SlicedProblem<T>& problem, std::span<double> distances, int n_threads, Use&& use) {
  const std::size_t group = group_size(problem, sizeof(T) + sizeof(double));
  const std::size_t x_stride = row_stride(problem.x.n), y_stride = row_stride(problem.y.n);
  Projected<T> projected(problem, group);
  Buffer<double> x_slopes(group * x_stride), y_slopes(group * y_stride);
  for (std::size_t first = 0; first < problem.n_directions(); first += group) {
    const std::size_t n_here = std::min(group, problem.n_directions() - first);
    projected.project_group(first, n_here, n_threads);
    for_each_direction(problem, n_here, n_threads, {}, [&](std::size_t g, int threads) {
      distances[first + g] = wasserstein_1d_slopes<T>(projected.x(g), projected.y(g), problem.p,
                                                      {x_slopes.data() + g * x_stride, problem.x.n},
                                                      {y_slopes.data() + g * y_stride, problem.y.n}, threads);
    });
    use(first, n_here, x_slopes.data(), y_slopes.data());
  }
}

}  // namespace

template <class T>
void sliced_distances(const SlicedProblem<T>& problem, std::span<double> distances, bool with_progress, int n_threads) {
  const int threads = useful_threads(problem, n_threads);
  const std::size_t group = group_size(problem, sizeof(T)), total = problem.n_directions();
  Projected<T> projected(problem, group);
  for (std::size_t first = 0; first < total; first += group) {
    const std::size_t n_here = std::min(group, total - first);
    projected.project_group(first, n_here, threads);
    const auto share = [&](std::size_t done) { return static_cast<double>(done) / static_cast<double>(total); };
    const ProgressRange progress = with_progress ? ProgressRange{share(first), share(first + n_here)} : ProgressRange{};
    for_each_direction(problem, n_here, threads, progress, [&](std::size_t g, int own_threads) {
      distances[first + g] = wasserstein_1d_in_place<T>(projected.x(g), projected.y(g), problem.p, own_threads);
    });
  }
}

template <class T>
void sliced_gradient(const SlicedProblem<T>& problem, std::span<const double> factors, double* x_gradient,
                     double* y_gradient, int n_threads) {
  const int threads = useful_threads(problem, n_threads);
  const std::size_t d = problem.n_features;
  const std::size_t x_stride = row_stride(problem.x.n), y_stride = row_stride(problem.y.n);
  Buffer<double> scaled(kMostDirections * d), distances(problem.n_directions());
  std::fill_n(x_gradient, problem.x.n * d, 0.0);
  std::fill_n(y_gradient, problem.y.n * d, 0.0);
  for_each_group_of_slopes(
      problem, {distances.data(), distances.size()}, threads,
      [&](std::size_t first, std::size_t n_here, const double* x_slopes, const double* y_slopes) {
        for (std::size_t k = 0; k < n_here * d; ++k)
          scaled[k] = factors[first + k / d] * problem.directions[first * d + k];
        project_back(x_slopes, problem.x.n, x_stride, scaled.data(), n_here, d, x_gradient, threads);
        project_back(y_slopes, problem.y.n, y_stride, scaled.data(), n_here, d, y_gradient, threads);
      });
}

template <class T>
void sliced_slopes(const SlicedProblem<T>& problem, std::span<double> distances, double* gradients, int n_threads) {
  const int threads = useful_threads(problem, n_threads);
  const std::size_t d = problem.n_features;
  const std::size_t x_stride = row_stride(problem.x.n), y_stride = row_stride(problem.y.n);
  Buffer<double> of_y(kMostDirections * d);
  for_each_group_of_slopes(
      problem, distances, threads,
      [&](std::size_t first, std::size_t n_here, const double* x_slopes, const double* y_slopes) {
        double* of_x = gradients + first * d;
        combine_points<T>(problem.x.points, problem.x.n, d, x_slopes, n_here, x_stride, of_x, threads);
        combine_points<T>(problem.y.points, problem.y.n, d, y_slopes, n_here, y_stride, of_y.data(), threads);
        for (std::size_t k = 0; k < n_here * d; ++k) of_x[k] += of_y[k];
      });
}

#define HARTLEY_INSTANTIATE(T)                                                                               \
  template void sliced_distances<T>(const SlicedProblem<T>&, std::span<double>, bool, int);                  \
  template void sliced_gradient<T>(const SlicedProblem<T>&, std::span<const double>, double*, double*, int); \
  template void sliced_slopes<T>(const SlicedProblem<T>&, std::span<double>, double*, int);
HARTLEY_INSTANTIATE(double)
HARTLEY_INSTANTIATE(float)
#undef HARTLEY_INSTANTIATE

}  // namespace hartley
