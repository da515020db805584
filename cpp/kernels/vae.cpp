#include "kernels/vae.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "support/parallel.hpp"
#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;

constexpr std::size_t kRun = 16;                 // terms a lane adds up in T before they go to float64
constexpr std::size_t kTaskElements = 1u << 16;  // about 50 us
constexpr std::size_t kMostParts = 256;          // rows of column sums kept at a time
constexpr std::size_t kRunsBetweenPolls = 64;    // 1024 rows: a poll looks at the clock

template <class T>
constexpr std::size_t kWidth = static_cast<std::size_t>(kLanes<T>);

template <class T>
struct Term {
  Vec<T> twice_kl, exponent;
  Vec<T> mean, log_variance, log_variance_q;  // derivatives; the one by mean_q is minus the one by mean
};

template <class T>
HARTLEY_INLINE Term<T> standard_term(Vec<T> mean, Vec<T> log_variance) {
  const ExponentialExcess<T> e = exponential_excess(log_variance);
  return {fma(mean, mean, e.excess), log_variance, mean, e.expm1 * T(0.5), Vec<T>{}};
}

template <class T>
HARTLEY_INLINE Term<T> pair_term(Vec<T> mean, Vec<T> log_variance, Vec<T> mean_q, Vec<T> log_variance_q) {
  const Vec<T> x = log_variance - log_variance_q, difference = mean - mean_q;
  const ExponentialExcess<T> e = exponential_excess(x);
  const Vec<T> slope = difference * exp(-log_variance_q), half = e.expm1 * T(0.5);
  const Vec<T> square = difference * slope;
  return {e.excess + square, max(x, -log_variance_q), slope, half, square * T(-0.5) - half};
}

// Reads, and where wanted writes, the elements from i on: kWidth of them, or n < kWidth.
template <class T, bool kStandard, bool kGradient>
class Stream {
 public:
  Stream(const NormalPair<T>& pair, const NormalGradient<T>& gradient)
      : pair_(pair), gradient_(gradient), scale_(splat(static_cast<T>(gradient.scale))) {}

  // place: where in its row element i stands
  HARTLEY_INLINE Term<T> operator()(std::size_t i, std::size_t place, std::size_t n) const {
    Term<T> term;
    if constexpr (kStandard) {
      term = standard_term<T>(read(pair_.mean + i, n), read(pair_.log_variance + i, n));
    } else {
      const std::size_t j = pair_.one_row_of_q ? place : i;
      term = pair_term<T>(read(pair_.mean + i, n), read(pair_.log_variance + i, n), read(pair_.mean_q + j, n),
                          read(pair_.log_variance_q + j, n));
    }
    if constexpr (kGradient) {
      write(gradient_.mean + i, term.mean * scale_, n);
      write(gradient_.log_variance + i, term.log_variance * scale_, n);
      if constexpr (!kStandard) {
        write(gradient_.mean_q + i, -term.mean * scale_, n);
        write(gradient_.log_variance_q + i, term.log_variance_q * scale_, n);
      }
    }
    return term;
  }

  // Σ 2 kl of the row that begins at element `begin`.
  double row_sum(std::size_t begin, std::size_t length, Vec<T>& largest) const {
    const Stream here = *this;  // in registers
    Vec<double> total{};
    for (std::size_t first = 0; first < length; first += kRun * kWidth<T>) {
      const std::size_t end = std::min(length, first + kRun * kWidth<T>);
      Vec<T> run{};
      std::size_t place = first;
      for (; place + kWidth<T> <= end; place += kWidth<T>) here.add(begin, place, kWidth<T>, run, largest);
      if (place < end) here.add(begin, place, end - place, run, largest);
      if constexpr (sizeof(T) == 8) {
        total += run;
      } else {
        const Widened wide = widen(run);
        total += wide.low + wide.high;
      }
    }
    return sum(total);
  }

 private:
  HARTLEY_INLINE static Vec<T> read(const T* source, std::size_t n) {
    return n == kWidth<T> ? load(source) : load_partial(source, n);
  }
  HARTLEY_INLINE static void write(T* target, Vec<T> v, std::size_t n) {
    if (n == kWidth<T>)
      store(target, v);
    else
      std::memcpy(target, &v, n * sizeof(T));
  }
  HARTLEY_INLINE void add(std::size_t begin, std::size_t place, std::size_t n, Vec<T>& run, Vec<T>& largest) const {
    const Term<T> term = (*this)(begin + place, place, n);
    run += term.twice_kl;  // absent lanes are 0
    largest = max(term.exponent, largest);
  }

  NormalPair<T> pair_;  // by value: what a gradient is written to cannot change them
  NormalGradient<T> gradient_;
  Vec<T> scale_;
};

template <class T>
constexpr T kNoExponent = std::numeric_limits<T>::lowest();

template <class T, bool kStandard, bool kGradient>
double rows_of(const NormalPair<T>& pair, std::size_t row_length, const NormalGradient<T>& gradient, double* sums,
               int n_threads) {
  const Stream<T, kStandard, kGradient> stream(pair, gradient);
  const std::size_t n_rows = count_blocks(pair.n_elements, row_length);
  const std::size_t rows_a_task = std::max<std::size_t>(1, kTaskElements / row_length);
  std::vector<T> largest(count_blocks(n_rows, rows_a_task));
  parallel_for(largest.size(), n_threads, [&](std::size_t task, int) {
    Vec<T> exponents = splat(kNoExponent<T>);
    for (std::size_t r = task * rows_a_task; r < std::min(n_rows, (task + 1) * rows_a_task); ++r)
      sums[r] = 0.5 * stream.row_sum(r * row_length, std::min(row_length, pair.n_elements - r * row_length), exponents);
    largest[task] = reduce_max(exponents);
  });
  return static_cast<double>(*std::max_element(largest.begin(), largest.end()));
}

// Sums and counts of every column over some rows.
template <class T>
class ColumnSums {
  using Count = SignedOf<T>;

 public:
  explicit ColumnSums(std::size_t n_columns)
      : run_(count_blocks(n_columns, kWidth<T>) * kWidth<T>), run_below_(run_.size()) {}

  template <class TermAt>
  void add_row(std::size_t n_columns, Vec<T> twice_epsilon, Vec<T>& largest, TermAt&& term_at) {
    for (std::size_t c = 0; c < n_columns; c += kWidth<T>) {
      const Term<T> term = term_at(c, std::min(kWidth<T>, n_columns - c));
      store(run_.data() + c, load(run_.data() + c) + term.twice_kl);
      const Mask<T> is_below = term.twice_kl < twice_epsilon;  // -1 where it is
      store<Count>(run_below_.data() + c, load<Count>(run_below_.data() + c) - is_below);
      largest = max(term.exponent, largest);
    }
  }

  void flush(std::size_t n_columns, double* sums, std::int64_t* below) {
    for (std::size_t c = 0; c < n_columns; ++c) sums[c] += 0.5 * static_cast<double>(run_[c]);
    for (std::size_t c = 0; c < n_columns; ++c) below[c] += run_below_[c];
    std::fill(run_.begin(), run_.end(), T{});
    std::fill(run_below_.begin(), run_below_.end(), Count{});
  }

 private:
  std::vector<T> run_;
  std::vector<Count> run_below_;
};

template <class T, bool kStandard, bool kGradient>
double columns_of(const NormalPair<T>& pair, std::size_t n_columns, double epsilon, const NormalGradient<T>& gradient,
                  double* sums, std::int64_t* below, int n_threads) {
  const Stream<T, kStandard, kGradient> stream(pair, gradient);
  const std::size_t n_rows = pair.n_elements / n_columns;
  const std::size_t rows_a_block =
      std::max({kRun, kTaskElements / n_columns / kRun * kRun, count_blocks(n_rows, kMostParts)});
  const std::size_t n_blocks = count_blocks(n_rows, rows_a_block);
  std::vector<double> parts(n_blocks * n_columns);
  std::vector<std::int64_t> counts(parts.size());
  std::vector<T> largest(n_blocks);
  parallel_for(n_blocks, n_threads, [&](std::size_t block, int) {
    ColumnSums<T> columns(n_columns);
    Vec<T> exponents = splat(kNoExponent<T>);
    const std::size_t end = std::min(n_rows, (block + 1) * rows_a_block);
    for (std::size_t first = block * rows_a_block; first < end; first += kRun) {
      for (std::size_t row = first; row < std::min(end, first + kRun); ++row)
        columns.add_row(n_columns, splat(static_cast<T>(2.0 * epsilon)), exponents,
                        [&](std::size_t c, std::size_t n) { return stream(row * n_columns + c, c, n); });
      columns.flush(n_columns, parts.data() + block * n_columns, counts.data() + block * n_columns);
      if ((first / kRun) % kRunsBetweenPolls == 0) stop_if_asked();
    }
    largest[block] = reduce_max(exponents);
  });
  std::fill_n(sums, n_columns, 0.0);
  std::fill_n(below, n_columns, std::int64_t{0});
  for (std::size_t block = 0; block < n_blocks; ++block)
    for (std::size_t c = 0; c < n_columns; ++c) {
      sums[c] += parts[block * n_columns + c];
      below[c] += counts[block * n_columns + c];
    }
  return static_cast<double>(*std::max_element(largest.begin(), largest.end()));
}

}  // namespace

template <class T>
double normal_kl_rows(const NormalPair<T>& pair, std::size_t row_length, const NormalGradient<T>& gradient,
                      double* sums, int n_threads) {
  const bool is_wanted = gradient.mean != nullptr;
  const auto kernel = pair.mean_q == nullptr ? (is_wanted ? &rows_of<T, true, true> : &rows_of<T, true, false>)
                                             : (is_wanted ? &rows_of<T, false, true> : &rows_of<T, false, false>);
  return kernel(pair, row_length, gradient, sums, n_threads);
}

template <class T>
double normal_kl_columns(const NormalPair<T>& pair, std::size_t n_columns, double epsilon,
                         const NormalGradient<T>& gradient, double* sums, std::int64_t* below, int n_threads) {
  const bool is_wanted = gradient.mean != nullptr;
  const auto kernel = pair.mean_q == nullptr ? (is_wanted ? &columns_of<T, true, true> : &columns_of<T, true, false>)
                                             : (is_wanted ? &columns_of<T, false, true> : &columns_of<T, false, false>);
  return kernel(pair, n_columns, epsilon, gradient, sums, below, n_threads);
}

#define HARTLEY_INSTANTIATE(T)                                                                                       \
  template double normal_kl_rows<T>(const NormalPair<T>&, std::size_t, const NormalGradient<T>&, double*, int);      \
  template double normal_kl_columns<T>(const NormalPair<T>&, std::size_t, double, const NormalGradient<T>&, double*, \
                                       std::int64_t*, int);
HARTLEY_INSTANTIATE(double)
HARTLEY_INSTANTIATE(float)
#undef HARTLEY_INSTANTIATE

}  // namespace hartley
