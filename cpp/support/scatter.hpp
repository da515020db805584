// Counting sort's middle step: where each block of items puts its share of each bucket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hartley {

// Turns counts[block][bucket] into the position of each block's first item of each bucket; returns the buckets' starts.
inline std::vector<std::size_t> scatter_positions(std::vector<std::uint32_t>& counts, std::size_t n_buckets) {
  std::vector<std::size_t> starts(n_buckets + 1);
  for (std::size_t i = 0; i < counts.size(); ++i) starts[i % n_buckets + 1] += counts[i];
  for (std::size_t bucket = 0; bucket < n_buckets; ++bucket) starts[bucket + 1] += starts[bucket];
  std::vector<std::size_t> next(starts.begin(), starts.end() - 1);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::size_t position = next[i % n_buckets];
    next[i % n_buckets] += counts[i];
    counts[i] = static_cast<std::uint32_t>(position);
  }
  return starts;
}

}  // namespace hartley
