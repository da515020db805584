#include "kernels/kdtree_filter.hpp"

#include <vector>

namespace hartley::kdtree {
namespace {

constexpr std::size_t kMaxDimension = 1 << 14;  // (d + 2) u stays below 0.001: second-order terms fit into 1.01
constexpr std::size_t kCentreSample = 256;
constexpr std::size_t kLeavesTogether = 64;  // leaves a task

// Medians of one point of every few leaves: a few points far away do not move them.
template <class T>
std::vector<double> sample_centre(const KdTree<T>& tree) {
  const std::size_t step = count_blocks(tree.n_leaves, kCentreSample);
  std::vector<double> centre(tree.d), sample;
  for (std::size_t dim = 0; dim < tree.d; ++dim) {
    sample.clear();
    for (std::size_t leaf = 0; leaf < tree.n_leaves; leaf += step)
      for (std::size_t slot = 0; slot < std::min<std::size_t>(tree.leaf_size[leaf], 8); ++slot)
        sample.push_back(static_cast<double>(tree.leaf(leaf)[dim * tree.capacity + slot]));
    const auto middle = sample.begin() + static_cast<std::ptrdiff_t>(sample.size() / 2);
    if (sample.empty()) continue;
    std::nth_element(sample.begin(), middle, sample.end());
    centre[dim] = *middle;
  }
  return centre;
}

// The power of two that brings the farthest corner of the root's box to |x^| < 2; 0 where there is none.
template <class T>
double choose_scale(const KdTree<T>& tree, const std::vector<double>& centre) {
  constexpr std::size_t kFan = KdTree<T>::kFan;
  const T* root = tree.boxes(tree.levels.size() - 1, 0);
  double largest = 0;
  for (std::size_t dim = 0; dim < tree.d; ++dim)
    for (std::size_t child = 0; child < kFan; ++child) {
      const T* low = root + dim * 2 * kFan + child;
      if (low[0] > low[kFan]) continue;
      largest = std::max({largest, std::abs(static_cast<double>(low[0]) - centre[dim]),
                          std::abs(static_cast<double>(low[kFan]) - centre[dim])});
    }
  constexpr int kLargestExponent = 1000;
  if (!(largest > 0) || !std::isfinite(largest)) return 0;
  return std::ldexp(1.0, std::min(-std::ilogb(largest), kLargestExponent));
}

template <class T, class Norm>
void fill_leaf(Filter& filter, const KdTree<T>& tree, const std::vector<double>& centre, std::size_t leaf) {
  const std::size_t size = tree.leaf_size[leaf];
  float* points = filter.points.data() + leaf * tree.d * kFilterSlots;
  double totals[kFilterSlots]{};
  for (std::size_t dim = 0; dim < tree.d; ++dim) {
    const T* source = tree.leaf(leaf) + dim * kFilterSlots;
    for (std::size_t slot = 0; slot < size; ++slot) {
      const auto value = static_cast<float>((static_cast<double>(source[slot]) - centre[dim]) * filter.scale);
      points[dim * kFilterSlots + slot] = value;
      totals[slot] = Norm::add(totals[slot], static_cast<double>(value));
    }
    std::fill(points + dim * kFilterSlots + size, points + (dim + 1) * kFilterSlots,
              std::numeric_limits<float>::infinity());
  }
  constexpr bool kSquared = std::is_same_v<Norm, SquaredEuclidean>;
  const double largest = *std::max_element(totals, totals + kFilterSlots);
  filter.magnitude[leaf] = kSquared ? std::sqrt(largest) : largest;
  for (std::size_t slot = 0; slot < kFilterSlots; ++slot)
    filter.square[leaf * kFilterSlots + slot] =
        slot < size ? static_cast<float>(totals[slot]) : std::numeric_limits<float>::infinity();
}

// Vectors of candidates and queries whose values are built up together, in registers.
constexpr std::size_t kTileVectors = kVectorBytes == 64 ? 4 : 2, kTileQueries = 6;

// -2 x^·y^ + |y^|² for a tile at a time.
inline void products_below(const float* const (&rows)[kTileQueries], const float (&thresholds)[kTileQueries],
                           const float* points, const float* square, std::size_t d,
                           std::uint64_t (&masks)[kTileQueries]) {
  using V = Vec<float>;
  constexpr std::size_t kStep = kTileVectors * kWidth<float>;
  for (std::size_t first = 0; first < kFilterSlots; first += kStep) {
    V total[kTileQueries][kTileVectors];
    for (std::size_t v = 0; v < kTileVectors; ++v)
      for (std::size_t q = 0; q < kTileQueries; ++q) total[q][v] = load(square + first + v * kWidth<float>);
    for (std::size_t dim = 0; dim < d; ++dim) {
      V candidate[kTileVectors];
      for (std::size_t v = 0; v < kTileVectors; ++v)
        candidate[v] = load(points + dim * kFilterSlots + first + v * kWidth<float>);
      for (std::size_t q = 0; q < kTileQueries; ++q) {
        const V x = splat(rows[q][dim]);
        for (std::size_t v = 0; v < kTileVectors; ++v) total[q][v] = fma(x, candidate[v], total[q][v]);
      }
    }
    for (std::size_t q = 0; q < kTileQueries; ++q)
      for (std::size_t v = 0; v < kTileVectors; ++v)
        masks[q] |= std::uint64_t{less_equal_bits(total[q][v], splat(thresholds[q]))} << (first + v * kWidth<float>);
  }
}

// Largest |x^ - y^| of the first dimensions, given up where all candidates are beyond the threshold.
inline std::uint64_t differences_below(const float* row, float threshold, const float* points, std::size_t d) {
  using V = Vec<float>;
  constexpr std::size_t kVectorsTogether = 4, kStep = kVectorsTogether * kWidth<float>;
  const V limit = splat(threshold);
  std::uint64_t mask = 0;
  for (std::size_t first = 0; first < kFilterSlots; first += kStep) {
    V total[kVectorsTogether]{};
    std::uint64_t below = 1;
    for (std::size_t dim = 0; dim < d && below != 0;) {
      const std::size_t stop = std::min(d, dim + kAbandonEvery);
      for (; dim < stop; ++dim) {
        const V x = splat(row[dim]);
        for (std::size_t v = 0; v < kVectorsTogether; ++v)
          total[v] = Chebyshev::add(total[v], load(points + dim * kFilterSlots + first + v * kWidth<float>) - x);
      }
      below = 0;
      for (std::size_t v = 0; v < kVectorsTogether; ++v)
        below |= std::uint64_t{less_equal_bits(total[v], limit)} << (v * kWidth<float>);
    }
    mask |= below << first;
  }
  return mask;
}

}  // namespace

template <class T, class Norm>
Filter make_filter(const KdTree<T>& tree, int n_threads) {
  Filter filter{tree.d, 0, {}, {}, {}};
  if (tree.capacity != kFilterSlots || tree.d > kMaxDimension) return filter;
  const std::vector<double> centre = sample_centre(tree);
  filter.scale = choose_scale(tree, centre);
  if (filter.scale == 0) return filter;
  filter.points = Buffer<float>(tree.n_leaves * tree.d * kFilterSlots);
  filter.square = Buffer<float>(tree.n_leaves * kFilterSlots);
  filter.magnitude = Buffer<double>(tree.n_leaves);
  parallel_for(count_blocks(tree.n_leaves, kLeavesTogether), n_threads, [&](std::size_t block, int) {
    const std::size_t begin = block * kLeavesTogether, end = std::min(tree.n_leaves, begin + kLeavesTogether);
    for (std::size_t leaf = begin; leaf < end; ++leaf) fill_leaf<T, Norm>(filter, tree, centre, leaf);
  });
  return filter;
}

template <class T, class Norm>
FilterQueries<T, Norm>::FilterQueries(const Filter& filter, std::size_t leaf, std::size_t n_queries)
    : filter_(filter), rows_(n_queries * filter.d) {
  const float* points = filter.points.data() + leaf * filter.d * kFilterSlots;
  constexpr bool kSquared = std::is_same_v<Norm, SquaredEuclidean>;
  for (std::size_t i = 0; i < n_queries; ++i) {
    double total = 0;
    for (std::size_t dim = 0; dim < filter.d; ++dim) {
      const float x = points[dim * kFilterSlots + i];
      rows_[i * filter.d + dim] = kSquared ? -2 * x : x;
      total = Norm::add(total, static_cast<double>(x));
    }
    magnitudes_[i] = kSquared ? std::sqrt(total) : total;
    known_[i] = {T{-1}, 0, 0};
  }
}

template <class T, class Norm>
float FilterQueries<T, Norm>::make_threshold(std::size_t slot, T limit, double magnitude) const {
  constexpr double kPasses = 0.25;  // worth asking while rounding blurs the limit by less than this part
  constexpr float kNever = std::numeric_limits<float>::infinity();
  const auto d = static_cast<double>(filter_.d), of_t = static_cast<double>(std::numeric_limits<T>::epsilon());
  const double reach = magnitudes_[slot] + magnitude, least = 0x1p-148 * d;
  double bound = 0, exact = 0;
  if constexpr (std::is_same_v<Norm, SquaredEuclidean>) {
    const double underflow = d * static_cast<double>(std::numeric_limits<T>::denorm_min());
    exact = static_cast<double>(limit) * filter_.scale * filter_.scale;
    const double square = static_cast<double>(limit) * (1 + 4 * (d + 4) * of_t) + underflow;
    const double radius = filter_.scale * std::sqrt(square) + 1.01 * kFloatRounding * reach + least;
    bound = radius * radius + 1.01 * (d + 4) * kFloatRounding * reach * reach + least;
  } else {
    exact = static_cast<double>(limit) * filter_.scale;
    bound = (exact * (1 + 4 * of_t) + 1.01 * kFloatRounding * reach + least) * (1 + 4 * kFloatRounding);
  }
  if (!(bound <= (1 + kPasses) * exact)) return kNever;
  if constexpr (std::is_same_v<Norm, SquaredEuclidean>) bound -= magnitudes_[slot] * magnitudes_[slot];
  return std::nextafter(static_cast<float>(bound), kNever);
}

template <class T, class Norm>
void FilterQueries<T, Norm>::survivors(std::size_t leaf, const std::uint8_t* slots, const float* thresholds,
                                       std::size_t n, std::uint64_t* masks) const {
  const float* points = filter_.points.data() + leaf * filter_.d * kFilterSlots;
  if constexpr (std::is_same_v<Norm, Chebyshev>) {
    for (std::size_t i = 0; i < n; ++i)
      masks[i] = differences_below(rows_.data() + slots[i] * filter_.d, thresholds[i], points, filter_.d);
  } else {
    const float* square = filter_.square.data() + leaf * kFilterSlots;
    for (std::size_t first = 0; first < n; first += kTileQueries) {
      const float* rows[kTileQueries];
      float limits[kTileQueries];
      std::uint64_t tile[kTileQueries]{};
      for (std::size_t q = 0; q < kTileQueries; ++q) {
        const std::size_t i = std::min(first + q, n - 1);  // the last query fills the tile
        rows[q] = rows_.data() + slots[i] * filter_.d;
        limits[q] = thresholds[i];
      }
      products_below(rows, limits, points, square, filter_.d, tile);
      std::copy_n(tile, std::min(kTileQueries, n - first), masks + first);
    }
  }
}

template Filter make_filter<double, Chebyshev>(const KdTree<double>&, int);
template Filter make_filter<double, SquaredEuclidean>(const KdTree<double>&, int);
template Filter make_filter<float, Chebyshev>(const KdTree<float>&, int);
template Filter make_filter<float, SquaredEuclidean>(const KdTree<float>&, int);
template class FilterQueries<double, Chebyshev>;
template class FilterQueries<double, SquaredEuclidean>;
template class FilterQueries<float, Chebyshev>;
template class FilterQueries<float, SquaredEuclidean>;

}  // namespace hartley::kdtree
