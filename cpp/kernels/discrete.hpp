// Counting symbols: how often each of n integers occurs, and which symbol each one is.
//
// Three ways, chosen by a look at kSample of the integers. Bytes have a table each. A window of consecutive values
// (dense) is counted in tables indexed by the value: several private ones a thread while they are small, one a thread
// when large. Anything else (sparse) is parted by a hash into pieces whose distinct values fit the second-level cache,
// and counted there in open-addressing tables. A window that turns out too narrow costs one more pass, which finds the
// true range. Signed integers come as the unsigned ones of the same bits. Counts are exact, the same for every level
// and number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hartley {

// Least and largest of n >= 1 integers, in the order of the signed ones where is_signed.
template <class U>
struct SymbolRange {
  U least, largest;
};
template <class U>
SymbolRange<U> symbol_range(std::span<const U> x, bool is_signed, int n_threads);

template <class U>
struct SymbolCounts {
  std::vector<U> symbols;
  std::vector<std::int64_t> counts;
};

// The distinct integers, ascending in their order, and how often each occurs. n >= 1; sparse ones: n < 2^32. O(n + K)
// for K distinct ones. Scratch: dense 8 bytes a cell and up to 16 a cell and thread; sparse 8 n bytes (16 n for narrow
// integers) and about 60 a distinct one.
template <class U>
SymbolCounts<U> count_symbols(std::span<const U> x, bool is_signed, int n_threads);

struct Multiplicities {
  std::vector<std::int64_t> counts, multiplicity;
};

// The distinct counts, ascending, and how many symbols have each: all that an entropy needs. As count_symbols, without
// sorting the symbols.
template <class U>
Multiplicities count_multiplicities(std::span<const U> x, bool is_signed, int n_threads);

// Sparse integers of 64 bits, in an order that depends on them alone (discrete_ids.cpp).
SymbolCounts<std::uint64_t> count_sparse(std::span<const std::uint64_t> ids, int n_threads);
void sort_by_symbol(SymbolCounts<std::uint64_t>& counted, bool is_signed, int n_threads);

// codes[i] = position of ids[i] among the K < 2^32 - 1 distinct `symbols`, 2^32 - 1 where it is not there. O(n + K);
// scratch: 32 to 64 bytes a symbol.
void encode_ids(std::span<const std::uint64_t> ids, std::span<const std::uint64_t> symbols,
                std::span<std::uint32_t> codes, int n_threads);

// first[i] = index of the first row equal to row i, rows of `width` bytes one after the other, n < 2^32. O(n width).
void first_equal_rows(const std::uint8_t* rows, std::size_t width, std::span<std::uint32_t> first, int n_threads);

// Expected mutual information in nats of two labelings of n items drawn with fixed class sizes (the hypergeometric
// model): sizes x_sizes[i], each x_counts[i] times, against y likewise; both sizes add up to n with their counts.
// Vinh, Epps & Bailey (2010), eq. 24a. Accuracy: 1e-13 relative. Terms: those of the hypergeometric distributions above
// 1e-18 of their mode.
double expected_mutual_information(std::span<const std::int64_t> x_sizes, std::span<const std::int64_t> x_counts,
                                   std::span<const std::int64_t> y_sizes, std::span<const std::int64_t> y_counts,
                                   std::int64_t n, int n_threads);

}  // namespace hartley
