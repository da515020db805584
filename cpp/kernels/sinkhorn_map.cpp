#include "kernels/sinkhorn_map.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;
using V = Vec<double>;

constexpr double kLog2E = 1.4426950408889634;
constexpr double kLeastSum = 0x1p-60, kLargestSum = 0x1p60;  // float32 entries cut at 2^-126 and 2^127 do not show here
constexpr double kFloat32Range = 512.0;  // of exponents and squared norms: errors of 2^-24 of them are below 1e-4
constexpr double kDrift = 30.0;          // exponent by which potentials may leave those absorbed into a stored kernel

// Whether every sum that belongs to a point with mass can be trusted.
bool in_range(std::span<const double> sums, std::span<const double> weights) {
  for (std::size_t i = 0; i < sums.size(); ++i)
    if (weights[i] > 0 && !(sums[i] >= kLeastSum && sums[i] <= kLargestSum)) return false;
  return true;
}

// potential = damping (reference - log2 sums) for the n points, kNowhere for the padding.
void update(std::span<const double> reference, std::span<const double> sums, double damping, std::size_t n,
            std::span<double> potential) {
  for (std::size_t i = 0; i < sums.size(); i += kLanes<double>)
    store(potential.data() + i, damping * (load(reference.data() + i) - kLog2E * simd::log(load(sums.data() + i))));
  std::fill(potential.begin() + static_cast<std::ptrdiff_t>(n), potential.end(), kNowhere);
}

}  // namespace

SinkhornMap::SinkhornMap(const CostGeometry& geometry, std::span<const double> a, std::span<const double> b,
                         bool symmetric, std::size_t memory_limit)
    : geometry_(geometry),
      columns_(symmetric ? geometry.x() : geometry.y()),
      a_(a),
      b_(b),
      symmetric_(symmetric),
      memory_limit_(memory_limit),
      f_reference_(a.size()),
      g_reference_(b.size()),
      scaled_b_(b.size()),
      row_sums_(a.size()),
      column_sums_(symmetric ? 0 : b.size()) {}

KernelView SinkhornMap::view(std::span<const double> f, std::span<const double> g) const {
  return {&geometry_, &geometry_.x(), &columns_, f.data(), g.data(), in_float32_};
}

template <>
Buffer<float>& SinkhornMap::buffer<float>() {
  return kernel32_;
}
template <>
Buffer<double>& SinkhornMap::buffer<double>() {
  return kernel64_;
}
template <>
bool& SinkhornMap::is_stored<float>() {
  return stored32_;
}
template <>
bool& SinkhornMap::is_stored<double>() {
  return stored64_;
}

// Where exponents in float32 do not lose too much, makes the references float32 numbers (less the squared norms, where
// those are added to them), so that none of their own rounding is left; false elsewhere.
bool SinkhornMap::round_references() {
  if (geometry_.form() == KernelForm::kMatrix || geometry_.form() == KernelForm::kMinkowski) return false;
  const auto is_small = [](std::span<const double> reference, const ScaledCloud& cloud) {
    bool small = true;
    for (std::size_t i = 0; i < cloud.n; ++i)
      small = small && std::abs(reference[i]) < kFloat32Range && cloud.square_norms[i] < kFloat32Range;
    return small;
  };
  const auto round = [&](std::span<double> reference, const ScaledCloud& cloud) {
    for (std::size_t i = 0; i < cloud.n; ++i) {
      const double norm = geometry_.form() == KernelForm::kInner ? cloud.square_norms[i] : 0.0;
      reference[i] = norm + static_cast<double>(static_cast<float>(reference[i] - norm));
    }
  };
  if (!is_small(f_reference_, geometry_.x()) || !is_small(g_reference_, columns_)) return false;
  round(f_reference_, geometry_.x());
  round(g_reference_, columns_);
  return true;
}

// Absorbs the potentials into the kernel, or scales b by what they have changed since; the stored kernel if there is
// one.
template <class Entry>
const Entry* SinkhornMap::prepare(std::span<const double> g, std::span<const double> f, bool store, Run run) {
  bool& stored = is_stored<Entry>();
  double drift = 0.0;
  for (std::size_t j = 0; j < columns_.n && stored; ++j)
    if (b_[j] > 0) drift = std::max(drift, std::abs(g[j] - g_reference_[j]));
  if (!stored || !(drift < kDrift)) {
    for (std::size_t i = 0; i < f.size(); ++i) f_reference_[i] = f[i] / damping_.x;  // row sums are then near 1
    std::copy(g.begin(), g.end(), g_reference_.begin());
    in_float32_ = std::is_same_v<Entry, float> && round_references();
    stored32_ = stored64_ = false;  // both would have to share the reference
    const std::size_t n_entries = a_.size() * b_.size();
    if (store && n_entries <= memory_limit_ / sizeof(Entry)) {
      if constexpr (std::is_same_v<Entry, double>) kernel32_ = Buffer<float>();
      store_kernel(view(f_reference_, g_reference_), buffer<Entry>(), run);
      stored = true;
    }
  }
  for (std::size_t j = 0; j < g.size(); j += kLanes<double>)
    simd::store(scaled_b_.data() + j,
                load(b_.data() + j) * exp2_of_normal(load(g.data() + j) - load(g_reference_.data() + j)));
  return stored ? buffer<Entry>().data() : nullptr;
}

template <class Entry>
bool SinkhornMap::evaluate(std::span<const double> g, std::span<double> f, std::span<double> next_g, bool store,
                           Run run) {
  const KernelRows<Entry> kernel{view(f_reference_, g_reference_), prepare<Entry>(g, f, store, run)};
  scaling_pass<Entry>(kernel, a_, damping_.x, scaled_b_, row_sums_, column_sums_, run);
  if (!in_range(row_sums_, a_) || !in_range(column_sums_, b_)) {
    invalidate();
    return false;
  }
  update(f_reference_, row_sums_, damping_.x, geometry_.x().n, f);
  if (!symmetric_) update(g_reference_, column_sums_, damping_.y, columns_.n, next_g);
  return true;
}

void SinkhornMap::evaluate_exactly(std::span<const double> g, std::span<double> f, std::span<double> next_g, Run run) {
  const auto minus = [](std::span<double> potential, double damping, std::size_t n) {
    for (double& value : potential.first(n)) value *= -damping;
    std::fill(potential.begin() + static_cast<std::ptrdiff_t>(n), potential.end(), kNowhere);
  };
  const std::vector<double> zeros(std::max(a_.size(), b_.size()), 0.0);
  log_sum_pass(view(zeros, g), b_, f, run);
  minus(f, damping_.x, geometry_.x().n);
  if (symmetric_) return;
  log_sum_pass({&geometry_, &columns_, &geometry_.x(), zeros.data(), f.data()}, a_, next_g, run);
  minus(next_g, damping_.y, columns_.n);
}

template bool SinkhornMap::evaluate<float>(std::span<const double>, std::span<double>, std::span<double>, bool, Run);
template bool SinkhornMap::evaluate<double>(std::span<const double>, std::span<double>, std::span<double>, bool, Run);

}  // namespace hartley
