// Order statistics by one pass over the upper 16 bits of order-preserving keys: the buckets that hold wanted ranks are
// gathered and selected from, the rest is only counted.
#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "kernels/binning.hpp"
#include "support/parallel.hpp"
#include "support/simd.hpp"

namespace hartley {
namespace {

constexpr std::size_t kStrip = 8;           // columns taken out of the rows together: one cache line of a row
constexpr std::size_t kChunk = 1 << 17;     // numbers a task
constexpr std::size_t kBuckets = 1 << 16;   // 256 KiB of counts: L2
constexpr std::size_t kFew = 1 << 13;       // fewer numbers are simply sorted
constexpr std::size_t kManyRows = 1 << 21;  // from here on the threads share one column

// Integers in the order of the numbers: negative ones have all bits turned, the others the sign.
template <class T>
using Key = simd::UnsignedOf<T>;
template <class T>
Key<T> key_of(T value) {
  constexpr int kSignShift = sizeof(T) * 8 - 1;
  const auto bits = std::bit_cast<Key<T>>(value);
  return bits ^ ((bits >> kSignShift) ? ~Key<T>{0} : Key<T>{1} << kSignShift);
}
template <class T>
T value_of(Key<T> key) {
  constexpr int kSignShift = sizeof(T) * 8 - 1;
  return std::bit_cast<T>(key ^ ((key >> kSignShift) ? Key<T>{1} << kSignShift : ~Key<T>{0}));
}
template <class T>
std::size_t bucket_of(Key<T> key) {
  return static_cast<std::size_t>(key >> (sizeof(T) * 8 - 16));
}

template <class T>
void select_by_sorting(const T* x, std::size_t n, std::span<const std::int64_t> ranks, double* values) {
  std::vector<T> sorted;
  std::copy_if(x, x + n, std::back_inserter(sorted), [](T v) { return v == v; });
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t r = 0; r < ranks.size(); ++r)
    values[r] = static_cast<double>(sorted[static_cast<std::size_t>(ranks[r])]);
}

// The numbers of one column that share their upper 16 bits, and the ranks wanted among them.
template <class T>
struct Bucket {
  std::size_t index;    // the upper 16 bits
  std::int64_t before;  // numbers in lower buckets
  std::vector<Key<T>> keys;
  std::vector<std::size_t> wanted;  // positions in `ranks`
};

template <class T>
std::vector<std::uint32_t> count_buckets(const T* x, std::size_t n, int n_threads) {
  std::vector<std::vector<std::uint32_t>> counts(static_cast<std::size_t>(n_threads));
  parallel_for(count_blocks(n, kChunk), n_threads, [&](std::size_t chunk, int thread) {
    auto& mine = counts[static_cast<std::size_t>(thread)];
    if (mine.empty()) mine.assign(kBuckets, 0);
    for (std::size_t i = chunk * kChunk; i < std::min(n, (chunk + 1) * kChunk); ++i)
      if (x[i] == x[i]) ++mine[bucket_of<T>(key_of(x[i]))];
  });
  std::vector<std::uint32_t> total(kBuckets, 0);
  for (const auto& mine : counts)
    for (std::size_t b = 0; b < mine.size(); ++b) total[b] += mine[b];
  return total;
}

template <class T>
std::vector<Bucket<T>> wanted_buckets(std::span<const std::uint32_t> counts, std::span<const std::int64_t> ranks) {
  std::vector<Bucket<T>> buckets;
  std::int64_t before = 0;
  std::size_t r = 0;
  for (std::size_t b = 0; b < kBuckets && r < ranks.size(); ++b) {
    const std::int64_t end = before + counts[b];
    if (ranks[r] < end) buckets.push_back({b, before, {}, {}});
    while (r < ranks.size() && ranks[r] < end) buckets.back().wanted.push_back(r++);
    before = end;
  }
  return buckets;
}

template <class T>
void gather(const T* x, std::size_t n, std::span<Bucket<T>> buckets, int n_threads) {
  constexpr std::uint16_t kNone = 0xffff;
  std::vector<std::uint16_t> place(kBuckets, kNone);
  for (std::size_t k = 0; k < buckets.size(); ++k) place[buckets[k].index] = static_cast<std::uint16_t>(k);
  const std::size_t n_chunks = count_blocks(n, kChunk);
  std::vector<std::vector<std::vector<Key<T>>>> parts(n_chunks, std::vector<std::vector<Key<T>>>(buckets.size()));
  parallel_for(n_chunks, n_threads, [&](std::size_t chunk, int) {
    for (std::size_t i = chunk * kChunk; i < std::min(n, (chunk + 1) * kChunk); ++i) {
      const Key<T> key = key_of(x[i]);
      const std::uint16_t k = place[bucket_of<T>(key)];
      if (k != kNone && x[i] == x[i]) parts[chunk][k].push_back(key);
    }
  });
  for (const auto& chunk : parts)
    for (std::size_t k = 0; k < buckets.size(); ++k)
      buckets[k].keys.insert(buckets[k].keys.end(), chunk[k].begin(), chunk[k].end());
}

template <class T>
void select_column(const T* x, std::size_t n, std::span<const std::int64_t> ranks, double* values, int n_threads) {
  if (n <= kFew) return select_by_sorting(x, n, ranks, values);
  std::vector<Bucket<T>> buckets = wanted_buckets<T>(count_buckets(x, n, n_threads), ranks);
  gather<T>(x, n, buckets, n_threads);
  parallel_for(buckets.size(), n_threads, [&](std::size_t b, int) {
    Bucket<T>& bucket = buckets[b];
    auto begin = bucket.keys.begin();
    for (const std::size_t r : bucket.wanted) {
      const auto nth = bucket.keys.begin() + (ranks[r] - bucket.before);
      if (nth >= begin) std::nth_element(begin, nth, bucket.keys.end());
      begin = nth;
      values[r] = static_cast<double>(value_of<T>(*nth));
    }
  });
}

}  // namespace

template <class T>
void order_statistics(const T* x, std::size_t n_rows, std::size_t n_columns, std::span<const std::int64_t> ranks,
                      std::size_t n_ranks, double* values, int n_threads) {
  auto select = [&](const T* column, std::size_t c, int threads) {
    select_column(column, n_rows, ranks.subspan(c * n_ranks, n_ranks), values + c * n_ranks, threads);
  };
  if (n_columns == 1) return select(x, 0, n_threads);
  std::vector<T> strip(kStrip * n_rows);
  for (std::size_t first = 0; first < n_columns; first += kStrip) {
    const std::size_t width = std::min(kStrip, n_columns - first);
    parallel_for(count_blocks(n_rows, kChunk / kStrip), n_threads, [&](std::size_t chunk, int) {
      const std::size_t begin = chunk * (kChunk / kStrip), end = std::min(n_rows, begin + kChunk / kStrip);
      for (std::size_t r = begin; r < end; ++r)
        for (std::size_t c = 0; c < width; ++c) strip[c * n_rows + r] = x[r * n_columns + first + c];
    });
    if (n_rows >= kManyRows)
      for (std::size_t c = 0; c < width; ++c) select(strip.data() + c * n_rows, first + c, n_threads);
    else
      parallel_for(width, n_threads, [&](std::size_t c, int) { select(strip.data() + c * n_rows, first + c, 1); });
  }
}

template void order_statistics<double>(const double*, std::size_t, std::size_t, std::span<const std::int64_t>,
                                       std::size_t, double*, int);
template void order_statistics<float>(const float*, std::size_t, std::size_t, std::span<const std::int64_t>,
                                      std::size_t, double*, int);

}  // namespace hartley
