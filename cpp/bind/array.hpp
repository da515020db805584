// The border between NumPy and the kernels: the one array alias, views of arrays, and calls without the GIL.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/parallel.hpp"

namespace hartley::bind {

namespace py = pybind11;

// A C-contiguous array that is never converted or copied on its way in: declare arguments with .noconvert().
template <class T>
using Array = py::array_t<T, py::array::c_style>;

template <class T>
std::span<const T> view(const Array<T>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

template <class T>
std::size_t extent(const Array<T>& array, int axis) {
  return static_cast<std::size_t>(array.shape(axis));
}

// A new array and the span to fill it through.
template <class T>
Array<T> make_array(std::initializer_list<std::size_t> shape) {
  return Array<T>(std::vector<py::ssize_t>(shape.begin(), shape.end()));
}
template <class T>
std::span<T> fill(Array<T>& array) {
  return {array.mutable_data(), static_cast<std::size_t>(array.size())};
}

template <class T>
void require_rank(const Array<T>& array, int rank, const char* name) {
  if (array.ndim() != rank)
    throw py::value_error(std::string(name) + " must have " + std::to_string(rank) + " axes, got " +
                          std::to_string(array.ndim()));
}

// Where the running call wants its progress told; owned by the Python caller for the length of the call.
inline thread_local py::object* progress_callback = nullptr;

class ProgressScope {
 public:
  explicit ProgressScope(py::object& callback) : outer_(progress_callback) {
    progress_callback = callback.is_none() ? nullptr : &callback;
  }
  ~ProgressScope() { progress_callback = outer_; }  // a callback may call hartley itself
  ProgressScope(const ProgressScope&) = delete;
  ProgressScope& operator=(const ProgressScope&) = delete;

 private:
  py::object* outer_;
};

// Runs a kernel without the GIL. Only raw memory may be touched inside: take views before. When the kernel was stopped,
// the exception that the poll left behind (KeyboardInterrupt, or a progress callback's own) is raised.
template <class Kernel>
decltype(auto) without_gil(Kernel&& kernel) {
  try {
    const py::gil_scoped_release release;
    return std::forward<Kernel>(kernel)();
  } catch (const Stopped&) {
    throw py::error_already_set();
  }
}

}  // namespace hartley::bind
