// Passes over the kernel K_ij = 2^(f_i + g_j - C_ij): what one Sinkhorn iteration, its certificate and the plan need.
//
// A pass makes (or reads) a few rows at a time and does everything with them while they are in cache. Rows are dealt to
// kTasks tasks, each with sums of its own that are added in task order: the same bits for any number of threads.
// Only the kernel's stored form, if asked for, takes memory of the order n m.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "kernels/transport_cost.hpp"
#include "support/buffer.hpp"
#include "support/parallel.hpp"

namespace hartley {

// How a pass runs, and the fraction of the whole work that is reported while it does (negative: none).
struct Run {
  int n_threads;
  double progress = -1.0;
};

// The kernel made on the fly, or stored.
template <class Entry>
struct KernelRows {
  KernelView view;
  const Entry* stored = nullptr;  // (n_rows_padded, n_columns_padded)
};

template <class Entry>
void store_kernel(const KernelView& view, Buffer<Entry>& kernel, Run run);

// row_sums = K v; where `columns` is not empty, u = a 2^(f' - f) and columns = Kᵀ u, with f the view's row offset and
// f' = damping (f - log2 row_sums): u = a / row_sums where damping is 1. All padded; a and v are 0 there.
template <class Entry>
void scaling_pass(const KernelRows<Entry>& kernel, std::span<const double> a, double damping, std::span<const double> v,
                  std::span<double> row_sums, std::span<double> columns, Run run);

// log_sums_i = log2 Σ_j b_j 2^(f_i + g_j - C_ij) with the row's largest exponent taken out: right for any potentials.
void log_sum_pass(const KernelView& view, std::span<const double> b, std::span<double> log_sums, Run run);

// Row by row, of the plan per a: P_ij / a_i = b_j 2^(f_i + g_j - C_ij), in units of exponent where a cost is in it.
struct CertificateRows {
  std::span<double> mass, kept_mass, cost, rest_cost;  // Σ P, Σ P keep_j, Σ P C, Σ_j rest_j C_ij
};
void certificate_pass(const KernelView& view, std::span<const double> b, std::span<const double> keep,
                      std::span<const double> rest, const CertificateRows& rows, Run run);

// Calls body(first_row, task, rows) for every kGroup rows of the kernel, on any thread; groups of one task come one by
// one and in order, so that what a task adds up depends on the shape alone.
using KernelGroupBody = std::function<void(std::size_t first_row, std::size_t task, const double* rows)>;
void for_each_kernel_group(const KernelRows<double>& kernel, Run run, const KernelGroupBody& body);
std::size_t count_tasks(const KernelView& view);

// The sums of kGroup rows against a vector, and a combination of them added to `columns`; all n_columns long (padded).
void multiply_kernel_rows(const double* rows, std::size_t n_columns, const double* vector, double* sums);
void add_kernel_rows(const double* rows, std::size_t n_columns, const double* factors, double* columns);

// plan (n, m) = a_i b_j 2^(f_i + g_j - C_ij), 0 where the power is below 2^-899.
void write_plan(const KernelView& view, std::span<const double> a, std::span<const double> b, double* plan, Run run);

// product (n, n_vectors) = plan times vectors (m, n_vectors).
void apply_plan(const KernelView& view, std::span<const double> a, std::span<const double> b, const double* vectors,
                std::size_t n_vectors, double* product, Run run);

}  // namespace hartley
