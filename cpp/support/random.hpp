// Small random numbers for shuffles: the same for one seed on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace hartley {

// SplitMix64 (Steele, Lea & Flood 2014): 64 bits a step, any seed.
class SplitMix {
 public:
  explicit SplitMix(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  // Uniform in [0, n), n < 2^32: bias below n 2^-64.
  std::size_t below(std::size_t n) {
    const std::uint64_t x = next();
    return static_cast<std::size_t>(((x >> 32) * n + (((x & 0xffffffffu) * n) >> 32)) >> 32);
  }

  template <class T>
  void shuffle(T* items, std::size_t n) {
    for (std::size_t i = n; i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::uint64_t state_;
};

}  // namespace hartley
