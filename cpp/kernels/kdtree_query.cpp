#include <cmath>
#include <optional>
#include <stdexcept>
#include <vector>

#include "kernels/kdtree_collect.hpp"
#include "kernels/kdtree_filter.hpp"

namespace hartley {
namespace kdtree {
namespace {

constexpr std::size_t kMaxSorted = 32;  // distances kept as a sorted list; longer lists are heaps
constexpr int kMaxNetwork = 8;          // distances a point that fit the registers of the own-leaf pass

// The `length` least distances seen so far of each point of a leaf. A point that is in the tree counts itself: its
// distance 0 (or that of an equal point, which is the same number) is the first of the list.
template <class T>
class NearestLists {
 public:
  void reset(std::size_t length) {
    length_ = length;
    entries_.assign(KdTree<T>::kMaxCapacity * length_, std::numeric_limits<T>::infinity());
    std::fill_n(kth, KdTree<T>::kMaxCapacity, T{-1});  // no box and no point is nearer than -1: unused slots stay idle
  }
  std::size_t length() const { return length_; }
  T* list(std::size_t slot) { return entries_.data() + slot * length_; }

  T last_but_one(std::size_t slot) {
    T* entries = list(slot);
    if (length_ <= kMaxSorted) return entries[length_ - 2];
    return *std::max_element(entries + 1, entries + length_);  // of a heap the first is the largest
  }

  // distance < kth[slot]
  void insert(std::size_t slot, T distance) {
    T* entries = list(slot);
    if (length_ > kMaxSorted) {
      std::pop_heap(entries, entries + length_);
      entries[length_ - 1] = distance;
      std::push_heap(entries, entries + length_);
      kth[slot] = entries[0];
      return;
    }
    std::size_t at = length_ - 1;
    for (; at > 0 && distance < entries[at - 1]; --at) entries[at] = entries[at - 1];
    entries[at] = distance;
    kth[slot] = entries[length_ - 1];
  }

  alignas(kVectorBytes) T kth[KdTree<T>::kMaxCapacity];

 private:
  std::size_t length_ = 0;
  std::vector<T> entries_;
};

template <class T, class Norm, int kDim>
class LeafSearch {
 public:
  // The points of a leaf of `asking` look for the `length` nearest points of `tree`; where both are the same tree they
  // find themselves, too. `filter` (of that one tree) may be null.
  LeafSearch(const KdTree<T>& asking, const KdTree<T>& tree, const Filter* filter, std::size_t leaf, std::size_t length,
             NearestLists<T>& nearest)
      : tree_(tree),
        own_leaf_(&asking == &tree ? leaf : tree.n_leaves),
        queries_(asking, leaf),
        nearest_(nearest),
        filter_(filter) {
    if (filter != nullptr) filter_queries_.emplace(*filter, leaf, queries_.size);
    nearest_.reset(length);
    std::fill_n(nearest_.kth, queries_.size, std::numeric_limits<T>::infinity());
    const std::uint64_t all = first_bits(queries_.size);
    if (own_leaf_ < tree.n_leaves && !scan_own_leaf<2>(static_cast<int>(length))) scan(leaf, all);
    update_bound();
    descend(tree.levels.size() - 1, 0, all);
  }

  const LeafOfQueries<T, kDim>& queries() const { return queries_; }

 private:
  static constexpr std::size_t kFan = KdTree<T>::kFan, kCapacity = LeafOfQueries<T, kDim>::kCapacity;
  static constexpr std::size_t kStep = kVectors<T, kDim> * kWidth<T>;
  static constexpr int kFewSurvivors = 16;                // more are scanned as vectors
  static constexpr std::size_t kTestEvery = 16;           // boxes, where tests are in vain
  static constexpr std::size_t kScansBetweenPolls = 256;  // leaves: at most 10 ms for 64 dimensions

  // Tries lengths kLength, kLength + 1, … until one fits; false when the list is too long for the registers.
  template <int kLength>
  bool scan_own_leaf(int length) {
    if constexpr (kLength > kMaxNetwork) {
      return false;
    } else {
      if (length != kLength) return scan_own_leaf<kLength + 1>(length);
      for (std::size_t group = 0; group * kWidth<T> < queries_.size; ++group) scan_own_leaf_network<kLength>(group);
      return true;
    }
  }

  // One vector of queries against every point of their own leaf: each lane keeps its kLength least distances sorted by
  // a network of min and max, without a branch.
  template <int kLength>
  void scan_own_leaf_network(std::size_t group) {
    Vec<T> least[kLength];
    for (Vec<T>& entry : least) entry = splat(std::numeric_limits<T>::infinity());
    for (std::size_t other = 0; other < queries_.size; ++other) {
      Vec<T> distance{};
      for (std::size_t dim = 0; dim < queries_.d(); ++dim)
        distance =
            Norm::add(distance, splat(queries_.points[dim * kCapacity + other]) - queries_.coordinates(dim, group));
      for (Vec<T>& entry : least) {
        const Vec<T> smaller = min(distance, entry);
        distance = max(distance, entry);
        entry = smaller;
      }
    }
    T entries[kLength][kWidth<T>];
    for (int i = 0; i < kLength; ++i) store(entries[i], least[i]);
    const std::size_t first = group * kWidth<T>, count = std::min(kWidth<T>, queries_.size - first);
    for (std::size_t lane = 0; lane < count; ++lane) {
      T* list = nearest_.list(first + lane);
      for (int i = 0; i < kLength; ++i) list[i] = entries[i][lane];
      nearest_.kth[first + lane] = list[kLength - 1];
    }
  }

  void update_bound() {
    Vec<T> largest = load(nearest_.kth);
    for (std::size_t slot = kWidth<T>; slot < kCapacity; slot += kWidth<T>)
      largest = max(largest, load(nearest_.kth + slot));
    bound_ = reduce_max(largest);
  }

  // What lies at the k-th distance or beyond cannot shorten it: everything is pruned on >=.
  void descend(std::size_t level, std::size_t node, std::uint64_t active) {
    const T* boxes = tree_.boxes(level, node);
    alignas(kVectorBytes) T box_distance[kFan];
    distances_to_children<T, Norm, kDim>(queries_, boxes, box_distance);
    std::uint8_t order[kFan];
    std::size_t n_near = 0;
    for (std::size_t child = 0; child < kFan; ++child) {
      if (!(box_distance[child] < bound_)) continue;
      std::size_t at = n_near++;
      for (; at > 0 && box_distance[child] < box_distance[order[at - 1]]; --at) order[at] = order[at - 1];
      order[at] = static_cast<std::uint8_t>(child);
    }
    for (std::size_t i = 0; i < n_near && box_distance[order[i]] < bound_; ++i) {
      const std::size_t child = node * kFan + order[i];
      if (level == 0 && child == own_leaf_) continue;
      const std::uint64_t near = queries_near_box(boxes + order[i], active);
      if (near == 0) continue;
      if (level == 0) {
        if (filter_ != nullptr)
          scan_filtered(child, near);
        else
          scan(child, near);
        if (++n_scans_ % kScansBetweenPolls == 0) stop_if_asked();
        update_bound();
      } else {
        descend(level - 1, child, near);
      }
    }
  }

  // In many dimensions boxes hardly ever keep a query away: where most tests were in vain, most are left out.
  std::uint64_t queries_near_box(const T* box, std::uint64_t active) {
    if constexpr (kDim == 0)
      if (n_spared_ * 8 < n_tested_ && ++n_untested_ % kTestEvery != 0) return active;
    const std::uint64_t near = queries_near<T, Norm, kDim>(queries_, box, nearest_.kth, active);
    n_tested_ += static_cast<std::size_t>(std::popcount(active));
    n_spared_ += static_cast<std::size_t>(std::popcount(active & ~near));
    return near;
  }

  void scan_filtered(std::size_t leaf, std::uint64_t active) {
    std::uint8_t slots[kCapacity];
    float thresholds[kCapacity];
    std::uint64_t survivors[kCapacity], unfiltered = 0;
    std::size_t n_asking = 0;
    for (; active != 0; active &= active - 1) {
      const auto slot = static_cast<std::uint8_t>(std::countr_zero(active));
      const float threshold = filter_queries_->threshold(slot, nearest_.kth[slot], filter_->magnitude[leaf]);
      if (threshold == std::numeric_limits<float>::infinity()) {
        unfiltered |= std::uint64_t{1} << slot;
        continue;
      }
      slots[n_asking] = slot;
      thresholds[n_asking++] = threshold;
    }
    if (n_asking != 0) filter_queries_->survivors(leaf, slots, thresholds, n_asking, survivors);
    for (std::size_t i = 0; i < n_asking; ++i) {
      if (std::popcount(survivors[i]) > kFewSurvivors)
        unfiltered |= std::uint64_t{1} << slots[i];
      else
        check(leaf, slots[i], survivors[i]);
    }
    if (unfiltered != 0) scan(leaf, unfiltered);
  }

  void check(std::size_t leaf, std::size_t slot, std::uint64_t candidates) {
    const T* const query = queries_.rows.data() + slot * queries_.d();
    for (; candidates != 0; candidates &= candidates - 1) {
      const T* const candidate = tree_.leaf(leaf) + std::countr_zero(candidates);
      T distance = 0;
      for (std::size_t dim = 0; dim < queries_.d(); ++dim)
        distance = Norm::add(distance, candidate[dim * kCapacity] - query[dim]);
      if (distance < nearest_.kth[slot]) nearest_.insert(slot, distance);
    }
  }

  void scan(std::size_t leaf, std::uint64_t active) {
    const T* candidates = tree_.leaf(leaf);
    const std::size_t size = tree_.leaf_size[leaf];
    for (; active != 0; active &= active - 1) {
      const auto slot = static_cast<std::size_t>(std::countr_zero(active));
      Vec<T> limit = splat(nearest_.kth[slot]);
      for (std::size_t first = 0; first < size; first += kStep) {
        Vec<T> distance[kVectors<T, kDim>];
        if (!distances_to_points<T, Norm, kDim>(queries_, slot, candidates + first, limit, distance)) continue;
        std::uint64_t nearer = 0;
        T lanes[kStep];
        for (std::size_t v = 0; v < kVectors<T, kDim>; ++v) {
          nearer |= std::uint64_t{less_bits(distance[v], limit)} << (v * kWidth<T>);
          store(lanes + v * kWidth<T>, distance[v]);
        }
        if (nearer == 0) continue;
        for (; nearer != 0; nearer &= nearer - 1) {
          const T found = lanes[std::countr_zero(nearer)];
          if (found < nearest_.kth[slot]) nearest_.insert(slot, found);
        }
        limit = splat(nearest_.kth[slot]);
      }
    }
  }

  const KdTree<T>& tree_;
  std::size_t own_leaf_;
  LeafOfQueries<T, kDim> queries_;
  NearestLists<T>& nearest_;
  const Filter* filter_;
  std::optional<FilterQueries<T, Norm>> filter_queries_;
  std::size_t n_tested_ = 0, n_spared_ = 0, n_untested_ = 0, n_scans_ = 0;
  T bound_{};
};

// float32 differences gain nothing from a copy in float32; products do.
template <class T, class Norm>
bool filter_pays(const KdTree<T>& tree) {
  constexpr std::size_t kLeastDimension = 8, kLeastLeaves = 8;
  constexpr bool kSquared = std::is_same_v<Norm, SquaredEuclidean>;
  return tree.d >= kLeastDimension && tree.n_leaves >= kLeastLeaves && (kSquared || sizeof(T) > sizeof(float));
}

// Where the answers of the asking tree's row i go: the k-th distance, or all k with the rows of the points.
template <class T>
struct Answers {
  std::size_t k;
  T* kth_distance;
  std::uint8_t* is_tied;  // may be null
  T* distances;           // [row][k], null where only the k-th is asked for
  std::uint32_t* indices;
};

template <class T, class Norm>
T as_distance(T accumulated) {
  return std::is_same_v<Norm, SquaredEuclidean> ? std::sqrt(accumulated) : accumulated;
}

// Searches for one leaf of queries after the other, one thread's memory.
template <class T, class Norm, int kDim>
class LeafAnswer {
 public:
  void operator()(const KdTree<T>& asking, const KdTree<T>& tree, const Filter* filter, std::size_t leaf,
                  const Answers<T>& answers) {
    const bool is_own = &asking == &tree;
    const std::size_t length = answers.k + (is_own ? 1 : 0) + (answers.is_tied != nullptr ? 1 : 0);
    const LeafSearch<T, Norm, kDim> search(asking, tree, filter, leaf, length, nearest_);
    const std::uint32_t* rows = asking.index.data() + leaf * asking.capacity;
    if (answers.distances == nullptr) {
      for (std::size_t slot = 0; slot < search.queries().size; ++slot) {
        T kth = nearest_.kth[slot];
        if (answers.is_tied != nullptr) {
          const T next = kth;
          kth = nearest_.last_but_one(slot);
          answers.is_tied[rows[slot]] = kth == next;
        }
        answers.kth_distance[rows[slot]] = as_distance<T, Norm>(kth);
      }
      return;
    }
    LeafCollect<T, Norm, kDim>(search.queries(), tree, answers.k, nearest_.kth, is_own ? rows : nullptr, found_);
    for (std::size_t slot = 0; slot < search.queries().size; ++slot) {
      auto& found = found_[slot];
      if (found.size() < answers.k) throw std::overflow_error("distances overflow: scale the data");
      const auto kth = found.begin() + static_cast<std::ptrdiff_t>(answers.k);
      std::partial_sort(found.begin(), kth, found.end());
      for (std::size_t j = 0; j < answers.k; ++j) {
        answers.distances[rows[slot] * answers.k + j] = as_distance<T, Norm>(found[j].distance);
        answers.indices[rows[slot] * answers.k + j] = found[j].row;
      }
    }
  }

 private:
  NearestLists<T> nearest_;
  std::vector<std::vector<typename LeafCollect<T, Norm, kDim>::Found>> found_;
};

template <class T, class Norm>
void search(const KdTree<T>& asking, const KdTree<T>& tree, const Answers<T>& answers, int n_threads,
            ProgressRange progress) {
  Filter filter{};
  if (&asking == &tree && filter_pays<T, Norm>(tree)) filter = make_filter<T, Norm>(tree, n_threads);
  const Filter* const usable_filter = filter.scale == 0 ? nullptr : &filter;
  with_dimension(tree.d, [&](auto dim) {
    std::vector<LeafAnswer<T, Norm, dim()>> answer(static_cast<std::size_t>(n_threads));
    parallel_for(
        asking.n_leaves, n_threads,
        [&](std::size_t leaf, int thread) {
          if (asking.leaf_size[leaf] != 0)
            answer[static_cast<std::size_t>(thread)](asking, tree, usable_filter, leaf, answers);
        },
        progress);
  });
}

template <class T>
void search(const KdTree<T>& asking, const KdTree<T>& tree, Metric metric, const Answers<T>& answers, int n_threads,
            ProgressRange progress) {
  if (metric == Metric::kChebyshev)
    search<T, Chebyshev>(asking, tree, answers, n_threads, progress);
  else
    search<T, SquaredEuclidean>(asking, tree, answers, n_threads, progress);
}

}  // namespace
}  // namespace kdtree

template <class T>
void kth_distances(const KdTree<T>& asking, const KdTree<T>& tree, std::size_t k, Metric metric, T* kth_distance,
                   std::uint8_t* is_tied, int n_threads, ProgressRange progress) {
  kdtree::search<T>(asking, tree, metric, {k, kth_distance, is_tied, nullptr, nullptr}, n_threads, progress);
}

template <class T>
void nearest(const KdTree<T>& asking, const KdTree<T>& tree, std::size_t k, Metric metric, T* distances,
             std::uint32_t* indices, int n_threads, ProgressRange progress) {
  kdtree::search<T>(asking, tree, metric, {k, nullptr, nullptr, distances, indices}, n_threads, progress);
}

#define HARTLEY_INSTANTIATE(T)                                                                                    \
  template void kth_distances<T>(const KdTree<T>&, const KdTree<T>&, std::size_t, Metric, T*, std::uint8_t*, int, \
                                 ProgressRange);                                                                  \
  template void nearest<T>(const KdTree<T>&, const KdTree<T>&, std::size_t, Metric, T*, std::uint32_t*, int,      \
                           ProgressRange);
HARTLEY_INSTANTIATE(double)
HARTLEY_INSTANTIATE(float)

}  // namespace hartley
