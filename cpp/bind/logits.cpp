#include "kernels/logits.hpp"

#include <pybind11/stl.h>

#include <optional>
#include <vector>

#include "bind/array.hpp"
#include "bind/register.hpp"

namespace hartley::bind {
namespace {

LogitStorage storage_of(const py::array& array, const char* name) {
  if (!array.dtype().attr("isnative").cast<bool>()) throw py::type_error(std::string(name) + " must be native");
  switch (array.dtype().char_()) {
    case 'd':
      return LogitStorage::kFloat64;
    case 'f':
      return LogitStorage::kFloat32;
    case 'e':
      return LogitStorage::kFloat16;
    case 'H':  // bit patterns: NumPy has no bfloat16
      return LogitStorage::kBfloat16;
    case 'B':
      return LogitStorage::kUint8;
    default:
      throw py::type_error(std::string(name) + " must be float64, float32, float16, or bfloat16 as uint16");
  }
}

// An array of shape (..., n_classes) whose last axis lies densely in memory, seen as rows.
class Rows {
 public:
  Rows(const py::array& array, const char* name) : array_(array) {
    const auto last = array.ndim() - 1;
    if (last < 0 || array.shape(last) == 0) throw py::value_error(std::string(name) + " must have classes");
    const LogitStorage storage = storage_of(array, name);
    const auto item = static_cast<py::ssize_t>(bytes_of(storage));
    if (array.strides(last) != item && array.shape(last) > 1 && array.size() > 0)
      throw py::type_error(std::string(name) + " must be dense along its last axis");
    rows_ = {static_cast<const std::byte*>(array.data()), storage, 1, static_cast<std::size_t>(array.shape(last))};
    for (py::ssize_t axis = 0; axis < last; ++axis) rows_.n_rows *= static_cast<std::size_t>(array.shape(axis));
    if (!(array.flags() & py::array::c_style)) rows_.starts = make_starts();
  }
  const LogitRows& view() const { return rows_; }

 private:
  const std::ptrdiff_t* make_starts() {
    const auto leading = array_.ndim() - 1;
    starts_.reserve(rows_.n_rows);
    std::vector<py::ssize_t> index(static_cast<std::size_t>(leading), 0);
    std::ptrdiff_t start = 0;
    while (starts_.size() < rows_.n_rows) {
      starts_.push_back(start);
      for (py::ssize_t axis = leading - 1; axis >= 0; --axis) {
        py::ssize_t& i = index[static_cast<std::size_t>(axis)];
        start += array_.strides(axis);
        if (++i < array_.shape(axis)) break;
        start -= i * array_.strides(axis);
        i = 0;
      }
    }
    return starts_.data();
  }

  py::array array_;
  LogitRows rows_{};
  std::vector<std::ptrdiff_t> starts_;
};

void require_length(const py::array& array, std::size_t n, const char* name) {
  if (array.ndim() != 1 || static_cast<std::size_t>(array.size()) != n)
    throw py::value_error(std::string(name) + " must have shape (" + std::to_string(n) + ",)");
}

ProgressRange range_of(const py::object& progress) {
  return progress.is_none() ? ProgressRange{} : ProgressRange{0, 1};
}

// An array that is of the arithmetic's type: float64 with float64 logits, else float32.
template <class Shape>
py::array new_array(bool in_float64, const Shape& shape) {
  return py::array(in_float64 ? py::dtype::of<double>() : py::dtype::of<float>(), shape);
}
void require_type(const py::array& array, bool in_float64, const char* name) {
  if (array.dtype().char_() != (in_float64 ? 'd' : 'f') || !(array.flags() & py::array::c_style))
    throw py::type_error(std::string(name) + " must be " + (in_float64 ? "float64" : "float32"));
}

std::vector<py::ssize_t> shape_of(const py::array& array) { return {array.shape(), array.shape() + array.ndim()}; }

using OptionalDoubles = std::optional<Array<double>>;

const double* data_or_null(const OptionalDoubles& array, std::size_t n, const char* name) {
  if (!array) return nullptr;
  require_length(*array, n, name);
  return array->data();
}

// (4, n_rows): largest, log_sum, gap, uniform (without class weights: three rows).
py::array cross_entropy(const py::array& logits, const Array<std::int64_t>& targets, double inverse_temperature,
                        const OptionalDoubles& class_weights, int n_threads, py::object progress) {
  const Rows rows(logits, "logits");
  const std::size_t n_rows = rows.view().n_rows;
  require_length(targets, n_rows, "targets");
  const LogitTask task{inverse_temperature, targets.data(),
                       data_or_null(class_weights, rows.view().n_classes, "class_weights")};
  Array<double> out = make_array<double>({class_weights ? 4u : 3u, n_rows});
  double* first = out.mutable_data();
  const LogitValues values{first, first + n_rows, first + 2 * n_rows, nullptr,
                           class_weights ? first + 3 * n_rows : nullptr};
  const ProgressScope scope(progress);
  const ProgressRange range = range_of(progress);
  without_gil([&] { logit_rows(rows.view(), task, values, {}, n_threads, range); });
  return out;
}

// The same, and the gradient.
py::tuple cross_entropy_gradient(const py::array& logits, const Array<std::int64_t>& targets,
                                 double inverse_temperature, const OptionalDoubles& class_weights,
                                 const Array<double>& softmax_scale, const Array<double>& target_scale,
                                 const std::optional<py::array>& class_offsets, int n_threads, py::object progress) {
  const Rows rows(logits, "logits");
  const std::size_t n_rows = rows.view().n_rows, n_classes = rows.view().n_classes;
  require_length(targets, n_rows, "targets");
  require_length(softmax_scale, n_rows, "softmax_scale");
  require_length(target_scale, n_rows, "target_scale");
  const bool in_float64 = rows.view().storage == LogitStorage::kFloat64;
  if (class_offsets) {
    require_length(*class_offsets, n_classes, "class_offsets");
    require_type(*class_offsets, in_float64, "class_offsets");
  }
  const LogitTask task{inverse_temperature, targets.data(), data_or_null(class_weights, n_classes, "class_weights")};
  Array<double> out = make_array<double>({class_weights ? 4u : 3u, n_rows});
  double* first = out.mutable_data();
  const LogitValues values{first, first + n_rows, first + 2 * n_rows, nullptr,
                           class_weights ? first + 3 * n_rows : nullptr};
  py::array derivative = new_array(in_float64, shape_of(logits));
  const LogitGradient gradient{derivative.mutable_data(), softmax_scale.data(), target_scale.data(),
                               class_offsets ? class_offsets->data() : nullptr};
  const ProgressScope scope(progress);
  const ProgressRange range = range_of(progress);
  without_gil([&] { logit_rows(rows.view(), task, values, gradient, n_threads, range); });
  return py::make_tuple(out, derivative);
}

// (2, n_rows): largest, entropy.
Array<double> entropy(const py::array& logits, double inverse_temperature, int n_threads, py::object progress) {
  const Rows rows(logits, "logits");
  const std::size_t n_rows = rows.view().n_rows;
  Array<double> out = make_array<double>({2, n_rows});
  double* first = out.mutable_data();
  const ProgressScope scope(progress);
  const ProgressRange range = range_of(progress);
  without_gil([&] {
    logit_rows(rows.view(), {inverse_temperature}, {first, nullptr, nullptr, first + n_rows, nullptr}, {}, n_threads,
               range);
  });
  return out;
}

// (3, n_rows): largest of p, largest of q, divergence.
Array<double> divergence(LogitDivergence which, const py::array& p, const py::array& q, double inverse_temperature,
                         int n_threads, py::object progress) {
  const Rows p_rows(p, "p_logits"), q_rows(q, "q_logits");
  if (shape_of(p) != shape_of(q)) throw py::value_error("p_logits and q_logits must have equal shapes");
  const std::size_t n_rows = p_rows.view().n_rows;
  Array<double> out = make_array<double>({3, n_rows});
  double* first = out.mutable_data();
  const ProgressScope scope(progress);
  const ProgressRange range = range_of(progress);
  without_gil([&] {
    logit_divergences(which, p_rows.view(), q_rows.view(), inverse_temperature, first, first + n_rows,
                      first + 2 * n_rows, n_threads, range);
  });
  return out;
}

// (sum, least target, largest target, whether all logits are finite, losses or None, gradient or None).
py::tuple binary(const py::array& logits, const py::array& targets, const std::optional<py::array>& positive_weights,
                 bool with_values, std::optional<double> gradient_scale, int n_threads, py::object progress) {
  const Rows rows(logits, "logits"), target_rows(targets, "targets");
  if (shape_of(logits) != shape_of(targets)) throw py::value_error("logits and targets must have equal shapes");
  const bool in_float64 = rows.view().storage == LogitStorage::kFloat64 ||  //
                          target_rows.view().storage == LogitStorage::kFloat64;
  if (positive_weights) {
    require_length(*positive_weights, rows.view().n_classes, "positive_weights");
    require_type(*positive_weights, in_float64, "positive_weights");
  }
  py::object losses = py::none(), gradient = py::none();
  void *loss_data = nullptr, *gradient_data = nullptr;
  const auto make = [&](py::object& array, void*& data) {
    py::array made = new_array(in_float64, shape_of(logits));
    data = made.mutable_data();
    array = made;
  };
  if (with_values) make(losses, loss_data);
  if (gradient_scale) make(gradient, gradient_data);
  const ProgressScope scope(progress);
  const ProgressRange range = range_of(progress);
  const void* weights = positive_weights ? positive_weights->data() : nullptr;
  const BinaryLosses result = without_gil([&] {
    return binary_logit_losses(rows.view(), target_rows.view(), weights, loss_data, gradient_data,
                               gradient_scale.value_or(0.0), n_threads, range);
  });
  return py::make_tuple(result.sum, result.least_target, result.largest_target, result.finite, losses, gradient);
}

}  // namespace

void register_logits(py::module_& m) {
  using py::arg;
  m.def("logits_cross_entropy", &cross_entropy, arg("logits"), arg("targets").noconvert(), arg("inverse_temperature"),
        arg("class_weights").noconvert(), arg("n_threads"), arg("progress"));
  m.def("logits_cross_entropy_gradient", &cross_entropy_gradient, arg("logits"), arg("targets").noconvert(),
        arg("inverse_temperature"), arg("class_weights").noconvert(), arg("softmax_scale").noconvert(),
        arg("target_scale").noconvert(), arg("class_offsets"), arg("n_threads"), arg("progress"));
  m.def("logits_entropy", &entropy, arg("logits"), arg("inverse_temperature"), arg("n_threads"), arg("progress"));
  const auto define = [&m](const char* name, LogitDivergence which) {
    m.def(
        name,
        [which](const py::array& p, const py::array& q, double inverse_temperature, int n_threads,
                py::object progress) { return divergence(which, p, q, inverse_temperature, n_threads, progress); },
        arg("p_logits"), arg("q_logits"), arg("inverse_temperature"), arg("n_threads"), arg("progress"));
  };
  define("logits_kl_divergence", LogitDivergence::kKl);
  define("logits_js_divergence", LogitDivergence::kJs);
  m.def("logits_binary_cross_entropy", &binary, arg("logits"), arg("targets"), arg("positive_weights"),
        arg("with_values"), arg("gradient_scale"), arg("n_threads"), arg("progress"));
}

}  // namespace hartley::bind
