// Small covariances: one matrix in each lane of the vectors, entry (i, j) of all of them side by side.
#include "kernels/gaussian.hpp"

#include <algorithm>
#include <vector>

#include "kernels/gaussian_terms.hpp"
#include "support/buffer.hpp"
#include "support/parallel.hpp"
#include "support/vector_math.hpp"

namespace hartley {

using namespace simd;

namespace {

using Lanes = Vec<double>;
constexpr std::size_t kWidth = kLanes<double>;
constexpr std::size_t kColumns = 4;  // solved together: as many independent sums hide their latency
constexpr std::size_t kLargestInLanes =
    64;  // beyond, the matrices of a task outgrow the L2 cache: one matrix at a time
constexpr double kBlockOperations = 1 << 20;  // multiplications of a task: about a millisecond

// d x d matrices, one a lane, and what their factorization leaves.
struct Matrix {
  Lanes* entries;
  Lanes* inverse_diagonal;  // of the factor
  std::size_t stride;

  Lanes* row(std::size_t i) const { return entries + i * stride; }
  Matrix block(std::size_t begin) const { return {row(begin) + begin, inverse_diagonal + begin, stride}; }
};

// kWidth arrays of a batch from index `first`; the last one again where there are no more.
struct Sources {
  const double* arrays[kWidth];
  Sources(ArrayBatch batch, std::size_t first, std::size_t n) {
    for (std::size_t lane = 0; lane < kWidth; ++lane) arrays[lane] = batch[std::min(first + lane, n - 1)];
  }
  Lanes operator[](std::size_t entry) const {
    Lanes v{};
    for (std::size_t lane = 0; lane < kWidth; ++lane) v[lane] = arrays[lane][entry];
    return v;
  }
};

// The mean of both triangles into the lower one; false in lanes that are not symmetric.
Mask<double> symmetrize(Matrix m, std::size_t d, double asymmetry) {
  Mask<double> valid = Lanes{} == Lanes{};
  for (std::size_t i = 1; i < d; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      Lanes &lower = m.row(i)[j], &upper = m.row(j)[i];
      const Lanes gap = abs(lower - upper) / sqrt(m.row(i)[i]) / sqrt(m.row(j)[j]);
      valid &= gap <= splat(asymmetry);
      lower = 0.5 * lower + 0.5 * upper;
    }
  return valid;
}

// Reads covariances and adds the ridge; false in lanes that are not symmetric. floor[i] becomes what pivot i has to
// exceed.
Mask<double> read(const Sources& source, std::size_t d, CovarianceRules rules, Matrix m, Lanes* floor) {
  std::size_t entry = 0;
  for (; entry + kWidth <= d * d; entry += kWidth) {
    Lanes square[kWidth];
    for (std::size_t lane = 0; lane < kWidth; ++lane) square[lane] = load(source.arrays[lane] + entry);
    transpose(square);
    std::copy(square, square + kWidth, m.entries + entry);
  }
  for (; entry < d * d; ++entry) m.entries[entry] = source[entry];
  Mask<double> differing{};
  for (std::size_t i = 1; i < d; ++i)
    for (std::size_t j = 0; j < i; ++j) differing |= m.row(i)[j] != m.row(j)[i];
  bool all_equal = true;
  for (std::size_t lane = 0; lane < kWidth; ++lane) all_equal &= differing[lane] == 0;
  Mask<double> valid = Lanes{} == Lanes{};
  if (!all_equal) valid = symmetrize(m, d, rules.asymmetry);
  for (std::size_t i = 0; i < d; ++i) {
    m.row(i)[i] += rules.ridge;
    floor[i] = m.row(i)[i] * pivot_floor(d);
  }
  return valid;
}

// R rows become rows L^-T in their columns [first, end); the columns [first - first % kColumns, first) must hold 0.
// kExact divides in the block where the rows begin, so that a row of Lᵀ itself gives exactly 1 and then zeros; all else
// is multiplied with the inverse: a division takes as long as several products.
template <int R, bool kExact = false>
HARTLEY_INLINE void solve_rows(Matrix factor, Lanes* rows, std::size_t stride, std::size_t first, std::size_t end) {
  const std::size_t start = first - first % kColumns;
  for (std::size_t block = start; block < end; block += kColumns) {
    const std::size_t width = std::min(kColumns, end - block);
    Lanes sums[R][kColumns];
    for (int r = 0; r < R; ++r)
      for (std::size_t c = 0; c < kColumns; ++c) sums[r][c] = c < width ? rows[r * stride + block + c] : Lanes{};
    if (width == kColumns) {
      for (std::size_t k = start; k < block; ++k)
        for (int r = 0; r < R; ++r) {
          const Lanes known = -rows[r * stride + k];
          for (std::size_t c = 0; c < kColumns; ++c) sums[r][c] = fma(known, factor.row(block + c)[k], sums[r][c]);
        }
    } else {
      for (std::size_t k = start; k < block; ++k)
        for (int r = 0; r < R; ++r) {
          const Lanes known = -rows[r * stride + k];
          for (std::size_t c = 0; c < width; ++c) sums[r][c] = fma(known, factor.row(block + c)[k], sums[r][c]);
        }
    }
    for (std::size_t c = 0; c < width; ++c) {
      const Lanes* factor_row = factor.row(block + c) + block;
      for (int r = 0; r < R; ++r) {
        Lanes sum = sums[r][c];
        for (std::size_t k = 0; k < c; ++k) sum = fma(-sums[r][k], factor_row[k], sum);
        sums[r][c] = kExact && block == start ? sum / factor_row[c] : sum * factor.inverse_diagonal[block + c];
        rows[r * stride + block + c] = sums[r][c];
      }
    }
  }
}

// Rows [begin, end) of rows L^-T, two at a time.
void solve_all(Matrix factor, Lanes* rows, std::size_t stride, std::size_t n_rows, std::size_t n_columns) {
  std::size_t i = 0;
  for (; i + 1 < n_rows; i += 2) solve_rows<2>(factor, rows + i * stride, stride, 0, n_columns);
  if (i < n_rows) solve_rows<1>(factor, rows + i * stride, stride, 0, n_columns);
}

// S = L Lᵀ over the lower triangle, row by row; false in lanes where a pivot is not above its floor, or not finite.
Mask<double> factorize(Matrix m, std::size_t d, const Lanes* floor) {
  Mask<double> valid = Lanes{} == Lanes{};
  const auto take_root = [&](std::size_t i, Lanes pivot) {
    valid &= (pivot > floor[i]) & (pivot <= splat(std::numeric_limits<double>::max()));
    m.row(i)[i] = sqrt(pivot);
    m.inverse_diagonal[i] = 1.0 / m.row(i)[i];
  };
  for (std::size_t i = 0; i < d; i += 2) {
    Lanes* upper = m.row(i);
    if (i + 1 == d) {
      solve_rows<1>(m, upper, m.stride, 0, i);
      Lanes pivot = upper[i];
      for (std::size_t k = 0; k < i; ++k) pivot = fma(-upper[k], upper[k], pivot);
      take_root(i, pivot);
      continue;
    }
    Lanes* lower = m.row(i + 1);
    solve_rows<2>(m, upper, m.stride, 0, i);
    Lanes pivot = upper[i], corner = lower[i], last = lower[i + 1];
    for (std::size_t k = 0; k < i; ++k) {
      pivot = fma(-upper[k], upper[k], pivot);
      corner = fma(-upper[k], lower[k], corner);
      last = fma(-lower[k], lower[k], last);
    }
    take_root(i, pivot);
    lower[i] = corner * m.inverse_diagonal[i];
    take_root(i + 1, fma(-lower[i], lower[i], last));
  }
  return valid;
}

// Scratch of one thread.
class Workspace {
 public:
  explicit Workspace(std::size_t d) : entries_(2 * d * d + 5 * d) {}
  Matrix matrix(std::size_t which, std::size_t d) {
    Lanes* begin = entries_.data() + which * (d * d + d);
    return {begin, begin + d * d, d};
  }
  Lanes* vector(std::size_t which, std::size_t d) { return entries_.data() + 2 * (d * d + d) + which * d; }

 private:
  Buffer<Lanes> entries_;
};

// body(first, n_lanes, workspace) for every kWidth indices below n.
template <class Body>
void for_each_group(std::size_t n, std::size_t d, int n_threads, Body&& body) {
  const double operations = static_cast<double>(d * d * d + 8 * d * d) * kWidth;
  const auto groups = static_cast<std::size_t>(std::max(1.0, kBlockOperations / operations));
  std::vector<Workspace> workspaces;
  const std::size_t n_blocks = count_blocks(n, groups * kWidth);
  for (std::size_t t = 0; t < std::min(n_blocks, static_cast<std::size_t>(n_threads)); ++t) workspaces.emplace_back(d);
  parallel_for(n_blocks, n_threads, [&](std::size_t block, int thread) {
    const std::size_t end = std::min(n, (block + 1) * groups * kWidth);
    for (std::size_t first = block * groups * kWidth; first < end; first += kWidth)
      body(first, std::min(kWidth, end - first), workspaces[static_cast<std::size_t>(thread)]);
  });
}

void report(FirstFailure& failure, Mask<double> valid, std::size_t first, std::size_t n_lanes) {
  for (std::size_t lane = 0; lane < n_lanes; ++lane)
    if (valid[lane] == 0) failure.report(first + lane);
}

void write(double* target, Lanes values, std::size_t n_lanes) {
  for (std::size_t lane = 0; lane < n_lanes; ++lane) target[lane] = values[lane];
}

// The rows of `solved` become those of (L_q^-1 L_p)ᵀ, upper triangular: row j is column j. L_p is overwritten by its
// transpose on the way; `shift` becomes L_q^-1 shift.
void whiten_in_place(Matrix p, Matrix q, std::size_t d, Lanes* shift) {
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      p.row(j)[i] = p.row(i)[j];
      p.row(i)[j] = Lanes{};
    }
  std::size_t j = 0;
  for (; j + 1 < d; j += 2) solve_rows<2, true>(q, p.row(j), p.stride, j, d);
  if (j < d) solve_rows<1, true>(q, p.row(j), p.stride, j, d);
  solve_rows<1>(q, shift, d, 0, d);
}

// consume(first, n_lanes, diagonal of L_p, factor of q, whitened (transposed), shift) for every group of pairs.
template <class Consume>
PairFailures for_each_whitened(GaussianBatch p, GaussianBatch q, std::size_t n, std::size_t d, CovarianceRules rules,
                               int n_threads, Consume&& consume) {
  FirstFailure p_failure, q_failure;
  for_each_group(n, d, n_threads, [&](std::size_t first, std::size_t n_lanes, Workspace& workspace) {
    const Matrix left = workspace.matrix(0, d), right = workspace.matrix(1, d);
    Lanes *floor = workspace.vector(0, d), *shift = workspace.vector(1, d), *diagonal = workspace.vector(2, d);
    const Mask<double> p_symmetric = read(Sources(p.covariance, first, n), d, rules, left, floor);
    report(p_failure, p_symmetric & factorize(left, d, floor), first, n_lanes);
    const Mask<double> q_symmetric = read(Sources(q.covariance, first, n), d, rules, right, floor);
    report(q_failure, q_symmetric & factorize(right, d, floor), first, n_lanes);
    const Sources p_mean(p.mean, first, n), q_mean(q.mean, first, n);
    for (std::size_t i = 0; i < d; ++i) shift[i] = p_mean[i] - q_mean[i];
    for (std::size_t i = 0; i < d; ++i) diagonal[i] = left.row(i)[i];
    whiten_in_place(left, right, d, shift);
    consume(first, n_lanes, diagonal, right, left, shift);
  });
  return {p_failure.value(), q_failure.value()};
}

// The given block leaves the rest of the variables: S <- S - B Bᵀ in the lower triangle beyond it.
Mask<double> condition_on_first(Matrix m, std::size_t given, std::size_t d, const Lanes* floor) {
  const Mask<double> valid = factorize(m, given, floor);
  solve_all(m, m.row(given), m.stride, d - given, given);
  for (std::size_t i = given; i < d; ++i)
    for (std::size_t j = given; j <= i; ++j) {
      Lanes sum = m.row(i)[j];
      for (std::size_t k = 0; k < given; ++k) sum = fma(-m.row(i)[k], m.row(j)[k], sum);
      m.row(i)[j] = sum;
    }
  return valid;
}

// Every block takes the identity for its covariance; the lower triangle from `begin` on.
Mask<double> whiten_blocks(Matrix m, VariableBlocks blocks, std::size_t begin, std::size_t d, const Lanes* floor) {
  Mask<double> valid = Lanes{} == Lanes{};
  for (std::size_t k = blocks.first_is_given; k < blocks.ends.size(); ++k) {
    const std::size_t from = blocks.begin(k), size = blocks.size(k), next = blocks.ends[k];
    const Matrix own = m.block(from);
    valid &= factorize(own, size, floor + from);
    solve_all(own, m.row(next) + from, m.stride, d - next, size);  // S_lk L_k^-T of all later blocks l
    for (std::size_t i = 0; i < size; ++i) {                       // L_k^-1 S_kl of all earlier ones
      Lanes* row = m.row(from + i);
      for (std::size_t above = 0; above < i; ++above)
        for (std::size_t j = begin; j < from; ++j) row[j] = fma(-own.row(i)[above], m.row(from + above)[j], row[j]);
      for (std::size_t j = begin; j < from; ++j) row[j] *= own.inverse_diagonal[i];
    }
  }
  for (std::size_t k = blocks.first_is_given; k < blocks.ends.size(); ++k)
    for (std::size_t i = blocks.begin(k); i < blocks.ends[k]; ++i) {
      std::fill(m.row(i) + blocks.begin(k), m.row(i) + i, Lanes{});
      m.row(i)[i] = splat(1.0);
    }
  return valid;
}

}  // namespace

std::size_t gaussian_log_determinants(ArrayBatch covariance, std::size_t n, std::size_t d, CovarianceRules rules,
                                      double* log_determinant, int n_threads) {
  FirstFailure failure;
  if (d > kLargestInLanes) {
    for (std::size_t i = 0; i < n; ++i)
      if (!large_log_determinant(covariance[i], d, rules, log_determinant + i, n_threads)) failure.report(i);
    return failure.value();
  }
  for_each_group(n, d, n_threads, [&](std::size_t first, std::size_t n_lanes, Workspace& workspace) {
    const Matrix m = workspace.matrix(0, d);
    Lanes* floor = workspace.vector(0, d);
    const Mask<double> symmetric = read(Sources(covariance, first, n), d, rules, m, floor);
    report(failure, symmetric & factorize(m, d, floor), first, n_lanes);
    Lanes sum{};
    for (std::size_t i = 0; i < d; ++i) sum += log(m.row(i)[i]);
    write(log_determinant + first, 2.0 * sum, n_lanes);
  });
  return failure.value();
}

PairFailures gaussian_kl_divergences(GaussianBatch p, GaussianBatch q, std::size_t n, std::size_t d,
                                     CovarianceRules rules, double* divergence, int n_threads) {
  if (d > kLargestInLanes) {
    FirstFailure p_failure, q_failure;
    for (std::size_t i = 0; i < n; ++i) {
      const BothValid valid = large_kl_divergence({p.mean[i], p.covariance[i]}, {q.mean[i], q.covariance[i]}, d, rules,
                                                  divergence + i, n_threads);
      if (!valid.p) p_failure.report(i);
      if (!valid.q) q_failure.report(i);
    }
    return {p_failure.value(), q_failure.value()};
  }
  return for_each_whitened(p, q, n, d, rules, n_threads,
                           [&](std::size_t first, std::size_t n_lanes, const Lanes* diagonal, Matrix factor,
                               Matrix whitened, const Lanes* shift) {
                             Lanes sum{};
                             for (std::size_t j = 0; j < d; ++j) {
                               Lanes squares = shift[j] * shift[j];
                               for (std::size_t i = j + 1; i < d; ++i)
                                 squares = fma(whitened.row(j)[i], whitened.row(j)[i], squares);
                               sum += squares + log_excess_of_square(diagonal[j], factor.row(j)[j]);
                             }
                             write(divergence + first, 0.5 * sum, n_lanes);
                           });
}

PairFailures gaussian_whiten(GaussianBatch p, GaussianBatch q, std::size_t n, std::size_t d, CovarianceRules rules,
                             double* factor, double* shift, int n_threads) {
  if (d > kLargestInLanes) {
    FirstFailure p_failure, q_failure;
    for (std::size_t i = 0; i < n; ++i) {
      const BothValid valid = large_whiten({p.mean[i], p.covariance[i]}, {q.mean[i], q.covariance[i]}, d, rules,
                                           factor + i * d * d, shift + i * d, n_threads);
      if (!valid.p) p_failure.report(i);
      if (!valid.q) q_failure.report(i);
    }
    return {p_failure.value(), q_failure.value()};
  }
  return for_each_whitened(
      p, q, n, d, rules, n_threads,
      [&](std::size_t first, std::size_t n_lanes, const Lanes*, Matrix, Matrix whitened, const Lanes* moved) {
        for (std::size_t lane = 0; lane < n_lanes; ++lane)
          for (std::size_t i = 0; i < d; ++i) {
            double* row = factor + (first + lane) * d * d + i * d;
            for (std::size_t j = 0; j < d; ++j) row[j] = j <= i ? whitened.row(j)[i][lane] : 0.0;
            shift[(first + lane) * d + i] = moved[i][lane];
          }
      });
}

std::size_t gaussian_informations(ArrayBatch covariance, std::size_t n, std::size_t d, VariableBlocks blocks,
                                  CovarianceRules rules, double* information, int n_threads) {
  FirstFailure failure;
  if (d > kLargestInLanes) {
    for (std::size_t i = 0; i < n; ++i)
      if (!large_information(covariance[i], d, blocks, rules, information + i, n_threads)) failure.report(i);
    return failure.value();
  }
  const std::size_t begin = blocks.first_is_given ? blocks.ends[0] : 0;
  for_each_group(n, d, n_threads, [&](std::size_t first, std::size_t n_lanes, Workspace& workspace) {
    const Matrix m = workspace.matrix(0, d);
    Lanes* floor = workspace.vector(0, d);
    Mask<double> valid = read(Sources(covariance, first, n), d, rules, m, floor);
    valid &= condition_on_first(m, begin, d, floor);
    valid &= whiten_blocks(m, blocks, begin, d, floor);
    std::fill(floor, floor + d, splat(pivot_floor(d)));
    valid &= factorize(m.block(begin), d - begin, floor);
    report(failure, valid, first, n_lanes);
    Lanes sum{};
    for (std::size_t i = begin + 1; i < d; ++i) {
      Lanes share{};
      for (std::size_t j = begin; j < i; ++j) share = fma(m.row(i)[j], m.row(i)[j], share);
      sum += minus_log_of_rest(share);
    }
    write(information + first, 0.5 * sum, n_lanes);
  });
  return failure.value();
}

}  // namespace hartley
