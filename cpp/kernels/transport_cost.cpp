#include "kernels/transport_cost.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;

constexpr std::size_t kLane = kLanes<double>;
constexpr std::size_t kTile = 2 * kLane;                       // columns made together: one float32 vector
constexpr std::size_t kTileRows = kVectorBytes == 64 ? 8 : 4;  // rows whose two sums each fit the registers
static_assert(kPad % (2 * kLanes<float>) == 0 && kGroup % kTileRows == 0 && kPad % kGroup == 0);

using V = Vec<double>;

// Sums over features and what becomes of them, for vectors of either precision.
struct SquaredForm {
  static constexpr bool kNorms = false;
  template <class W>
  HARTLEY_INLINE static W step(W sum, W x, W y) {
    const W difference = x - y;
    return fma(difference, difference, sum);
  }
  template <class W>
  HARTLEY_INLINE static W finish(W sum) {
    return sum;
  }
};
struct InnerForm {
  static constexpr bool kNorms = true;  // |x - y|² = |x|² + |y|² - 2<x, y>
  template <class W>
  HARTLEY_INLINE static W step(W sum, W x, W y) {
    return fma(x, y, sum);
  }
  template <class W>
  HARTLEY_INLINE static W finish(W sum) {
    return Element<W>{-2} * sum;
  }
};
struct EuclideanForm : SquaredForm {
  template <class W>
  HARTLEY_INLINE static W finish(W sum) {
    return simd::sqrt(sum);
  }
};
struct ManhattanForm {
  static constexpr bool kNorms = false;
  template <class W>
  HARTLEY_INLINE static W step(W sum, W x, W y) {
    return sum + simd::abs(x - y);
  }
  template <class W>
  HARTLEY_INLINE static W finish(W sum) {
    return sum;
  }
};
struct ChebyshevForm {
  static constexpr bool kNorms = false;
  template <class W>
  HARTLEY_INLINE static W step(W largest, W x, W y) {
    return simd::max(largest, simd::abs(x - y));
  }
  template <class W>
  HARTLEY_INLINE static W finish(W largest) {
    return largest;
  }
};

// What becomes of two vectors of exponents.
struct KeepExponent {
  HARTLEY_INLINE static void put(double* target, V low, V high) {
    store(target, low);
    store(target + kLane, high);
  }
};
struct Exponentiate {
  HARTLEY_INLINE static void put(double* target, V low, V high) {
    store(target, exp2_of_normal(low));
    store(target + kLane, exp2_of_normal(high));
  }
  HARTLEY_INLINE static void put(float* target, V low, V high) { store(target, exp2_of_normal(narrow(low, high))); }
  HARTLEY_INLINE static void put(float* target, Vec<float> low, Vec<float> high) {
    store(target, exp2_of_normal(low));
    store(target + kLanes<float>, exp2_of_normal(high));
  }
};

// A cloud's coordinates in the precision that sums are made in.
template <class Number>
const Number* tiles_of(const ScaledCloud& cloud) {
  if constexpr (std::is_same_v<Number, double>)
    return cloud.tiles.data();
  else
    return cloud.tiles32.data();
}
template <class Number>
const Number* rows_of(const ScaledCloud& cloud) {
  if constexpr (std::is_same_v<Number, double>)
    return cloud.rows.data();
  else
    return cloud.rows32.data();
}

// One vector of column offsets, without the squared norms where the form leaves them out.
template <class Form, class Number>
HARTLEY_INLINE Vec<Number> column_offsets(const KernelView& view, std::size_t column) {
  const auto of = [&](std::size_t at) {
    const V offset = load(view.column_offset + at);
    return Form::kNorms ? offset - load(view.column_cloud->square_norms.data() + at) : offset;
  };
  if constexpr (std::is_same_v<Number, double>)
    return of(column);
  else
    return narrow(of(column), of(column + kLane));
}

template <class Form, class Outcome, class Number, class Entry>
void fill_group(const KernelView& view, std::size_t first_row, Entry* rows) {
  using W = Vec<Number>;
  constexpr std::size_t kHalf = kLanes<Number>, kColumns = 2 * kHalf;  // made together
  const std::size_t n_features = view.geometry->n_features(), n_columns = view.n_columns_padded();
  Number offset[kGroup];
  for (std::size_t r = 0; r < kGroup; ++r) {
    const double norm = Form::kNorms ? view.row_cloud->square_norms[first_row + r] : 0.0;
    offset[r] = static_cast<Number>(view.row_offset[first_row + r] - norm);
  }
  for (std::size_t column = 0; column < n_columns; column += kColumns) {
    const Number* y = tiles_of<Number>(*view.column_cloud) + column * n_features;
    const W g_low = column_offsets<Form, Number>(view, column),
            g_high = column_offsets<Form, Number>(view, column + kHalf);
    for (std::size_t row = 0; row < kGroup; row += kTileRows) {
      const Number* x = rows_of<Number>(*view.row_cloud) + (first_row + row) * n_features;
      W low[kTileRows]{}, high[kTileRows]{};
      for (std::size_t k = 0; k < n_features; ++k) {
        const W y_low = load(y + k * kColumns), y_high = load(y + k * kColumns + kHalf);
#pragma GCC unroll 8  // or the sums live in memory
        for (std::size_t r = 0; r < kTileRows; ++r) {
          const W x_k = splat(x[r * n_features + k]);
          low[r] = Form::step(low[r], x_k, y_low);
          high[r] = Form::step(high[r], x_k, y_high);
        }
      }
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kTileRows; ++r) {
        const W f = splat(offset[row + r]);
        Outcome::put(rows + (row + r) * n_columns + column, (f + g_low) - Form::finish(low[r]),
                     (f + g_high) - Form::finish(high[r]));
      }
    }
  }
}

// (Σ |x - y|^p)^(1/p) with the largest difference taken out, so that no power leaves the range of float64.
HARTLEY_INLINE V minkowski(const double* x, const double* y, std::size_t n_features, double order) {
  V largest = splat(std::numeric_limits<double>::min());
  for (std::size_t k = 0; k < n_features; ++k) largest = simd::max(largest, simd::abs(x[k] - load(y + k * kTile)));
  V sum{};
  for (std::size_t k = 0; k < n_features; ++k)
    sum += simd::exp(order * simd::log(simd::abs(x[k] - load(y + k * kTile)) / largest));
  return largest * simd::exp(simd::log(sum) / order);
}

template <class Outcome, class Entry>
void fill_minkowski_group(const KernelView& view, std::size_t first_row, Entry* rows) {
  const std::size_t n_features = view.geometry->n_features(), n_columns = view.n_columns_padded();
  const double order = view.geometry->order();
  for (std::size_t column = 0; column < n_columns; column += kTile) {
    const double* y = view.column_cloud->tiles.data() + column * n_features;
    const V g_low = load(view.column_offset + column), g_high = load(view.column_offset + column + kLane);
    for (std::size_t r = 0; r < kGroup; ++r) {
      const double* x = view.row_cloud->rows.data() + (first_row + r) * n_features;
      const V f = splat(view.row_offset[first_row + r]);
      Outcome::put(rows + r * n_columns + column, (f + g_low) - minkowski(x, y, n_features, order),
                   (f + g_high) - minkowski(x, y + kLane, n_features, order));
    }
  }
}

// kTile costs of one row of a matrix from `column` on; 0 past its end.
template <class T>
HARTLEY_INLINE void load_costs(const T* row, std::size_t column, std::size_t n_columns, V& low, V& high) {
  T edge[kTile]{};
  const T* costs = row + column;
  if (column + kTile > n_columns) {
    if (column < n_columns) std::copy_n(costs, n_columns - column, edge);
    costs = edge;
  }
  low = load_wide(costs);
  high = load_wide(costs + kLane);
}

// The transpose of kTile rows of a matrix, kGroup columns wide from `column` on; 0 past either end.
template <class T>
void load_transposed(const CostMatrix<T>& matrix, std::size_t row, std::size_t column, T (&costs)[kGroup][kTile]) {
  for (std::size_t i = 0; i < kTile; ++i)
    for (std::size_t j = 0; j < kGroup; ++j)
      costs[j][i] = row + i < matrix.n && column + j < matrix.m ? matrix.costs[(row + i) * matrix.m + column + j] : T{};
}

template <class Outcome, class T, class Entry>
void fill_matrix_group(const KernelView& view, const CostMatrix<T>& matrix, std::size_t first_row, Entry* rows) {
  const std::size_t n_columns = view.n_columns_padded();
  const V bits = splat(view.geometry->bits()), forbidden = splat(kForbidden);
  T transposed[kGroup][kTile];
  for (std::size_t column = 0; column < n_columns; column += kTile) {
    if (view.is_transposed()) load_transposed(matrix, column, first_row, transposed);
    const V g_low = load(view.column_offset + column), g_high = load(view.column_offset + column + kLane);
    for (std::size_t r = 0; r < kGroup; ++r) {
      V low{}, high{};
      if (view.is_transposed())
        load_costs(transposed[r], 0, kTile, low, high);
      else if (first_row + r < matrix.n)
        load_costs(matrix.costs + (first_row + r) * matrix.m, column, matrix.m, low, high);
      const V f = splat(view.row_offset[first_row + r]);
      Outcome::put(rows + r * n_columns + column, (f + g_low) - simd::min(bits * low, forbidden),
                   (f + g_high) - simd::min(bits * high, forbidden));
    }
  }
}

template <class Outcome, class Number, class Entry>
void fill_by_form(const KernelView& view, std::size_t first_row, Entry* rows) {
  switch (view.geometry->form()) {
    case KernelForm::kSquared:
      return fill_group<SquaredForm, Outcome, Number>(view, first_row, rows);
    case KernelForm::kInner:
      return fill_group<InnerForm, Outcome, Number>(view, first_row, rows);
    case KernelForm::kEuclidean:
      return fill_group<EuclideanForm, Outcome, Number>(view, first_row, rows);
    case KernelForm::kManhattan:
      return fill_group<ManhattanForm, Outcome, Number>(view, first_row, rows);
    case KernelForm::kChebyshev:
      return fill_group<ChebyshevForm, Outcome, Number>(view, first_row, rows);
    case KernelForm::kMinkowski:
      return fill_minkowski_group<Outcome>(view, first_row, rows);
    case KernelForm::kMatrix:
      if (const CostMatrix<float>& matrix = view.geometry->matrix<float>(); matrix.costs != nullptr)
        return fill_matrix_group<Outcome>(view, matrix, first_row, rows);
      return fill_matrix_group<Outcome>(view, view.geometry->matrix<double>(), first_row, rows);
  }
}

KernelForm form_of(TransportCost cost, std::size_t n_features) {
  const bool squared = cost.kind == CostKind::kSquaredEuclidean || cost.kind == CostKind::kCosine;
  if (squared) return n_features > kManyFeatures ? KernelForm::kInner : KernelForm::kSquared;
  if (cost.kind == CostKind::kEuclidean || cost.order == 2.0) return KernelForm::kEuclidean;
  if (cost.order == 1.0) return KernelForm::kManhattan;
  return std::isinf(cost.order) ? KernelForm::kChebyshev : KernelForm::kMinkowski;
}

template <class T>
std::vector<double> to_double(PointCloud<T> cloud, std::size_t n_features) {
  return {cloud.points, cloud.points + cloud.n * n_features};
}

void normalise_rows(std::vector<double>& points, std::size_t n_features) {
  for (std::size_t begin = 0; begin < points.size(); begin += n_features) {
    double largest = 0.0, sum = 0.0;
    for (std::size_t k = 0; k < n_features; ++k) largest = std::max(largest, std::abs(points[begin + k]));
    for (std::size_t k = 0; k < n_features; ++k) points[begin + k] /= largest;
    for (std::size_t k = 0; k < n_features; ++k) sum += points[begin + k] * points[begin + k];
    for (std::size_t k = 0; k < n_features; ++k) points[begin + k] /= std::sqrt(sum);
  }
}

// Every cost but the cosine, which has been normalised, is invariant to translation; small coordinates cancel less.
void subtract_centre(std::vector<double>& x, std::vector<double>& y, std::size_t n_features) {
  std::vector<double> centre(n_features, 0.0);
  const double share = static_cast<double>(n_features) / static_cast<double>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) centre[i % n_features] += x[i] * share;
  for (std::vector<double>* points : {&x, &y})
    for (std::size_t i = 0; i < points->size(); ++i) (*points)[i] -= centre[i % n_features];
}

void lay_out(const std::vector<double>& points, std::size_t n_features, double scale, ScaledCloud& cloud) {
  cloud.n = points.size() / n_features;
  const std::size_t n_padded = padded(cloud.n);
  cloud.rows.assign(n_padded * n_features, 0.0);
  cloud.tiles.assign(n_padded * n_features, 0.0);
  cloud.rows32.assign(n_padded * n_features, 0.0f);
  cloud.tiles32.assign(n_padded * n_features, 0.0f);
  cloud.square_norms.assign(n_padded, 0.0);
  constexpr std::size_t kTile32 = 2 * kLanes<float>;
  for (std::size_t i = 0; i < cloud.n; ++i) {
    double* tile = cloud.tiles.data() + i / kTile * kTile * n_features + i % kTile;
    float* tile32 = cloud.tiles32.data() + i / kTile32 * kTile32 * n_features + i % kTile32;
    for (std::size_t k = 0; k < n_features; ++k) {
      const double coordinate = scale * points[i * n_features + k];
      cloud.rows[i * n_features + k] = tile[k * kTile] = coordinate;
      cloud.rows32[i * n_features + k] = tile32[k * kTile32] = static_cast<float>(coordinate);
      cloud.square_norms[i] += coordinate * coordinate;
    }
  }
}

}  // namespace

template <class T>
CostGeometry::CostGeometry(PointCloud<T> x, PointCloud<T> y, std::size_t n_features, TransportCost cost)
    : n_features_(n_features),
      form_(form_of(cost, n_features)),
      order_(cost.order),
      factor_(cost.kind == CostKind::kCosine ? 0.5 : 1.0),  // 1 - cos = ½ |x/|x| - y/|y||²
      x_points_(to_double(x, n_features)),
      y_points_(to_double(y, n_features)) {
  if (cost.kind == CostKind::kCosine) {
    normalise_rows(x_points_, n_features);
    normalise_rows(y_points_, n_features);
  }
  subtract_centre(x_points_, y_points_, n_features);
  set_bits(1.0);
}

template <>
const CostMatrix<double>& CostGeometry::matrix<double>() const {
  return matrix64_;
}
template <>
const CostMatrix<float>& CostGeometry::matrix<float>() const {
  return matrix32_;
}

template <class T>
CostGeometry::CostGeometry(CostMatrix<T> matrix) : n_features_(0), form_(KernelForm::kMatrix), order_(1.0) {
  if constexpr (std::is_same_v<T, double>)
    matrix64_ = matrix;
  else
    matrix32_ = matrix;
  x_.n = matrix.n;
  y_.n = matrix.m;
}

void CostGeometry::set_bits(double bits) {
  bits_ = bits;
  if (form_ == KernelForm::kMatrix) return;
  const bool squared = form_ == KernelForm::kSquared || form_ == KernelForm::kInner;
  scale_ = squared ? std::sqrt(factor_ * bits) : bits;
  lay_out(x_points_, n_features_, scale_, x_);
  lay_out(y_points_, n_features_, scale_, y_);
}

double CostGeometry::pair_cost(std::size_t i, std::size_t j) const {
  if (matrix64_.costs != nullptr) return matrix64_.costs[i * y_.n + j];
  if (matrix32_.costs != nullptr) return matrix32_.costs[i * y_.n + j];
  const double *x = x_points_.data() + i * n_features_, *y = y_points_.data() + j * n_features_;
  const double order = form_ == KernelForm::kMinkowski ? order_ : form_ == KernelForm::kManhattan ? 1.0 : 2.0;
  double largest = 0.0, sum = 0.0;
  for (std::size_t k = 0; k < n_features_; ++k) largest = std::max(largest, std::abs(x[k] - y[k]));
  if (form_ == KernelForm::kChebyshev || largest == 0.0) return largest;
  for (std::size_t k = 0; k < n_features_; ++k) sum += std::pow(std::abs(x[k] - y[k]) / largest, order);
  if (form_ == KernelForm::kSquared || form_ == KernelForm::kInner) return factor_ * largest * largest * sum;
  return largest * std::pow(sum, 1.0 / order);
}

double CostGeometry::mean_cost() const {
  constexpr std::size_t kPairs = 4096;
  const std::size_t n_pairs = std::min(kPairs, x_.n * y_.n);
  double sum = 0.0, n_finite = 0.0;
  // steps of an irrational share of the cloud visit it evenly
  for (std::size_t pair = 0; pair < n_pairs; ++pair) {
    const double u = static_cast<double>(pair) * 0.6180339887498949, v = static_cast<double>(pair) * 0.7548776662466927;
    const auto i = static_cast<std::size_t>((u - std::floor(u)) * static_cast<double>(x_.n));
    const auto j = static_cast<std::size_t>((v - std::floor(v)) * static_cast<double>(y_.n));
    const double cost = std::abs(pair_cost(std::min(i, x_.n - 1), std::min(j, y_.n - 1)));
    if (std::isinf(cost)) continue;
    n_finite += 1.0;
    sum += (cost - sum) / n_finite;
  }
  return sum;
}

template <class Entry>
void fill_kernel_rows(const KernelView& view, std::size_t first_row, Entry* rows) {
  if constexpr (std::is_same_v<Entry, float>)
    if (view.in_float32) return fill_by_form<Exponentiate, float>(view, first_row, rows);
  fill_by_form<Exponentiate, double>(view, first_row, rows);
}

void fill_exponent_rows(const KernelView& view, std::size_t first_row, double* rows) {
  fill_by_form<KeepExponent, double>(view, first_row, rows);
}

template CostGeometry::CostGeometry(PointCloud<double>, PointCloud<double>, std::size_t, TransportCost);
template CostGeometry::CostGeometry(PointCloud<float>, PointCloud<float>, std::size_t, TransportCost);
template CostGeometry::CostGeometry(CostMatrix<double>);
template CostGeometry::CostGeometry(CostMatrix<float>);
template void fill_kernel_rows<double>(const KernelView&, std::size_t, double*);
template void fill_kernel_rows<float>(const KernelView&, std::size_t, float*);

}  // namespace hartley
