// Records layers into a graph and binds their parameters by name. The code that records a model is
// run twice: into a graph that only declares, where every parameter is added to the store with its
// shape and how it starts; and into real graphs, where it is looked up. So a layer is described once.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ladder/nn/parameters.h"
#include "ladder/tensor/graph.h"
#include "ladder/tensor/ops.h"

namespace ladder::nn {

using namespace tensor;

template <class T>
class Recorder {
 public:
  // batch sequences of `context` positions each; rows are batch-major. With a position, of a decoder:
  // rows are one token of each sequence.
  Recorder(Graph<T>& graph, Parameters<T>& parameters, int batch, int context,
           const int* position = nullptr)
      : graph(graph), batch(batch), context(context), position(position), parameters_(parameters) {}

  Graph<T>& graph;
  const int batch, context;
  const int* const position;  // where in their sequences a decoder's tokens stand; null in a network
  int rows() const { return position ? batch : batch * context; }

  // For the same layers over whole sequences, in a graph of their own.
  Recorder whole(Graph<T>& other) const { return {other, parameters_, batch, context}; }

  // A parameter of shape [cols] or [rows, cols]; as a tensor [1, cols] or [rows, cols].
  Tensor<T> parameter(const std::string& name, std::vector<int> shape, Initial initial);

  // activation(x·Wᵀ + b) with parameters name.weight [out, in] and name.bias [out]; the weight
  // starts with this gain.
  Tensor<T> linear(const std::string& name, Tensor<T> x, int out,
                   Activation activation = Activation::none);
  // Several linear layers of one input as one product: part i has parameters prefix + part.
  struct Part {
    std::string name;
    int out;
    double gain = 1;
  };
  std::vector<Tensor<T>> linear(const std::string& prefix, Tensor<T> x,
                                const std::vector<Part>& parts);

  // Layer norm of x (+ residual) with parameters name.weight and name.bias [cols].
  Tensor<T> norm(const std::string& name, Tensor<T> x, Tensor<T> residual = {});

  // A further loss [1, 1] that a layer brings, to be minimised beside the task's.
  void add_loss(Tensor<T> loss) { losses_.push_back(loss); }
  const std::vector<Tensor<T>>& losses() const { return losses_; }

 private:
  std::size_t offset_of(const std::string& name, std::vector<int> shape, Initial initial);
  Tensor<T> bound(std::size_t offset, int rows, int cols);

  Parameters<T>& parameters_;
  std::vector<Tensor<T>> losses_;
};

extern template class Recorder<float>;
extern template class Recorder<double>;

}  // namespace ladder::nn
