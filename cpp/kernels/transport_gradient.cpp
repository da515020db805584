#include "kernels/transport_gradient.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <vector>

#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;
using V = Vec<double>;

constexpr std::size_t kLane = kLanes<double>;
constexpr std::size_t kTile = 2 * kLane;  // of ScaledCloud::tiles

HARTLEY_INLINE V sign(V v) { return select<double>(v > V{}, splat(1.0), select<double>(v < V{}, splat(-1.0), V{})); }

// Points of one vector of columns and the row's point: the difference in feature k.
struct Differences {
  const double *x, *y;
  HARTLEY_INLINE V operator()(std::size_t k) const { return x[k] - load(y + k * kTile); }
};

// ∂C/∂x_k of a pair is factor() times slope(k).
struct SquaredSlope {
  HARTLEY_INLINE static V factor(const Differences&, std::size_t, double) { return splat(2.0); }
  HARTLEY_INLINE static V slope(const Differences& differences, std::size_t k, V, double) { return differences(k); }
};
struct EuclideanSlope : SquaredSlope {
  HARTLEY_INLINE static V factor(const Differences& differences, std::size_t n_features, double) {
    V sum{};
    for (std::size_t k = 0; k < n_features; ++k) sum = fma(differences(k), differences(k), sum);
    return select<double>(sum > V{}, 1.0 / simd::sqrt(sum), V{});
  }
};
struct ManhattanSlope {
  HARTLEY_INLINE static V factor(const Differences&, std::size_t, double) { return splat(1.0); }
  HARTLEY_INLINE static V slope(const Differences& differences, std::size_t k, V, double) {
    return sign(differences(k));
  }
};

HARTLEY_INLINE V largest_difference(const Differences& differences, std::size_t n_features) {
  V largest{};
  for (std::size_t k = 0; k < n_features; ++k) largest = simd::max(largest, simd::abs(differences(k)));
  return largest;
}

struct ChebyshevSlope {
  HARTLEY_INLINE static V factor(const Differences& differences, std::size_t n_features, double) {
    return largest_difference(differences, n_features);
  }
  // `largest` becomes unreachable once a feature has had it
  HARTLEY_INLINE static V slope(const Differences& differences, std::size_t k, V& largest, double) {
    const auto is_largest = simd::abs(differences(k)) == largest;
    largest = select<double>(is_largest, splat(-1.0), largest);
    return select<double>(is_largest, sign(differences(k)), V{});
  }
};
// (|x_k - y_k| / distance)^(p - 1) with its sign
struct MinkowskiSlope {
  HARTLEY_INLINE static V factor(const Differences& differences, std::size_t n_features, double order) {
    const V largest = simd::max(largest_difference(differences, n_features), splat(std::numeric_limits<double>::min()));
    V sum{};
    for (std::size_t k = 0; k < n_features; ++k)
      sum += simd::exp(order * simd::log(simd::abs(differences(k)) / largest));
    return simd::max(largest * simd::exp(simd::log(sum) / order), splat(std::numeric_limits<double>::min()));
  }
  HARTLEY_INLINE static V slope(const Differences& differences, std::size_t k, V distance, double order) {
    return sign(differences(k)) * simd::exp((order - 1.0) * simd::log(simd::abs(differences(k)) / distance));
  }
};

template <class Slope>
inline constexpr bool kFactorWeighs = std::is_base_of_v<SquaredSlope, Slope> || std::is_same_v<Slope, ManhattanSlope>;

// Adds the share of one vector of columns to every feature of the row's sums.
template <class Slope>
HARTLEY_INLINE void add_slopes(const Differences& differences, V entry, std::size_t n_features, double order, V* sums) {
  V factor = Slope::factor(differences, n_features, order);
  const V weight = kFactorWeighs<Slope> ? entry * factor : entry;
  for (std::size_t k = 0; k < n_features; ++k)
    sums[k] = fma(weight, Slope::slope(differences, k, factor, order), sums[k]);
}

template <class Slope>
void gradient_of_form(const KernelView& view, std::span<const double> a, std::span<const double> b, double* gradient,
                      Run run) {
  const std::size_t n = view.row_cloud->n, n_columns = view.n_columns_padded(),
                    n_features = view.geometry->n_features();
  const double order = view.geometry->order(), scale = view.geometry->scale() / view.geometry->bits();
  std::vector<double> weights(b.begin(), b.end());
  weights.resize(n_columns, 0.0);
  for_each_kernel_group({view}, run, [&](std::size_t first_row, std::size_t, const double* rows) {
    std::vector<V> sums(n_features);
    for (std::size_t i = first_row; i < std::min(n, first_row + kGroup); ++i) {
      std::fill(sums.begin(), sums.end(), V{});
      const double* x = view.row_cloud->rows.data() + i * n_features;
      for (std::size_t j = 0; j < n_columns; j += kLane) {
        const double* y = view.column_cloud->tiles.data() + j / kTile * kTile * n_features + j % kTile;
        const V entry = load(weights.data() + j) * load(rows + (i - first_row) * n_columns + j);
        add_slopes<Slope>({x, y}, entry, n_features, order, sums.data());
      }
      for (std::size_t k = 0; k < n_features; ++k) gradient[i * n_features + k] = a[i] * scale * simd::sum(sums[k]);
    }
  });
}

}  // namespace

void gradient_pass(const KernelView& view, std::span<const double> a, std::span<const double> b, double* gradient,
                   Run run) {
  switch (view.geometry->form()) {
    case KernelForm::kSquared:
    case KernelForm::kInner:
      return gradient_of_form<SquaredSlope>(view, a, b, gradient, run);
    case KernelForm::kEuclidean:
      return gradient_of_form<EuclideanSlope>(view, a, b, gradient, run);
    case KernelForm::kManhattan:
      return gradient_of_form<ManhattanSlope>(view, a, b, gradient, run);
    case KernelForm::kChebyshev:
      return gradient_of_form<ChebyshevSlope>(view, a, b, gradient, run);
    case KernelForm::kMinkowski:
      return gradient_of_form<MinkowskiSlope>(view, a, b, gradient, run);
    case KernelForm::kMatrix:
      return;  // no points
  }
}

}  // namespace hartley
