#include "ladder/nn/recorder.h"

#include "ladder/base/error.h"

namespace ladder::nn {

template <class T>
std::size_t Recorder<T>::offset_of(const std::string& name, std::vector<int> shape, Initial initial) {
  if (graph.declares()) parameters_.declare(name, shape, initial);
  const auto& entry = parameters_.entry(name);
  if (entry.shape != shape) throw failure("parameter '" + name + "' is recorded with another shape");
  return entry.offset;
}

template <class T>
Tensor<T> Recorder<T>::bound(std::size_t offset, int rows, int cols) {
  return graph.parameter(parameters_.values().data() + offset, rows, cols,
                         static_cast<std::ptrdiff_t>(offset));
}

template <class T>
Tensor<T> Recorder<T>::parameter(const std::string& name, std::vector<int> shape, Initial initial) {
  const int rows = shape.size() > 1 ? shape[0] : 1;
  return bound(offset_of(name, shape, initial), rows, shape.back());
}

template <class T>
Tensor<T> Recorder<T>::linear(const std::string& name, Tensor<T> x, int out, Activation activation) {
  const Tensor<T> weight = parameter(name + ".weight", {out, x.cols()}, Initial::linear(x.cols()));
  const Tensor<T> bias = parameter(name + ".bias", {out}, Initial::linear(x.cols()));
  return tensor::linear(graph, x, weight, bias, activation);
}

template <class T>
std::vector<Tensor<T>> Recorder<T>::linear(const std::string& prefix, Tensor<T> x,
                                           const std::vector<Part>& parts) {
  const int in = x.cols();
  std::vector<int> widths;
  std::size_t weight = 0, bias = 0;  // of the first part: the others follow it in the buffer
  int out = 0;
  for (const Part& part : parts) {
    const std::size_t offset = offset_of(prefix + part.name + ".weight", {part.out, in},
                                         Initial::linear(in, part.gain));
    if (widths.empty()) weight = offset;
    if (offset != weight + static_cast<std::size_t>(out) * in)
      throw failure("the weights at '" + prefix + "' are not neighbours");
    widths.push_back(part.out);
    out += part.out;
  }
  for (const Part& part : parts) {
    const std::size_t offset = offset_of(prefix + part.name + ".bias", {part.out}, Initial::linear(in));
    if (&part == &parts[0]) bias = offset;
  }
  return split(graph, tensor::linear(graph, x, bound(weight, out, in), bound(bias, 1, out)), widths);
}

template <class T>
Tensor<T> Recorder<T>::norm(const std::string& name, Tensor<T> x, Tensor<T> residual) {
  const Tensor<T> weight = parameter(name + ".weight", {x.cols()}, Initial::constant(1));
  const Tensor<T> bias = parameter(name + ".bias", {x.cols()}, Initial::constant(0));
  return layer_norm(graph, x, weight, bias, residual);
}

template class Recorder<float>;
template class Recorder<double>;

}  // namespace ladder::nn
