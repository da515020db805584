#include "kernels/pmf_power_sums.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "support/parallel.hpp"
#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;

constexpr std::size_t kBlock = 1024;         // exponents of a block: 8 KiB, they stay in L1 between the two passes
constexpr std::size_t kGrain = 32 * kBlock;  // terms a task
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Part {
  double largest = -kInfinity, sum = 0.0;  // Σ exp(exponent - largest)
  double p_sum = 0.0, q_sum = 0.0, least = 0.0;
};

// The sum of two parts over the larger of their maxima.
Part join(const Part& a, const Part& b) {
  Part joined{std::max(a.largest, b.largest), 0.0, a.p_sum + b.p_sum, a.q_sum + b.q_sum, std::min(a.least, b.least)};
  if (std::isinf(joined.largest))
    joined.sum = a.largest == b.largest ? a.sum + b.sum : a.largest > b.largest ? a.sum : b.sum;
  else
    joined.sum = a.sum * std::exp(a.largest - joined.largest) + b.sum * std::exp(b.largest - joined.largest);
  return joined;
}

Part join_all(std::span<const Part> parts) {
  if (parts.size() == 1) return parts[0];
  const std::size_t half = parts.size() / 2;
  return join(join_all(parts.first(half)), join_all(parts.subspan(half)));
}

template <class T>
class PowerSum {
 public:
  PowerSum(double a, double b) : a_(a), b_(b) {}

  Part over_range(const T* p, const T* q, std::size_t n) const {
    Part parts[kGrain / kBlock];
    std::size_t n_parts = 0;
    for (std::size_t begin = 0; begin < n; begin += kBlock)
      parts[n_parts++] = over_block(p + begin, q + begin, std::min(kBlock, n - begin));
    return join_all({parts, std::max<std::size_t>(n_parts, 1)});
  }

 private:
  static Vec<double> load_lanes(const T* source, std::size_t n_lanes) {
    if (n_lanes == kLanes<double>) return load_wide(source);
    alignas(kVectorBytes) double lanes[kLanes<double>]{};
    for (std::size_t i = 0; i < n_lanes; ++i) lanes[i] = static_cast<double>(source[i]);
    return load(lanes);
  }

  Vec<double> exponent(Vec<double> p, Vec<double> q) const {
    Vec<double> value = a_ * log(p);
    if (b_ != 0.0) value += b_ * log(q);
    // a log p of p = 0 is -inf or, for a = 0, NaN; with q = 0 it may be inf - inf
    return select<double>(p > Vec<double>{}, value, splat(-kInfinity));
  }

  Part over_block(const T* p, const T* q, std::size_t n) const {
    alignas(kVectorBytes) double exponents[kBlock];
    Vec<double> p_sum{}, q_sum{}, least{}, largest = splat(-kInfinity);
    for (std::size_t i = 0; i < n; i += kLanes<double>) {
      const std::size_t n_lanes = std::min<std::size_t>(kLanes<double>, n - i);
      const Vec<double> p_lanes = load_lanes(p + i, n_lanes);
      const Vec<double> q_lanes = b_ != 0.0 ? load_lanes(q + i, n_lanes) : p_lanes;
      p_sum += p_lanes;
      q_sum += q_lanes;
      least = min(min(p_lanes, q_lanes), least);
      const Vec<double> e = exponent(p_lanes, q_lanes);
      largest = max(e, largest);
      store(exponents + i, e);
    }
    Part part{reduce_max(largest), 0.0, sum(p_sum), sum(q_sum), reduce_min(least)};
    if (std::isinf(part.largest)) {
      part.sum = part.largest > 0 ? 1.0 : 0.0;
      return part;
    }
    Vec<double> total{};
    for (std::size_t i = 0; i < n; i += kLanes<double>) total += exp(load(exponents + i) - part.largest);
    part.sum = sum(total);
    return part;
  }

  double a_, b_;
};

}  // namespace

template <class T>
void pmf_log_power_sums(double a, double b, PmfBatch<T> p, PmfBatch<T> q, BatchShape shape, PowerSums sums,
                        int n_threads) {
  const PowerSum<T> power_sum(a, b);
  const auto put = [&](std::size_t row, const Part& part) {
    sums.log_sum[row] = part.largest + std::log(part.sum);
    sums.p_sum[row] = part.p_sum;
    sums.q_sum[row] = part.q_sum;
    sums.least[row] = part.least;
    sums.largest_exponent[row] = part.largest;
  };
  const std::size_t tasks_a_row = count_blocks(shape.n, kGrain);
  if (tasks_a_row > 1) {
    std::vector<Part> parts(shape.outer * tasks_a_row);
    parallel_for(parts.size(), n_threads, [&](std::size_t task, int) {
      const std::size_t row = task / tasks_a_row, begin = task % tasks_a_row * kGrain;
      parts[task] = power_sum.over_range(p.data + row * p.outer_stride + begin, q.data + row * q.outer_stride + begin,
                                         std::min(kGrain, shape.n - begin));
    });
    for (std::size_t row = 0; row < shape.outer; ++row)
      put(row, join_all({parts.data() + row * tasks_a_row, tasks_a_row}));
    return;
  }
  const std::size_t rows_a_task = std::max<std::size_t>(1, kGrain / shape.n);
  parallel_for(count_blocks(shape.outer, rows_a_task), n_threads, [&](std::size_t task, int) {
    for (std::size_t row = task * rows_a_task; row < std::min(shape.outer, (task + 1) * rows_a_task); ++row)
      put(row, power_sum.over_range(p.data + row * p.outer_stride, q.data + row * q.outer_stride, shape.n));
  });
}

template void pmf_log_power_sums<double>(double, double, PmfBatch<double>, PmfBatch<double>, BatchShape, PowerSums,
                                         int);
template void pmf_log_power_sums<float>(double, double, PmfBatch<float>, PmfBatch<float>, BatchShape, PowerSums, int);

}  // namespace hartley
