// A mixer of one's own: the mean of all values so far.
#include "ladder/nn/mixer.h"

namespace ladder::nn {
namespace {

class Mean {
 public:
  Mean(const Settings&, const MixerShape& shape) : d_model_(shape.d_model) {}

  template <class T>
  Mixed<T> record(Recorder<T>& r, const std::string& name, Tensor<T> x) const {
    const Tensor<T> value = r.linear(name + "value", x, d_model_), out = r.graph.tensor(x.rows(), d_model_);
    const int context = r.context;
    r.graph.record(
        {value}, {out},
        [=] {
          for (int row = 0; row < value.rows(); ++row)
            for (int c = 0; c < value.cols(); ++c) {
              const int t = row % context;
              T& mean = out.value()[row * out.stride() + c];
              mean = value.value()[row * value.stride() + c];
              if (t > 0) mean += (out.value()[(row - 1) * out.stride() + c] * t - t * mean) / (t + 1);
            }
        },
        [=](Writes mode) {  // dvalue[j] = Σ_{i >= j} dout[i] / (i + 1)
          for (int c = 0; c < value.cols(); ++c) {
            T sum = 0;
            for (int row = value.rows() - 1; row >= 0; --row) {
              if (row % context == context - 1) sum = 0;
              sum += out.grad()[row * out.stride() + c] / static_cast<T>(row % context + 1);
              T& gradient = value.grad()[row * value.stride() + c];
              gradient = mode[0] == Write::replace ? sum : gradient + sum;
            }
          }
        });
    return {r.linear(name + "out", out, d_model_), {}};
  }
  double multiply_adds(int context) const { return static_cast<double>(context) * d_model_; }
  double state_size(int) const { return d_model_; }

 private:
  int d_model_;
};

const Registered<MixerPlugin> registered(mixer<Mean>(
    {.name = "mean", .rule = "mean of value_j over j <= i", .source = "README example"}));

}  // namespace
}  // namespace ladder::nn
