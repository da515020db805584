#include "kernels/machine.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "support/parallel.hpp"
#include "support/simd.hpp"
#include "support/sums.hpp"

namespace hartley {
namespace {

using namespace simd;

constexpr std::size_t kSums = 8;          // independent sums: two additions a cycle of latency 4
constexpr std::size_t kChains = 10;       // independent multiply-adds; with the two constants they fit 16 registers
constexpr std::size_t kStream = 1 << 15;  // numbers of a triad task

double read_block(std::span<const double> x, std::size_t n_passes) {
  constexpr std::size_t kStep = kSums * kLanes<double>;
  Vec<double> sums[kSums]{};
  double rest = 0.0;
  for (std::size_t pass = 0; pass < n_passes; ++pass) {
    std::size_t i = 0;
    for (; i + kStep <= x.size(); i += kStep)
      for (std::size_t s = 0; s < kSums; ++s) sums[s] += load(x.data() + i + s * kLanes<double>);
    for (; i < x.size(); ++i) rest += x[i];
  }
  for (std::size_t s = 1; s < kSums; ++s) sums[0] += sums[s];
  return sum(sums[0]) + rest;
}

// All chains one step on, spelt without a loop so that they stay in registers.
template <class T, std::size_t... chain>
HARTLEY_INLINE void run_chains(T* x, std::size_t n_steps, std::index_sequence<chain...>) {
  const Vec<T> factor = splat(static_cast<T>(kFactor)), addend = splat(static_cast<T>(kAddend));
  Vec<T> v[] = {load(x + chain * kLanes<T>)...};
  for (std::size_t step = 0; step < n_steps; ++step) ((v[chain] = fma(v[chain], factor, addend)), ...);
  (store(x + chain * kLanes<T>, v[chain]), ...);
}

}  // namespace

double read_sum(std::span<const double> x, std::size_t block, std::size_t n_passes, int n_threads) {
  std::vector<double> sums(count_blocks(x.size(), block));
  parallel_for(sums.size(), n_threads, [&](std::size_t task, int) {
    sums[task] = read_block(x.subspan(task * block, std::min(block, x.size() - task * block)), n_passes);
  });
  return pairwise_sum(sums);
}

void triad(std::span<double> out, std::span<const double> b, std::span<const double> c, double scale, int n_threads) {
  parallel_for(count_blocks(out.size(), kStream), n_threads, [&](std::size_t task, int) {
    const std::size_t end = std::min(out.size(), (task + 1) * kStream);
    for (std::size_t i = task * kStream; i < end; ++i) out[i] = b[i] + scale * c[i];
  });
}

template <class T>
std::size_t multiply_add_group() {
  return kChains * kLanes<T>;
}

template <class T>
void multiply_add(std::span<const T> x, std::size_t n_steps, std::span<T> out, int n_threads) {
  constexpr std::size_t kGroup = kChains * kLanes<T>;
  parallel_for(count_blocks(x.size(), kGroup), n_threads, [&](std::size_t task, int) {
    const std::size_t begin = task * kGroup, n = std::min(kGroup, x.size() - begin);
    T group[kGroup]{};
    std::copy_n(x.data() + begin, n, group);
    run_chains<T>(group, n_steps, std::make_index_sequence<kChains>{});
    std::copy_n(group, n, out.data() + begin);
  });
}

template std::size_t multiply_add_group<double>();
template std::size_t multiply_add_group<float>();
template void multiply_add<double>(std::span<const double>, std::size_t, std::span<double>, int);
template void multiply_add<float>(std::span<const float>, std::size_t, std::span<float>, int);

}  // namespace hartley
