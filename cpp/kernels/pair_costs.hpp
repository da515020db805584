// Costs between rows and columns of a transport problem, a stretch of a row at a time: of a matrix, or of two point
// clouds without one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "support/buffer.hpp"

namespace hartley {

class PairCosts {
 public:
  PairCosts(std::size_t n_rows, std::size_t n_columns) : n_rows_(n_rows), n_columns_(n_columns) {}
  virtual ~PairCosts() = default;
  std::size_t n_rows() const { return n_rows_; }
  std::size_t n_columns() const { return n_columns_; }

  // Costs of row i to columns first … first + count - 1: a view, or `scratch` filled with them.
  virtual const double* row(std::size_t i, std::size_t first, std::size_t count, double* scratch) const = 0;
  // The same bits as row() gives.
  double at(std::size_t i, std::size_t j) const {
    double cost;
    return *row(i, j, 1, &cost);
  }
  // The costs between some of the rows and some of the columns, in memory of their own.
  virtual std::unique_ptr<PairCosts> subset(std::span<const std::uint32_t> rows,
                                            std::span<const std::uint32_t> columns) const = 0;
  // Costs above the ceiling are given as the ceiling: how forbidden pairs (cost inf) become dear ones.
  virtual void set_ceiling(double ceiling) = 0;

 private:
  std::size_t n_rows_, n_columns_;
};

// A matrix (n_rows, n_columns), C-contiguous, no NaN, no -inf. T, here and below: double or float.
template <class T>
class MatrixCosts : public PairCosts {
 public:
  MatrixCosts(const T* matrix, std::size_t n_rows, std::size_t n_columns)
      : PairCosts(n_rows, n_columns), matrix_(matrix) {}

  const double* row(std::size_t i, std::size_t first, std::size_t count, double* scratch) const override;
  std::unique_ptr<PairCosts> subset(std::span<const std::uint32_t> rows,
                                    std::span<const std::uint32_t> columns) const override;
  void set_ceiling(double ceiling) override { ceiling_ = ceiling; }

 private:
  const T* matrix_;
  double ceiling_ = std::numeric_limits<double>::infinity();
};

// 0 where the matrix is finite, inf (or the ceiling) where it is inf.
template <class T>
class ForbiddenCosts : public PairCosts {
 public:
  ForbiddenCosts(const T* matrix, std::size_t n_rows, std::size_t n_columns)
      : PairCosts(n_rows, n_columns), matrix_(matrix) {}

  const double* row(std::size_t i, std::size_t first, std::size_t count, double* scratch) const override;
  std::unique_ptr<PairCosts> subset(std::span<const std::uint32_t> rows,
                                    std::span<const std::uint32_t> columns) const override;
  void set_ceiling(double ceiling) override { ceiling_ = ceiling; }

 private:
  const T* matrix_;
  double ceiling_ = std::numeric_limits<double>::infinity();
};

// |x_i - y_j|^p of points that are scaled by a power of two. p >= 1. Error of a cost: (d + 8) ulp for whole p up to
// 16, (|log cost| + d p) ulp otherwise.
class CloudCosts : public PairCosts {
 public:
  template <class T>
  CloudCosts(const T* x, std::size_t n, const T* y, std::size_t m, std::size_t n_features, double scale, double p);

  const double* row(std::size_t i, std::size_t first, std::size_t count, double* scratch) const override;
  std::unique_ptr<PairCosts> subset(std::span<const std::uint32_t> rows,
                                    std::span<const std::uint32_t> columns) const override;
  void set_ceiling(double) override {}

 private:
  CloudCosts(std::size_t n, std::size_t m, std::size_t n_features, double p);

  std::size_t n_features_;
  double p_;
  std::vector<double> x_, y_;  // (n, n_features) and (n_features, m)
};

}  // namespace hartley
