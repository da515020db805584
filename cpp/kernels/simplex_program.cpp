#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 misreads its own AVX-512 header inlined into Eigen
#endif

#include "kernels/simplex_program.hpp"

#include <Eigen/Cholesky>
#include <limits>
#include <vector>

#include "support/parallel.hpp"

namespace hartley {
namespace {

using Index = Eigen::Index;

// Times half the squared distance from the start, in units where H has a unit diagonal, added to what is minimised:
// nearly dependent columns get a bounded inverse, and whoever iterates converges to the same point.
constexpr double kRidge = 1e-10;

constexpr double kLeastCurvature = 1e-30;  // of the largest, for variables that the model is linear in

// The inverse of H over the free variables, 0 elsewhere, kept up to date while variables come and go.
class FreeInverse {
 public:
  FreeInverse(const Eigen::MatrixXd& H, const Eigen::VectorXd& b, const Eigen::VectorXd& ones)
      : H_(H), b_(b), ones_(ones), inverse_(H.rows(), H.rows()) {}

  // False where H over these variables is not positive definite.
  bool reset(const std::vector<Index>& free) {
    const Eigen::MatrixXd own = H_(free, free);
    const Eigen::LLT<Eigen::MatrixXd> cholesky(own);
    if (cholesky.info() != Eigen::Success) return false;
    inverse_.setZero();
    const Eigen::MatrixXd own_inverse = cholesky.solve(Eigen::MatrixXd::Identity(own.rows(), own.rows()));
    inverse_(free, free) = own_inverse;
    of_b_ = inverse_ * b_;
    of_ones_ = inverse_ * ones_;
    return true;
  }

  bool remove(Index k) {
    const Eigen::VectorXd column = inverse_.col(k);
    const double pivot = column[k];
    if (!(pivot > 0)) return false;
    of_b_ -= column * (of_b_[k] / pivot);
    of_ones_ -= column * (of_ones_[k] / pivot);
    add_outer(column, -1.0 / pivot);
    inverse_.col(k).setZero();  // what rounding has left
    inverse_.row(k).setZero();
    of_b_[k] = of_ones_[k] = 0.0;
    return true;
  }

  bool add(Index k) {
    Eigen::VectorXd column = inverse_ * H_.col(k);
    const double pivot = H_(k, k) - H_.col(k).dot(column);
    if (!(pivot > 0)) return false;
    column[k] = -1.0;
    of_b_ += column * (column.dot(b_) / pivot);
    of_ones_ += column * (column.dot(ones_) / pivot);
    add_outer(column, 1.0 / pivot);
    return true;
  }

  // What the inverse has lost to rounding: one step of iterative refinement of both solutions.
  void refine() {
    of_b_ += inverse_ * (b_ - H_ * of_b_);
    of_ones_ += inverse_ * (ones_ - H_ * of_ones_);
  }

  double multiplier() const { return (ones_.dot(of_b_) - 1.0) / ones_.dot(of_ones_); }
  Eigen::VectorXd solution(double lambda) const { return of_b_ - lambda * of_ones_; }

 private:
  void add_outer(const Eigen::VectorXd& v, double factor) {
    for (Index j = 0; j < v.size(); ++j)
      if (v[j] != 0.0) inverse_.col(j) += v * (factor * v[j]);
  }

  const Eigen::MatrixXd& H_;
  const Eigen::VectorXd &b_, &ones_;
  Eigen::MatrixXd inverse_;
  Eigen::VectorXd of_b_, of_ones_;  // the inverse times b and times the constraint
};

}  // namespace

void minimise_on_simplex(const Eigen::MatrixXd& H, const Eigen::VectorXd& b, double tolerance, Eigen::VectorXd& x) {
  // variables scaled to a unit diagonal: x = scale y, and the constraint becomes scaleᵀ y = 1
  const Index n = x.size();
  const double least = kLeastCurvature * H.diagonal().maxCoeff();
  const Eigen::VectorXd scale = H.diagonal().cwiseMax(least).cwiseSqrt().cwiseInverse();
  Eigen::MatrixXd own = scale.asDiagonal() * H * scale.asDiagonal();
  own.diagonal().array() += kRidge;
  Eigen::VectorXd y = x.cwiseQuotient(scale);
  const Eigen::VectorXd right = scale.cwiseProduct(b) + kRidge * y;

  std::vector<bool> is_free(static_cast<std::size_t>(n));
  std::vector<Index> free;
  for (Index k = 0; k < n; ++k)
    if ((is_free[static_cast<std::size_t>(k)] = y[k] > 0)) free.push_back(k);
  FreeInverse inverse(own, right, scale);
  if (!inverse.reset(free)) return;

  bool refined = false;
  for (Index change = 0; change < 3 * n; ++change) {
    stop_if_asked();
    const double lambda = inverse.multiplier();
    const Eigen::VectorXd target = inverse.solution(lambda);
    if (!target.allFinite()) break;
    double step = 1.0;
    Index blocking = -1;
    for (Index k = 0; k < n; ++k)
      if (is_free[static_cast<std::size_t>(k)] && target[k] < 0 && y[k] < step * (y[k] - target[k])) {
        step = y[k] / (y[k] - target[k]);
        blocking = k;
      }
    y = (y + step * (target - y)).cwiseMax(0.0);
    if (blocking >= 0) {
      y[blocking] = 0.0;
      is_free[static_cast<std::size_t>(blocking)] = false;
      if (!inverse.remove(blocking)) break;
      refined = false;
      continue;
    }
    if (!refined) {
      inverse.refine();
      refined = true;
      continue;
    }
    refined = false;
    const Eigen::VectorXd slope = (right - own * y - lambda * scale).cwiseQuotient(scale);
    Index best = -1;
    double largest = tolerance;
    for (Index k = 0; k < n; ++k)
      if (!is_free[static_cast<std::size_t>(k)] && slope[k] > largest) {
        largest = slope[k];
        best = k;
      }
    if (best < 0 || !inverse.add(best)) break;
    is_free[static_cast<std::size_t>(best)] = true;
  }
  x = y.cwiseProduct(scale);
  x /= x.sum();
}

}  // namespace hartley
