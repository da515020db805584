// Order statistics by counting: the numbers of a column fall into equal buckets between two quantiles of a small
// sample; the buckets that hold wanted ranks are gathered, the rest is only counted. Gathered numbers, and columns
// whose sample says nothing, are looked into in the same way by order-preserving integer keys in 2^16 equal buckets
// between the least and the largest key.
#include <algorithm>
#include <bit>
#include <limits>

#include "kernels/binning.hpp"
#include "kernels/private_tables.hpp"
#include "support/buffer.hpp"
#include "support/parallel.hpp"
#include "support/simd.hpp"
#include "support/sort.hpp"

namespace hartley {
namespace {

constexpr std::size_t kStrip = 8;           // columns taken out of the rows together: one cache line of a row
constexpr std::size_t kChunk = 1 << 17;     // numbers a task
constexpr int kBucketBits = 16;             // 2^16 counts: 256 KiB, L2
constexpr std::size_t kFew = 1 << 13;       // fewer keys are simply sorted
constexpr std::size_t kManyRows = 1 << 18;  // from here on the threads share one column

template <class T>
using Key = sort_detail::KeyOf<T>;

// NaN goes behind every number, where no rank asks for it.
template <class T>
Key<T> key_or_last(T value) {
  return value == value ? sort_detail::to_key(value) : std::numeric_limits<Key<T>>::max();
}

// Ranks wanted (increasing), counted from `before`, and where their values go.
struct Wanted {
  std::span<const std::int64_t> ranks;
  std::int64_t before;
  double* values;
};

template <class K>
struct KeyRange {
  K least, largest;
};

template <class K>
KeyRange<K> key_range(std::span<const K> keys, int n_threads) {
  std::vector<KeyRange<K>> parts(count_blocks(keys.size(), kChunk), {std::numeric_limits<K>::max(), 0});
  parallel_for(parts.size(), n_threads, [&](std::size_t chunk, int) {
    KeyRange<K> range = parts[chunk];
    for (const K key : keys.subspan(chunk * kChunk, std::min(kChunk, keys.size() - chunk * kChunk))) {
      range.least = std::min(range.least, key);
      range.largest = std::max(range.largest, key);
    }
    parts[chunk] = range;
  });
  KeyRange<K> total = parts[0];
  for (const KeyRange<K>& part : parts)
    total = {std::min(total.least, part.least), std::max(total.largest, part.largest)};
  return total;
}

// Which of the 2^16 equal parts of the range a key lies in.
template <class K>
struct Bucketing {
  K least;
  int shift;
  explicit Bucketing(KeyRange<K> range) : least(range.least) {
    shift = std::max(0, static_cast<int>(std::bit_width(static_cast<K>(range.largest - range.least))) - kBucketBits);
  }
  std::size_t operator()(K key) const { return static_cast<std::size_t>((key - least) >> shift); }
};

template <class K>
std::vector<std::uint32_t> count_buckets(std::span<const K> keys, Bucketing<K> bucket_of, int n_threads) {
  std::vector<std::vector<std::uint32_t>> counts(static_cast<std::size_t>(n_threads));
  parallel_for(count_blocks(keys.size(), kChunk), n_threads, [&](std::size_t chunk, int thread) {
    auto& mine = counts[static_cast<std::size_t>(thread)];
    if (mine.empty()) mine.assign(std::size_t{1} << kBucketBits, 0);
    for (const K key : keys.subspan(chunk * kChunk, std::min(kChunk, keys.size() - chunk * kChunk)))
      ++mine[bucket_of(key)];
  });
  std::vector<std::uint32_t> total(std::size_t{1} << kBucketBits, 0);
  for (const auto& mine : counts)
    for (std::size_t b = 0; b < mine.size(); ++b) total[b] += mine[b];
  return total;
}

template <class K>
struct Bucket {
  std::size_t index;
  std::vector<K> keys;
  Wanted wanted;
};

template <class K>
std::vector<Bucket<K>> wanted_buckets(std::span<const std::uint32_t> counts, Wanted wanted) {
  std::vector<Bucket<K>> buckets;
  std::int64_t before = wanted.before;
  std::size_t r = 0;
  for (std::size_t b = 0; b < counts.size() && r < wanted.ranks.size(); ++b) {
    const std::int64_t end = before + counts[b];
    const std::size_t first = r;
    while (r < wanted.ranks.size() && wanted.ranks[r] < end) ++r;
    if (r > first) {
      buckets.push_back({b, {}, {wanted.ranks.subspan(first, r - first), before, wanted.values + first}});
      buckets.back().keys.reserve(counts[b]);
    }
    before = end;
  }
  return buckets;
}

template <class K>
void gather(std::span<const K> keys, Bucketing<K> bucket_of, std::span<Bucket<K>> buckets, int n_threads) {
  constexpr std::uint16_t kNone = 0xffff;
  std::vector<std::uint16_t> place(std::size_t{1} << kBucketBits, kNone);
  for (std::size_t k = 0; k < buckets.size(); ++k) place[buckets[k].index] = static_cast<std::uint16_t>(k);
  const std::size_t n_chunks = count_blocks(keys.size(), kChunk);
  std::vector<std::vector<std::vector<K>>> parts(n_chunks, std::vector<std::vector<K>>(buckets.size()));
  parallel_for(n_chunks, n_threads, [&](std::size_t chunk, int) {
    for (const K key : keys.subspan(chunk * kChunk, std::min(kChunk, keys.size() - chunk * kChunk)))
      if (const std::uint16_t k = place[bucket_of(key)]; k != kNone) parts[chunk][k].push_back(key);
  });
  parallel_for(buckets.size(), n_threads, [&](std::size_t k, int) {
    for (const auto& chunk : parts) {
      stop_if_asked();
      buckets[k].keys.insert(buckets[k].keys.end(), chunk[k].begin(), chunk[k].end());
    }
  });
}

template <class T>
void select(std::span<const Key<T>> keys, Wanted wanted, int n_threads) {
  using K = Key<T>;
  if (keys.size() <= kFew) {
    std::vector<K> sorted(keys.begin(), keys.end());
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t r = 0; r < wanted.ranks.size(); ++r) {
      const auto position = static_cast<std::size_t>(wanted.ranks[r] - wanted.before);
      wanted.values[r] = static_cast<double>(sort_detail::to_value<T>(sorted[position]));
    }
    return;
  }
  const KeyRange<K> range = key_range(keys, n_threads);
  if (range.least == range.largest) {  // ties
    std::fill_n(wanted.values, wanted.ranks.size(), static_cast<double>(sort_detail::to_value<T>(range.least)));
    return;
  }
  const Bucketing<K> bucket_of(range);
  std::vector<Bucket<K>> buckets = wanted_buckets<K>(count_buckets(keys, bucket_of, n_threads), wanted);
  gather<K>(keys, bucket_of, buckets, n_threads);
  for (Bucket<K>& bucket : buckets) {
    select<T>(bucket.keys, bucket.wanted, n_threads);
    bucket.keys = {};
  }
}

// Buckets of equal width around the bulk of the numbers; what lies beyond falls into the first or the last one, NaN
// into one of its own behind.
constexpr std::size_t kSpread = 4095;  // 16 KiB of counts, L1
constexpr std::size_t kSample = 1024;

struct Spread {
  double first = 0.0, scale = 0.0;  // bucket (x - first) * scale
  bool is_useful() const { return scale > 0.0 && scale < std::numeric_limits<double>::infinity(); }

  template <class T>
  HARTLEY_INLINE std::uint16_t operator()(T x) const {
    const double position = (static_cast<double>(x) - first) * scale;
    const double above = position > 0.0 ? position : 0.0;
    const double bucket = above < static_cast<double>(kSpread - 1) ? above : static_cast<double>(kSpread - 1);
    return static_cast<std::uint16_t>(x == x ? static_cast<std::int32_t>(bucket) : static_cast<std::int32_t>(kSpread));
  }
};

// From the 5 % and the 95 % quantile of a sample, and half their distance on either side.
template <class T>
Spread spread_of(std::span<const T> column) {
  std::vector<double> sample;
  const std::size_t stride = std::max<std::size_t>(1, column.size() / kSample);
  for (std::size_t r = stride / 2; r < column.size(); r += stride)
    if (column[r] == column[r]) sample.push_back(static_cast<double>(column[r]));
  if (sample.size() < 20) return {};
  std::sort(sample.begin(), sample.end());
  const double low = sample[sample.size() / 20], high = sample[sample.size() - 1 - sample.size() / 20];
  const double first = low - 0.5 * (high - low);
  return {first, static_cast<double>(kSpread) / (2.0 * (high - low))};
}

template <class T>
void select_in_column(std::span<const T> column, Wanted wanted, int n_threads) {
  using K = Key<T>;
  const Spread bucket_of = column.size() > kFew ? spread_of(column) : Spread{};
  if (!bucket_of.is_useful()) {
    Buffer<K> keys(column.size());
    parallel_for(count_blocks(column.size(), kChunk), n_threads, [&](std::size_t chunk, int) {
      for (std::size_t r = chunk * kChunk; r < std::min(column.size(), (chunk + 1) * kChunk); ++r)
        keys[r] = key_or_last(column[r]);
    });
    return select<T>(std::span<const K>(keys.data(), keys.size()), wanted, n_threads);
  }
  const std::size_t n_chunks = count_blocks(column.size(), kChunk);
  Buffer<std::uint16_t> buckets(column.size());
  std::vector<std::vector<std::uint32_t>> counts(static_cast<std::size_t>(n_threads));
  parallel_for(n_chunks, n_threads, [&](std::size_t chunk, int thread) {
    auto& mine = counts[static_cast<std::size_t>(thread)];
    if (mine.empty()) mine.assign(kSpread + 1, 0);
    const std::size_t begin = chunk * kChunk, n = std::min(kChunk, column.size() - begin);
    for (std::size_t r = 0; r < n; ++r) buckets[begin + r] = bucket_of(column[begin + r]);
    increment(buckets.data() + begin, n, kSpread + 1, 1, mine.data());
  });
  std::vector<std::uint32_t> total(kSpread + 1, 0);
  for (const auto& mine : counts)
    for (std::size_t b = 0; b < mine.size(); ++b) total[b] += mine[b];

  std::vector<Bucket<K>> found = wanted_buckets<K>(total, wanted);
  std::vector<std::uint8_t> is_wanted(kSpread + 1, 0);
  std::vector<std::uint16_t> place(kSpread + 1, 0);
  for (std::size_t k = 0; k < found.size(); ++k) {
    is_wanted[found[k].index] = 1;
    place[found[k].index] = static_cast<std::uint16_t>(k);
  }
  std::vector<std::vector<std::vector<K>>> parts(n_chunks, std::vector<std::vector<K>>(found.size()));
  parallel_for(n_chunks, n_threads, [&](std::size_t chunk, int) {
    for (std::size_t r = chunk * kChunk; r < std::min(column.size(), (chunk + 1) * kChunk); ++r)
      if (is_wanted[buckets[r]]) parts[chunk][place[buckets[r]]].push_back(key_or_last(column[r]));
  });
  parallel_for(found.size(), n_threads, [&](std::size_t k, int) {
    for (const auto& chunk : parts) found[k].keys.insert(found[k].keys.end(), chunk[k].begin(), chunk[k].end());
    select<T>(found[k].keys, found[k].wanted, 1);
  });
}

}  // namespace

template <class T>
void order_statistics(const T* x, std::size_t n_rows, std::size_t n_columns, std::span<const std::int64_t> ranks,
                      std::size_t n_ranks, double* values, int n_threads) {
  const std::size_t strip = std::min(kStrip, n_columns), rows_a_task = kChunk / kStrip;
  Buffer<T> columns(strip * n_rows);
  auto select_column = [&](std::size_t c, std::size_t column, int threads) {
    select_in_column<T>({columns.data() + c * n_rows, n_rows},
                        {ranks.subspan(column * n_ranks, n_ranks), 0, values + column * n_ranks}, threads);
  };
  for (std::size_t first = 0; first < n_columns; first += strip) {
    const std::size_t width = std::min(strip, n_columns - first);
    parallel_for(count_blocks(n_rows, rows_a_task), n_threads, [&](std::size_t chunk, int) {
      for (std::size_t r = chunk * rows_a_task; r < std::min(n_rows, (chunk + 1) * rows_a_task); ++r)
        for (std::size_t c = 0; c < width; ++c) columns[c * n_rows + r] = x[r * n_columns + first + c];
    });
    if (n_rows >= kManyRows || width == 1)
      for (std::size_t c = 0; c < width; ++c) select_column(c, first + c, n_threads);
    else
      parallel_for(width, n_threads, [&](std::size_t c, int) { select_column(c, first + c, 1); });
  }
}

template void order_statistics<double>(const double*, std::size_t, std::size_t, std::span<const std::int64_t>,
                                       std::size_t, double*, int);
template void order_statistics<float>(const float*, std::size_t, std::size_t, std::span<const std::int64_t>,
                                      std::size_t, double*, int);

}  // namespace hartley
