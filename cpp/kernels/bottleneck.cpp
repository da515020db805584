#include "kernels/bottleneck.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/buffer.hpp"
#include "support/parallel.hpp"
#include "support/vector_math.hpp"

namespace hartley {
namespace {

using namespace simd;

constexpr std::size_t kLane = static_cast<std::size_t>(kLanes<double>);
constexpr std::size_t kRows = 4, kVectors = 2;    // 8 sums hide the latency of a multiply-add
constexpr std::size_t kPanel = kVectors * kLane;  // clusters at once
constexpr std::size_t kRowsATask = 32;            // rows of a product that one task makes
constexpr std::size_t kDepth = 128;               // terms between two visits of the sums: their factors stay in L1
constexpr std::size_t kSerialProducts = 200'000;  // 20 us of multiply-adds: less than a second thread is worth

// log 0, as a number that a product with 0 leaves 0: times β p(y|x) it is below -1000 and exp of that is 0, unless
// β p(y|x) < 1e-297. A dead cluster is further away than any that lives.
constexpr double kLogOfZero = -1e300, kLogOfDead = -1e301;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// sums[i][t] = Σ_j a[i * row_step + j * step] factors[j][t] for kCount rows i and one panel of t; `width` numbers lie
// between rows of factors and of sums.
template <std::size_t kCount>
HARTLEY_INLINE void add_products(const double* a, std::size_t row_step, std::size_t step, std::size_t n,
                                 const double* factors, double* sums, std::size_t width) {
  Vec<double> total[kCount][kVectors];
  for (std::size_t i = 0; i < kCount; ++i)
    for (std::size_t v = 0; v < kVectors; ++v) total[i][v] = load(sums + i * width + v * kLane);
  for (std::size_t j = 0; j < n; ++j) {
    Vec<double> row[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) row[v] = load(factors + j * width + v * kLane);
    for (std::size_t i = 0; i < kCount; ++i) {
      const Vec<double> factor = splat(a[i * row_step + j * step]);
      for (std::size_t v = 0; v < kVectors; ++v) total[i][v] = fma(factor, row[v], total[i][v]);
    }
  }
  for (std::size_t i = 0; i < kCount; ++i)
    for (std::size_t v = 0; v < kVectors; ++v) store(sums + i * width + v * kLane, total[i][v]);
}

// The same for n_rows <= kRowsATask rows, all terms and panels; terms are added in their order. Where the rows lie side
// by side (row_step 1) and the terms far apart, a tile of them is copied first: whole lines, in order, and none in
// another's place where the distance is a power of 2.
void multiply(const double* a, std::size_t row_step, std::size_t step, std::size_t n_rows, std::size_t n_terms,
              const double* factors, double* sums, std::size_t width) {
  double tile[kDepth * kRowsATask];
  std::fill_n(sums, n_rows * width, 0.0);
  for (std::size_t j = 0; j < n_terms; j += kDepth) {
    const std::size_t n = std::min(kDepth, n_terms - j);
    const double* here = a + j * step;
    std::size_t here_step = step;
    if (step != 1) {
      for (std::size_t k = 0; k < n; ++k) std::copy_n(here + k * step, n_rows, tile + k * kRowsATask);
      here = tile;
      here_step = kRowsATask;
    }
    for (std::size_t t = 0; t < width; t += kPanel) {
      const double* panel = factors + j * width + t;
      std::size_t i = 0;
      for (; i + kRows <= n_rows; i += kRows)
        add_products<kRows>(here + i * row_step, row_step, here_step, n, panel, sums + i * width + t, width);
      for (; i < n_rows; ++i)
        add_products<1>(here + i * row_step, row_step, here_step, n, panel, sums + i * width + t, width);
    }
    stop_if_asked();
  }
}

// The state of the iteration; rows of `width` clusters, those past n_clusters dead.
class Iteration {
 public:
  Iteration(const Joint& joint, std::size_t n_clusters, const BottleneckOptions& options)
      : joint_(joint),
        options_(options),
        n_clusters_(n_clusters),
        width_(count_blocks(n_clusters, kPanel) * kPanel),
        n_threads_(joint.n_x * joint.n_y * width_ < kSerialProducts ? 1 : options.n_threads),
        encoder_(joint.n_x * width_),
        of_clusters_(joint.n_y * width_),
        logs_(joint.n_y * width_),
        p_x_(joint.n_x),
        log_p_t_(width_),
        prior_(width_) {
    for (std::size_t x = 0; x < joint.n_x; ++x) {
      p_x_[x] = 0.0;
      for (std::size_t y = 0; y < joint.n_y; ++y) p_x_[x] += joint.p[x * joint.n_y + y];
    }
  }

  void set_encoder(std::span<const double> encoder) {
    for (std::size_t x = 0; x < joint_.n_x; ++x) {
      std::copy_n(encoder.data() + x * n_clusters_, n_clusters_, encoder_.data() + x * width_);
      std::fill(encoder_.data() + x * width_ + n_clusters_, encoder_.data() + (x + 1) * width_, 0.0);
    }
  }
  void get(std::span<double> encoder, std::span<double> joint_of_clusters) const {
    for (std::size_t x = 0; x < joint_.n_x; ++x)
      std::copy_n(encoder_.data() + x * width_, n_clusters_, encoder.data() + x * n_clusters_);
    for (std::size_t y = 0; y < joint_.n_y; ++y)
      std::copy_n(of_clusters_.data() + y * width_, n_clusters_, joint_of_clusters.data() + y * n_clusters_);
  }

  // p(t, y), log p(t, y) and log p(t) of the encoder.
  void update_clusters() {
    const std::size_t n_blocks = count_blocks(joint_.n_y, kRowsATask);
    std::vector<double> parts(n_blocks * width_);
    parallel_for(n_blocks, n_threads_, [&](std::size_t block, int) {
      const std::size_t begin = block * kRowsATask, n = std::min(kRowsATask, joint_.n_y - begin);
      double* const sums = of_clusters_.data() + begin * width_;
      multiply(joint_.p + begin, 1, joint_.n_y, n, joint_.n_x, encoder_.data(), sums, width_);
      double* const part = parts.data() + block * width_;
      for (std::size_t k = 0; k < n * width_; k += kLane) {
        const Vec<double> p = load(sums + k);
        store(logs_.data() + begin * width_ + k, select<double>(p > 0.0, log(p), splat(kLogOfZero)));
        store(part + k % width_, load(part + k % width_) + p);
      }
    });
    for (std::size_t t = 0; t < width_; ++t) {
      double p = 0.0;
      for (std::size_t block = 0; block < n_blocks; ++block) p += parts[block * width_ + t];
      log_p_t_[t] = p > 0 ? std::log(p) : -kLogOfDead;  // subtracted from log p(t, y): far away
      prior_[t] = p > 0 ? log_p_t_[t] : -kInfinity;
    }
  }

  // p(t|x) of the clusters; how far it moved.
  double update_encoder() {
    const std::size_t n_blocks = count_blocks(joint_.n_x, kRowsATask);
    std::vector<double> changes(n_blocks);
    parallel_for(n_blocks, n_threads_, [&](std::size_t block, int) {
      const std::size_t begin = block * kRowsATask, n = std::min(kRowsATask, joint_.n_x - begin);
      std::vector<double> scores(n * width_);
      multiply(joint_.p + begin * joint_.n_y, joint_.n_y, 1, n, joint_.n_y, logs_.data(), scores.data(), width_);
      for (std::size_t i = 0; i < n; ++i) {
        double* const row = scores.data() + i * width_;
        to_scores(row, p_x_[begin + i]);
        options_.deterministic ? choose(row) : normalise(row);
        changes[block] += p_x_[begin + i] * replace(encoder_.data() + (begin + i) * width_, row);
      }
    });
    double change = 0.0;
    for (const double part : changes) change += part;
    return change;
  }

 private:
  // Σ_y p(x, y) log p(t, y) becomes log p(t) - β KL(p(y|x) ‖ p(y|t)), up to a number that is the same for all t.
  void to_scores(double* row, double p_x) const {
    Vec<double> nearest = splat(-kInfinity);
    for (std::size_t t = 0; t < width_; t += kLane) {
      const Vec<double> negative_distance = load(row + t) / p_x - load(log_p_t_.data() + t);
      nearest = max(negative_distance, nearest);
      store(row + t, negative_distance);
    }
    const double least = reduce_max(nearest);  // taken off before β multiplies: no overflow among those that count
    for (std::size_t t = 0; t < width_; t += kLane)
      store(row + t, load(prior_.data() + t) + (load(row + t) - least) * options_.beta);
  }

  void normalise(double* row) const {
    Vec<double> largest = splat(-kInfinity), sum{};
    for (std::size_t t = 0; t < width_; t += kLane) largest = max(load(row + t), largest);
    const double most = reduce_max(largest);
    for (std::size_t t = 0; t < width_; t += kLane) {
      const Vec<double> weight = exp(load(row + t) - most);
      sum += weight;
      store(row + t, weight);
    }
    const double total = simd::sum(sum);
    for (std::size_t t = 0; t < width_; t += kLane) store(row + t, load(row + t) / total);
  }

  // 1 for the first of the largest.
  void choose(double* row) const {
    const auto first = std::max_element(row, row + width_) - row;
    std::fill_n(row, width_, 0.0);
    row[first] = 1.0;
  }

  // ½ Σ_t |new - old|, then new takes the place of old.
  double replace(double* old, const double* row) const {
    Vec<double> total{};
    for (std::size_t t = 0; t < width_; t += kLane) {
      total += abs(load(row + t) - load(old + t));
      store(old + t, load(row + t));
    }
    return 0.5 * simd::sum(total);
  }

  const Joint joint_;
  const BottleneckOptions options_;
  const std::size_t n_clusters_, width_;
  const int n_threads_;
  Buffer<double> encoder_, of_clusters_, logs_, p_x_, log_p_t_, prior_;
};

}  // namespace

BottleneckReport bottleneck(const Joint& joint, std::size_t n_clusters, const BottleneckOptions& options,
                            std::span<double> encoder, std::span<double> joint_of_clusters) {
  Iteration iteration(joint, n_clusters, options);
  iteration.set_encoder(encoder);
  iteration.update_clusters();
  BottleneckReport report{0.0, 0, false};
  while (report.n_iter < options.max_iter && !report.converged) {
    report.change = iteration.update_encoder();
    iteration.update_clusters();
    ++report.n_iter;
    report.converged = report.change <= options.tolerance;
  }
  iteration.get(encoder, joint_of_clusters);
  return report;
}

}  // namespace hartley
