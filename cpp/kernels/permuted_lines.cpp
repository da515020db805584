#include "kernels/permuted_lines.hpp"

#include <algorithm>
#include <vector>

#include "kernels/projection.hpp"
#include "kernels/quantile_steps.hpp"
#include "support/sort.hpp"

namespace hartley {
namespace {

using namespace quantile_steps;

// Between two sorted samples of equal weights, on the calling thread.
template <class T>
double sorted_distance(std::span<const T> x, std::span<const T> y, double p) {
  const std::size_t n = x.size(), m = y.size();
  if (n == m)
    return distance(p, static_cast<double>(n), [&](auto term, const Power& power) {
      return fold_pairs<decltype(term)::value>(x.data(), y.data(), n, power);
    });
  return distance(p, static_cast<double>(n) * static_cast<double>(m), [&](auto term, const Power& power) {
    return fold_steps<decltype(term)::value, T>(x, y, EqualEnds{m}, EqualEnds{n}, 0, n, power);
  });
}

// The pooled values of one direction, sorted.
template <class T>
struct Line {
  std::vector<T> values;
  std::vector<std::uint32_t> order;

  Line(const PooledCloud<T>& cloud, const double* direction, int n_threads)
      : values(cloud.n_points), order(cloud.n_points) {
    project<T>(cloud.points, cloud.n_points, cloud.n_features, direction, 1, values.data(), cloud.n_points, n_threads);
    sort_values<T>(values, values, order, n_threads);
  }
};

// Room for the two parts; one that is full still gets what it does not keep.
template <class T>
struct Parts {
  std::vector<T> first, second;

  explicit Parts(std::size_t n) : first(n + 1), second(n + 1) {}

  double distance(const Line<T>& line, std::span<const std::uint8_t> labels, double p) {
    std::size_t n_first = 0, n_second = 0;
    for (std::size_t i = 0; i < line.values.size(); ++i) {  // both are written, one is kept: no branch to mispredict
      const std::uint8_t label = labels[line.order[i]];
      first[n_first] = second[n_second] = line.values[i];
      n_first += label;
      n_second += 1u - label;
    }
    return sorted_distance<T>({first.data(), n_first}, {second.data(), n_second}, p);
  }
};

}  // namespace

template <class T>
void permuted_lines(const PooledCloud<T>& cloud, std::span<const double> directions,
                    std::span<const std::uint8_t> labels, double p, std::span<double> distances, int n_threads) {
  const std::size_t n = cloud.n_points, d = cloud.n_features, n_directions = directions.size() / d,
                    n_partitions = labels.size() / n;
  std::vector<Parts<T>> parts(static_cast<std::size_t>(n_threads), Parts<T>(n));
  const auto part = [&](const Line<T>& line, std::size_t partition, std::size_t direction, int thread) {
    distances[partition * n_directions + direction] =
        parts[static_cast<std::size_t>(thread)].distance(line, labels.subspan(partition * n, n), p);
  };
  if (n_directions >= static_cast<std::size_t>(n_threads)) {
    parallel_for(n_directions, n_threads, [&](std::size_t direction, int thread) {
      const Line<T> line(cloud, directions.data() + direction * d, 1);
      for (std::size_t partition = 0; partition < n_partitions; ++partition) {
        part(line, partition, direction, thread);
        stop_if_asked();
      }
    });
    return;
  }
  for (std::size_t direction = 0; direction < n_directions; ++direction) {
    const Line<T> line(cloud, directions.data() + direction * d, n_threads);
    parallel_for(n_partitions, n_threads,
                 [&](std::size_t partition, int thread) { part(line, partition, direction, thread); });
  }
}

template void permuted_lines<double>(const PooledCloud<double>&, std::span<const double>, std::span<const std::uint8_t>,
                                     double, std::span<double>, int);
template void permuted_lines<float>(const PooledCloud<float>&, std::span<const double>, std::span<const std::uint8_t>,
                                    double, std::span<double>, int);

}  // namespace hartley
