// Large covariances: one matrix at a time, in panels and tiles; tiles run in parallel and each is computed alike on any
// number of threads.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 misreads its own AVX-512 header inlined into Eigen
#pragma GCC diagnostic ignored "-Wuninitialized"        // likewise
#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "kernels/gaussian_terms.hpp"
#include "support/parallel.hpp"

namespace hartley {

namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Block = Eigen::Ref<Matrix, 0, Eigen::OuterStride<>>;
using ConstBlock = Eigen::Ref<const Matrix, 0, Eigen::OuterStride<>>;
using Index = Eigen::Index;
constexpr Index kPanel = 128;  // columns factorized together: 128 KiB of the diagonal block, half of an L2 cache
constexpr Index kTile = 64;    // rows of a task
constexpr double kSerialOperations = 4e6;  // fewer multiplications, about half a millisecond, stay on one thread

// body(begin, size) for tiles of the rows below n, so many multiplications in all.
template <class Body>
void for_each_tile(Index n, double operations, int n_threads, Body&& body) {
  if (n <= 0) return;
  if (operations < kSerialOperations) n_threads = 1;
  const std::size_t n_tiles = count_blocks(static_cast<std::size_t>(n), static_cast<std::size_t>(kTile));
  parallel_for(n_tiles, n_threads, [&](std::size_t tile, int) {
    const Index begin = static_cast<Index>(tile) * kTile;
    body(begin, std::min(kTile, n - begin));
  });
}

// rows <- rows L^-T.
void solve_rows(const ConstBlock& factor, Block rows, int n_threads) {
  if (factor.rows() == 0) return;
  const double operations = 0.5 * static_cast<double>(rows.rows() * factor.rows() * factor.rows());
  for_each_tile(rows.rows(), operations, n_threads, [&](Index begin, Index size) {
    auto tile = rows.middleRows(begin, size);
    factor.triangularView<Eigen::Lower>().transpose().solveInPlace<Eigen::OnTheRight>(tile);
  });
}

// The lower triangle of `target` loses rows rowsᵀ.
void subtract_square(const ConstBlock& rows, Block target, int n_threads) {
  const double operations = 0.5 * static_cast<double>(rows.rows() * rows.rows() * rows.cols());
  for_each_tile(rows.rows(), operations, n_threads, [&](Index begin, Index size) {
    target.block(begin, 0, size, begin + size).noalias() -=
        rows.middleRows(begin, size) * rows.topRows(begin + size).transpose();
  });
}

// S = L Lᵀ over the lower triangle; false where a pivot is not above its floor, or not finite.
bool factorize(Block m, const Eigen::VectorXd& floor, int n_threads) {
  const Index d = m.rows();
  for (Index begin = 0; begin < d; begin += kPanel) {
    const Index size = std::min(kPanel, d - begin), rest = d - begin - size;
    Block corner = m.block(begin, begin, size, size);
    const Eigen::LLT<Block> llt(corner);
    if (llt.info() != Eigen::Success) return false;
    for (Index i = 0; i < size; ++i) {
      const double root = corner(i, i);
      if (!(root * root > floor(begin + i)) || !std::isfinite(root)) return false;
    }
    Block below = m.block(begin + size, begin, rest, size);
    solve_rows(corner, below, n_threads);
    subtract_square(below, m.block(begin + size, begin + size, rest, rest), n_threads);
  }
  return true;
}

struct Read {
  Matrix entries;  // the mean of both triangles in the lower one
  Eigen::VectorXd floor;
  bool is_symmetric = true;
};

Read read(const double* covariance, std::size_t n, CovarianceRules rules) {
  const auto d = static_cast<Index>(n);
  Read result;
  result.entries = Eigen::Map<const Matrix>(covariance, d, d);
  Matrix& m = result.entries;
  const Eigen::VectorXd scale = m.diagonal().cwiseSqrt();
  for (Index row = 0; row < d; row += kTile)
    for (Index column = 0; column <= row; column += kTile)  // by tiles: the upper triangle is read down its columns
      for (Index i = row; i < std::min(d, row + kTile); ++i)
        for (Index j = column; j < std::min(i, column + kTile); ++j) {
          const double lower = m(i, j), upper = m(j, i);
          if (lower == upper) continue;
          result.is_symmetric &= std::fabs(lower - upper) / scale(i) / scale(j) <= rules.asymmetry;
          m(i, j) = 0.5 * lower + 0.5 * upper;
        }
  m.diagonal().array() += rules.ridge;
  result.floor = m.diagonal() * pivot_floor(n);
  return result;
}

// L_p, L_q, and whitened = (L_q^-1 L_p)ᵀ, shift = L_q^-1 (m_p - m_q).
struct Whitened {
  Matrix p, q, transposed, shift;
  BothValid valid;
};

Whitened whiten(GaussianView p, GaussianView q, std::size_t n, CovarianceRules rules, int n_threads) {
  const auto d = static_cast<Index>(n);
  Whitened result;
  Read left = read(p.covariance, n, rules), right = read(q.covariance, n, rules);
  result.valid = {left.is_symmetric && factorize(left.entries, left.floor, n_threads),
                  right.is_symmetric && factorize(right.entries, right.floor, n_threads)};
  if (!result.valid.p || !result.valid.q) return result;
  result.p = std::move(left.entries);
  result.q = std::move(right.entries);
  result.transposed = result.p.triangularView<Eigen::Lower>().toDenseMatrix().transpose();
  // row j starts at column j: what is before it is 0 and stays so
  const double operations = static_cast<double>(d * d * d) / 6.0;
  for_each_tile(d, operations, n_threads, [&](Index begin, Index size) {
    auto rows = result.transposed.block(begin, begin, size, d - begin);
    const ConstBlock factor = result.q.bottomRightCorner(d - begin, d - begin);
    factor.triangularView<Eigen::Lower>().transpose().solveInPlace<Eigen::OnTheRight>(rows);
  });
  result.shift = Eigen::Map<const Matrix>(p.mean, 1, d) - Eigen::Map<const Matrix>(q.mean, 1, d);
  solve_rows(result.q, result.shift, 1);
  return result;
}

// Every block takes the identity for its covariance.
bool whiten_blocks(Block m, const Eigen::VectorXd& floor, VariableBlocks blocks, Index begin, int n_threads) {
  const Index d = m.rows();
  for (std::size_t k = blocks.first_is_given; k < blocks.ends.size(); ++k) {
    const auto from = static_cast<Index>(blocks.begin(k)), size = static_cast<Index>(blocks.size(k));
    Block own = m.block(from, from, size, size);
    if (!factorize(own, floor.segment(from, size), n_threads)) return false;
    solve_rows(own, m.block(from + size, from, d - from - size, size), n_threads);
    const double operations = 0.5 * static_cast<double>(size * size * (from - begin));
    for_each_tile(from - begin, operations, n_threads, [&](Index first, Index width) {
      auto earlier = m.block(from, begin + first, size, width);
      own.triangularView<Eigen::Lower>().solveInPlace(earlier);
    });
  }
  for (std::size_t k = blocks.first_is_given; k < blocks.ends.size(); ++k) {
    const auto from = static_cast<Index>(blocks.begin(k)), size = static_cast<Index>(blocks.size(k));
    m.block(from, from, size, size).setIdentity();
  }
  return true;
}

using simd::splat;

}  // namespace

bool large_log_determinant(const double* covariance, std::size_t d, CovarianceRules rules, double* log_determinant,
                           int n_threads) {
  Read m = read(covariance, d, rules);
  if (!m.is_symmetric || !factorize(m.entries, m.floor, n_threads)) return false;
  *log_determinant = 2.0 * m.entries.diagonal().array().log().sum();
  return true;
}

BothValid large_kl_divergence(GaussianView p, GaussianView q, std::size_t d, CovarianceRules rules, double* divergence,
                              int n_threads) {
  const Whitened w = whiten(p, q, d, rules, n_threads);
  if (!w.valid.p || !w.valid.q) return w.valid;
  double sum = w.shift.squaredNorm();
  for (Index j = 0; j < w.p.rows(); ++j)
    sum += w.transposed.row(j).tail(w.p.rows() - j - 1).squaredNorm() +
           log_excess_of_square(splat(w.p(j, j)), splat(w.q(j, j)))[0];
  *divergence = 0.5 * sum;
  return w.valid;
}

BothValid large_whiten(GaussianView p, GaussianView q, std::size_t d, CovarianceRules rules, double* factor,
                       double* shift, int n_threads) {
  const Whitened w = whiten(p, q, d, rules, n_threads);
  if (!w.valid.p || !w.valid.q) return w.valid;
  const auto rows = static_cast<Index>(d);
  Eigen::Map<Matrix>(factor, rows, rows) = w.transposed.transpose();
  Eigen::Map<Matrix>(shift, 1, rows) = w.shift;
  return w.valid;
}

bool large_information(const double* covariance, std::size_t d, VariableBlocks blocks, CovarianceRules rules,
                       double* information, int n_threads) {
  Read read_in = read(covariance, d, rules);
  if (!read_in.is_symmetric) return false;
  Matrix& m = read_in.entries;
  const auto n = static_cast<Index>(d);
  const Index begin = blocks.first_is_given ? static_cast<Index>(blocks.ends[0]) : 0, rest = n - begin;
  if (begin > 0) {
    Block given = m.topLeftCorner(begin, begin), below = m.bottomLeftCorner(rest, begin);
    if (!factorize(given, read_in.floor.head(begin), n_threads)) return false;
    solve_rows(given, below, n_threads);
    subtract_square(below, m.bottomRightCorner(rest, rest), n_threads);
  }
  if (!whiten_blocks(m, read_in.floor, blocks, begin, n_threads)) return false;
  Block whitened = m.bottomRightCorner(rest, rest);
  if (!factorize(whitened, Eigen::VectorXd::Constant(rest, pivot_floor(d)), n_threads)) return false;
  double sum = 0.0;
  for (Index i = 1; i < rest; ++i) sum += minus_log_of_rest(splat(whitened.row(i).head(i).squaredNorm()))[0];
  *information = 0.5 * sum;
  return true;
}

}  // namespace hartley
