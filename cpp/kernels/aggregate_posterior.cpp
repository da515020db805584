#include "kernels/aggregate_posterior.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "support/buffer.hpp"
#include "support/parallel.hpp"
#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;

constexpr std::size_t kVectors = 2;  // vectors of samples at once: they share the loads of a posterior
constexpr std::size_t kTile = 64;    // posteriors at once: a tile's exponents, all latents', stay in the L2 cache
constexpr double kHalfLog2E = 0.5 * std::numbers::log2e;

template <class T>
constexpr std::size_t kWidth = static_cast<std::size_t>(kLanes<T>);
template <class T>
constexpr std::size_t kGroup = kVectors * kWidth<T>;  // samples at once

template <class T>
constexpr T kFarAway = T(-1e30);  // an exponent whose exponential is 0

// Posteriors tile by tile, latent by latent: log2 of a density is log_scale - precision (z - mean)².
template <class T>
struct PosteriorTiles {
  Buffer<T> mean, precision, log_scale;

  PosteriorTiles(const PosteriorSamples<T>& samples, int n_threads)
      : mean(count_blocks(samples.n, kTile) * kTile * samples.n_latents),
        precision(mean.size()),
        log_scale(mean.size()) {
    const std::size_t d = samples.n_latents;
    parallel_for(count_blocks(samples.n, kTile), n_threads, [&](std::size_t tile, int) {
      for (std::size_t j = tile * kTile; j < std::min(samples.n, (tile + 1) * kTile); ++j)
        for (std::size_t k = 0; k < d; ++k) {
          const std::size_t place = (tile * d + k) * kTile + j % kTile;
          const double log_variance = static_cast<double>(samples.log_variance[j * d + k]);
          mean[place] = samples.mean[j * d + k];
          precision[place] = static_cast<T>(kHalfLog2E * std::exp(-log_variance));
          log_scale[place] = static_cast<T>(-kHalfLog2E * log_variance);
        }
    });
  }
};

// Σ 2^exponent over posteriors, for kGroup samples: 2^largest * sum, largest at least 0 (the own exponent).
template <class T>
struct RunningSums {
  T largest[kGroup<T>];
  double sums[kGroup<T>];
};

// Sums of one vector of samples are scaled to largest where it has grown: a few times a sample. Not inlined: the loop
// before it keeps its maximum in a register only where nobody asks for single lanes of it.
template <class T>
[[gnu::noinline]] void raise_largest(Vec<T> largest, T* so_far, double* sums) {
  T raised[kWidth<T>];
  store(raised, largest);
  for (std::size_t lane = 0; lane < kWidth<T>; ++lane) {
    sums[lane] *= std::exp2(static_cast<double>(so_far[lane]) - static_cast<double>(raised[lane]));
    so_far[lane] = raised[lane];
  }
}

HARTLEY_INLINE void add_to(double* sums, Vec<double> v) { store(sums, load(sums) + v); }
HARTLEY_INLINE void add_to(double* sums, Vec<float> v) {
  const Widened wide = widen(v);
  add_to(sums, wide.low);
  add_to(sums + kLanes<double>, wide.high);
}

// Adds the exponentials of n exponents of each sample.
template <class T>
HARTLEY_INLINE void add_exponentials(const T* exponents, std::size_t n, RunningSums<T>& running) {
  for (std::size_t v = 0; v < kVectors; ++v) {
    const T* column = exponents + v * kWidth<T>;
    T* so_far = running.largest + v * kWidth<T>;
    double* sums = running.sums + v * kWidth<T>;
    Vec<T> largest = load(so_far);
    for (std::size_t j = 0; j < n; ++j) largest = max(load(column + j * kGroup<T>), largest);
    if (less_bits(load(so_far), largest) != 0) raise_largest<T>(largest, so_far, sums);
    Vec<T> total{};
    for (std::size_t j = 0; j < n; ++j) total += exp2_of_normal(load(column + j * kGroup<T>) - largest);
    add_to(sums, total);
  }
}

// log(own + other Σ 2^exponent), the own exponent being 0.
template <class T>
double log_mixture(const RunningSums<T>& running, std::size_t i, double own, double other) {
  const auto largest = static_cast<double>(running.largest[i]);
  return largest * std::numbers::ln2 + std::log(own * std::exp2(-largest) + other * running.sums[i]);
}

// Some consecutive samples against all posteriors.
template <class T>
class SampleGroup {
 public:
  SampleGroup(const PosteriorSamples<T>& samples, const PosteriorTiles<T>& tiles)
      : samples_(samples),
        tiles_(tiles),
        z_(samples.n_latents * kGroup<T>),
        own_(z_.size()),
        running_(samples.n_latents + 1),
        exponents_(kTile * kGroup<T>),
        joint_(exponents_.size()) {}

  void compare(std::size_t begin, double own, double other, double* joint, double* marginal_sums) {
    const std::size_t d = samples_.n_latents, n_here = std::min(kGroup<T>, samples_.n - begin);
    read(begin);
    for (std::size_t first = 0; first < samples_.n; first += kTile) {
      add_tile(begin, first, std::min(kTile, samples_.n - first));
      stop_if_asked();
    }
    std::fill_n(marginal_sums, d, 0.0);
    for (std::size_t i = 0; i < n_here; ++i) {
      for (std::size_t k = 0; k < d; ++k) marginal_sums[k] += log_mixture(running_[k], i, own, other);
      joint[i] = log_mixture(running_[d], i, own, other);
    }
  }

 private:
  // Samples and the exponents of their own densities, latent by latent; the last sample fills a group up.
  void read(std::size_t begin) {
    const std::size_t d = samples_.n_latents;
    for (RunningSums<T>& running : running_) running = {};
    for (std::size_t i = 0; i < kGroup<T>; ++i) {
      const std::size_t row = std::min(begin + i, samples_.n - 1);
      for (std::size_t k = 0; k < d; ++k) {
        const std::size_t place = (row / kTile * d + k) * kTile + row % kTile;
        const T z = samples_.z[row * d + k];
        const T difference = z - tiles_.mean[place];
        z_[k * kGroup<T> + i] = z;
        own_[k * kGroup<T> + i] = tiles_.log_scale[place] - difference * difference * tiles_.precision[place];
      }
    }
  }

  void add_tile(std::size_t begin, std::size_t first, std::size_t n) {
    std::fill_n(joint_.data(), n * kGroup<T>, T{});
    for (std::size_t k = 0; k < samples_.n_latents; ++k) {
      find_exponents(k, first, n);
      leave_out_own(exponents_.data(), begin, first, n);
      add_exponentials(exponents_.data(), n, running_[k]);
    }
    leave_out_own(joint_.data(), begin, first, n);
    add_exponentials(joint_.data(), n, running_.back());
  }

  // log2 of the density of latent k under n posteriors over that under the own one; added to the joint ones, too.
  HARTLEY_INLINE void find_exponents(std::size_t k, std::size_t first, std::size_t n) {
    const std::size_t place = (first / kTile * samples_.n_latents + k) * kTile;
    const T *mean = tiles_.mean.data() + place, *precision = tiles_.precision.data() + place;
    const T* log_scale = tiles_.log_scale.data() + place;
    T *exponents = exponents_.data(), *joint = joint_.data();
    Vec<T> z[kVectors], own[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      z[v] = load(z_.data() + k * kGroup<T> + v * kWidth<T>);
      own[v] = load(own_.data() + k * kGroup<T> + v * kWidth<T>);
    }
    for (std::size_t j = 0; j < n; ++j) {
      const Vec<T> m = splat(mean[j]), s = splat(-precision[j]), c = splat(log_scale[j]);
      for (std::size_t v = 0; v < kVectors; ++v) {
        const Vec<T> difference = z[v] - m;
        const Vec<T> exponent = fma(difference * s, difference, c - own[v]);
        const std::size_t at = j * kGroup<T> + v * kWidth<T>;
        store(exponents + at, exponent);
        store(joint + at, load(joint + at) + exponent);
      }
    }
  }

  // The own posterior's term has a weight of its own and is exactly 1: it is not summed here.
  void leave_out_own(T* exponents, std::size_t begin, std::size_t first, std::size_t n) const {
    for (std::size_t i = std::max(begin, first); i < std::min(begin + kGroup<T>, first + n); ++i)
      exponents[(i - first) * kGroup<T> + (i - begin)] = kFarAway<T>;
  }

  const PosteriorSamples<T>& samples_;
  const PosteriorTiles<T>& tiles_;
  Buffer<T> z_, own_;
  std::vector<RunningSums<T>> running_;  // of every latent, and jointly
  Buffer<T> exponents_, joint_;          // (posteriors of a tile, samples of the group)
};

}  // namespace

template <class T>
void compare_with_mixture(const PosteriorSamples<T>& samples, double own, double other, double* joint,
                          double* marginal_sums, int n_threads) {
  const PosteriorTiles<T> tiles(samples, n_threads);
  const std::size_t d = samples.n_latents, n_groups = count_blocks(samples.n, kGroup<T>);
  std::vector<double> parts(n_groups * d);
  parallel_for(n_groups, n_threads, [&](std::size_t group, int) {
    const std::size_t begin = group * kGroup<T>;
    SampleGroup<T>(samples, tiles).compare(begin, own, other, joint + begin, parts.data() + group * d);
  });
  std::fill_n(marginal_sums, d, 0.0);
  for (std::size_t group = 0; group < n_groups; ++group)
    for (std::size_t k = 0; k < d; ++k) marginal_sums[k] += parts[group * d + k];
}

#define HARTLEY_INSTANTIATE(T) \
  template void compare_with_mixture<T>(const PosteriorSamples<T>&, double, double, double*, double*, int);
HARTLEY_INSTANTIATE(double)
HARTLEY_INSTANTIATE(float)
#undef HARTLEY_INSTANTIATE

}  // namespace hartley
