// Sparse ids and rows of bytes: counting and encoding by hash tables.
#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>

#include "kernels/discrete.hpp"
#include "support/buffer.hpp"
#include "support/parallel.hpp"
#include "support/scatter.hpp"
#include "support/sort.hpp"

namespace hartley {
namespace {

constexpr std::size_t kPart = 1 << 15;   // ids of a part: with few distinct ones the table stays in L1, else in L2
constexpr int kMaxPartBits = 11;         // open cache lines of the scatter: 128 KiB
constexpr std::size_t kBlock = 1 << 15;  // ids of a task
constexpr std::size_t kMaxBlocks = 512;
constexpr std::size_t kFirstSlots = 1 << 10;

// A bijection of 64 bits (xorshift and odd multiplications), so that ids can be counted by their hash and told from it.
constexpr std::uint64_t kFirstFactor = 0xbf58476d1ce4e5b9, kSecondFactor = 0x94d049bb133111eb;
constexpr std::uint64_t inverse_of(std::uint64_t odd) {  // Newton's iteration modulo 2^64 doubles the right bits
  std::uint64_t inverse = odd;
  for (int i = 0; i < 5; ++i) inverse *= 2 - odd * inverse;
  return inverse;
}
// Nobody can prepare ids that fall on one slot. What comes out does not depend on it: counts come sorted, or as sums.
const std::uint64_t seed_of_process = [] {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}();
std::uint64_t mix(std::uint64_t id) {
  id ^= seed_of_process;
  id = (id ^ (id >> 32)) * kFirstFactor;
  id = (id ^ (id >> 32)) * kSecondFactor;
  return id ^ (id >> 32);
}
std::uint64_t unmix(std::uint64_t hash) {
  hash = (hash ^ (hash >> 32)) * inverse_of(kSecondFactor);
  hash = (hash ^ (hash >> 32)) * inverse_of(kFirstFactor);
  return hash ^ (hash >> 32) ^ seed_of_process;
}

// Open addressing by the low bits of the hashes, at most half full. Slots keep their growth from one part to the next,
// but every part begins with kFirstSlots of them.
class HashCounts {
 public:
  HashCounts() { clear(); }

  void add(std::uint64_t hash) {
    std::size_t at = hash & mask_;
    while (slots_[at].count != 0 && slots_[at].hash != hash) at = (at + 1) & mask_;
    if (slots_[at].count++ == 0) {
      slots_[at].hash = hash;
      if (2 * ++n_distinct_ > mask_) grow();
    }
  }

  // Appends what was counted and forgets it.
  void drain(SymbolCounts<std::uint64_t>& out) {
    out.symbols.reserve(n_distinct_);
    out.counts.reserve(n_distinct_);
    for (std::size_t at = 0; at <= mask_; ++at)
      if (slots_[at].count != 0) {
        out.symbols.push_back(unmix(slots_[at].hash));
        out.counts.push_back(static_cast<std::int64_t>(slots_[at].count));
      }
    clear();
  }

 private:
  struct Slot {
    std::uint64_t hash;
    std::uint64_t count;  // 0: empty
  };

  void clear() {
    slots_.assign(kFirstSlots, Slot{0, 0});
    mask_ = kFirstSlots - 1;
    n_distinct_ = 0;
  }
  void grow() {
    const std::vector<Slot> old = slots_;
    slots_.assign(4 * old.size(), Slot{0, 0});
    mask_ = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.count == 0) continue;
      std::size_t at = slot.hash & mask_;
      while (slots_[at].count != 0) at = (at + 1) & mask_;
      slots_[at] = slot;
    }
  }

  std::size_t mask_ = 0, n_distinct_ = 0;
  std::vector<Slot> slots_;
};

// Brings the hashes of all ids together by their high bits; returns where each part begins.
std::vector<std::size_t> part_hashes(std::span<const std::uint64_t> ids, int part_bits, Buffer<std::uint64_t>& hashes,
                                     int n_threads) {
  const std::size_t n = ids.size(), n_parts = std::size_t{1} << part_bits;
  const std::size_t block_size = std::max(kBlock, count_blocks(n, kMaxBlocks)), n_blocks = count_blocks(n, block_size);
  const auto part_of = [part_bits](std::uint64_t hash) {
    return part_bits == 0 ? 0 : static_cast<std::size_t>(hash >> (64 - part_bits));
  };
  std::vector<std::uint32_t> counts(n_blocks * n_parts);
  parallel_for(n_blocks, n_threads, [&](std::size_t block, int) {
    std::uint32_t* count = counts.data() + block * n_parts;
    for (std::size_t i = block * block_size; i < std::min(n, (block + 1) * block_size); ++i)
      ++count[part_of(mix(ids[i]))];
  });
  const std::vector<std::size_t> starts = scatter_positions(counts, n_parts);
  parallel_for(n_blocks, n_threads, [&](std::size_t block, int) {
    std::uint32_t* next = counts.data() + block * n_parts;
    for (std::size_t i = block * block_size; i < std::min(n, (block + 1) * block_size); ++i) {
      const std::uint64_t hash = mix(ids[i]);
      hashes[next[part_of(hash)]++] = hash;
    }
  });
  return starts;
}

std::uint64_t hash_of_bytes(const std::uint8_t* bytes, std::size_t width) {
  std::uint64_t hash = width;
  std::size_t i = 0;
  for (; i + 8 <= width; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes + i, 8);
    hash = mix(hash ^ word);
  }
  std::uint64_t word = 0;
  std::memcpy(&word, bytes + i, width - i);
  return mix(hash ^ word);
}

}  // namespace

SymbolCounts<std::uint64_t> count_sparse(std::span<const std::uint64_t> ids, int n_threads) {
  if (ids.size() > std::numeric_limits<std::uint32_t>::max()) throw std::length_error("2^32 sparse symbols or more");
  const int part_bits = std::min(static_cast<int>(std::bit_width(ids.size() / kPart)), kMaxPartBits);
  const std::size_t n_parts = std::size_t{1} << part_bits;
  Buffer<std::uint64_t> hashes(ids.size());
  const std::vector<std::size_t> starts = part_hashes(ids, part_bits, hashes, n_threads);

  std::vector<SymbolCounts<std::uint64_t>> parts(n_parts);
  std::vector<HashCounts> tables(static_cast<std::size_t>(n_threads));
  parallel_for(n_parts, n_threads, [&](std::size_t part, int thread) {
    HashCounts& table = tables[static_cast<std::size_t>(thread)];
    for (std::size_t begin = starts[part]; begin < starts[part + 1]; begin += kBlock) {
      const std::size_t end = std::min(starts[part + 1], begin + kBlock);
      for (std::size_t i = begin; i < end; ++i) table.add(hashes[i]);
      stop_if_asked();
    }
    table.drain(parts[part]);
  });

  std::vector<std::size_t> offsets(n_parts + 1);
  for (std::size_t part = 0; part < n_parts; ++part) offsets[part + 1] = offsets[part] + parts[part].counts.size();
  SymbolCounts<std::uint64_t> counted;
  counted.symbols.resize(offsets[n_parts]);
  counted.counts.resize(offsets[n_parts]);
  parallel_for(n_parts, n_threads, [&](std::size_t part, int) {
    const auto offset = static_cast<std::ptrdiff_t>(offsets[part]);
    std::ranges::copy(parts[part].symbols, counted.symbols.begin() + offset);
    std::ranges::copy(parts[part].counts, counted.counts.begin() + offset);
    parts[part] = {};
  });
  return counted;
}

void sort_by_symbol(SymbolCounts<std::uint64_t>& counted, bool is_signed, int n_threads) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  const std::vector<std::int64_t> counts = counted.counts;
  std::vector<std::uint32_t> order(counts.size());
  const auto turn_signs = [&] {
    if (is_signed)
      for (std::uint64_t& symbol : counted.symbols) symbol ^= kSign;
  };
  turn_signs();  // unsigned order is then the signed one
  sort_values<std::uint64_t>(counted.symbols, counted.symbols, order, n_threads);
  turn_signs();
  parallel_for(count_blocks(order.size(), kBlock), n_threads, [&](std::size_t block, int) {
    for (std::size_t i = block * kBlock; i < std::min(order.size(), (block + 1) * kBlock); ++i)
      counted.counts[i] = counts[order[i]];
  });
}

void encode_ids(std::span<const std::uint64_t> ids, std::span<const std::uint64_t> symbols,
                std::span<std::uint32_t> codes, int n_threads) {
  struct Slot {
    std::uint64_t id;
    std::uint32_t code_plus_one;  // 0: empty
  };
  const std::size_t mask = std::bit_ceil(2 * symbols.size() + 1) - 1;
  Buffer<Slot> slots(mask + 1);
  parallel_for(count_blocks(slots.size(), kBlock), n_threads, [&](std::size_t block, int) {
    std::fill(slots.begin() + block * kBlock, slots.begin() + std::min(slots.size(), (block + 1) * kBlock), Slot{0, 0});
  });
  for (std::size_t code = 0; code < symbols.size(); ++code) {
    std::size_t at = mix(symbols[code]) & mask;
    while (slots[at].code_plus_one != 0) at = (at + 1) & mask;
    slots[at] = {symbols[code], static_cast<std::uint32_t>(code + 1)};
    if (code % kBlock == 0) stop_if_asked();
  }
  parallel_for(count_blocks(ids.size(), kBlock), n_threads, [&](std::size_t block, int) {
    for (std::size_t i = block * kBlock; i < std::min(ids.size(), (block + 1) * kBlock); ++i) {
      std::size_t at = mix(ids[i]) & mask;
      while (slots[at].code_plus_one != 0 && slots[at].id != ids[i]) at = (at + 1) & mask;
      codes[i] = slots[at].code_plus_one - 1;
    }
  });
}

void first_equal_rows(const std::uint8_t* rows, std::size_t width, std::span<std::uint32_t> first, int n_threads) {
  const std::size_t n = first.size();
  Buffer<std::uint64_t> hashes(n);
  parallel_for(count_blocks(n, kBlock), n_threads, [&](std::size_t block, int) {
    for (std::size_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i)
      hashes[i] = hash_of_bytes(rows + i * width, width);
  });
  std::vector<std::uint32_t> slots(kFirstSlots);  // 1 + index of the first row of its kind; 0: empty
  std::size_t n_distinct = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (i % kBlock == 0) stop_if_asked();
    std::size_t at = hashes[i] & (slots.size() - 1);
    const auto is_other = [&](std::uint32_t entry) {
      return hashes[entry - 1] != hashes[i] || std::memcmp(rows + (entry - 1) * width, rows + i * width, width) != 0;
    };
    while (slots[at] != 0 && is_other(slots[at])) at = (at + 1) & (slots.size() - 1);
    if (slots[at] == 0) {
      slots[at] = static_cast<std::uint32_t>(i + 1);
      ++n_distinct;
    }
    first[i] = slots[at] - 1;
    if (2 * n_distinct <= slots.size()) continue;
    std::vector<std::uint32_t> larger(4 * slots.size());
    for (const std::uint32_t entry : slots) {
      if (entry == 0) continue;
      std::size_t to = hashes[entry - 1] & (larger.size() - 1);
      while (larger[to] != 0) to = (to + 1) & (larger.size() - 1);
      larger[to] = entry;
    }
    slots.swap(larger);
  }
}

}  // namespace hartley
