// Neighbours' distances and counts in any dimension, and mutual information from them in nats (Kraskov, Stögbauer &
// Grassberger 2004, eq. 8, max norm): ψ(k) + ψ(n) - <ψ(n_x + 1) + ψ(n_y + 1)>, n_x(i) the other points strictly nearer
// than ε_i, the distance to the k-th neighbour in (x, y), to point i in x alone.
//
// Where ε_i is 0 or another point is as far, the ball is closed: ψ(k~) + ψ(n) - ψ(m_x) - ψ(m_y), with k~, m_x, m_y the
// other points at most ε_i away in the joint space, in x and in y (as Gao, Kannan, Oh & Viswanath 2017 do at ε_i = 0,
// with ψ for their log: on a grid the bias is a third). Where that happens to more than one point in kGridShare, the
// data lie on a grid and every ball is closed.
//
// Preconditions: finite coordinates, 1 <= k < n < 2^32. Terms are exact to 4 ulp of the largest summand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/kdtree.hpp"

namespace hartley {

// A power of two by which coordinates are multiplied so that their squares neither overflow nor vanish; 1 for data of
// ordinary size. Differences below 2^-400 of the largest coordinate (2^-50 in float32) may still square to 0.
template <class T>
double square_safe_scale(Rows<T> rows, int n_threads);

// Distance of each row to its k-th nearest other row, in any dimension; is_tied as in kdtree.hpp.
template <class T>
void knn_kth_distances(Rows<T> rows, std::size_t k, Metric metric, T* kth_distance, std::uint8_t* is_tied,
                       int n_threads, ProgressRange progress = {});

// Rows, i itself included, at max-norm distance < radius[i] from row i, in any dimension.
template <class T>
void knn_count_within(Rows<T> rows, const T* radius, std::uint32_t* counts, int n_threads, ProgressRange progress = {});

struct KsgOutcome {
  std::size_t n_ties;  // samples with such an ε_i, where one is 0 or they make a grid
  double excess;       // <min(ψ(n_x + 1), ψ(n_y + 1))> - ψ(k): near 0 where what is near in one side is near in both
};

// Row i of x and row i of y are one sample.
template <class T>
KsgOutcome knn_mutual_information(Rows<T> x, Rows<T> y, std::size_t k, double* terms, int n_threads);

// A result of one pair: mean of the terms, and samples whose ε_i is 0 or tied.
struct KnnEstimate {
  double mean;
  std::uint64_t n_ties;
};

// Mutual information of pairs of columns of n numbers each; every column is sorted once. pairs: (first, second) after
// each other.
template <class T>
void knn_pairs(const T* columns, std::size_t n_columns, std::size_t n, std::span<const std::uint32_t> pairs,
               std::size_t k, KnnEstimate* estimates, int n_threads);

// Mutual information of x with y in n_orders other orders, orders[p * n + i] the row of y beside row i of x. What
// depends on one side alone is made once; the joint neighbours are searched anew, because the radii of one order say
// nothing about another.
template <class T>
void knn_permuted(Rows<T> x, Rows<T> y, const std::uint32_t* orders, std::size_t n_orders, std::size_t k,
                  KnnEstimate* estimates, int n_threads);

// A random order that moves every row to one of its own neighbours (Runge 2018, algorithm 1): in random order each row
// takes the first of its neighbours, shuffled, that no other has taken, or the last one where all are taken.
// neighbours: (n, k) rows; order: (n).
void local_permutation(const std::uint32_t* neighbours, std::size_t n, std::size_t k, std::uint64_t seed,
                       std::uint32_t* order);

// Mean of the terms, summed pairwise.
double knn_mean(const double* terms, std::size_t n);

}  // namespace hartley
