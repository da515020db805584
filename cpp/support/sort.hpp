// Parallel sort of float64, float32 and unsigned numbers, with or without the permutation.
//
// Sample sort on order-preserving integer keys: splitters from a random sample cut the numbers into buckets that fit
// the second-level cache, one stable scatter brings them there (into the result's own memory), and each bucket is
// radix-sorted by its highest varying bits; the few runs that those bits leave equal are sorted the same way by the
// bits below. A number that equals a splitter has a bucket of its own that needs no sorting, so ties cost nothing.
// Linear in n for any input, the same result for any number of threads.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "support/buffer.hpp"
#include "support/parallel.hpp"
#include "support/scatter.hpp"
#include "support/simd.hpp"

namespace hartley {
namespace sort_detail {

template <class T>
using KeyOf = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

// Integers in the order of the numbers: -inf < … < -0 < 0 < … < inf; unsigned integers are their own keys.
template <class T>
KeyOf<T> to_key(T value) {
  using Key = KeyOf<T>;
  if constexpr (std::is_unsigned_v<T>) return value;
  constexpr Key kSign = Key{1} << (8 * sizeof(T) - 1);
  const Key bits = std::bit_cast<Key>(value);
  return (bits & kSign) != 0 ? static_cast<Key>(~bits) : static_cast<Key>(bits | kSign);
}
template <class T>
T to_value(KeyOf<T> key) {
  using Key = KeyOf<T>;
  if constexpr (std::is_unsigned_v<T>) return key;
  constexpr Key kSign = Key{1} << (8 * sizeof(T) - 1);
  return std::bit_cast<T>((key & kSign) != 0 ? static_cast<Key>(key & ~kSign) : static_cast<Key>(~key));
}

// Keys and, where kIndexed, the index that goes with each.
template <class Key, bool kIndexed>
struct Items {
  Key* keys;
  std::uint32_t* indices;

  Items from(std::size_t i) const { return {keys + i, kIndexed ? indices + i : nullptr}; }
  void put(std::size_t to, const Items& source, std::size_t i) const {
    keys[to] = source.keys[i];
    if constexpr (kIndexed) indices[to] = source.indices[i];
  }
};

template <class Key, bool kIndexed>
void insertion_sort(Items<Key, kIndexed> items, std::size_t n) {
  for (std::size_t i = 1; i < n; ++i) {
    const Key key = items.keys[i];
    if (!(key < items.keys[i - 1])) continue;
    const std::uint32_t index = kIndexed ? items.indices[i] : 0;
    std::size_t j = i;
    for (; j > 0 && key < items.keys[j - 1]; --j) items.put(j, items, j - 1);
    items.keys[j] = key;
    if constexpr (kIndexed) items.indices[j] = index;
  }
}

inline constexpr std::size_t kInsertion = 40;  // items: below, insertion sort beats two radix passes
inline constexpr int kMaxDigit = 11;           // bits: two histograms of 2048 counters stay in L1

template <class Key, bool kIndexed>
void scatter_by_digit(Items<Key, kIndexed> from, Items<Key, kIndexed> to, std::size_t n, int shift, int digit,
                      std::uint32_t* counts) {
  const Key mask = (Key{1} << digit) - 1;
  std::uint32_t position = 0;
  for (std::size_t bin = 0; bin <= mask; ++bin) position += std::exchange(counts[bin], position);
  for (std::size_t i = 0; i < n; ++i) to.put(counts[(from.keys[i] >> shift) & mask]++, from, i);
}

// Stable; `scratch` has room for n items. Every round takes at least 12 bits off the keys, which bounds the recursion.
template <class Key, bool kIndexed>
void sort_bucket(Items<Key, kIndexed> items, Items<Key, kIndexed> scratch, std::size_t n) {
  if (n <= kInsertion) return insertion_sort(items, n);
  Key all_or = 0, all_and = static_cast<Key>(~Key{0});
  for (std::size_t i = 0; i < n; ++i) {
    all_or |= items.keys[i];
    all_and &= items.keys[i];
  }
  const int varying = static_cast<int>(std::bit_width(static_cast<Key>(all_or ^ all_and)));
  if (varying == 0) return;
  const int digit = std::min((static_cast<int>(std::bit_width(n)) + 8) / 2, kMaxDigit);
  const int shift = std::max(varying - 2 * digit, 0);
  std::uint32_t counts[2][1 << kMaxDigit];
  const Key mask = (Key{1} << digit) - 1;
  for (auto& table : counts) std::fill_n(table, std::size_t{1} << digit, 0u);
  for (std::size_t i = 0; i < n; ++i) {
    ++counts[0][(items.keys[i] >> shift) & mask];
    ++counts[1][(items.keys[i] >> shift >> digit) & mask];
  }
  scatter_by_digit(items, scratch, n, shift, digit, counts[0]);
  scatter_by_digit(scratch, items, n, shift + digit, digit, counts[1]);
  if (shift == 0) return;
  const auto prefix = [&](std::size_t i) { return items.keys[i] >> shift; };
  for (std::size_t i = 1; i < n; ++i) {
    if (!(items.keys[i] < items.keys[i - 1])) continue;
    std::size_t first = i - 1, last = i + 1;  // the run of equal prefixes around the first inversion
    while (first > 0 && prefix(first - 1) == prefix(i)) --first;
    while (last < n && prefix(last) == prefix(i)) ++last;
    sort_bucket(items.from(first), scratch, last - first);
    i = last - 1;
  }
}

// 2 * n_leaves buckets: bucket 2 i holds the keys between splitters i - 1 and i, bucket 2 i + 1 those equal to splitter
// i. Where most numbers lie in cells of equal width with few splitters each, a table of the cells tells the bucket but
// for a few comparisons: 3.4 ns a number against 8 down a tree of 1024 leaves (Zen 3). Else the tree does.
template <class T>
class Splitters {
  using Key = KeyOf<T>;

 public:
  Splitters(const std::vector<Key>& sorted_sample, std::size_t n_leaves)
      : n_leaves_(n_leaves), sorted_(n_leaves + kInCell, static_cast<Key>(~Key{0})), tree_(n_leaves) {
    for (std::size_t i = 0; i + 1 < n_leaves; ++i)
      sorted_[i] = sorted_sample[(i + 1) * sorted_sample.size() / n_leaves];
    std::size_t next = 0;
    fill_tree(1, next);
    if constexpr (std::is_floating_point_v<T>) fill_cells(sorted_sample);
  }

  std::size_t n_buckets() const { return 2 * n_leaves_; }

  // The bucket of each of n numbers, and how many fell into each.
  void classify(const T* values, std::size_t n, std::uint16_t* buckets, std::uint32_t* counts) const {
    std::size_t i = 0;
    if constexpr (std::is_floating_point_v<T>)
      for (; !cells_.empty() && i + kTogether <= n; i += kTogether) look_up(values + i, buckets + i, counts);
    for (; i + kTogether <= n; i += kTogether) descend(values + i, buckets + i, counts);
    for (; i < n; ++i) {
      const Key key = to_key(values[i]);
      put(search(key), key, buckets + i, counts);
    }
  }

 private:
  static constexpr std::size_t kTogether = 16;       // searches at once: their latencies overlap
  static constexpr std::size_t kInCell = 3;          // splitters of a cell that are compared one by one
  static constexpr std::size_t kCellsALeaf = 4;      // of normal numbers at most one splitter to a cell, on average
  static constexpr std::uint16_t kCrowded = 0x8000;  // more than kInCell splitters: a binary search
  static constexpr std::size_t kMostCrowded = 8;     // with more than 1 number in 8 in such cells, the tree is faster

  void fill_tree(std::size_t node, std::size_t& next) {
    if (node >= n_leaves_) return;
    fill_tree(2 * node, next);
    tree_[node] = sorted_[next++];
    fill_tree(2 * node + 1, next);
  }

  // Monotone in the number, rounding included: a splitter in a lower cell is less, one in a higher cell greater.
  T last_cell() const { return static_cast<T>(n_leaves_ * kCellsALeaf - 1); }
  std::size_t cell_of(T value) const {
    const T position = std::min(std::max((value - low_) * scale_, T{0}), last_cell());
    return static_cast<std::size_t>(static_cast<std::int32_t>(position));
  }

  void fill_cells(const std::vector<Key>& sorted_sample) {
    const std::size_t n_cells = n_leaves_ * kCellsALeaf;
    const T first = to_value<T>(sorted_[0]), last = to_value<T>(sorted_[n_leaves_ - 2]);
    low_ = first;
    scale_ = static_cast<T>(n_cells) / (last - first);
    if (!std::isfinite(first) || !(scale_ > 0) || !std::isfinite(scale_)) return;
    std::vector<std::uint16_t> splitters(n_cells), numbers(n_cells);
    for (std::size_t i = 0; i + 1 < n_leaves_; ++i) ++splitters[cell_of(to_value<T>(sorted_[i]))];
    for (const Key key : sorted_sample) ++numbers[cell_of(to_value<T>(key))];
    cells_.resize(n_cells);
    std::size_t before = 0, crowded = 0;
    for (std::size_t cell = 0; cell < n_cells; ++cell) {
      cells_[cell] = static_cast<std::uint16_t>(before | (splitters[cell] > kInCell ? kCrowded : 0));
      before += splitters[cell];
      crowded += splitters[cell] > kInCell ? numbers[cell] : 0;
    }
    if (crowded > sorted_sample.size() / kMostCrowded) cells_.clear();
  }

  std::size_t search(Key key) const {
    const auto last = sorted_.begin() + static_cast<std::ptrdiff_t>(n_leaves_ - 1);
    return static_cast<std::size_t>(std::lower_bound(sorted_.begin(), last, key) - sorted_.begin());
  }

  HARTLEY_INLINE void put(std::size_t leaf, Key key, std::uint16_t* bucket, std::uint32_t* counts) const {
    const std::size_t found = 2 * leaf + (key == sorted_[leaf] ? 1 : 0);
    *bucket = static_cast<std::uint16_t>(found);
    ++counts[found];
  }

  HARTLEY_INLINE void descend(const T* values, std::uint16_t* buckets, std::uint32_t* counts) const {
    std::size_t node[kTogether];
    Key keys[kTogether];
    for (std::size_t j = 0; j < kTogether; ++j) {
      keys[j] = to_key(values[j]);
      node[j] = 1;
    }
    for (std::size_t level = n_leaves_; level > 1; level /= 2)
      for (std::size_t j = 0; j < kTogether; ++j) node[j] = 2 * node[j] + (keys[j] > tree_[node[j]] ? 1 : 0);
    for (std::size_t j = 0; j < kTogether; ++j) put(node[j] - n_leaves_, keys[j], buckets + j, counts);
  }

  HARTLEY_INLINE void look_up(const T* values, std::uint16_t* buckets, std::uint32_t* counts) const {
    using V = simd::Vec<T>;
    constexpr auto kWidth = static_cast<std::size_t>(simd::kLanes<T>);
    typedef std::int32_t Whole __attribute__((vector_size(4 * kWidth)));
    std::int32_t cells[kTogether];
    const V low = simd::splat(low_), scale = simd::splat(scale_), last = simd::splat(last_cell());
    for (std::size_t j = 0; j < kTogether; j += kWidth) {
      const V position = simd::min(simd::max((simd::load(values + j) - low) * scale, V{}), last);
      const Whole whole = __builtin_convertvector(position, Whole);
      std::memcpy(cells + j, &whole, sizeof whole);
    }
    for (std::size_t j = 0; j < kTogether; ++j) {
      const Key key = to_key(values[j]);
      std::size_t leaf = cells_[static_cast<std::size_t>(cells[j])];
      if (leaf >= kCrowded) [[unlikely]] {
        leaf = search(key);
      } else {
        const Key* splitter = sorted_.data() + leaf;
        for (std::size_t k = 0; k < kInCell; ++k) leaf += key > splitter[k] ? 1 : 0;
      }
      put(leaf, key, buckets + j, counts);
    }
  }

  std::size_t n_leaves_;
  std::vector<Key> sorted_, tree_;  // sorted_ ends in numbers that none is greater than
  T low_{}, scale_{};
  std::vector<std::uint16_t> cells_;  // splitters below each cell; empty where the tree is faster
};

inline constexpr std::size_t kBucket = 4096;      // items: with scratch and indices 96 KiB, far inside L2
inline constexpr std::size_t kMaxLeaves = 1024;   // open cache lines of the scatter: 64 KiB
inline constexpr std::size_t kOversampling = 16;  // sample items a splitter: no bucket is much longer than the mean
inline constexpr std::size_t kSortBlock = 1 << 15;
inline constexpr std::size_t kMaxSortBlocks = 512;

template <class T>
std::vector<KeyOf<T>> sample_keys(std::span<const T> values, std::size_t n_sample) {
  std::vector<KeyOf<T>> sample(n_sample), scratch(n_sample);
  std::uint64_t state = 0x9e3779b97f4a7c15;
  for (KeyOf<T>& key :
       sample) {  // positions from a 64-bit linear congruential generator: no period of the data meets it
    state = state * 6364136223846793005u + 1442695040888963407u;
    key = to_key(values[(state >> 32) % values.size()]);
  }
  sort_bucket<KeyOf<T>, false>({sample.data(), nullptr}, {scratch.data(), nullptr}, n_sample);
  return sample;
}

template <class T, bool kIndexed>
void sort_small(std::span<const T> values, T* sorted, std::uint32_t* order) {
  using Key = KeyOf<T>;
  const std::size_t n = values.size();
  std::vector<Key> keys(2 * n);
  std::vector<std::uint32_t> indices(kIndexed ? 2 * n : 0);
  const Items<Key, kIndexed> items{keys.data(), indices.data()};
  for (std::size_t i = 0; i < n; ++i) {
    items.keys[i] = to_key(values[i]);
    if constexpr (kIndexed) items.indices[i] = static_cast<std::uint32_t>(i);
  }
  sort_bucket(items, items.from(n), n);
  for (std::size_t i = 0; i < n; ++i) sorted[i] = to_value<T>(items.keys[i]);
  if constexpr (kIndexed) std::copy_n(items.indices, n, order);
}

template <class T, bool kIndexed>
void sort_large(std::span<const T> values, T* sorted, std::uint32_t* order, int n_threads) {
  using Key = KeyOf<T>;
  const std::size_t n = values.size();
  const std::size_t n_leaves = std::min(std::bit_floor(n / kBucket), kMaxLeaves);
  const Splitters<T> splitters(sample_keys(values, kOversampling * n_leaves), n_leaves);
  const std::size_t n_buckets = splitters.n_buckets();
  const std::size_t block_size = std::max(kSortBlock, count_blocks(n, kMaxSortBlocks));
  const std::size_t n_blocks = count_blocks(n, block_size);

  Buffer<std::uint16_t> bucket_of(n);
  std::vector<std::uint32_t> counts(n_blocks * n_buckets);
  parallel_for(n_blocks, n_threads, [&](std::size_t block, int) {
    std::uint32_t* count = counts.data() + block * n_buckets;
    const std::size_t begin = block * block_size, end = std::min(n, begin + block_size);
    splitters.classify(values.data() + begin, end - begin, bucket_of.data() + begin, count);
  });
  const std::vector<std::size_t> starts = scatter_positions(counts, n_buckets);

  const bool in_place = sorted == values.data();
  Buffer<T> apart(in_place ? n : 0);
  T* scattered = in_place ? apart.data() : sorted;
  parallel_for(n_blocks, n_threads, [&](std::size_t block, int) {
    std::uint32_t* next = counts.data() + block * n_buckets;
    for (std::size_t i = block * block_size; i < std::min(n, (block + 1) * block_size); ++i) {
      const std::size_t to = next[bucket_of[i]]++;
      scattered[to] = values[i];
      if constexpr (kIndexed) order[to] = static_cast<std::uint32_t>(i);
    }
  });

  struct Scratch {
    std::vector<Key> keys;
    std::vector<std::uint32_t> indices;
  };
  std::vector<Scratch> scratch(static_cast<std::size_t>(n_threads));
  parallel_for(n_leaves, n_threads, [&](std::size_t leaf, int thread) {
    const std::size_t begin = starts[2 * leaf], end = starts[2 * leaf + 1], length = end - begin;
    Scratch& own = scratch[static_cast<std::size_t>(thread)];
    if (own.keys.size() < 2 * length) {
      own.keys.resize(2 * length);
      if constexpr (kIndexed) own.indices.resize(length);
    }
    Key* keys = own.keys.data();
    for (std::size_t i = 0; i < length; ++i) keys[i] = to_key(scattered[begin + i]);
    sort_bucket<Key, kIndexed>({keys, kIndexed ? order + begin : nullptr}, {keys + length, own.indices.data()}, length);
    for (std::size_t i = 0; i < length; ++i) sorted[begin + i] = to_value<T>(keys[i]);
    if (in_place) std::copy(scattered + end, scattered + starts[2 * leaf + 2], sorted + end);
  });
}

template <class T, bool kIndexed>
void sort(std::span<const T> values, T* sorted, std::uint32_t* order, int n_threads) {
  if (values.size() < 4 * kBucket)
    sort_small<T, kIndexed>(values, sorted, order);
  else
    sort_large<T, kIndexed>(values, sorted, order, n_threads);
}

}  // namespace sort_detail

// sorted[i] is the i-th smallest of fewer than 2^32 values, none of them NaN. `sorted` may be where `values` are.
template <class T>
void sort_values(std::span<const T> values, std::span<T> sorted, int n_threads) {
  sort_detail::sort<T, false>(values, sorted.data(), nullptr, n_threads);
}

// The same, and sorted[i] = values[order[i]]; equal values keep their order (-0 counts as less than 0).
template <class T>
void sort_values(std::span<const T> values, std::span<T> sorted, std::span<std::uint32_t> order, int n_threads) {
  sort_detail::sort<T, true>(values, sorted.data(), order.data(), n_threads);
}

}  // namespace hartley
