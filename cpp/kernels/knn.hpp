// Estimates of differential entropy and mutual information from nearest neighbours, in nats.
//
//   entropy             Kozachenko & Leonenko (1987):  ψ(n) - ψ(k) + log c_d + d <log ε>
//                       ε_i: distance to the k-th neighbour; c_d: volume of the unit ball of the norm
//   mutual information  Kraskov, Stögbauer & Grassberger (2004), eq. 8, max norm:
//                       ψ(k) + ψ(n) - <ψ(n_x + 1) + ψ(n_y + 1)>
//                       n_x(i): other points strictly nearer than ε_i to point i in x alone
//
// Where ε_i = 0 (more than k equal points) mutual information takes the term of Gao, Kannan, Oh & Viswanath (2017),
// algorithm 1: ψ(k~) + log n - log(m_x + 1) - log(m_y + 1), with k~, m_x, m_y the other points at distance 0 in the
// joint space, in x and in y. Entropy has the term -inf there.
//
// Every function writes one term a sample (the estimate is their mean) and returns how many samples have ε_i = 0.
// Preconditions: finite coordinates, 1 <= k < n < 2^32. Terms are exact to 4 ulp of the largest summand.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kdtree.hpp"

namespace hartley {

// Distance of each row to its k-th nearest other row, in any dimension.
template <class T>
void knn_kth_distances(Rows<T> rows, std::size_t k, Metric metric, T* kth_distance, int n_threads,
                       ProgressRange progress = {});

// Rows, i itself included, at max-norm distance < radius[i] from row i, in any dimension.
template <class T>
void knn_count_within(Rows<T> rows, const T* radius, std::uint32_t* counts, int n_threads, ProgressRange progress = {});

template <class T>
std::size_t knn_entropy(Rows<T> rows, std::size_t k, Metric metric, double* terms, int n_threads);

// Row i of x and row i of y are one sample.
template <class T>
std::size_t knn_mutual_information(Rows<T> x, Rows<T> y, std::size_t k, double* terms, int n_threads);

// Mean of the terms, summed pairwise.
double knn_mean(const double* terms, std::size_t n);

}  // namespace hartley
