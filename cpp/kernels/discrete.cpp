#include "kernels/discrete.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <limits>
#include <map>
#include <optional>

#include "kernels/private_tables.hpp"
#include "support/buffer.hpp"
#include "support/parallel.hpp"

namespace hartley {
namespace {

constexpr std::size_t kBlock = 1 << 16;               // integers a task: a few tens of microseconds
constexpr std::size_t kSlice = std::size_t{1} << 31;  // integers that cannot overflow a 32-bit counter
constexpr std::size_t kSample = 1024;                 // integers that a window is guessed from
constexpr std::size_t kSmallWindow = 1 << 16;         // cells that are always worth a table
constexpr std::size_t kMergeBlock = 1 << 15;          // cells added up in a task
constexpr std::size_t kByteTables = 8;  // one for each byte of a word: 8 KiB, no store waits for the one before

// Bytes, eight at a time, into kByteTables tables of 256 cells.
void count_bytes(const std::uint8_t* x, std::size_t n, std::uint32_t* tables) {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, x + i, 8);
    for (std::size_t b = 0; b < kByteTables; ++b) ++tables[256 * b + ((word >> (8 * b)) & 0xff)];
  }
  for (; i < n; ++i) ++tables[x[i]];
}

// The bits of x - first outside of the mask, ored together: 0 where all x are in the window.
template <std::size_t kCopies, class U>
U count_block(const U* x, std::size_t n, U first, std::size_t cells, std::uint32_t* tables) {
  const U mask = static_cast<U>(cells - 1);
  U seen = 0;
  std::size_t i = 0;
  for (; i + kCopies <= n; i += kCopies) {
    for (std::size_t c = 0; c < kCopies; ++c) {
      const U offset = static_cast<U>(x[i + c] - first);
      seen = static_cast<U>(seen | offset);
      ++tables[c * cells + static_cast<std::size_t>(offset & mask)];
    }
  }
  for (; i < n; ++i) {
    const U offset = static_cast<U>(x[i] - first);
    seen = static_cast<U>(seen | offset);
    ++tables[static_cast<std::size_t>(offset & mask)];
  }
  return static_cast<U>(seen & static_cast<U>(~mask));
}

template <class U>
U count_block(const U* x, std::size_t n, U first, std::size_t cells, std::size_t copies, std::uint32_t* tables) {
  if (copies == 4) return count_block<4>(x, n, first, cells, tables);
  if (copies == 2) return count_block<2>(x, n, first, cells, tables);
  return count_block<1>(x, n, first, cells, tables);
}

// Consecutive values from `first` (modulo 2^bits): a power of two of them.
template <class U>
struct Window {
  U first;
  std::size_t cells;
};

template <class U>
constexpr U kSignBit = static_cast<U>(U{1} << (8 * sizeof(U) - 1));

// A window around the range, from 0 where that is as good, that does not wrap around in the order of the integers; none
// where it would have more cells than allowed.
template <class U>
std::optional<Window<U>> window_of(SymbolRange<U> range, bool is_signed, std::size_t most_cells) {
  const std::uint64_t span = static_cast<U>(range.largest - range.least);
  if (span >= most_cells) return std::nullopt;
  const std::size_t cells = std::bit_ceil(static_cast<std::size_t>(span) + 1);
  if (cells > most_cells) return std::nullopt;
  const U flip = is_signed ? kSignBit<U> : U{0};
  const U least = static_cast<U>(range.least ^ flip);  // in unsigned order
  const U zero = flip;
  if (least >= zero && static_cast<std::uint64_t>(static_cast<U>((range.largest ^ flip) - zero)) < cells)
    return Window<U>{0, cells};
  const U highest_first = static_cast<U>(std::numeric_limits<U>::max() - static_cast<U>(cells - 1));
  return Window<U>{static_cast<U>(std::min(least, highest_first) ^ flip), cells};
}

// counts[v] = how many of at most kSlice integers are first + v; false where one lies outside of the window.
template <class U>
bool count_slice(std::span<const U> x, Window<U> window, std::span<std::int64_t> counts, int n_threads) {
  const std::size_t cells = window.cells;
  const bool bytes = sizeof(U) == 1 && cells == 256;
  const std::size_t copies = bytes ? kByteTables : n_private_tables(cells);
  // a table a thread has to be cleared and added up: worth it where each thread counts more than that
  const std::size_t useful = std::max<std::size_t>(1, x.size() / (2 * cells * copies + 1));
  const int n_workers = static_cast<int>(std::min(useful, static_cast<std::size_t>(n_threads)));
  std::vector<Buffer<std::uint32_t>> tables(static_cast<std::size_t>(n_workers));
  std::atomic<bool> inside{true};
  parallel_for(count_blocks(x.size(), kBlock), n_workers, [&](std::size_t block, int thread) {
    Buffer<std::uint32_t>& own = tables[static_cast<std::size_t>(thread)];
    if (own.size() == 0) {
      own = Buffer<std::uint32_t>(cells * copies);
      std::fill(own.begin(), own.end(), 0u);
    }
    if (!inside.load(std::memory_order_relaxed)) return;
    const std::size_t begin = block * kBlock, n = std::min(kBlock, x.size() - begin);
    if constexpr (sizeof(U) == 1)
      if (bytes) return count_bytes(reinterpret_cast<const std::uint8_t*>(x.data()) + begin, n, own.data());
    if (count_block(x.data() + begin, n, window.first, cells, copies, own.data()) != 0) inside.store(false);
  });
  if (!inside.load()) return false;
  const std::size_t shift = bytes ? window.first : 0;  // tables of bytes are indexed by the byte itself
  parallel_for(count_blocks(cells, kMergeBlock), n_threads, [&](std::size_t block, int) {
    const std::size_t begin = block * kMergeBlock, end = std::min(cells, begin + kMergeBlock);
    for (const Buffer<std::uint32_t>& table : tables)
      for (std::size_t copy = 0; copy * cells < table.size(); ++copy) {
        const std::uint32_t* cell = table.data() + copy * cells;
        for (std::size_t v = begin; v < end; ++v) counts[v] += cell[(v + shift) & (cells - 1)];
      }
  });
  return true;
}

// The window's counts; empty where an integer lies outside.
template <class U>
Buffer<std::int64_t> count_window(std::span<const U> x, Window<U> window, int n_threads) {
  Buffer<std::int64_t> counts(window.cells);
  std::fill(counts.begin(), counts.end(), 0);
  for (std::size_t begin = 0; begin < x.size(); begin += kSlice) {
    const std::span<const U> slice = x.subspan(begin, std::min(kSlice, x.size() - begin));
    if (!count_slice(slice, window, {counts.data(), counts.size()}, n_threads)) return {};
  }
  return counts;
}

template <class U>
SymbolRange<U> sampled_range(std::span<const U> x, bool is_signed) {
  std::array<U, kSample> sample;
  for (std::size_t i = 0; i < kSample; ++i) sample[i] = x[i * (x.size() / kSample)];
  return symbol_range<U>(sample, is_signed, 1);
}

// Hands the counts of a window that holds all integers to use_dense(first, counts); false where there is none that
// pays.
template <class U, class UseDense>
bool count_dense(std::span<const U> x, bool is_signed, int n_threads, UseDense&& use_dense) {
  const std::size_t most_cells = std::max(kSmallWindow, x.size());
  const auto try_window = [&](std::optional<Window<U>> window) {
    const Buffer<std::int64_t> counts = window ? count_window(x, *window, n_threads) : Buffer<std::int64_t>();
    if (counts.size() > 0) use_dense(window->first, std::span<const std::int64_t>(counts.data(), counts.size()));
    return counts.size() > 0;
  };
  if constexpr (sizeof(U) == 1) return try_window(Window<U>{is_signed ? kSignBit<U> : U{0}, 256});
  if (x.size() > 4 * kSample) {
    const std::optional<Window<U>> guess = window_of(sampled_range(x, is_signed), is_signed, most_cells);
    if (!guess) return false;  // the true range is no smaller
    if (try_window(guess)) return true;
  }
  return try_window(window_of(symbol_range(x, is_signed, n_threads), is_signed, most_cells));
}

template <class U>
SymbolCounts<std::uint64_t> count_widened(std::span<const U> x, int n_threads) {
  if constexpr (sizeof(U) == 8) {
    return count_sparse(x, n_threads);
  } else {
    Buffer<std::uint64_t> wide(x.size());
    std::copy(x.begin(), x.end(), wide.begin());
    return count_sparse({wide.data(), wide.size()}, n_threads);
  }
}

Multiplicities multiplicities_of(std::span<const std::int64_t> counts) {
  std::array<std::int64_t, 4096> small{};  // most counts of a large alphabet
  std::map<std::int64_t, std::int64_t> large;
  for (std::size_t v = 0; v < counts.size(); ++v) {
    const std::int64_t count = counts[v];
    if (v % kBlock == 0) stop_if_asked();
    if (static_cast<std::size_t>(count) < small.size())
      ++small[static_cast<std::size_t>(count)];
    else
      ++large[count];
  }
  Multiplicities found;
  const auto add = [&found](std::int64_t count, std::int64_t multiplicity) {
    if (multiplicity == 0) return;
    found.counts.push_back(count);
    found.multiplicity.push_back(multiplicity);
  };
  for (std::size_t count = 1; count < small.size(); ++count) add(static_cast<std::int64_t>(count), small[count]);
  for (const auto& [count, multiplicity] : large) add(count, multiplicity);
  return found;
}

}  // namespace

template <class U>
SymbolRange<U> symbol_range(std::span<const U> x, bool is_signed, int n_threads) {
  const U flip =
      is_signed ? kSignBit<U> : U{0};  // signed order is the unsigned order of the numbers with the sign bit turned
  const std::size_t n_blocks = count_blocks(x.size(), kBlock);
  std::vector<SymbolRange<U>> parts(n_blocks);
  parallel_for(n_blocks, n_threads, [&](std::size_t block, int) {
    U least = std::numeric_limits<U>::max(), largest = 0;
    for (std::size_t i = block * kBlock; i < std::min(x.size(), (block + 1) * kBlock); ++i) {
      const U key = static_cast<U>(x[i] ^ flip);
      least = std::min(least, key);
      largest = std::max(largest, key);
    }
    parts[block] = {least, largest};
  });
  SymbolRange<U> range = parts[0];
  for (const SymbolRange<U>& part : parts)
    range = {std::min(range.least, part.least), std::max(range.largest, part.largest)};
  return {static_cast<U>(range.least ^ flip), static_cast<U>(range.largest ^ flip)};
}

template <class U>
SymbolCounts<U> count_symbols(std::span<const U> x, bool is_signed, int n_threads) {
  SymbolCounts<U> counted;
  const bool dense = count_dense(x, is_signed, n_threads, [&](U first, std::span<const std::int64_t> counts) {
    const auto n_seen = counts.size() - static_cast<std::size_t>(std::ranges::count(counts, 0));
    counted.symbols.reserve(n_seen);
    counted.counts.reserve(n_seen);
    for (std::size_t v = 0; v < counts.size(); ++v) {
      if (v % kBlock == 0) stop_if_asked();
      if (counts[v] != 0) {
        counted.symbols.push_back(static_cast<U>(first + v));
        counted.counts.push_back(counts[v]);
      }
    }
  });
  if (dense) return counted;
  SymbolCounts<std::uint64_t> sparse = count_widened(x, n_threads);
  if (is_signed && sizeof(U) < 8)  // signed order survives in 64 bits
    for (std::uint64_t& symbol : sparse.symbols)
      symbol = static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::make_signed_t<U>>(symbol)));
  sort_by_symbol(sparse, is_signed, n_threads);
  counted.symbols.resize(sparse.symbols.size());
  std::ranges::transform(sparse.symbols, counted.symbols.begin(), [](std::uint64_t id) { return static_cast<U>(id); });
  counted.counts = std::move(sparse.counts);
  return counted;
}

template <class U>
Multiplicities count_multiplicities(std::span<const U> x, bool is_signed, int n_threads) {
  Multiplicities found;
  const bool dense = count_dense(x, is_signed, n_threads,
                                 [&](U, std::span<const std::int64_t> counts) { found = multiplicities_of(counts); });
  return dense ? found : multiplicities_of(count_widened(x, n_threads).counts);
}

#define HARTLEY_FOR_TYPE(U)                                                 \
  template SymbolRange<U> symbol_range<U>(std::span<const U>, bool, int);   \
  template SymbolCounts<U> count_symbols<U>(std::span<const U>, bool, int); \
  template Multiplicities count_multiplicities<U>(std::span<const U>, bool, int);
HARTLEY_FOR_TYPE(std::uint8_t)
HARTLEY_FOR_TYPE(std::uint16_t)
HARTLEY_FOR_TYPE(std::uint32_t)
HARTLEY_FOR_TYPE(std::uint64_t)
#undef HARTLEY_FOR_TYPE

}  // namespace hartley
