#include "kernels/histogram.hpp"

#include <pybind11/stl.h>

#include <algorithm>

#include "bind/array.hpp"
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

// Symmetric matrices that pairs are written into; those that nobody asked for are null.
struct PairMatrices {
  std::size_t n_columns;
  double *information, *entropy;
  std::int64_t *n, *symbols, *cells;

  static void put(void* context, std::size_t i, std::size_t j, const JointStatistics& s) {
    const auto& m = *static_cast<const PairMatrices*>(context);
    const std::size_t ij = i * m.n_columns + j, ji = j * m.n_columns + i;
    m.information[ij] = m.information[ji] = s.mutual_information;
    if (m.entropy == nullptr) return;
    m.entropy[ij] = s.x_entropy;
    m.entropy[ji] = s.y_entropy;
    m.n[ij] = m.n[ji] = s.n;
    m.symbols[ij] = s.x_symbols;
    m.symbols[ji] = s.y_symbols;
    m.cells[ij] = m.cells[ji] = s.cells;
  }
};

template <class Code>
py::tuple pairs(const Array<Code>& codes, const Array<std::int64_t>& n_cells, int n_threads, py::object progress,
                std::size_t split, bool details) {
  require_rank(codes, 2, "codes");
  const std::size_t d = extent(codes, 0), n_rows = extent(codes, 1);
  if (extent(n_cells, 0) != d) throw py::value_error("n_cells must have one entry for every column of codes");
  if (split > d) throw py::value_error("split must be at most the number of columns");
  Array<double> information = make_array<double>({d, d});
  PairMatrices matrices{d, information.mutable_data(), nullptr, nullptr, nullptr, nullptr};
  Array<double> entropy;
  Array<std::int64_t> n, symbols, cells;
  if (split > 0) std::fill_n(matrices.information, d * d, 0.0);  // pairs on one side of the split stay 0
  if (details) {
    entropy = make_array<double>({d, d});
    for (Array<std::int64_t>* counts : {&n, &symbols, &cells}) {
      *counts = make_array<std::int64_t>({d, d});
      if (split > 0) std::fill_n(counts->mutable_data(), d * d, 0);
    }
    if (split > 0) std::fill_n(entropy.mutable_data(), d * d, 0.0);
    matrices.entropy = entropy.mutable_data();
    matrices.n = n.mutable_data();
    matrices.symbols = symbols.mutable_data();
    matrices.cells = cells.mutable_data();
  }
  const Code* data = codes.data();
  const auto sizes = view(n_cells);
  const ProgressScope scope(progress);
  without_gil([&] { histogram_pairs(data, d, n_rows, sizes, split, &PairMatrices::put, &matrices, n_threads); });
  return py::make_tuple(information, n, symbols, cells, entropy);
}

py::tuple table_statistics(const Array<std::int64_t>& counts) {
  require_rank(counts, 2, "counts");
  const std::int64_t* data = counts.data();
  const std::size_t n_x = extent(counts, 0), n_y = extent(counts, 1);
  const JointStatistics s = without_gil([&] { return joint_statistics(data, n_x, n_y, n_y); });
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

}  // namespace

void register_histogram(py::module_& m) {
  using py::arg;
  register_type<double>(m);
  register_type<float>(m);
  m.def("histogram_pairs", &pairs<std::uint8_t>, arg("codes").noconvert(), arg("n_cells").noconvert(), arg("n_threads"),
        arg("progress"), arg("split") = 0, arg("details") = true);
  m.def("histogram_pairs", &pairs<std::uint16_t>, arg("codes").noconvert(), arg("n_cells").noconvert(),
        arg("n_threads"), arg("progress"), arg("split") = 0, arg("details") = true);
  m.def("histogram_table_statistics", &table_statistics, arg("counts").noconvert());
  m.def("chi2_survival", &chi2_survival, arg("statistic").noconvert(), arg("dof").noconvert(), arg("n_threads"));
}

}  // namespace hartley::bind
