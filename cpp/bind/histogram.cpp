#include "kernels/histogram.hpp"

#include <pybind11/stl.h>

#include <algorithm>

#include "bind/array.hpp"
#include "bind/estimators.hpp"
#include "bind/register.hpp"
#include "kernels/histogram_pairs.hpp"
#include "support/gamma.hpp"

namespace hartley::bind {
namespace {

// edges: the edges of all columns one after the other; offsets[c] to offsets[c + 1] are column c's.
std::vector<Bins> column_bins(const Array<double>& edges, const Array<std::int64_t>& offsets,
                              const Array<std::uint8_t>& uniform) {
  std::vector<Bins> bins;
  for (std::size_t c = 0; c < extent(uniform, 0); ++c) {
    const auto begin = static_cast<std::size_t>(offsets.data()[c]),
               end = static_cast<std::size_t>(offsets.data()[c + 1]);
    bins.push_back({view(edges).subspan(begin, end - begin), uniform.data()[c] != 0});
  }
  return bins;
}

template <class T>
py::tuple joint_counts(const Array<T>& x, const Array<T>& y, const Array<double>& x_edges, bool x_uniform,
                       const Array<double>& y_edges, bool y_uniform, int n_threads) {
  require_rank(x, 1, "x");
  require_rank(y, 1, "y");
  if (x.size() != y.size()) throw py::value_error("x and y must have equal lengths");
  const Bins x_bins{view(x_edges), x_uniform}, y_bins{view(y_edges), y_uniform};
  Array<std::int64_t> counts = make_array<std::int64_t>({x_bins.count(), y_bins.count()});
  const auto x_view = view(x), y_view = view(y);
  std::int64_t* target = counts.mutable_data();
  const OutsideCounts outside = without_gil(
      [&] { return joint_histogram(x_view.data(), y_view.data(), x_view.size(), x_bins, y_bins, target, n_threads); });
  return py::make_tuple(counts, outside.x, outside.y);
}

template <class T>
py::tuple ranges(const Array<T>& x, int n_threads) {
  require_rank(x, 2, "x");
  const T* data = x.data();
  const std::size_t n_rows = extent(x, 0), n_columns = extent(x, 1);
  const auto found = without_gil([&] { return column_ranges(data, n_rows, n_columns, n_threads); });
  Array<double> least = make_array<double>({n_columns}), largest = make_array<double>({n_columns});
  Array<std::int64_t> n_nan = make_array<std::int64_t>({n_columns});
  for (std::size_t c = 0; c < n_columns; ++c) {
    fill(least)[c] = found[c].least;
    fill(largest)[c] = found[c].largest;
    fill(n_nan)[c] = found[c].n_nan;
  }
  return py::make_tuple(least, largest, n_nan);
}

template <class T>
Array<double> ranked_values(const Array<T>& x, const Array<std::int64_t>& ranks, int n_threads) {
  require_rank(x, 2, "x");
  require_rank(ranks, 2, "ranks");
  const std::size_t n_ranks = extent(ranks, 1), n_rows = extent(x, 0), n_columns = extent(x, 1);
  Array<double> values = make_array<double>({n_columns, n_ranks});
  const T* data = x.data();
  const auto rank_view = view(ranks);
  double* target = values.mutable_data();
  without_gil([&] { order_statistics(data, n_rows, n_columns, rank_view, n_ranks, target, n_threads); });
  return values;
}

template <class T, class Code>
py::tuple codes_into(const Array<T>& x, const Array<double>& edges, const Array<std::int64_t>& offsets,
                     const Array<std::uint8_t>& uniform, bool outside_is_missing, Array<Code>& codes, int n_threads) {
  require_rank(x, 2, "x");
  require_rank(codes, 2, "codes");
  const std::vector<Bins> bins = column_bins(edges, offsets, uniform);
  const T* data = x.data();
  Code* target = codes.mutable_data();
  const std::size_t n_rows = extent(x, 0), n_columns = extent(x, 1);
  const std::vector<UncodedCounts> uncoded = without_gil(
      [&] { return digitize<T, Code>(data, n_rows, n_columns, bins, outside_is_missing, target, n_threads); });
  Array<std::int64_t> outside = make_array<std::int64_t>({n_columns}), n_nan = make_array<std::int64_t>({n_columns});
  for (std::size_t c = 0; c < n_columns; ++c) {
    fill(outside)[c] = uncoded[c].outside;
    fill(n_nan)[c] = uncoded[c].n_nan;
  }
  return py::make_tuple(outside, n_nan);
}

// Where the numbers of pairs go; those that nobody asked for are null. Columns from `split` on are the matrices'
// columns 0, 1, …; with split = 0 the matrices are square, and what is told of y at (i, j) stands at (j, i).
struct PairMatrices {
  std::size_t split, width;
  double *information, *x_entropy, *y_entropy;
  std::int64_t *n, *cells, *x_symbols, *y_symbols;

  static void put(void* context, std::size_t i, std::size_t j, const JointStatistics& s) {
    const auto& m = *static_cast<const PairMatrices*>(context);
    if (m.split > 0 && (i >= m.split || j < m.split)) return;
    const std::size_t ij = i * m.width + (j - m.split), ji = m.split > 0 ? ij : j * m.width + i;
    m.information[ij] = m.information[ji] = s.mutual_information;
    if (m.n == nullptr) return;
    m.n[ij] = m.n[ji] = s.n;
    m.cells[ij] = m.cells[ji] = s.cells;
    m.x_entropy[ij] = s.x_entropy;
    m.y_entropy[ji] = s.y_entropy;
    m.x_symbols[ij] = s.x_symbols;
    m.y_symbols[ji] = s.y_symbols;
  }
};

template <class Code>
void append_columns(const Array<Code>& codes, const Array<std::int64_t>& sizes, std::vector<const Code*>& columns,
                    std::vector<std::int64_t>& n_cells) {
  require_rank(codes, 2, "codes");
  if (extent(sizes, 0) != extent(codes, 0))
    throw py::value_error("n_cells must have one entry for every column of codes");
  for (std::size_t c = 0; c < extent(codes, 0); ++c) columns.push_back(codes.data() + c * extent(codes, 1));
  n_cells.insert(n_cells.end(), sizes.data(), sizes.data() + sizes.size());
}

// split = 0: all pairs; else the first `split` columns with the others.
template <class Code>
py::tuple count_pairs(std::span<const Code* const> columns, std::size_t n_rows, std::span<const std::int64_t> n_cells,
                      std::size_t split, const JointMethod& method, py::object progress, int n_threads) {
  const std::size_t height = split > 0 ? split : columns.size(), width = columns.size() - split;
  const bool is_square = split == 0;
  Array<double> information = make_array<double>({height, width}), x_entropy, y_entropy;
  Array<std::int64_t> n, cells, x_symbols, y_symbols;
  PairMatrices matrices{split, width, information.mutable_data(), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
  if (method.details) {
    n = make_array<std::int64_t>({height, width});
    cells = make_array<std::int64_t>({height, width});
    x_entropy = make_array<double>({height, width});
    x_symbols = make_array<std::int64_t>({height, width});
    y_entropy = is_square ? x_entropy : make_array<double>({height, width});
    y_symbols = is_square ? x_symbols : make_array<std::int64_t>({height, width});
    matrices.n = n.mutable_data();
    matrices.cells = cells.mutable_data();
    matrices.x_entropy = x_entropy.mutable_data();
    matrices.y_entropy = y_entropy.mutable_data();
    matrices.x_symbols = x_symbols.mutable_data();
    matrices.y_symbols = y_symbols.mutable_data();
  }
  const ProgressScope scope(progress);
  without_gil(
      [&] { histogram_pairs(columns, n_rows, n_cells, split, method, &PairMatrices::put, &matrices, n_threads); });
  if (is_square) return py::make_tuple(information, n, x_symbols, cells, x_entropy);
  return py::make_tuple(information, n, x_symbols, cells, x_entropy, y_symbols, y_entropy);
}

JointMethod method_of(const std::string& estimator, const py::object& alpha, bool whole_alphabet, bool panzeri_treves,
                      bool details) {
  return {estimator_named(estimator), pseudocount_of(alpha), whole_alphabet, panzeri_treves, details};
}

template <class Code>
py::tuple pairs(const Array<Code>& codes, const Array<std::int64_t>& n_cells, int n_threads, py::object progress,
                const std::string& estimator, const py::object& alpha, bool whole_alphabet, bool panzeri_treves,
                bool details) {
  std::vector<const Code*> columns;
  std::vector<std::int64_t> sizes;
  append_columns(codes, n_cells, columns, sizes);
  const JointMethod method = method_of(estimator, alpha, whole_alphabet, panzeri_treves, details);
  return count_pairs<Code>(columns, extent(codes, 1), sizes, 0, method, progress, n_threads);
}

template <class Code>
py::tuple cross_pairs(const Array<Code>& first, const Array<std::int64_t>& first_cells, const Array<Code>& second,
                      const Array<std::int64_t>& second_cells, int n_threads, py::object progress,
                      const std::string& estimator, const py::object& alpha, bool whole_alphabet, bool panzeri_treves,
                      bool details) {
  std::vector<const Code*> columns;
  std::vector<std::int64_t> sizes;
  append_columns(first, first_cells, columns, sizes);
  append_columns(second, second_cells, columns, sizes);
  if (extent(first, 1) != extent(second, 1)) throw py::value_error("first and second must have equally many rows");
  if (extent(first, 0) == 0) throw py::value_error("first must have a column");
  const JointMethod method = method_of(estimator, alpha, whole_alphabet, panzeri_treves, details);
  return count_pairs<Code>(columns, extent(first, 1), sizes, extent(first, 0), method, progress, n_threads);
}

py::tuple table_statistics(const Array<std::int64_t>& counts) {
  require_rank(counts, 2, "counts");
  const std::int64_t* data = counts.data();
  const std::size_t n_x = extent(counts, 0), n_y = extent(counts, 1);
  const JointTable<std::int64_t> table{data, n_x, n_y, n_y};
  const JointStatistics s = without_gil([&] { return JointEstimator({})(table); });
  return py::make_tuple(s.mutual_information, s.x_entropy, s.y_entropy, s.n, s.x_symbols, s.y_symbols, s.cells);
}

Array<double> chi2_survival(const Array<double>& statistic, const Array<double>& dof, int n_threads) {
  constexpr std::size_t kGrain = 256;  // tails a task: 0.1 to 10 ms, by the degrees of freedom
  require_rank(statistic, 1, "statistic");
  if (dof.ndim() != 1 || dof.size() != statistic.size())
    throw py::value_error("statistic and dof must have equal lengths");
  const std::size_t n = extent(statistic, 0);
  Array<double> result = make_array<double>({n});
  const auto statistics = view(statistic), degrees = view(dof);
  const auto target = fill(result);
  without_gil([&] {
    parallel_for(count_blocks(n, kGrain), n_threads, [&](std::size_t block, int) {
      for (std::size_t i = block * kGrain; i < std::min(n, (block + 1) * kGrain); ++i)
        target[i] = upper_gamma_ratio(0.5 * degrees[i], 0.5 * statistics[i]);
    });
  });
  return result;
}

template <class T>
void register_type(py::module_& m) {
  using py::arg;
  m.def("histogram_joint_counts", &joint_counts<T>, arg("x").noconvert(), arg("y").noconvert(), arg("x_edges"),
        arg("x_uniform"), arg("y_edges"), arg("y_uniform"), arg("n_threads"));
  m.def("histogram_ranges", &ranges<T>, arg("x").noconvert(), arg("n_threads"));
  m.def("histogram_order_statistics", &ranked_values<T>, arg("x").noconvert(), arg("ranks").noconvert(),
        arg("n_threads"));
  m.def("histogram_digitize", &codes_into<T, std::uint8_t>, arg("x").noconvert(), arg("edges").noconvert(),
        arg("offsets").noconvert(), arg("uniform").noconvert(), arg("outside_is_missing"), arg("codes").noconvert(),
        arg("n_threads"));
  m.def("histogram_digitize", &codes_into<T, std::uint16_t>, arg("x").noconvert(), arg("edges").noconvert(),
        arg("offsets").noconvert(), arg("uniform").noconvert(), arg("outside_is_missing"), arg("codes").noconvert(),
        arg("n_threads"));
}

template <class Code>
void register_pairs(py::module_& m) {
  using py::arg;
  m.def("histogram_pairs", &pairs<Code>, arg("codes").noconvert(), arg("n_cells").noconvert(), arg("n_threads"),
        arg("progress"), py::kw_only(), arg("estimator") = "mle", arg("alpha") = py::none(),
        arg("whole_alphabet") = false, arg("panzeri_treves") = false, arg("details") = true);
  m.def("histogram_cross_pairs", &cross_pairs<Code>, arg("first").noconvert(), arg("first_cells").noconvert(),
        arg("second").noconvert(), arg("second_cells").noconvert(), arg("n_threads"), arg("progress"), py::kw_only(),
        arg("estimator") = "mle", arg("alpha") = py::none(), arg("whole_alphabet") = false,
        arg("panzeri_treves") = false, arg("details") = true);
}

}  // namespace

void register_histogram(py::module_& m) {
  using py::arg;
  register_type<double>(m);
  register_type<float>(m);
  register_pairs<std::uint8_t>(m);
  register_pairs<std::uint16_t>(m);
  m.def("histogram_table_statistics", &table_statistics, arg("counts").noconvert());
  m.def("chi2_survival", &chi2_survival, arg("statistic").noconvert(), arg("dof").noconvert(), arg("n_threads"));
}

}  // namespace hartley::bind
