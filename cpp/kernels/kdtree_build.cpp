#include <algorithm>
#include <bit>
#include <limits>
#include <span>

#include "kernels/kdtree.hpp"
#include "support/scatter.hpp"

namespace hartley {
namespace {

constexpr std::size_t kBucketBytes = 1 << 18;                // rows of a bucket: with its scratch inside L2
constexpr std::size_t kMinBucket = 1024, kMaxBucket = 8192;  // rows
constexpr std::size_t kMaxBuckets = 1 << 13;
constexpr std::size_t kSampleRows = 32;  // sample rows a bucket: bucket sizes scatter by a fifth
constexpr std::size_t kExtentRows = 64;  // rows that choose the dimension to split
constexpr std::size_t kScatterBlock = 1 << 14, kMaxScatterBlocks = 512;

std::uint64_t next_random(std::uint64_t& state) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return state >> 32;
}

template <class T>
struct Item {
  T key;
  std::uint32_t row;
};

// Reorders items so that the first `target` have no larger key than the rest. Expected linear for any input, ties
// included.
template <class T>
void split_at(Item<T>* items, std::size_t n, std::size_t target) {
  constexpr std::size_t kMaxSample = 63, kDirect = 24;
  std::uint64_t random = n;
  std::size_t begin = 0, end = n;
  const auto by_key = [](const Item<T>& a, const Item<T>& b) { return a.key < b.key; };
  while (end - begin > kDirect) {
    const std::size_t length = end - begin;
    const std::size_t n_sample = length < 1024 ? 15 : length < 4096 ? 31 : kMaxSample;
    T sample[kMaxSample];
    for (std::size_t i = 0; i < n_sample; ++i) sample[i] = items[begin + next_random(random) % length].key;
    T* const wanted = sample + (target - begin) * n_sample / length;
    std::nth_element(sample, wanted, sample + n_sample);
    const T pivot = *wanted;
    // branch-free: every item is swapped to the end of the part that grows when it belongs there
    const auto move_front = [&](auto belongs) {
      std::size_t front = begin;
      for (std::size_t i = begin; i < end; ++i) {
        const Item<T> item = items[i];
        items[i] = items[front];
        items[front] = item;
        front += belongs(item.key) ? 1 : 0;
      }
      return front;
    };
    const std::size_t less = move_front([pivot](T key) { return key < pivot; });
    if (target < less) {
      end = less;
    } else if (less > begin) {
      begin = less;
    } else {  // the pivot is the least key: set its ties apart
      const std::size_t equal = move_front([pivot](T key) { return key <= pivot; });
      if (target <= equal) return;
      begin = equal;
    }
  }
  std::nth_element(items + begin, items + target, items + end, by_key);
}

// The top of the tree, from a sample: a complete binary tree whose leaves are buckets of nearby rows.
template <class T>
class TopTree {
 public:
  TopTree(Rows<T> rows, std::size_t n_buckets) : rows_(rows), n_buckets_(n_buckets), nodes_(n_buckets) {
    std::vector<std::uint32_t> sample(n_buckets > 1 ? n_buckets * kSampleRows : 0);
    std::uint64_t random = rows.n;
    for (std::uint32_t& row : sample) row = static_cast<std::uint32_t>(next_random(random) % rows.n);
    if (n_buckets > 1) split(1, sample);
  }

  // Descends for several rows at once: the latencies of independent chains overlap.
  static constexpr std::size_t kTogether = 8;
  void classify(std::size_t first, std::size_t n_rows, std::uint16_t* bucket) const {
    std::size_t node[kTogether];
    std::fill_n(node, kTogether, std::size_t{1});
    const T* row = rows_.data + first * rows_.d;
    for (std::size_t width = n_buckets_; width > 1; width /= 2)
      for (std::size_t j = 0; j < n_rows; ++j) {
        const Node& at = nodes_[node[j]];
        node[j] = 2 * node[j] + (row[j * rows_.d + at.dimension] >= at.value ? 1 : 0);
      }
    for (std::size_t j = 0; j < n_rows; ++j) bucket[j] = static_cast<std::uint16_t>(node[j] - n_buckets_);
  }

 private:
  struct Node {
    T value;
    std::uint32_t dimension;
  };

  void split(std::size_t node, std::span<std::uint32_t> sample) {
    std::size_t widest = 0;
    T extent = -1;
    for (std::size_t dim = 0; dim < rows_.d; ++dim) {
      T low = std::numeric_limits<T>::infinity(), high = -low;
      for (const std::uint32_t row : sample) {
        low = std::min(low, at(row, dim));
        high = std::max(high, at(row, dim));
      }
      if (high - low > extent) {
        extent = high - low;
        widest = dim;
      }
    }
    const std::size_t half = sample.size() / 2;
    std::nth_element(sample.begin(), sample.begin() + static_cast<std::ptrdiff_t>(half), sample.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return at(a, widest) < at(b, widest); });
    nodes_[node] = {at(sample[half], widest), static_cast<std::uint32_t>(widest)};
    if (2 * node >= n_buckets_) return;
    split(2 * node, sample.first(half));
    split(2 * node + 1, sample.subspan(half));
  }

  T at(std::size_t row, std::size_t dim) const { return rows_.data[row * rows_.d + dim]; }

  Rows<T> rows_;
  std::size_t n_buckets_;
  std::vector<Node> nodes_;
};

// Orders one bucket's rows into leaves and fills them.
template <class T>
class BucketBuilder {
 public:
  BucketBuilder(KdTree<T>& tree, T scale, const T* rows, const std::uint32_t* ids, std::vector<Item<T>>& items)
      : tree_(tree), scale_(scale), rows_(rows), ids_(ids), items_(items) {}

  void build(std::size_t n_rows, std::size_t first_leaf, std::size_t n_leaves) {
    if (n_leaves == 0) return;
    items_.resize(std::max(items_.size(), n_rows));
    for (std::size_t i = 0; i < n_rows; ++i) items_[i].row = static_cast<std::uint32_t>(i);
    split(items_.data(), n_rows, first_leaf, n_leaves);
  }

 private:
  static constexpr std::size_t kFan = KdTree<T>::kFan;

  void split(Item<T>* items, std::size_t n, std::size_t first_leaf, std::size_t n_leaves) {
    if (n_leaves == 1) return fill(items, n, first_leaf);
    if (n > kMaxBucket) stop_if_asked();
    std::size_t unit = 1;  // whole subtrees go left, so that the nodes above are cells of the partition
    while (unit * kFan < n_leaves) unit *= kFan;
    const std::size_t left_leaves = (count_blocks(n_leaves, unit) + 1) / 2 * unit;
    const std::size_t left = count_blocks(n * left_leaves, n_leaves);
    const std::size_t dim = widest_dimension(items, n);
    if (dim < tree_.d && left < n) {
      for (std::size_t i = 0; i < n; ++i) items[i].key = rows_[items[i].row * tree_.d + dim];
      split_at(items, n, left);
    }
    split(items, left, first_leaf, left_leaves);
    split(items + left, n - left, first_leaf + left_leaves, n_leaves - left_leaves);
  }

  // d where all rows are equal: any order will do.
  std::size_t widest_dimension(const Item<T>* items, std::size_t n) const {
    const std::size_t by_sample = widest_dimension(items, n, std::max<std::size_t>(1, n / kExtentRows));
    return by_sample < tree_.d || n <= kExtentRows ? by_sample : widest_dimension(items, n, 1);
  }

  std::size_t widest_dimension(const Item<T>* items, std::size_t n, std::size_t step) const {
    std::size_t widest = tree_.d;
    T extent = 0;
    for (std::size_t dim = 0; dim < tree_.d; ++dim) {
      T low = std::numeric_limits<T>::infinity(), high = -low;
      for (std::size_t i = 0; i < n; i += step) {
        const T value = rows_[items[i].row * tree_.d + dim];
        low = std::min(low, value);
        high = std::max(high, value);
      }
      if (high - low > extent) {
        extent = high - low;
        widest = dim;
      }
    }
    return widest;
  }

  void fill(const Item<T>* items, std::size_t n, std::size_t leaf) {
    const std::size_t d = tree_.d, capacity = tree_.capacity;
    constexpr T kInfinity = std::numeric_limits<T>::infinity();
    T* points = tree_.points.data() + leaf * d * capacity;
    T* box = tree_.levels[0].boxes.data() + leaf / kFan * d * 2 * kFan + leaf % kFan;
    for (std::size_t dim = 0; dim < d; ++dim) {
      T low = kInfinity, high = -kInfinity;
      for (std::size_t slot = 0; slot < n; ++slot) {
        const T value = rows_[items[slot].row * d + dim] * scale_;
        points[dim * capacity + slot] = value;
        low = std::min(low, value);
        high = std::max(high, value);
      }
      std::fill(points + dim * capacity + n, points + (dim + 1) * capacity, kInfinity);
      box[2 * dim * kFan] = low;
      box[(2 * dim + 1) * kFan] = high;
    }
    std::uint32_t* index = tree_.index.data() + leaf * capacity;
    for (std::size_t slot = 0; slot < n; ++slot)
      index[slot] = ids_ == nullptr ? items[slot].row : ids_[items[slot].row];
    tree_.leaf_size[leaf] = static_cast<std::uint8_t>(n);
    tree_.levels[0].counts[leaf] = static_cast<std::uint32_t>(n);
  }

  KdTree<T>& tree_;
  T scale_;
  const T* rows_;
  const std::uint32_t* ids_;
  std::vector<Item<T>>& items_;
};

template <class T>
void make_level(KdTree<T>& tree, std::size_t n_children) {
  constexpr std::size_t kFan = KdTree<T>::kFan;
  const std::size_t n_nodes = count_blocks(n_children, kFan), n_rows = n_nodes * tree.d;
  typename KdTree<T>::Level level{n_nodes, Buffer<T>(n_rows * 2 * kFan), Buffer<std::uint32_t>(n_nodes * kFan)};
  for (std::size_t i = 0; i < n_rows; ++i) {
    std::fill_n(level.boxes.data() + i * 2 * kFan, kFan, std::numeric_limits<T>::infinity());
    std::fill_n(level.boxes.data() + (i * 2 + 1) * kFan, kFan, -std::numeric_limits<T>::infinity());
  }
  std::fill(level.counts.begin(), level.counts.end(), 0u);
  tree.levels.push_back(std::move(level));
}

template <class T>
void make_upper_levels(KdTree<T>& tree) {
  constexpr std::size_t kFan = KdTree<T>::kFan;
  while (tree.levels.back().n_nodes > 1) {
    make_level(tree, tree.levels.back().n_nodes);
    const auto& below = tree.levels[tree.levels.size() - 2];
    auto& level = tree.levels.back();
    for (std::size_t child = 0; child < below.n_nodes; ++child) {
      T* box = level.boxes.data() + child / kFan * tree.d * 2 * kFan + child % kFan;
      for (std::size_t dim = 0; dim < tree.d; ++dim) {
        const T* lower = below.boxes.data() + (child * tree.d + dim) * 2 * kFan;
        box[2 * dim * kFan] = *std::min_element(lower, lower + kFan);
        box[(2 * dim + 1) * kFan] = *std::max_element(lower + kFan, lower + 2 * kFan);
      }
      const std::uint32_t* counts = below.counts.data() + child * kFan;
      for (std::size_t i = 0; i < kFan; ++i) level.counts[child] += counts[i];
    }
  }
}

// Rows brought together by bucket, with the row numbers they had.
template <class T>
struct Scattered {
  Buffer<T> rows;
  Buffer<std::uint32_t> ids;
  std::vector<std::size_t> starts;
};

template <class T>
Scattered<T> scatter_into_buckets(Rows<T> rows, std::size_t n_buckets, int n_threads) {
  if (n_buckets == 1) return {{}, {}, {0, rows.n}};
  const TopTree<T> top(rows, n_buckets);
  const std::size_t block_size = std::max(kScatterBlock, count_blocks(rows.n, kMaxScatterBlocks));
  const std::size_t n_blocks = count_blocks(rows.n, block_size), d = rows.d;
  Buffer<std::uint16_t> bucket_of(rows.n);
  std::vector<std::uint32_t> counts(n_blocks * n_buckets);
  parallel_for(n_blocks, n_threads, [&](std::size_t block, int) {
    const std::size_t begin = block * block_size, end = std::min(rows.n, begin + block_size);
    for (std::size_t i = begin; i < end; i += TopTree<T>::kTogether)
      top.classify(i, std::min(TopTree<T>::kTogether, end - i), bucket_of.data() + i);
    for (std::size_t i = begin; i < end; ++i) ++counts[block * n_buckets + bucket_of[i]];
  });
  Scattered<T> scattered{Buffer<T>(rows.n * d), Buffer<std::uint32_t>(rows.n), scatter_positions(counts, n_buckets)};
  parallel_for(n_blocks, n_threads, [&](std::size_t block, int) {
    std::uint32_t* next = counts.data() + block * n_buckets;
    for (std::size_t i = block * block_size; i < std::min(rows.n, (block + 1) * block_size); ++i) {
      const std::size_t to = next[bucket_of[i]]++;
      std::copy_n(rows.data + i * d, d, scattered.rows.data() + to * d);
      scattered.ids[to] = static_cast<std::uint32_t>(i);
    }
  });
  return scattered;
}

}  // namespace

template <class T>
KdTree<T> build_kdtree(Rows<T> rows, T scale, int n_threads) {
  constexpr std::size_t kFan = KdTree<T>::kFan;
  const std::size_t bucket_rows = std::clamp(kBucketBytes / (rows.d * sizeof(T)), kMinBucket, kMaxBucket);
  const std::size_t n_buckets =
      rows.n < 2 * bucket_rows ? 1 : std::min(std::bit_ceil(rows.n / bucket_rows), kMaxBuckets);
  const Scattered<T> scattered = scatter_into_buckets(rows, n_buckets, n_threads);

  KdTree<T> tree{rows.n, rows.d, leaf_capacity(rows.d), 0, {}, {}, {}, {}};
  std::vector<std::size_t> first_leaf(n_buckets + 1);
  for (std::size_t bucket = 0; bucket < n_buckets; ++bucket) {
    const std::size_t leaves = count_blocks(scattered.starts[bucket + 1] - scattered.starts[bucket], tree.capacity);
    // a node above the leaves never spans two buckets
    first_leaf[bucket + 1] = first_leaf[bucket] + (n_buckets == 1 ? leaves : count_blocks(leaves, kFan) * kFan);
  }
  tree.n_leaves = first_leaf[n_buckets];
  tree.points = Buffer<T>(tree.n_leaves * rows.d * tree.capacity);
  tree.index = Buffer<std::uint32_t>(tree.n_leaves * tree.capacity);
  tree.leaf_size = Buffer<std::uint8_t>(tree.n_leaves);
  make_level(tree, tree.n_leaves);
  std::vector<std::vector<Item<T>>> items(static_cast<std::size_t>(n_threads));
  parallel_for(n_buckets, n_threads, [&](std::size_t bucket, int thread) {
    const std::size_t start = scattered.starts[bucket];
    BucketBuilder<T> builder(tree, scale, n_buckets == 1 ? rows.data : scattered.rows.data() + start * rows.d,
                             n_buckets == 1 ? nullptr : scattered.ids.data() + start,
                             items[static_cast<std::size_t>(thread)]);
    builder.build(scattered.starts[bucket + 1] - start, first_leaf[bucket],
                  first_leaf[bucket + 1] - first_leaf[bucket]);
  });
  make_upper_levels(tree);
  return tree;
}

template KdTree<double> build_kdtree(Rows<double>, double, int);
template KdTree<float> build_kdtree(Rows<float>, float, int);

}  // namespace hartley
