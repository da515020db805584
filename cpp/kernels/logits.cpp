#include "kernels/logits.hpp"

#include <cmath>
#include <vector>

#include "kernels/logits_storage.hpp"

namespace hartley {
namespace {

using namespace simd;
using namespace logits;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Σ w_k z_k; a class without weight counts for nothing, even masked.
template <class S>
double weighted_logits(const S* z, const double* weights, std::size_t n) {
  using T = ComputeOf<S>;
  Vec<double> low{}, high{};
  const auto take = [](Vec<double>& total, const double* w, Vec<double> logit) {
    const Vec<double> weight = simd::load(w);
    total += select<double>(weight > Vec<double>{}, weight * logit, Vec<double>{});
  };
  for_each_group<1>(z, n, [&](const S* lanes, std::size_t k) {
    alignas(kVectorBytes) double rest[kLanes<T>]{};
    const double* w = weights + k;
    if (k + kLanes<T> > n) w = (std::copy(weights + k, weights + n, rest), rest);
    if constexpr (sizeof(T) == 8) {
      take(low, w, logits::load(lanes));
    } else {
      const Widened wide = widen(logits::load(lanes));
      take(low, w, wide.low);
      take(high, w + kLanes<double>, wide.high);
    }
  });
  return simd::sum(low + high);
}

template <class S>
class RowsKernel {
  using T = ComputeOf<S>;
  static constexpr std::size_t kTogether = kLanes<T>;  // short rows

 public:
  RowsKernel(const LogitRows& rows, const LogitTask& task, const LogitValues& values, const LogitGradient& gradient)
      : rows_(rows), task_(task), values_(values), gradient_(gradient) {
    if (values.uniform)
      for (std::size_t k = 0; k < rows.n_classes; ++k) total_weight_ += task.class_weights[k];
  }

  void run(int n_threads, ProgressRange progress) {
    const Cut cut(rows_.n_rows, rows_.n_classes);
    if (cut.rows_are_whole())
      run_rows(cut, n_threads, progress);
    else
      run_pieces(cut, n_threads, progress);
  }

 private:
  struct RowSums {
    Totals totals;
    double weighted_logits = 0.0;
  };

  // The gradient follows while the row is in the cache.
  void run_rows(const Cut& cut, int n_threads, ProgressRange progress) {
    parallel_for(
        cut.n_tasks(), n_threads,
        [&](std::size_t task, int) {
          const Piece piece = cut.piece(task);
          RowSums sums[kTogether];
          const std::size_t step = rows_.n_classes <= kShortRow ? kTogether : 1;
          for (std::size_t row = piece.first_row; row < piece.end_row; row += step) {
            const std::size_t n = std::min(step, piece.end_row - row);
            if (step > 1)
              put_sums_of_short_rows(row, n, sums);
            else
              sums[0] = is_read(row) ? sums_of_row(row) : RowSums{};
            for (std::size_t i = 0; i < n; ++i) {
              put_values(row + i, sums[i]);
              if (gradient_.gradient) put_gradient(row + i, 0, rows_.n_classes, sums[i].totals);
            }
          }
        },
        progress);
  }

  // All sums first, then, row by row and piece by piece, what comes of them.
  void run_pieces(const Cut& cut, int n_threads, ProgressRange progress) {
    std::vector<RowSums> pieces(cut.n_tasks());
    const double middle = gradient_.gradient ? 0.5 * (progress.from + progress.to) : progress.to;
    parallel_for(cut.n_tasks(), n_threads,
                 [&](std::size_t task, int) {
                   const Piece piece = cut.piece(task);
                   if (is_read(piece.first_row)) pieces[task] = sums_of(piece.first_row, piece.begin, piece.end);
                 },
                 {progress.from, middle});
    std::vector<Totals> totals(rows_.n_rows);
    for (std::size_t row = 0; row < rows_.n_rows; ++row) {
      RowSums sums;
      for (std::size_t i = 0; i < cut.pieces_a_row(); ++i) merge(sums, pieces[row * cut.pieces_a_row() + i]);
      put_values(row, sums);
      totals[row] = sums.totals;
    }
    if (!gradient_.gradient) return;
    parallel_for(cut.n_tasks(), n_threads,
                 [&](std::size_t task, int) {
                   const Piece piece = cut.piece(task);
                   put_gradient(piece.first_row, piece.begin, piece.end, totals[piece.first_row]);
                 },
                 {middle, progress.to});
  }

  bool is_read(std::size_t row) const { return !task_.targets || task_.targets[row] >= 0; }
  const S* logits_of(std::size_t row) const { return reinterpret_cast<const S*>(rows_.row(row)); }

  RowSums sums_of(std::size_t row, std::size_t begin, std::size_t end) const {
    const S* z = logits_of(row) + begin;
    RowSums sums{totals_of(z, end - begin, task_.inverse_temperature, values_.entropy != nullptr)};
    if (values_.uniform) sums.weighted_logits = weighted_logits(z, task_.class_weights + begin, end - begin);
    return sums;
  }

  void merge(RowSums& sums, const RowSums& next) const {
    sums.totals.add(next.totals, task_.inverse_temperature);
    sums.weighted_logits += next.weighted_logits;
  }

  // In the pieces of a row that is cut: the same bits.
  RowSums sums_of_row(std::size_t row) const {
    RowSums sums;
    for (std::size_t begin = 0; begin < rows_.n_classes; begin += kGrain)
      merge(sums, sums_of(row, begin, std::min(rows_.n_classes, begin + kGrain)));
    return sums;
  }

  // Also of rows that are not read: nobody will ask for theirs.
  void put_sums_of_short_rows(std::size_t first, std::size_t n, RowSums* sums) const {
    const S* rows[kTogether];
    for (std::size_t i = 0; i < n; ++i) rows[i] = logits_of(first + i);
    Totals totals[kTogether];
    totals_of_short_rows(rows, n, rows_.n_classes, task_.inverse_temperature, values_.entropy != nullptr, totals);
    for (std::size_t i = 0; i < n; ++i) {
      sums[i].totals = totals[i];
      if (values_.uniform) sums[i].weighted_logits = weighted_logits(rows[i], task_.class_weights, rows_.n_classes);
    }
  }

  double gap(std::size_t row, const Totals& totals) const {
    return (totals.largest - value_of(logits_of(row)[task_.targets[row]])) * task_.inverse_temperature;
  }

  void put_values(std::size_t row, const RowSums& sums) const {
    const auto put = [row](double* target, double value) {
      if (target) target[row] = value;
    };
    if (!is_read(row)) {
      for (double* target : {values_.largest, values_.log_sum, values_.gap, values_.entropy, values_.uniform})
        put(target, 0.0);
      return;
    }
    const Totals& totals = sums.totals;
    const double log_sum = totals.log_sum(task_.inverse_temperature);
    put(values_.largest, totals.valid ? totals.largest : kNan);
    put(values_.log_sum, log_sum);
    if (values_.gap) put(values_.gap, gap(row, totals));
    if (values_.entropy) put(values_.entropy, totals.entropy());
    if (values_.uniform) {
      const double scaled = task_.inverse_temperature * (total_weight_ * totals.largest - sums.weighted_logits);
      put(values_.uniform, (total_weight_ * log_sum + scaled) / static_cast<double>(rows_.n_classes));
    }
  }

  void put_gradient(std::size_t row, std::size_t begin, std::size_t end, const Totals& totals) const {
    T* out = static_cast<T*>(gradient_.gradient) + row * rows_.n_classes;
    if (!is_read(row)) {
      std::fill(out + begin, out + end, T{0});
      return;
    }
    const double softmax_scale = gradient_.softmax_scale[row], target_scale = gradient_.target_scale[row];
    const T* offsets = static_cast<const T*>(gradient_.class_offsets);
    put_softmax(logits_of(row) + begin, end - begin, totals, softmax_scale, offsets ? offsets + begin : nullptr,
                out + begin);
    const auto target = static_cast<std::size_t>(task_.targets[row]);
    if (target < begin || target >= end) return;
    // in float64: p - 1 cancels where p is near 1
    const double loss = totals.log_sum(task_.inverse_temperature) + gap(row, totals);
    const double at_target = (softmax_scale - target_scale) * std::exp(-loss) + target_scale * std::expm1(-loss);
    out[target] = static_cast<T>(at_target - (offsets ? static_cast<double>(offsets[target]) : 0.0));
  }

  void put_softmax(const S* z, std::size_t n, const Totals& totals, double scale, const T* offsets, T* out) const {
    const Vec<T> origin = splat(static_cast<T>(totals.reference));
    const Vec<T> inverse_temperature = splat(static_cast<T>(task_.inverse_temperature));
    const Vec<T> factor = splat(static_cast<T>(scale / totals.sum));
    for_each_group<1>(z, n, [&](const S* lanes, std::size_t k) {
      Vec<T> gradient = exp_or_zero((logits::load(lanes) - origin) * inverse_temperature) * factor;
      if (k + kLanes<T> <= n) {
        if (offsets) gradient -= simd::load(offsets + k);
        return store(out + k, gradient);
      }
      alignas(kVectorBytes) T rest[kLanes<T>];
      store(rest, gradient);
      for (std::size_t i = k; i < n; ++i) out[i] = rest[i - k] - (offsets ? offsets[i] : T{0});
    });
  }

  const LogitRows& rows_;
  const LogitTask& task_;
  const LogitValues& values_;
  const LogitGradient& gradient_;
  double total_weight_ = 0.0;
};

}  // namespace

void logit_rows(const LogitRows& rows, const LogitTask& task, const LogitValues& values, const LogitGradient& gradient,
                int n_threads, ProgressRange progress) {
  with_storage(rows.storage, [&](auto* null) {
    RowsKernel<std::remove_cvref_t<decltype(*null)>>(rows, task, values, gradient).run(n_threads, progress);
  });
}

}  // namespace hartley
