#include "kernels/evaluation.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "support/buffer.hpp"
#include "support/simd.hpp"

namespace hartley {
namespace {

using namespace simd;

constexpr std::size_t kLane = static_cast<std::size_t>(kLanes<float>);
constexpr std::size_t kRows = 6;                    // rows of a tile, by
constexpr std::size_t kVectors = 2;                 // vectors of columns: twelve sums, two columns and a row fill AVX2
constexpr std::size_t kColumns = kVectors * kLane;  // columns of a panel
constexpr std::size_t kBlock = 8 * kRows;           // rows that share a panel while it is in the cache
constexpr std::size_t kOwnBlock = 5 * kBlock;       // points of a cloud that meet as many others of it at a time
static_assert(kOwnBlock % kRows == 0 && 2 * kOwnBlock % kColumns == 0);
constexpr std::size_t kFeaturesAPoll = std::size_t{1} << 16;  // of a panel with all rows: a millisecond
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr double kTiny = 0x1p-100;  // more than what all float32 products of a pair lose by underflow, d 2^-126

// Share of |u|² + |v|² by which |u|² + |v|² - 2 u·v of the float32 copies u, v may miss the float64 sum of squares s.
// With N = |u| + |v| and ε = 2^-24: rounding the coordinates moves s by 2.1 ε N², the dot product of d terms errs by
// (d + 2) ε N²/2 (with or without fused products), rounding norms, sum and difference 2.1 ε N² more, and N² is at most
// twice the norms' sum: below ε (1.02 d + 10.9).
double error_share(std::size_t d) { return 0x1p-24 * 1.03 * (static_cast<double>(d) + 16.0); }

template <class T>
double squared_distance(const T* x, const T* y, std::size_t d, double scale) {
  double sum = 0.0;
  for (std::size_t c = 0; c < d; ++c) {
    const double apart = (static_cast<double>(x[c]) - static_cast<double>(y[c])) * scale;
    sum += apart * apart;
  }
  return sum;
}

// Coordinate c of point i in the float32 copy.
template <class T>
float copied(const Cloud<T>& cloud, std::size_t i, std::size_t c) {
  return static_cast<float>((static_cast<double>(cloud.points[i * cloud.d + c]) - cloud.centre[c]) * cloud.scale);
}

// A pair (u, v) of squared distance at most R has 2 u·v - low(v) >= limit(u, R), also as computed in float32.
float low(double norm, double share) { return static_cast<float>(norm * (1.0 - share)); }
float limit(double norm, double share, double squared_radius) {
  const auto bound = static_cast<float>(norm * (1.0 - share) - squared_radius - kTiny);
  return squared_radius < 0 ? kInfinity : bound - std::abs(bound) * 0x1p-22F;  // below what was rounded
}

// The float32 copy of a cloud, kWide points side by side: rows of products (times 2) or columns.
template <std::size_t kWide>
struct Packed {
  std::size_t n, d, n_groups;
  Buffer<float> coordinates;  // [group][feature][kWide], 0 where there is no point
  Buffer<double> norms;       // [group][kWide]: |u|²
  Buffer<float> lows;         // low(u), +inf where there is no point

  template <class T>
  Packed(const Cloud<T>& cloud, float factor, int n_threads)
      : n(cloud.n),
        d(cloud.d),
        n_groups(count_blocks(n, kWide)),
        coordinates(n_groups * kWide * d),
        norms(n_groups * kWide),
        lows(n_groups * kWide) {
    const double share = error_share(d);
    parallel_for(n_groups, n_threads, [&](std::size_t group, int) {
      for (std::size_t i = group * kWide; i < (group + 1) * kWide; ++i) {
        float* const column = coordinates.data() + group * kWide * d + i % kWide;
        double norm = 0.0;
        for (std::size_t c = 0; c < d; ++c) {
          const float u = i < n ? copied(cloud, i, c) : 0.0F;
          column[c * kWide] = factor * u;
          norm += static_cast<double>(u) * static_cast<double>(u);
        }
        norms[i] = norm;
        lows[i] = i < n ? low(norm, share) : kInfinity;
      }
    });
  }

  const float* group(std::size_t i) const { return coordinates.data() + i * kWide * d; }
};
using Strips = Packed<kRows>;
using Panels = Packed<kColumns>;

// products[r * kColumns + at] = 2 u_r · v_at. Not inlined: amid its caller g++ 12 lets the sums leave the
// registers, 1.9 times slower for float (bench_evaluation).
[[gnu::noinline]] void multiply(const float* rows, const float* panel, std::size_t d, float* products) {
  Vec<float> sums[kRows][kVectors];
  for (auto& row : sums)
    for (Vec<float>& sum : row) sum = Vec<float>{};  // one by one: an initialiser is a slow fill of memory
  for (std::size_t c = 0; c < d; ++c) {
    Vec<float> column[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) column[v] = load(panel + c * kColumns + v * kLane);
    for (std::size_t r = 0; r < kRows; ++r) {
      const Vec<float> row = splat(rows[c * kRows + r]);
      for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] = fma(row, column[v], sums[r][v]);
    }
  }
  for (std::size_t r = 0; r < kRows; ++r)
    for (std::size_t v = 0; v < kVectors; ++v) store(products + r * kColumns + v * kLane, sums[r][v]);
}

// visit(row, first column of the panel, kColumns products) for the rows [first, last), at most kBlock of them and
// `first` a multiple of kRows, and all columns of the panels [first_panel, last_panel).
template <class Visit>
void for_each_product(const Strips& strips, std::size_t first, std::size_t last, const Panels& panels,
                      std::size_t first_panel, std::size_t last_panel, Visit&& visit) {
  alignas(kVectorBytes) float products[kRows * kColumns];
  std::size_t features_done = 0;
  for (std::size_t panel = first_panel; panel < last_panel; ++panel) {
    if ((features_done += strips.d) >= kFeaturesAPoll) {
      stop_if_asked();
      features_done = 0;
    }
    for (std::size_t row = first; row < last; row += kRows) {
      multiply(strips.group(row / kRows), panels.group(panel), strips.d, products);
      for (std::size_t r = 0; r < std::min(kRows, last - row); ++r)
        visit(row + r, panel * kColumns, products + r * kColumns);
    }
  }
}

// visit(at) for every column of a panel whose bit of_vector(first column of a vector) has set.
template <class Bits, class Visit>
HARTLEY_INLINE void for_each_column(Bits&& of_vector, Visit&& visit) {
  std::uint32_t bits = 0;
  for (std::size_t v = 0; v < kVectors; ++v) bits |= of_vector(v * kLane) << (v * kLane);
  for (; bits != 0; bits &= bits - 1) visit(static_cast<std::size_t>(std::countr_zero(bits)));
}

// The points that may be among the k nearest to one, known by bounds of their squared distances: of 40 that come up
// (k = 5, n = 10^4) 6 have to be looked at in the end, and a look costs more than everything else.
class Nearest {
 public:
  explicit Nearest(std::size_t k) : bounds_(k, std::numeric_limits<double>::infinity()), room_(4 * k + 16) {}

  // What the k-th squared distance cannot exceed.
  double bound() const { return bounds_.front(); }

  // Keeps a point whose squared distance lies in [least, most]. Where bounds cannot tell who stays, distances do.
  template <class SquaredDistance>
  void keep(double least, double most, std::uint32_t point, SquaredDistance&& squared_distance_to) {
    if (least > bound()) return;
    if (kept_.size() == room_) {
      forget();
      if (kept_.size() > room_ / 2) look(squared_distance_to);
    }
    kept_.push_back({least, point});
    if (most < bound()) {
      std::pop_heap(bounds_.begin(), bounds_.end());
      bounds_.back() = most;
      std::push_heap(bounds_.begin(), bounds_.end());
    }
  }

  // The k-th squared distance; at least k points were kept.
  template <class SquaredDistance>
  double kth_of(SquaredDistance&& squared_distance_to) {
    forget();
    look(squared_distance_to);
    return bound();
  }

 private:
  struct Kept {
    double least;
    std::uint32_t point;
    bool operator<(const Kept& other) const { return least < other.least; }
  };

  void forget() {
    std::erase_if(kept_, [&](const Kept& kept) { return kept.least > bound(); });
  }

  // Leaves the k nearest of those kept, with their distances for bounds.
  template <class SquaredDistance>
  void look(SquaredDistance&& squared_distance_to) {
    for (Kept& kept : kept_) kept.least = squared_distance_to(kept.point);
    const auto end = kept_.begin() + static_cast<std::ptrdiff_t>(bounds_.size());
    std::nth_element(kept_.begin(), end - 1, kept_.end());
    kept_.erase(end, kept_.end());
    std::transform(kept_.begin(), kept_.end(), bounds_.begin(), [](const Kept& kept) { return kept.least; });
    std::make_heap(bounds_.begin(), bounds_.end());
  }

  std::vector<double> bounds_;  // a heap of the k smallest `most`
  std::vector<Kept> kept_;
  std::size_t room_;
};

// Calls meet(a, b) once for each pair a <= b of n blocks, no block in two calls at a time. First every block meets
// itself, then a tournament in which one stays and the others go round: threads hardly ever wait for each other, and
// there is no end of a round at which all would wait for the slowest.
template <class Meet>
void for_each_pair(std::size_t n, int n_threads, ProgressRange progress, Meet&& meet) {
  const std::size_t last = n + n % 2 - 1;  // the one that stays, none where n is odd
  const std::size_t n_rounds = n > 1 ? last : 0, n_pairs = (last + 1) / 2;
  std::vector<std::mutex> busy(n);
  const auto play = [&](std::size_t game, int) {
    std::size_t a = game, b = game;
    if (game >= n) {
      const std::size_t round = (game - n) / n_pairs, pair = (game - n) % n_pairs;
      a = pair == 0 ? last : (round + pair) % last;
      b = (round + last - pair) % last;
      if (a > b) std::swap(a, b);
    }
    if (b >= n) return;
    const std::lock_guard first(busy[a]);  // the lower one first: no two threads wait for each other
    std::unique_lock second(busy[b], std::defer_lock);
    if (a != b) second.lock();
    meet(a, b);
  };
  parallel_for(n + n_rounds * n_pairs, n_threads, play, progress);
}

}  // namespace

template <class T>
void ball_radii(const Cloud<T>& cloud, std::size_t k, double* squared_radius, int n_threads, ProgressRange progress) {
  const Strips strips(cloud, 2.0F, n_threads);
  const Panels panels(cloud, 1.0F, n_threads);
  const std::size_t n = cloud.n, size = kOwnBlock % kColumns == 0 ? kOwnBlock : 2 * kOwnBlock;
  const double share = error_share(cloud.d);
  std::vector<Nearest> nearest(n, Nearest(k));
  std::vector<float> limits(panels.n_groups * kColumns, kInfinity);
  std::fill_n(limits.begin(), n, -kInfinity);

  const auto distance_from = [&](std::size_t i) {
    return [&cloud, i](std::size_t other) {
      return squared_distance(cloud.points + i * cloud.d, cloud.points + other * cloud.d, cloud.d, cloud.scale);
    };
  };
  const auto offer = [&](std::size_t i, std::size_t other, double least, double most) {
    nearest[i].keep(least, most, static_cast<std::uint32_t>(other), distance_from(i));
    if (nearest[i].bound() < std::numeric_limits<double>::infinity())
      limits[i] = limit(panels.norms[i], share, nearest[i].bound());
  };
  const auto meet = [&](std::size_t a, std::size_t b) {
    const std::size_t a_end = std::min(n, (a + 1) * size), b_end = std::min(n, (b + 1) * size);
    const auto look = [&](std::size_t row, std::size_t at, const float* products) {
      const Vec<float> of_row = splat(limits[row]), low_of_row = splat(panels.lows[row]);
      const auto may_be_near = [&](std::size_t v) {
        const Vec<float> product = load(products + v);
        return less_equal_bits(of_row, product - load(panels.lows.data() + at + v)) |
               less_equal_bits(load(limits.data() + at + v), product - low_of_row);
      };
      for_each_column(may_be_near, [&](std::size_t lane) {
        const std::size_t other = at + lane;
        if (other >= n || (a == b && other <= row)) return;  // past the end -inf <= -inf; a block's own pairs once
        const double norms = panels.norms[row] + panels.norms[other], product = static_cast<double>(products[lane]);
        const double least = norms * (1.0 - share) - product - kTiny, most = norms * (1.0 + share) - product + kTiny;
        offer(row, other, least, most);
        offer(other, row, least, most);
      });
    };
    for (std::size_t first = a * size; first < a_end; first += kBlock)
      for_each_product(strips, first, std::min(first + kBlock, a_end), panels, b * size / kColumns,
                       count_blocks(b_end, kColumns), look);
  };
  const double middle = progress.from + 0.95 * (progress.to - progress.from);
  for_each_pair(count_blocks(n, size), n_threads, {progress.from, middle}, meet);
  const auto finish = [&](std::size_t block, int) {
    for (std::size_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i)
      squared_radius[i] = nearest[i].kth_of(distance_from(i));
  };
  parallel_for(count_blocks(n, kBlock), n_threads, finish, {middle, progress.to});
}

template <class T>
void ball_members(const Cloud<T>& real, const double* real_squared_radius, const Cloud<T>& generated,
                  const double* generated_squared_radius, std::uint32_t* n_around, std::uint8_t* is_covered,
                  std::uint8_t* is_reached, int n_threads, ProgressRange progress) {
  const Strips strips(generated, 2.0F, n_threads);
  const Panels panels(real, 1.0F, n_threads);
  const std::size_t d = real.d;
  const double share = error_share(d);
  std::vector<float> real_limits(panels.n_groups * kColumns, kInfinity);
  for (std::size_t i = 0; i < real.n; ++i) real_limits[i] = limit(panels.norms[i], share, real_squared_radius[i]);
  std::vector<std::atomic<std::uint8_t>> covered(real.n), reached(real.n);

  const auto look = [&](std::size_t block, int) {
    const std::size_t first = block * kBlock, last = std::min(generated.n, first + kBlock);
    float limits[kBlock];
    for (std::size_t j = first; j < last; ++j)
      limits[j - first] = limit(strips.norms[j], share, generated_squared_radius[j]);
    std::fill(n_around + first, n_around + last, 0u);
    // a pair that may lie within one of its balls
    const auto decide = [&](std::size_t j, std::size_t i, float product) {
      const double of_real = real_squared_radius[i], of_generated = generated_squared_radius[j];
      const double most = (strips.norms[j] + panels.norms[i]) * (1.0 + share) - static_cast<double>(product) + kTiny;
      double apart = -1.0;  // not yet known
      const auto within = [&](double squared) {
        if (squared < 0) return false;
        if (most <= squared) return true;
        if (apart < 0) apart = squared_distance(real.points + i * d, generated.points + j * d, d, real.scale);
        return apart <= squared;
      };
      if (within(of_real)) {
        ++n_around[j];
        covered[i].store(1, std::memory_order_relaxed);
      }
      if (reached[i].load(std::memory_order_relaxed) == 0 && within(of_generated))
        reached[i].store(1, std::memory_order_relaxed);
    };
    const auto compare = [&](std::size_t j, std::size_t at, const float* products) {
      const Vec<float> of_row = splat(limits[j - first]), low_of_row = splat(strips.lows[j]);
      const auto may_be_within = [&](std::size_t v) {
        const Vec<float> product = load(products + v);
        return less_equal_bits(of_row, product - load(panels.lows.data() + at + v)) |
               less_equal_bits(load(real_limits.data() + at + v), product - low_of_row);
      };
      for_each_column(may_be_within, [&](std::size_t lane) { decide(j, at + lane, products[lane]); });
    };
    for_each_product(strips, first, last, panels, 0, panels.n_groups, compare);
  };
  parallel_for(count_blocks(generated.n, kBlock), n_threads, look, progress);
  for (std::size_t i = 0; i < real.n; ++i) {
    is_covered[i] = covered[i].load(std::memory_order_relaxed);
    is_reached[i] = reached[i].load(std::memory_order_relaxed);
  }
}

#define HARTLEY_INSTANTIATE(T)                                                                                  \
  template void ball_radii<T>(const Cloud<T>&, std::size_t, double*, int, ProgressRange);                       \
  template void ball_members<T>(const Cloud<T>&, const double*, const Cloud<T>&, const double*, std::uint32_t*, \
                                std::uint8_t*, std::uint8_t*, int, ProgressRange);
HARTLEY_INSTANTIATE(double)
HARTLEY_INSTANTIATE(float)
#undef HARTLEY_INSTANTIATE

}  // namespace hartley
