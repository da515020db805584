// The cost between the points of two clouds (or a matrix of costs), and rows of the Gibbs kernel made on the fly.
//
// Everything is in units of ε / log2 e: a potential f is held as f log2(e) / ε and the kernel is
//   K_ij = 2^(f_i + g_j - C_ij),
// so that an exponential costs no scaling. Clouds are padded with points of no mass to multiples of kPad: loops over
// them have no remainder. Whoever gives an offset for a padding point gives kNowhere, which makes its kernel entries
// the smallest there are.
//
//   squared euclidean  Σ_k (x_k - y_k)²            euclidean   its root
//   minkowski          (Σ_k |x_k - y_k|^p)^(1/p)   cosine      1 - <x, y> / |x| |y|, no point may be 0
//   matrix             C_ij as given, any sign; +inf forbids the pair
//
// Accuracy: exponents are in float64; above kManyFeatures the squared cost is |x|² + |y|² - 2<x, y> of centred clouds,
// with an error of 2^-52 (|x|² + |y|²). Entries in float32 have a relative error of 2^-24 |exponent|, and where their
// exponents are in float32, too, one of a few 2^-24 (|f_i| + |g_j| + |x_i|² + |y_j|²).
#pragma once

#include <cstddef>
#include <vector>

namespace hartley {

enum class CostKind { kSquaredEuclidean, kEuclidean, kMinkowski, kCosine };

struct TransportCost {
  CostKind kind;
  double order;  // p of kMinkowski: at least 1, possibly inf
};

template <class T>
struct PointCloud {
  const T* points;  // (n, n_features), C-contiguous, finite
  std::size_t n;
};

// (n, m), row-major, not copied: whoever makes a geometry of it keeps it alive.
template <class T>
struct CostMatrix {
  const T* costs;
  std::size_t n, m;
};

inline constexpr std::size_t kPad = 32;      // two float32 vectors of the widest kind, and a multiple of kGroup
inline constexpr std::size_t kGroup = 8;     // rows of the kernel that are made together and stay in the L2 cache
inline constexpr double kNowhere = -1e300;   // offset of a point that has no mass
inline constexpr double kForbidden = 1e200;  // exponent of a pair at infinite cost; its kernel entry is 2^-900
inline constexpr std::size_t kManyFeatures =
    8;  // above, one product a feature is cheaper than a difference and a product

constexpr std::size_t padded(std::size_t n) { return (n + kPad - 1) / kPad * kPad; }

// One cloud in both roles: as rows (row-major), and as columns, in tiles of two vectors of points, feature by feature.
struct ScaledCloud {
  std::size_t n = 0;  // all there is of it where costs are a matrix
  std::vector<double> rows, tiles, square_norms;
  std::vector<float> rows32, tiles32;
};

enum class KernelForm { kSquared, kInner, kEuclidean, kManhattan, kChebyshev, kMinkowski, kMatrix };

class CostGeometry {
 public:
  template <class T>
  CostGeometry(PointCloud<T> x, PointCloud<T> y, std::size_t n_features, TransportCost cost);
  template <class T>
  explicit CostGeometry(CostMatrix<T> matrix);

  // Makes 1 unit of cost `bits` units of exponent: bits = log2(e) / ε.
  void set_bits(double bits);
  double bits() const { return bits_; }

  // Average size of the finite costs of at most a few thousand pairs, in units of the cost.
  double mean_cost() const;

  // The kernel's transpose is a geometry with the clouds' roles exchanged.
  const ScaledCloud& x() const { return x_; }
  const ScaledCloud& y() const { return y_; }
  std::size_t n_features() const { return n_features_; }
  KernelForm form() const { return form_; }
  double order() const { return order_; }
  double scale() const { return scale_; }  // of the clouds' coordinates to those given
  template <class T>
  const CostMatrix<T>& matrix() const;  // costs is null in all but the one that was given

 private:
  double pair_cost(std::size_t i, std::size_t j) const;

  std::size_t n_features_;
  KernelForm form_;
  double order_, factor_ = 1.0, bits_ = 1.0, scale_ = 1.0;  // factor_: cost = factor_ * form, 1/2 for the cosine
  CostMatrix<double> matrix64_{};
  CostMatrix<float> matrix32_{};
  std::vector<double> x_points_, y_points_;
  ScaledCloud x_, y_;
};

// One side's view of a geometry: rows are the points of one cloud, columns those of the other.
struct KernelView {
  const CostGeometry* geometry;
  const ScaledCloud *row_cloud, *column_cloud;
  const double *row_offset, *column_offset;  // padded
  bool in_float32 = false;                   // exponents of float32 entries, too, are made in float32

  bool is_transposed() const;  // rows are the points of y
  std::size_t n_rows_padded() const { return padded(row_cloud->n); }
  std::size_t n_columns_padded() const { return padded(column_cloud->n); }
};

inline bool KernelView::is_transposed() const { return row_cloud == &geometry->y(); }

// kGroup rows of K from `first_row` on (a multiple of kGroup), each n_columns_padded long, one after the other.
template <class Entry>
void fill_kernel_rows(const KernelView& view, std::size_t first_row, Entry* rows);

// The same rows of exponents f_i + g_j - C_ij.
void fill_exponent_rows(const KernelView& view, std::size_t first_row, double* rows);

}  // namespace hartley
