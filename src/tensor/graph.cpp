#include "ladder/tensor/graph.h"

#include <algorithm>
#include <set>

#include "ladder/base/error.h"

namespace ladder::tensor {

template <class T>
T* Graph<T>::scratch(std::size_t count) {
  if (declares()) {  // nobody reads or writes there
    if (memory_.empty()) memory_.emplace_back(new (std::align_val_t{64}) T[1]);
    return memory_[0].get();
  }
  const std::size_t bytes = std::max<std::size_t>(count, 1) * sizeof(T);
  T* data = static_cast<T*>(::operator new[](bytes, std::align_val_t{64}));
  std::fill_n(data, count, T(0));
  memory_.emplace_back(data);
  bytes_ += bytes;
  return data;
}

template <class T>
T* Graph<T>::table(std::size_t count, const std::function<double(std::size_t)>& value) {
  T* data = scratch(count);
  for (std::size_t i = 0; i < count && !declares(); ++i)
    data[i] = static_cast<T>(value(i));
  return data;
}

template <class T>
Tensor<T> Graph<T>::constant(int rows, int cols, const std::function<double(std::size_t)>& value) {
  T* data = table(static_cast<std::size_t>(rows) * cols, value);
  tensors_.push_back(std::make_unique<typename Tensor<T>::Storage>(
      typename Tensor<T>::Storage{data, nullptr, rows, cols, cols}));
  return Tensor<T>(tensors_.back().get());
}

template <class T>
Tensor<T> Graph<T>::leaf(int rows, int cols, bool with_gradient) {
  const std::size_t size = static_cast<std::size_t>(rows) * cols;
  T* value = scratch(size);
  T* grad = with_gradient ? scratch(size) : nullptr;
  tensors_.push_back(std::make_unique<typename Tensor<T>::Storage>(
      typename Tensor<T>::Storage{value, grad, rows, cols, cols}));
  return Tensor<T>(tensors_.back().get());
}

template <class T>
Tensor<T> Graph<T>::parameter(T* value, int rows, int cols, std::ptrdiff_t offset) {
  for (const auto& known : tensors_)  // one that is used twice adds both gradients
    if (known->parameter_offset == offset && known->rows == rows && known->cols == cols)
      return Tensor<T>(known.get());
  tensors_.push_back(std::make_unique<typename Tensor<T>::Storage>(
      typename Tensor<T>::Storage{value, nullptr, rows, cols, cols, offset}));
  return Tensor<T>(tensors_.back().get());
}

template <class T>
Tensor<T> Graph<T>::columns(Tensor<T> x, int begin, int cols) {
  tensors_.push_back(std::make_unique<typename Tensor<T>::Storage>(typename Tensor<T>::Storage{
      x.value() + begin, x.grad() ? x.grad() + begin : nullptr, x.rows(), cols, x.stride()}));
  return Tensor<T>(tensors_.back().get());
}

template <class T>
void Graph<T>::record(std::vector<Tensor<T>> inputs, std::vector<Tensor<T>> outputs,
                      Forward forward, Backward backward) {
  operations_.push_back(
      {std::move(inputs), std::move(outputs), std::move(forward), std::move(backward), {}, {}, false});
}

template <class T>
void Graph<T>::minimise(Tensor<T> loss) {
  // Against the order of recording: a tensor that is met for the first time has no gradient yet, so
  // whoever meets it replaces; all later ones accumulate.
  loss.grad()[0] = 1;  // of itself; nobody writes it
  std::set<typename Tensor<T>::Storage*> met = {loss.storage()};
  for (auto op = operations_.rbegin(); op != operations_.rend(); ++op) {
    const auto is_met = [&](Tensor<T> t) { return met.contains(t.storage()); };
    op->reached = std::any_of(op->outputs.begin(), op->outputs.end(), is_met);
    if (!op->reached) continue;
    // A part that nobody differentiates would leave garbage in its share of the whole's gradient.
    if (!std::all_of(op->outputs.begin(), op->outputs.end(), is_met))
      throw failure("graph: the loss depends on one output of an operation but not on the others");
    op->replacing.clear(), op->accumulating.clear();
    for (const Tensor<T>& input : op->inputs) {
      const bool first = met.insert(input.storage()).second;
      const bool is_parameter = input.storage()->parameter_offset >= 0;
      op->replacing.push_back(first ? Write::replace : Write::accumulate);
      op->accumulating.push_back(first && !is_parameter ? Write::replace : Write::accumulate);
    }
  }
}

template <class T>
void Graph<T>::bind_gradients(T* buffer) {
  for (const auto& tensor : tensors_)
    if (tensor->parameter_offset >= 0) tensor->grad = buffer + tensor->parameter_offset;
}

template <class T>
void Graph<T>::forward(Weights weights) {
  if (weights == Weights::new_ones) ++version_;
  for (const Operation& op : operations_) op.forward();
}

template <class T>
void Graph<T>::backward(Write parameters) {
  for (auto op = operations_.rbegin(); op != operations_.rend(); ++op)
    if (op->reached) op->backward(parameters == Write::replace ? op->replacing : op->accumulating);
}

template class Graph<float>;
template class Graph<double>;

}  // namespace ladder::tensor
