// The autograd graph: operations are recorded once, for fixed shapes, and replayed at every step.
// All memory is allocated while recording; replaying allocates nothing.
//
// A tensor is a matrix [rows, cols]: one row a token. An operation is a function that creates its
// result with graph.tensor() and records a forward and a backward closure (see ops.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "ladder/tensor/kernels/matmul.h"  // Strided, Write

namespace ladder::tensor {

// A handle to a matrix whose memory belongs to a graph (or to a parameter buffer). Cheap to copy.
template <class T>
class Tensor {
 public:
  struct Storage {
    T* value;
    T* grad;  // same shape as value; nullptr: no gradient is wanted
    int rows, cols;
    std::ptrdiff_t stride;  // elements from one row to the next, >= cols
    std::ptrdiff_t parameter_offset = -1;  // in the bound gradient buffer; -1: not a parameter
  };

  Tensor() = default;
  explicit Tensor(Storage* storage) : storage_(storage) {}
  explicit operator bool() const { return storage_ != nullptr; }

  T* value() const { return storage_->value; }
  T* grad() const { return storage_->grad; }
  int rows() const { return storage_->rows; }
  int cols() const { return storage_->cols; }
  std::ptrdiff_t stride() const { return storage_->stride; }
  std::size_t size() const { return static_cast<std::size_t>(rows()) * cols(); }
  bool contiguous() const { return stride() == cols(); }
  Strided<T> values() const { return {value(), stride(), 1}; }
  Strided<T> grads() const { return {grad(), stride(), 1}; }
  Storage* storage() const { return storage_; }

 private:
  Storage* storage_ = nullptr;
};

// For each input of an operation, how backward shall write its gradient. The first writer of a
// replay replaces, the others accumulate: no buffer needs to be cleared between steps.
using Writes = const std::vector<Write>&;

template <class T>
class Graph {
 public:
  using Forward = std::function<void()>;
  using Backward = std::function<void(Writes)>;

  // Without gradients only forward can be replayed and gradients take no memory. A graph that only
  // declares has no memory at all: recording into it tells which parameters there are.
  enum class Purpose { training, inference, declaring };
  explicit Graph(Purpose purpose = Purpose::training) : purpose_(purpose) {}
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  // A leaf whose values are written by the user between replays. It has a gradient if asked for.
  Tensor<T> leaf(int rows, int cols, bool with_gradient = false);
  // A leaf that lives in a parameter buffer: values at `value`, gradients `offset` elements into
  // the buffer given to bind_gradients.
  Tensor<T> parameter(T* value, int rows, int cols, std::ptrdiff_t offset);
  // A new result, for use by operations.
  Tensor<T> tensor(int rows, int cols) { return leaf(rows, cols, purpose_ == Purpose::training); }
  // Columns [begin, begin + cols) of x: shares its memory. For use by operations (see split).
  Tensor<T> columns(Tensor<T> x, int begin, int cols);
  // Memory for what an operation saves between forward and backward: `count` elements, zeroed.
  T* scratch(std::size_t count);
  // B [k,n] as the products of an operation want it, for a B that is a parameter, or a part of one.
  // Packed when it is asked for the first time after the parameters have changed.
  class PackedParameter {
   public:
    PackedParameter(Graph& graph, int k, int n, Strided<T> b)
        : graph_(graph), k_(k), n_(n), b_(b), packed_{graph.scratch(packed_size<T>(k, n))} {}
    Packed<T> operator()() {
      if (std::exchange(version_, graph_.version_) != graph_.version_) pack(k_, n_, b_, packed_);
      return packed_;
    }

   private:
    const Graph& graph_;
    int k_, n_;
    Strided<T> b_;
    Packed<T> packed_;
    std::uint64_t version_ = 0;
  };

  // Numbers that stay as they are, element i from value(i), computed while recording.
  Tensor<T> constant(int rows, int cols, const std::function<double(std::size_t)>& value);
  T* table(std::size_t count, const std::function<double(std::size_t)>& value);

  // Backward reads the outputs' gradients and writes those of the inputs that have one, as the
  // Writes tell (one entry an input).
  void record(std::vector<Tensor<T>> inputs, std::vector<Tensor<T>> outputs, Forward forward,
              Backward backward);
  // Names the tensor to be differentiated, a [1, 1] result. To be called once, after recording.
  // Operations that it does not depend on are left out of backward.
  void minimise(Tensor<T> loss);

  // Where the parameters' gradients go from now on.
  void bind_gradients(T* buffer);

  // What is packed of parameters once may serve many replays: whoever replays with the parameters of the
  // last forward may say so.
  enum class Weights { new_ones, same };
  void forward(Weights weights = Weights::new_ones);
  // Gradients of the tensor given to minimise. Those of parameters replace what the bound buffer
  // holds, or are added to it.
  void backward(Write parameters = Write::replace);

  std::size_t bytes() const { return bytes_; }  // allocated so far
  bool declares() const { return purpose_ == Purpose::declaring; }

 private:
  struct Operation {
    std::vector<Tensor<T>> inputs, outputs;
    Forward forward;
    Backward backward;
    std::vector<Write> replacing, accumulating;  // the Writes for either mode of backward
    bool reached = false;                        // the loss depends on it
  };
  struct Free {
    void operator()(T* p) const { ::operator delete[](p, std::align_val_t{64}); }
  };

  const Purpose purpose_;
  std::vector<std::unique_ptr<T[], Free>> memory_;
  std::vector<std::unique_ptr<typename Tensor<T>::Storage>> tensors_;
  std::vector<Operation> operations_;
  std::size_t bytes_ = 0;
  std::uint64_t version_ = 0;  // of the parameters
};

extern template class Graph<float>;
extern template class Graph<double>;

}  // namespace ladder::tensor
