#include "kernels/transport_passes.hpp"

#include <algorithm>
#include <cmath>

#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;
using V = Vec<double>;

constexpr std::size_t kTasks = 16;           // each has a row of column sums of its own
constexpr std::size_t kTaskWork = 4u << 20;  // exponentials a task: under 10 ms, so that Ctrl-C does not wait
constexpr std::size_t kGrain = 1u << 15;     // exponentials below which a team of threads costs more than it gives

// Rows in waves of kTasks tasks of whole groups; both depend on the shape alone.
struct Waves {
  std::size_t n_groups, groups_a_task, n_waves, n_tasks;

  explicit Waves(const KernelView& view) {
    n_groups = view.n_rows_padded() / kGroup;
    const std::size_t group_work = kGroup * view.n_columns_padded() * (1 + view.geometry->n_features() / 8);
    groups_a_task = std::max<std::size_t>(1, std::min(count_blocks(n_groups, kTasks), kTaskWork / group_work));
    n_waves = count_blocks(n_groups, groups_a_task * kTasks);
    n_tasks = std::min(kTasks, count_blocks(n_groups, groups_a_task));
  }
};

Run fit(const KernelView& view, Run run) {
  if (view.n_rows_padded() * view.n_columns_padded() < kGrain) run.n_threads = 1;
  return run;
}

// Calls body(first_row, task, thread) for every group of rows; the groups of one task come in order.
template <class Body>
void for_each_group(const KernelView& view, Run run, Body&& body) {
  const Waves waves(view);
  for (std::size_t wave = 0; wave < waves.n_waves; ++wave)
    parallel_for(waves.n_tasks, run.n_threads,
                 [&](std::size_t task, int thread) {
                   const std::size_t begin = (wave * kTasks + task) * waves.groups_a_task;
                   const std::size_t end = std::min(waves.n_groups, begin + waves.groups_a_task);
                   for (std::size_t group = begin; group < end; ++group) body(group * kGroup, task, thread);
                 },
                 {run.progress, run.progress});
}

// One group of rows for each thread.
template <class Entry>
class GroupScratch {
 public:
  GroupScratch(const KernelView& view, int n_threads)
      : size_(kGroup * view.n_columns_padded()), rows_(size_ * static_cast<std::size_t>(n_threads)) {}
  Entry* of(int thread) { return rows_.data() + size_ * static_cast<std::size_t>(thread); }

 private:
  std::size_t size_;
  Buffer<Entry> rows_;
};

constexpr std::size_t kTogether = 4;  // rows that share the loads of a vector over columns

// Sums of kTogether rows over columns [begin, end), in the precision of the entries.
template <class Entry>
HARTLEY_INLINE void multiply_part(const Entry* rows, std::size_t n_columns, const Entry* v, std::size_t begin,
                                  std::size_t end, Vec<Entry> (&even)[kTogether], Vec<Entry> (&odd)[kTogether]) {
  constexpr std::size_t kLane = kLanes<Entry>;  // two chains hide the latency of the addition
  for (std::size_t j = begin; j < end; j += 2 * kLane) {
    const Vec<Entry> v_even = load(v + j), v_odd = load(v + j + kLane);
#pragma GCC unroll 4  // or the sums live in memory
    for (std::size_t r = 0; r < kTogether; ++r) {
      even[r] = fma(load(rows + r * n_columns + j), v_even, even[r]);
      odd[r] = fma(load(rows + r * n_columns + j + kLane), v_odd, odd[r]);
    }
  }
}

HARTLEY_INLINE void multiply_rows(const double* rows, std::size_t n_columns, const double* v, double* sums) {
  for (std::size_t row = 0; row < kGroup; row += kTogether) {
    V even[kTogether]{}, odd[kTogether]{};
    multiply_part(rows + row * n_columns, n_columns, v, 0, n_columns, even, odd);
    for (std::size_t r = 0; r < kTogether; ++r) sums[row + r] = simd::sum(even[r] + odd[r]);
  }
}

constexpr std::size_t kShortSum = 16;  // float32 terms added before float64 takes over: their error stays near 2^-24

HARTLEY_INLINE void multiply_rows(const float* rows, std::size_t n_columns, const float* v, double* sums) {
  constexpr std::size_t kChunk = kShortSum * 2 * kLanes<float>;
  for (std::size_t row = 0; row < kGroup; row += kTogether) {
    V total[kTogether]{};
    for (std::size_t begin = 0; begin < n_columns; begin += kChunk) {
      Vec<float> even[kTogether]{}, odd[kTogether]{};
      multiply_part(rows + row * n_columns, n_columns, v, begin, std::min(n_columns, begin + kChunk), even, odd);
      for (std::size_t r = 0; r < kTogether; ++r) {
        const Widened part = widen(even[r] + odd[r]);
        total[r] += part.low + part.high;
      }
    }
    for (std::size_t r = 0; r < kTogether; ++r) sums[row + r] = simd::sum(total[r]);
  }
}

HARTLEY_INLINE void add_rows(const double* rows, std::size_t n_columns, const double* u, double* columns) {
  for (std::size_t j = 0; j < n_columns; j += kLanes<double>) {
    V total = load(columns + j);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kGroup; ++r) total = fma(load(rows + r * n_columns + j), splat(u[r]), total);
    store(columns + j, total);
  }
}

HARTLEY_INLINE void add_rows(const float* rows, std::size_t n_columns, const float* u, double* columns) {
  for (std::size_t j = 0; j < n_columns; j += kLanes<float>) {
    Vec<float> total{};
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kGroup; ++r) total = fma(load(rows + r * n_columns + j), splat(u[r]), total);
    const Widened part = widen(total);
    store(columns + j, load(columns + j) + part.low);
    store(columns + j + kLanes<double>, load(columns + j + kLanes<double>) + part.high);
  }
}

}  // namespace

template <class Entry>
void store_kernel(const KernelView& view, Buffer<Entry>& kernel, Run run) {
  const std::size_t n_columns = view.n_columns_padded();
  if (kernel.size() != view.n_rows_padded() * n_columns) kernel = Buffer<Entry>(view.n_rows_padded() * n_columns);
  for_each_group(view, fit(view, run), [&](std::size_t first_row, std::size_t, int) {
    fill_kernel_rows(view, first_row, kernel.data() + first_row * n_columns);
  });
}

template <class Entry>
void scaling_pass(const KernelRows<Entry>& kernel, std::span<const double> a, double damping, std::span<const double> v,
                  std::span<double> row_sums, std::span<double> columns, Run run) {
  const KernelView& view = kernel.view;
  const std::size_t n_columns = view.n_columns_padded();
  const std::size_t n_tasks = Waves(view).n_tasks;
  run = fit(view, run);
  GroupScratch<Entry> scratch(view, kernel.stored == nullptr ? run.n_threads : 0);
  std::vector<double> partial(columns.empty() ? 0 : n_tasks * n_columns, 0.0);
  const std::vector<Entry> vector(v.begin(), v.end());

  for_each_group(view, run, [&](std::size_t first_row, std::size_t task, int thread) {
    const Entry* rows = kernel.stored + first_row * n_columns;
    if (kernel.stored == nullptr) {
      fill_kernel_rows(view, first_row, scratch.of(thread));
      rows = scratch.of(thread);
    }
    multiply_rows(rows, n_columns, vector.data(), row_sums.data() + first_row);
    if (columns.empty()) return;
    Entry u[kGroup];
    for (std::size_t r = 0; r < kGroup; ++r) {
      const double sum = row_sums[first_row + r];
      double factor = a[first_row + r] / sum;
      if (damping != 1.0 && factor > 0)
        factor *= std::exp2((damping - 1.0) * (view.row_offset[first_row + r] - std::log2(sum)));
      u[r] = static_cast<Entry>(factor);
    }
    add_rows(rows, n_columns, u, partial.data() + task * n_columns);
  });

  if (columns.empty()) return;
  std::fill(columns.begin(), columns.end(), 0.0);
  for (std::size_t task = 0; task < n_tasks; ++task)
    for (std::size_t j = 0; j < n_columns; ++j) columns[j] += partial[task * n_columns + j];
}

void log_sum_pass(const KernelView& view, std::span<const double> b, std::span<double> log_sums, Run run) {
  const std::size_t n_columns = view.n_columns_padded();
  run = fit(view, run);
  GroupScratch<double> scratch(view, run.n_threads);
  for_each_group(view, run, [&](std::size_t first_row, std::size_t, int thread) {
    double* exponents = scratch.of(thread);
    fill_exponent_rows(view, first_row, exponents);
    for (std::size_t r = 0; r < kGroup; ++r) {
      const double* row = exponents + r * n_columns;
      V largest = splat(-std::numeric_limits<double>::max()), sum{};
      for (std::size_t j = 0; j < n_columns; j += kLanes<double>)
        largest = max(select<double>(load(b.data() + j) > V{}, load(row + j), largest), largest);
      const double shift = reduce_max(largest);
      for (std::size_t j = 0; j < n_columns; j += kLanes<double>)
        sum = fma(load(b.data() + j), exp2_of_normal(load(row + j) - shift), sum);
      log_sums[first_row + r] = shift + std::log2(simd::sum(sum));
    }
  });
}

void certificate_pass(const KernelView& view, std::span<const double> b, std::span<const double> keep,
                      std::span<const double> rest, const CertificateRows& rows, Run run) {
  const std::size_t n_columns = view.n_columns_padded();
  run = fit(view, run);
  GroupScratch<double> scratch(view, run.n_threads);
  for_each_group(view, run, [&](std::size_t first_row, std::size_t, int thread) {
    double* exponents = scratch.of(thread);
    fill_exponent_rows(view, first_row, exponents);
    for (std::size_t r = 0; r < kGroup; ++r) {
      const double* row = exponents + r * n_columns;
      const V f = splat(view.row_offset[first_row + r]);
      V mass{}, kept_mass{}, cost{}, rest_cost{};
      for (std::size_t j = 0; j < n_columns; j += kLanes<double>) {
        const V exponent = load(row + j);
        const V entry = load(b.data() + j) * exp2_of_normal(exponent);
        const V pair_cost = (f + load(view.column_offset + j)) - exponent;
        mass += entry;
        kept_mass = fma(entry, load(keep.data() + j), kept_mass);
        cost = fma(entry, pair_cost, cost);
        rest_cost = fma(load(rest.data() + j), pair_cost, rest_cost);
      }
      rows.mass[first_row + r] = simd::sum(mass);
      rows.kept_mass[first_row + r] = simd::sum(kept_mass);
      rows.cost[first_row + r] = simd::sum(cost);
      rows.rest_cost[first_row + r] = simd::sum(rest_cost);
    }
  });
}

void for_each_kernel_group(const KernelRows<double>& kernel, Run run, const KernelGroupBody& body) {
  const KernelView& view = kernel.view;
  run = fit(view, run);
  GroupScratch<double> scratch(view, kernel.stored == nullptr ? run.n_threads : 0);
  for_each_group(view, run, [&](std::size_t first_row, std::size_t task, int thread) {
    const double* rows = kernel.stored + first_row * view.n_columns_padded();
    if (kernel.stored == nullptr) {
      fill_kernel_rows(view, first_row, scratch.of(thread));
      rows = scratch.of(thread);
    }
    body(first_row, task, rows);
  });
}

std::size_t count_tasks(const KernelView& view) { return Waves(view).n_tasks; }

void multiply_kernel_rows(const double* rows, std::size_t n_columns, const double* vector, double* sums) {
  multiply_rows(rows, n_columns, vector, sums);
}

void add_kernel_rows(const double* rows, std::size_t n_columns, const double* factors, double* columns) {
  add_rows(rows, n_columns, factors, columns);
}

void write_plan(const KernelView& view, std::span<const double> a, std::span<const double> b, double* plan, Run run) {
  const std::size_t n = view.row_cloud->n, m = view.column_cloud->n, n_columns = view.n_columns_padded();
  constexpr double kNothing = 0x1p-899;  // the kernel is cut at 2^-900: there the plan is 0
  for_each_kernel_group({view}, run, [&](std::size_t first_row, std::size_t, const double* rows) {
    for (std::size_t i = first_row; i < std::min(n, first_row + kGroup); ++i)
      for (std::size_t j = 0; j < m; ++j) {
        const double entry = rows[(i - first_row) * n_columns + j];
        plan[i * m + j] = entry < kNothing ? 0.0 : a[i] * b[j] * entry;
      }
  });
}

void apply_plan(const KernelView& view, std::span<const double> a, std::span<const double> b, const double* vectors,
                std::size_t n_vectors, double* product, Run run) {
  const std::size_t n = view.row_cloud->n, m = view.column_cloud->n, n_columns = view.n_columns_padded();
  std::vector<double> weighted(n_vectors * n_columns, 0.0);  // column by column, b_j times the vectors
  for (std::size_t j = 0; j < m; ++j)
    for (std::size_t k = 0; k < n_vectors; ++k) weighted[k * n_columns + j] = b[j] * vectors[j * n_vectors + k];
  for_each_kernel_group({view}, run, [&](std::size_t first_row, std::size_t, const double* rows) {
    for (std::size_t k = 0; k < n_vectors; ++k) {
      double sums[kGroup];
      multiply_rows(rows, n_columns, weighted.data() + k * n_columns, sums);
      for (std::size_t i = first_row; i < std::min(n, first_row + kGroup); ++i)
        product[i * n_vectors + k] = a[i] * sums[i - first_row];
    }
  });
}

template void store_kernel<double>(const KernelView&, Buffer<double>&, Run);
template void store_kernel<float>(const KernelView&, Buffer<float>&, Run);
template void scaling_pass<double>(const KernelRows<double>&, std::span<const double>, double, std::span<const double>,
                                   std::span<double>, std::span<double>, Run);
template void scaling_pass<float>(const KernelRows<float>&, std::span<const double>, double, std::span<const double>,
                                  std::span<double>, std::span<double>, Run);

}  // namespace hartley
