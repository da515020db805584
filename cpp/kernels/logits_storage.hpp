// How logits lie in memory, and how they come into registers.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>

#include "kernels/logits.hpp"
#include "support/vector_math.hpp"

namespace hartley::logits {

struct Float16 {
  std::uint16_t bits;
};
struct Bfloat16 {
  std::uint16_t bits;
};

// What numbers stored as S are computed in.
template <class S>
using ComputeOf = std::conditional_t<std::is_same_v<S, double>, double, float>;

HARTLEY_INLINE simd::Vec<double> load(const double* z) { return simd::load(z); }
HARTLEY_INLINE simd::Vec<float> load(const float* z) { return simd::load(z); }
HARTLEY_INLINE simd::Vec<float> load(const Float16* z) {
  return simd::load_float16(reinterpret_cast<const std::uint16_t*>(z));
}
HARTLEY_INLINE simd::Vec<float> load(const Bfloat16* z) {
  return simd::load_bfloat16(reinterpret_cast<const std::uint16_t*>(z));
}

// -inf: a class that counts for nothing fills up the last vectors of a row.
template <class S>
constexpr S masked() {
  if constexpr (std::is_same_v<S, Float16>)
    return {0xfc00};
  else if constexpr (std::is_same_v<S, Bfloat16>)
    return {0xff80};
  else
    return -std::numeric_limits<S>::infinity();
}

template <class S>
double value_of(S z) {
  if constexpr (sizeof(S) == 2) {
    alignas(simd::kVectorBytes) S lanes[simd::kLanes<float>]{z};
    return load(lanes)[0];
  } else {
    return z;
  }
}

// Calls visit(z, k) for every group of kVectors vectors at z = row + k; the last one is a copy, filled up with -inf.
template <int kVectors, class S, class Visit>
HARTLEY_INLINE void for_each_group(const S* row, std::size_t n, Visit&& visit) {
  constexpr std::size_t kGroup = kVectors * simd::kLanes<ComputeOf<S>>;
  std::size_t k = 0;
  for (; k + kGroup <= n; k += kGroup) visit(row + k, k);
  if (k == n) return;
  alignas(simd::kVectorBytes) S rest[kGroup];
  std::fill(std::copy(row + k, row + n, rest), rest + kGroup, masked<S>());
  visit(rest, k);
}

// Calls run with a null pointer to the type that logits are stored in.
template <class Run>
void with_storage(LogitStorage storage, Run&& run) {
  switch (storage) {
    case LogitStorage::kFloat64:
      return run(static_cast<const double*>(nullptr));
    case LogitStorage::kFloat32:
      return run(static_cast<const float*>(nullptr));
    case LogitStorage::kFloat16:
      return run(static_cast<const Float16*>(nullptr));
    case LogitStorage::kBfloat16:
      return run(static_cast<const Bfloat16*>(nullptr));
    case LogitStorage::kUint8:
      return;  // no logits
  }
}

inline constexpr std::size_t kGrain = std::size_t{1} << 16;  // logits a task: about 15 us in one thread

inline constexpr std::size_t kManyRows = 64;  // enough of them to keep every thread busy without cutting them

// Which logits one task is about: whole rows, or a piece of one row where rows are long and few.
struct Piece {
  std::size_t first_row, end_row, begin, end;
};

class Cut {
 public:
  Cut(std::size_t n_rows, std::size_t n_classes)
      : n_rows_(n_rows),
        n_classes_(n_classes),
        pieces_a_row_(n_rows < kManyRows ? count_blocks(n_classes, kGrain) : 1),
        rows_a_task_(std::max<std::size_t>(1, kGrain / n_classes)) {}
  bool rows_are_whole() const { return pieces_a_row_ == 1; }
  std::size_t pieces_a_row() const { return pieces_a_row_; }
  std::size_t n_tasks() const {
    return rows_are_whole() ? count_blocks(n_rows_, rows_a_task_) : n_rows_ * pieces_a_row_;
  }
  Piece piece(std::size_t task) const {
    if (rows_are_whole()) {
      const std::size_t first = task * rows_a_task_;
      return {first, std::min(n_rows_, first + rows_a_task_), 0, n_classes_};
    }
    const std::size_t row = task / pieces_a_row_, begin = task % pieces_a_row_ * kGrain;
    return {row, row + 1, begin, std::min(n_classes_, begin + kGrain)};
  }

 private:
  std::size_t n_rows_, n_classes_, pieces_a_row_, rows_a_task_;
};

// What one row (or a piece of it) adds up to. Sums are relative to a reference close to the largest logit, so that they
// neither overflow nor vanish: Σ e^x and Σ x e^x over x = (z - reference)/τ.
struct Totals {
  double reference = -std::numeric_limits<double>::infinity();  // of nothing, or of masked classes alone
  double sum = 0.0, weighted = 0.0;
  double largest = -std::numeric_limits<double>::infinity();
  bool valid = true;  // no NaN, no +inf

  void rebase(double new_reference, double inverse_temperature);
  void add(Totals other, double inverse_temperature);
  double log_sum(double inverse_temperature) const;  // relative to the largest
  double entropy() const;
};

// Of the logits row[0..n), with Σ x e^x where with_entropy.
template <class S>
Totals totals_of(const S* row, std::size_t n, double inverse_temperature, bool with_entropy);

// Of kLanes<ComputeOf<S>> rows (or fewer) of n <= kShortRow logits each, one a lane.
inline constexpr std::size_t kShortRow = 64;
template <class S>
void totals_of_short_rows(const S* const* rows, std::size_t n_rows, std::size_t n, double inverse_temperature,
                          bool with_entropy, Totals* totals);

// Of any storage.
Totals totals_of(const LogitRows& logits, std::size_t row, double inverse_temperature);

// n numbers from memory as T: where they lie if they are of that type, else converted into scratch, n of T.
template <class T>
const T* stage(const std::byte* source, LogitStorage storage, std::size_t n, T* scratch);

}  // namespace hartley::logits
