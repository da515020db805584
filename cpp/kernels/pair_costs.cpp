#include "kernels/pair_costs.hpp"

#include <algorithm>
#include <cmath>

#include "support/simd.hpp"
#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;
using V = Vec<double>;
constexpr std::size_t kWidth = kLanes<double>;

constexpr double kMostProducts = 16;  // whole powers of the distance up to here are products, above exponentials

// A matrix of its own: the costs of some rows and columns.
class OwnedCosts : public MatrixCosts<double> {
 public:
  OwnedCosts(Buffer<double> costs, std::size_t n_rows, std::size_t n_columns)
      : MatrixCosts(costs.data(), n_rows, n_columns), costs_(std::move(costs)) {}

 private:
  Buffer<double> costs_;
};

V load_up_to(const double* source, std::size_t n) { return n >= kWidth ? load(source) : load_partial(source, n); }

void store_up_to(double* target, V v, std::size_t n) {
  if (n >= kWidth)
    store(target, v);
  else
    std::memcpy(target, &v, n * sizeof(double));
}

V whole_power(V base, unsigned power) {
  V result = splat(1.0);
  for (; power != 0; power >>= 1, base *= base)
    if ((power & 1) != 0) result *= base;
  return result;
}

// squared^(p/2)
V power_of_square(V squared, double p) {
  if (p == 2.0) return squared;
  const V distance = simd::sqrt(squared);
  if (p == 1.0) return distance;
  if (p <= kMostProducts && p == std::floor(p)) return whole_power(distance, static_cast<unsigned>(p));
  return simd::exp(simd::log(squared) * (0.5 * p));
}

}  // namespace

template <class T>
const double* MatrixCosts<T>::row(std::size_t i, std::size_t first, std::size_t count, double* scratch) const {
  const T* costs = matrix_ + i * n_columns() + first;
  if constexpr (sizeof(T) == sizeof(double))
    if (ceiling_ == std::numeric_limits<double>::infinity()) return costs;
  for (std::size_t j = 0; j < count; ++j) scratch[j] = std::min(static_cast<double>(costs[j]), ceiling_);
  return scratch;
}

template <class T>
std::unique_ptr<PairCosts> MatrixCosts<T>::subset(std::span<const std::uint32_t> rows,
                                                  std::span<const std::uint32_t> columns) const {
  Buffer<double> costs(rows.size() * columns.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const T* source = matrix_ + rows[i] * n_columns();
    double* target = costs.data() + i * columns.size();
    for (std::size_t j = 0; j < columns.size(); ++j)
      target[j] = std::min(static_cast<double>(source[columns[j]]), ceiling_);
  }
  return std::make_unique<OwnedCosts>(std::move(costs), rows.size(), columns.size());
}

template <class T>
const double* ForbiddenCosts<T>::row(std::size_t i, std::size_t first, std::size_t count, double* scratch) const {
  const T* costs = matrix_ + i * n_columns() + first;
  for (std::size_t j = 0; j < count; ++j) scratch[j] = costs[j] == std::numeric_limits<T>::infinity() ? ceiling_ : 0.0;
  return scratch;
}

template <class T>
std::unique_ptr<PairCosts> ForbiddenCosts<T>::subset(std::span<const std::uint32_t> rows,
                                                     std::span<const std::uint32_t> columns) const {
  Buffer<double> costs(rows.size() * columns.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = 0; j < columns.size(); ++j) costs[i * columns.size() + j] = at(rows[i], columns[j]);
  return std::make_unique<OwnedCosts>(std::move(costs), rows.size(), columns.size());
}

CloudCosts::CloudCosts(std::size_t n, std::size_t m, std::size_t n_features, double p)
    : PairCosts(n, m), n_features_(n_features), p_(p), x_(n * n_features), y_(n_features * m) {}

template <class T>
CloudCosts::CloudCosts(const T* x, std::size_t n, const T* y, std::size_t m, std::size_t n_features, double scale,
                       double p)
    : CloudCosts(n, m, n_features, p) {
  for (std::size_t k = 0; k < x_.size(); ++k) x_[k] = static_cast<double>(x[k]) * scale;
  for (std::size_t j = 0; j < m; ++j)
    for (std::size_t k = 0; k < n_features; ++k) y_[k * m + j] = static_cast<double>(y[j * n_features + k]) * scale;
}

const double* CloudCosts::row(std::size_t i, std::size_t first, std::size_t count, double* scratch) const {
  const double* x = x_.data() + i * n_features_;
  const double* y = y_.data() + first;
  for (std::size_t j = 0; j < count; j += kWidth) {
    V squared{};
    for (std::size_t k = 0; k < n_features_; ++k) {
      const V difference = load_up_to(y + k * n_columns() + j, count - j) - x[k];
      squared += difference * difference;
    }
    store_up_to(scratch + j, power_of_square(squared, p_), count - j);
  }
  return scratch;
}

std::unique_ptr<PairCosts> CloudCosts::subset(std::span<const std::uint32_t> rows,
                                              std::span<const std::uint32_t> columns) const {
  std::unique_ptr<CloudCosts> part(new CloudCosts(rows.size(), columns.size(), n_features_, p_));
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::copy_n(x_.data() + rows[i] * n_features_, n_features_, part->x_.data() + i * n_features_);
  for (std::size_t k = 0; k < n_features_; ++k)
    for (std::size_t j = 0; j < columns.size(); ++j)
      part->y_[k * columns.size() + j] = y_[k * n_columns() + columns[j]];
  return part;
}

template class MatrixCosts<double>;
template class MatrixCosts<float>;
template class ForbiddenCosts<double>;
template class ForbiddenCosts<float>;
template CloudCosts::CloudCosts(const double*, std::size_t, const double*, std::size_t, std::size_t, double, double);
template CloudCosts::CloudCosts(const float*, std::size_t, const float*, std::size_t, std::size_t, double, double);

}  // namespace hartley
