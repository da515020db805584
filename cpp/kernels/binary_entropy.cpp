#include <algorithm>
#include <atomic>

#include "kernels/pmf.hpp"
#include "support/parallel.hpp"
#include "support/vector_math.hpp"

namespace hartley {

using namespace simd;

constexpr std::size_t kEntropiesAtOnce = 1 << 15;  // a task: about 30 us

bool binary_entropies(const double* p, std::size_t n, double* entropy, int n_threads) {
  std::atomic<bool> all_valid{true};
  parallel_for(count_blocks(n, kEntropiesAtOnce), n_threads, [&](std::size_t block, int) {
    const std::size_t end = std::min(n, (block + 1) * kEntropiesAtOnce);
    Vec<double> least{}, largest{};
    for (std::size_t i = block * kEntropiesAtOnce; i < end; i += kLanes<double>) {
      const std::size_t n_lanes = std::min<std::size_t>(kLanes<double>, end - i);
      const Vec<double> x = n_lanes == kLanes<double> ? load(p + i) : load_partial(p + i, n_lanes);
      least = min(x, least);
      largest = max(x == x ? x : splat(2.0), largest);
      const Vec<double> rest = 1.0 - x;
      // log(1 - x): what the subtraction rounded away is exactly (1 - rest) - x
      const Vec<double> log_rest =
          log(rest) + select<double>(rest > Vec<double>{}, ((1.0 - rest) - x) / rest, Vec<double>{});
      const Vec<double> of_rest = select<double>(rest > Vec<double>{}, rest * log_rest, Vec<double>{});
      const Vec<double> of_x = select<double>(x > Vec<double>{}, x * log(x), Vec<double>{});
      alignas(kVectorBytes) double lanes[kLanes<double>];
      store(lanes, -(of_x + of_rest));
      std::copy_n(lanes, n_lanes, entropy + i);
    }
    if (reduce_min(least) < 0.0 || reduce_max(largest) > 1.0) all_valid.store(false);
  });
  return all_valid.load();
}

}  // namespace hartley
