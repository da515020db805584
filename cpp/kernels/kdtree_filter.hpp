// A float32 copy of a tree's points that tells cheaply which candidates can be nearer than a limit, for many
// dimensions. What it rules out is at that distance or beyond; what it lets pass must be checked: results stay exact.
//
// Coordinates are moved by a centre c and multiplied by a power of two f: x^ = float32(f (x - c)), |x^| <= 2. With
// u = 2^-24 every coordinate is off by at most u |x^| (1 + u) + 2^-150, hence every distance by at most
//
//     |dist(x^, y^) - f dist(x, y)| <= 1.01 u (|x^| + |y^|) + 2^-149 sqrt(d)            in either norm, all numbers
//     real
//
// Maximum norm: a float32 difference adds a factor of 1 + u.
// Euclidean:    |x^ - y^|² = |x^|² + s, s = |y^|² - 2 x^·y^. A float32 chain of d terms, fused or not, that starts from
// the
//               rounded |y^|² passes at most d + 2 roundings a term and underflows by at most 2^-149 a term, so that it
//               is off by at most 1.01 (d + 2) u (|y^|² + 2 |x^| |y^|) + 2^-148 d <= 1.01 (d + 2) u (|x^| + |y^|)² +
//               2^-148 d.
// The limit is a distance computed in T: it is raised by the d + 2 roundings (and underflows) of that computation
// first. Internal to kdtree_*.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/kdtree_scan.hpp"

namespace hartley::kdtree {

// Points of a tree with leaves of 64.
struct Filter {
  std::size_t d;
  double scale;              // f; 0 where there is no filter
  Buffer<float> points;      // [leaf][dimension][slot]; +inf in empty slots
  Buffer<float> square;      // [leaf][slot]: |y^|², +inf in empty slots
  Buffer<double> magnitude;  // [leaf]: largest |y^| of its points
};

// No filter (scale 0) where it would not pay or its bounds would not hold.
template <class T, class Norm>
Filter make_filter(const KdTree<T>& tree, int n_threads);

inline constexpr std::size_t kFilterSlots = 64;  // candidates of a leaf, one bit each
inline constexpr double kFloatRounding = 0x1p-24;

// Queries of one leaf that ask the filter.
template <class T, class Norm>
class FilterQueries {
 public:
  FilterQueries(const Filter& filter, std::size_t leaf, std::size_t n_queries);

  // The largest value of the filter at which a candidate of a leaf may be nearer than `limit` (as the lists keep it:
  // squared for the Euclidean norm) to the query; +inf where the filter would let most candidates pass.
  // `magnitude`: of the leaf. The last answer for the query is kept: it holds for every smaller magnitude.
  HARTLEY_INLINE float threshold(std::size_t slot, T limit, double magnitude) {
    Known& known = known_[slot];
    if (!(limit == known.limit && magnitude <= known.magnitude && known.magnitude <= 4 * magnitude)) {
      known = {limit, 1.5 * magnitude, 0};
      known.threshold = make_threshold(slot, limit, known.magnitude);
    }
    return known.threshold;
  }

  // For queries slots[0 … n): which candidates of `leaf` stay at or below their thresholds.
  void survivors(std::size_t leaf, const std::uint8_t* slots, const float* thresholds, std::size_t n,
                 std::uint64_t* masks) const;

 private:
  struct Known {
    T limit;
    double magnitude;
    float threshold;
  };

  float make_threshold(std::size_t slot, T limit, double magnitude) const;

  const Filter& filter_;
  Buffer<float> rows_;               // [query][dimension], times -2 for the Euclidean norm
  double magnitudes_[kFilterSlots];  // |x^|
  Known known_[kFilterSlots];
};

}  // namespace hartley::kdtree
