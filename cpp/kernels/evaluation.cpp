#include "kernels/evaluation.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
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
constexpr std::size_t kGroups = 8;                  // tiles that share a panel while it is in the cache
constexpr std::size_t kBlock = kRows * kGroups;     // rows a task
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

// The float32 copy of a cloud as columns of products.
struct Panels {
  std::size_t n_panels;
  Buffer<float> coordinates;  // [panel][feature][kColumns], 0 where there is no point
  Buffer<double> norms;       // [panel][kColumns]: |v|²
  Buffer<float> lows;         // low(v), +inf where there is no point

  template <class T>
  Panels(const Cloud<T>& cloud, int n_threads)
      : n_panels(count_blocks(cloud.n, kColumns)),
        coordinates(n_panels * kColumns * cloud.d),
        norms(n_panels * kColumns),
        lows(n_panels * kColumns) {
    const double share = error_share(cloud.d);
    parallel_for(n_panels, n_threads, [&](std::size_t panel, int) {
      for (std::size_t at = 0; at < kColumns; ++at) {
        const std::size_t i = panel * kColumns + at;
        float* const column = coordinates.data() + panel * kColumns * cloud.d + at;
        double norm = 0.0;
        for (std::size_t c = 0; c < cloud.d; ++c) {
          const float v = i < cloud.n ? copied(cloud, i, c) : 0.0F;
          column[c * kColumns] = v;
          norm += static_cast<double>(v) * static_cast<double>(v);
        }
        norms[i] = norm;
        lows[i] = i < cloud.n ? low(norm, share) : kInfinity;
      }
    });
  }
};

// Up to kBlock points of a cloud as rows of products.
struct RowBlock {
  std::size_t first, n, d;
  std::vector<float> coordinates;  // [group][feature][kRows] of 2 u
  double norms[kBlock]{};          // |u|²

  template <class T>
  RowBlock(const Cloud<T>& cloud, std::size_t block)
      : first(block * kBlock), n(std::min(kBlock, cloud.n - first)), d(cloud.d), coordinates(kBlock * d) {
    for (std::size_t row = 0; row < n; ++row)
      for (std::size_t c = 0; c < d; ++c) {
        const float u = copied(cloud, first + row, c);
        coordinates[(row / kRows * d + c) * kRows + row % kRows] = 2.0F * u;
        norms[row] += static_cast<double>(u) * static_cast<double>(u);
      }
  }
};

// products[r * kColumns + at] = 2 u_r · v_at
HARTLEY_INLINE void multiply(const float* rows, const float* panel, std::size_t d, float* products) {
  Vec<float> sums[kRows][kVectors]{};
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

// visit(row of the block, first column, kColumns products) for all pairs, a panel after the other from first_panel on.
template <class Visit>
void for_each_product(const RowBlock& rows, const Panels& panels, std::size_t first_panel, Visit&& visit) {
  alignas(kVectorBytes) float products[kRows * kColumns];
  std::size_t features_done = 0;
  for (std::size_t step = 0; step < panels.n_panels; ++step) {
    const std::size_t panel = (first_panel + step) % panels.n_panels;
    if ((features_done += rows.d) >= kFeaturesAPoll) {
      stop_if_asked();
      features_done = 0;
    }
    for (std::size_t first = 0; first < rows.n; first += kRows) {
      multiply(rows.coordinates.data() + first * rows.d, panels.coordinates.data() + panel * kColumns * rows.d, rows.d,
               products);
      for (std::size_t r = 0; r < std::min(kRows, rows.n - first); ++r)
        visit(first + r, panel * kColumns, products + r * kColumns);
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

// The rows that may be among the k nearest to one, known by bounds of their squared distances: of 40 rows that come up
// (k = 5, n = 10^4) 6 have to be looked at in the end, and a look costs more than everything else.
class NearestRows {
 public:
  explicit NearestRows(std::size_t k) : bounds_(k, std::numeric_limits<double>::infinity()), room_(4 * k + 32) {}

  // Keeps a row whose squared distance lies in [least, most]; what the k-th squared distance cannot exceed.
  double keep(double least, double most, std::uint32_t row) {
    if (kept_.size() == room_) {
      std::erase_if(kept_, [&](const Kept& kept) { return kept.least > bounds_.front(); });
      room_ = std::max(room_, 2 * kept_.size());
    }
    kept_.push_back({least, row});
    if (most < bounds_.front()) {
      std::pop_heap(bounds_.begin(), bounds_.end());
      bounds_.back() = most;
      std::push_heap(bounds_.begin(), bounds_.end());
    }
    return bounds_.front();
  }

  // The k-th squared distance; at least k rows were kept.
  template <class SquaredDistance>
  double kth_of(SquaredDistance&& squared_distance_to) {
    std::vector<double> distances;
    for (const Kept& kept : kept_) {
      if (kept.least > bounds_.front()) continue;
      distances.push_back(squared_distance_to(kept.row));
      if (distances.size() % kLooksAPoll == 0) stop_if_asked();
    }
    const auto kth = distances.begin() + static_cast<std::ptrdiff_t>(bounds_.size()) - 1;
    std::nth_element(distances.begin(), kth, distances.end());
    return *kth;
  }

 private:
  static constexpr std::size_t kLooksAPoll = 256;  // of a thousand features each: a fraction of a millisecond

  struct Kept {
    double least;
    std::uint32_t row;
  };
  std::vector<double> bounds_;  // a heap of the k smallest `most`
  std::vector<Kept> kept_;
  std::size_t room_;
};

}  // namespace

template <class T>
void ball_radii(const Cloud<T>& cloud, std::size_t k, double* squared_radius, int n_threads, ProgressRange progress) {
  const Panels panels(cloud, n_threads);
  const double share = error_share(cloud.d);
  const auto search = [&](std::size_t block, int) {
    const RowBlock rows(cloud, block);
    std::vector<NearestRows> nearest(rows.n, NearestRows(k));
    float limits[kBlock];
    std::fill_n(limits, rows.n, -kInfinity);
    // from the rows' own place on: where neighbours lie side by side, as in series, the limits are tight at once
    for_each_product(rows, panels, rows.first / kColumns, [&](std::size_t row, std::size_t at, const float* products) {
      const Vec<float> of_row = splat(limits[row]);
      const auto may_be_near = [&](std::size_t v) {
        return less_equal_bits(of_row, load(products + v) - load(panels.lows.data() + at + v));
      };
      for_each_column(may_be_near, [&](std::size_t lane) {
        const std::size_t other = at + lane;
        if (other == rows.first + row || other >= cloud.n) return;  // past the end: -inf <= -inf
        const double norms = rows.norms[row] + panels.norms[other], product = static_cast<double>(products[lane]);
        const double least = norms * (1.0 - share) - product - kTiny, most = norms * (1.0 + share) - product + kTiny;
        const double bound = nearest[row].keep(least, most, static_cast<std::uint32_t>(other));
        if (bound < std::numeric_limits<double>::infinity()) limits[row] = limit(rows.norms[row], share, bound);
      });
    });
    for (std::size_t row = 0; row < rows.n; ++row) {
      const T* const point = cloud.points + (rows.first + row) * cloud.d;
      squared_radius[rows.first + row] = nearest[row].kth_of([&](std::uint32_t other) {
        return squared_distance(point, cloud.points + other * cloud.d, cloud.d, cloud.scale);
      });
    }
  };
  parallel_for(count_blocks(cloud.n, kBlock), n_threads, search, progress);
}

template <class T>
void ball_members(const Cloud<T>& real, const double* real_squared_radius, const Cloud<T>& generated,
                  const double* generated_squared_radius, std::uint32_t* n_around, std::uint8_t* is_covered,
                  std::uint8_t* is_reached, int n_threads, ProgressRange progress) {
  const Panels panels(real, n_threads);
  const std::size_t d = real.d;
  const double share = error_share(d);
  std::vector<float> real_limits(panels.n_panels * kColumns, kInfinity);
  for (std::size_t i = 0; i < real.n; ++i) real_limits[i] = limit(panels.norms[i], share, real_squared_radius[i]);
  std::vector<std::atomic<std::uint8_t>> covered(real.n), reached(real.n);

  const auto look = [&](std::size_t block, int) {
    const RowBlock rows(generated, block);
    float lows[kBlock], limits[kBlock];
    std::uint32_t around[kBlock]{};
    for (std::size_t row = 0; row < rows.n; ++row) {
      lows[row] = low(rows.norms[row], share);
      limits[row] = limit(rows.norms[row], share, generated_squared_radius[rows.first + row]);
    }
    // a pair that may lie within one of its balls
    const auto decide = [&](std::size_t row, std::size_t i, float product) {
      const std::size_t j = rows.first + row;
      const double of_real = real_squared_radius[i], of_generated = generated_squared_radius[j];
      const double most = (rows.norms[row] + panels.norms[i]) * (1.0 + share) - static_cast<double>(product) + kTiny;
      double apart = -1.0;  // not yet known
      const auto within = [&](double squared) {
        if (squared < 0) return false;
        if (most <= squared) return true;
        if (apart < 0) apart = squared_distance(real.points + i * d, generated.points + j * d, d, real.scale);
        return apart <= squared;
      };
      if (within(of_real)) {
        ++around[row];
        covered[i].store(1, std::memory_order_relaxed);
      }
      if (reached[i].load(std::memory_order_relaxed) == 0 && within(of_generated))
        reached[i].store(1, std::memory_order_relaxed);
    };
    for_each_product(rows, panels, 0, [&](std::size_t row, std::size_t at, const float* products) {
      const Vec<float> of_row = splat(limits[row]), low_of_row = splat(lows[row]);
      const auto may_be_within = [&](std::size_t v) {
        const Vec<float> product = load(products + v);
        return less_equal_bits(of_row, product - load(panels.lows.data() + at + v)) |
               less_equal_bits(load(real_limits.data() + at + v), product - low_of_row);
      };
      for_each_column(may_be_within, [&](std::size_t lane) { decide(row, at + lane, products[lane]); });
    });
    std::copy_n(around, rows.n, n_around + rows.first);
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
