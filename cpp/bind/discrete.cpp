#include "kernels/discrete.hpp"

#include <algorithm>

#include "bind/array.hpp"
#include "bind/estimators.hpp"
#include "bind/register.hpp"
#include "kernels/joint_counts.hpp"

namespace hartley::bind {
namespace {

constexpr std::size_t kMaxIds = 0xffffffff;

template <class T>
Array<T> to_array(const std::vector<T>& values) {
  Array<T> array = make_array<T>({values.size()});
  std::copy(values.begin(), values.end(), array.mutable_data());
  return array;
}

template <class U>
std::span<const U> entries(const Array<U>& x) {
  require_rank(x, 1, "x");
  if (x.size() == 0) throw py::value_error("x has no entries");
  return view(x);
}

template <class U>
py::tuple count(const Array<U>& x, bool is_signed, int n_threads) {
  const std::span<const U> source = entries(x);
  const SymbolCounts<U> found = without_gil([&] { return count_symbols<U>(source, is_signed, n_threads); });
  return py::make_tuple(to_array(found.symbols), to_array(found.counts));
}

template <class U>
py::tuple multiplicities(const Array<U>& x, bool is_signed, int n_threads) {
  const std::span<const U> source = entries(x);
  const Multiplicities found = without_gil([&] { return count_multiplicities<U>(source, is_signed, n_threads); });
  return py::make_tuple(to_array(found.counts), to_array(found.multiplicity));
}

template <class U>
py::tuple range(const Array<U>& x, bool is_signed, int n_threads) {
  const std::span<const U> source = entries(x);
  const SymbolRange<U> found = without_gil([&] { return symbol_range<U>(source, is_signed, n_threads); });
  return py::make_tuple(found.least, found.largest);
}

template <class U>
void register_type(py::module_& m) {
  using py::arg;
  m.def("discrete_count", &count<U>, arg("x").noconvert(), arg("is_signed"), arg("n_threads"));
  m.def("discrete_multiplicities", &multiplicities<U>, arg("x").noconvert(), arg("is_signed"), arg("n_threads"));
  m.def("discrete_range", &range<U>, arg("x").noconvert(), arg("is_signed"), arg("n_threads"));
}

void require_countable(std::size_t n) {
  if (n > kMaxIds) throw py::value_error("at most 2^32 - 1 entries can be counted, got " + std::to_string(n));
}

Array<std::uint32_t> encode(const Array<std::uint64_t>& ids, const Array<std::uint64_t>& symbols, int n_threads) {
  require_rank(ids, 1, "ids");
  require_rank(symbols, 1, "symbols");
  const std::span<const std::uint64_t> source = view(ids), known = view(symbols);
  require_countable(known.size());
  Array<std::uint32_t> codes = make_array<std::uint32_t>({source.size()});
  const std::span<std::uint32_t> target = fill(codes);
  without_gil([&] { encode_ids(source, known, target, n_threads); });
  return codes;
}

Array<std::uint32_t> first_rows(const Array<std::uint8_t>& rows, int n_threads) {
  require_rank(rows, 2, "rows");
  require_countable(extent(rows, 0));
  Array<std::uint32_t> first = make_array<std::uint32_t>({extent(rows, 0)});
  const std::uint8_t* source = rows.data();
  const std::size_t width = extent(rows, 1);
  const std::span<std::uint32_t> target = fill(first);
  without_gil([&] { first_equal_rows(source, width, target, n_threads); });
  return first;
}

double expected_information(const Array<std::int64_t>& x_sizes, const Array<std::int64_t>& x_counts,
                            const Array<std::int64_t>& y_sizes, const Array<std::int64_t>& y_counts, std::int64_t n,
                            int n_threads) {
  if (x_sizes.size() != x_counts.size() || y_sizes.size() != y_counts.size())
    throw py::value_error("sizes and counts must have equal lengths");
  constexpr std::int64_t kMost = std::int64_t{1} << 53;  // whole numbers that the recurrences can count
  for (const Array<std::int64_t>* sizes : {&x_sizes, &y_sizes})
    for (const std::int64_t size : view(*sizes))
      if (size < 1 || size > n || n > kMost) throw py::value_error("sizes must be from 1 to n, n at most 2^53");
  const auto a = view(x_sizes), a_counts = view(x_counts), b = view(y_sizes), b_counts = view(y_counts);
  return without_gil([&] { return expected_mutual_information(a, a_counts, b, b_counts, n, n_threads); });
}

py::tuple entropy_of_counts(const Array<double>& counts, const Array<double>& multiplicity, double n_symbols,
                            const std::string& estimator, py::object alpha) {
  require_rank(counts, 1, "counts");
  if (multiplicity.size() != counts.size()) throw py::value_error("counts and multiplicity must have equal lengths");
  const CountTable table{view(counts), view(multiplicity), n_symbols};
  const EntropyEstimator known = estimator_named(estimator);
  const Pseudocount pseudocount = pseudocount_of(alpha);
  const EntropyEstimate found = without_gil([&] { return estimate_entropy(table, known, pseudocount); });
  return py::make_tuple(found.value, found.deviation);
}

// counts: the positive counts of one condition after the other; those of condition k end at ends[k].
double reachable(const Array<std::int64_t>& counts, const Array<std::int64_t>& ends, std::int64_t n_symbols) {
  const auto all = view(counts), bounds = view(ends);
  return without_gil([&] {
    double total = 0.0;
    std::size_t begin = 0;
    for (const std::int64_t bound : bounds) {
      const auto end = static_cast<std::size_t>(bound);
      total += reachable_symbols(all.subspan(begin, end - begin), n_symbols) - 1.0;
      begin = end;
    }
    return total;
  });
}

}  // namespace

void register_discrete(py::module_& m) {
  using py::arg;
  register_type<std::uint8_t>(m);
  register_type<std::uint16_t>(m);
  register_type<std::uint32_t>(m);
  register_type<std::uint64_t>(m);
  m.def("discrete_encode_ids", &encode, arg("ids").noconvert(), arg("symbols").noconvert(), arg("n_threads"));
  m.def("discrete_first_equal_rows", &first_rows, arg("rows").noconvert(), arg("n_threads"));
  m.def("discrete_expected_mutual_information", &expected_information, arg("x_sizes").noconvert(),
        arg("x_counts").noconvert(), arg("y_sizes").noconvert(), arg("y_counts").noconvert(), arg("n"),
        arg("n_threads"));
  m.def("discrete_entropy", &entropy_of_counts, arg("counts").noconvert(), arg("multiplicity").noconvert(),
        arg("n_symbols"), arg("estimator"), arg("alpha"));
  m.def("discrete_reachable_symbols", &reachable, arg("counts").noconvert(), arg("ends").noconvert(), arg("n_symbols"));
}

}  // namespace hartley::bind
