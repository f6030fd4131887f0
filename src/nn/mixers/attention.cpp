// Attention: values are mixed by weights that a score makes of query·key.
#include "ladder/nn/attention.h"
#include "nn/mixers/around.h"

#include <algorithm>
#include <cmath>

namespace ladder::nn {
namespace {

class AttentionMixer {
 public:
  AttentionMixer(const Settings& s, const MixerShape& shape)
      : score_(Registry<Score>::get(s.text("score"))),
        pattern_(make_pattern(s)),
        shape_(shape),
        scale_(s.toggle("scale") ? 1 / std::sqrt(static_cast<double>(shape.head_size())) : 1),
        parameter_(score_.form.parameter ? score_.form.parameter(s, shape.context) : 0) {
    if (shape.position == "rope" && shape.head_size() % 2 != 0)
      throw s.invalid("position", "another one: rope needs an even head size, and d_model / heads = " +
                                      std::to_string(shape.head_size()));
    if (score_.form.algorithm) algorithm_ = score_.form.algorithm(s, shape);
    if (shape.position == "alibi" && !score_.form.decays)
      throw s.invalid("position", "another one: alibi is not defined for score = " + score_.name);
  }

  template <class T>
  Mixed<T> record(Recorder<T>& recorder, const std::string& name, Tensor<T> x) const {
    const auto [query, key, value] = project(recorder, name, x, shape_);
    const AttentionOptions o = options(recorder.batch);
    Mixed<T> mixed = algorithm_ ? algorithm_->record(recorder.graph, query, key, value, o)
                                : attention(recorder.graph, score_.form, query, key, value, o);
    mixed.out = recorder.linear(name + "out", mixed.out, shape_.d_model);
    return mixed;
  }
  template <class T>
  Tensor<T> record_step(Recorder<T>& recorder, const std::string& name, Tensor<T> x) const {
    const auto [query, key, value] = project(recorder, name, x, shape_);
    const AttentionOptions o = options(recorder.batch);
    const Tensor<T> mixed = algorithm_ ? algorithm_->record_step(recorder.graph, query, key, value, o,
                                                                 recorder.context, recorder.position)
                                       : attention_step(recorder.graph, score_.form, query, key, value, o,
                                                        recorder.context, recorder.position);
    return recorder.linear(name + "out", mixed, shape_.d_model);
  }

  bool step_rounds() const { return algorithm_ != nullptr; }
  double multiply_adds(int context) const {
    if (algorithm_) return algorithm_->multiply_adds(context, shape_);
    const int most = pattern_->most_keys();
    double seen = 0, compared = 0;  // pairs whose values are mixed; whose query·key is computed
    for (int i = 0; i < context; ++i) {
      const double keys = legal_keys(i);
      compared += keys;
      seen += most ? std::min<double>(keys, most) : keys;
    }
    return ((most ? compared : 0) + 2 * seen) * shape_.d_model;  // topk compares first, then as others
  }
  double state_size(int context) const {  // the keys and values that the next token may see
    if (algorithm_) return algorithm_->state_size(shape_);
    return 2 * (legal_keys(context) - 1) * shape_.d_model;
  }

 private:
  AttentionOptions options(int batch) const {
    AttentionOptions options{.batch = batch, .heads = shape_.heads, .scale = scale_};
    options.pattern = pattern_.get();
    options.parameter = parameter_;
    if (shape_.position == "rope") options.rotation = Rotation::rope;
    if (shape_.position == "alibi") options.decay = Decay::alibi;
    return options;
  }
  double legal_keys(int query) const {  // before topk's choice
    double count = 0;
    for (auto keys = pattern_->next(query, 0); keys.begin < keys.end; keys = pattern_->next(query, keys.end))
      count += keys.end - keys.begin;
    return count;
  }

  const Score& score_;
  const std::shared_ptr<const Pattern> pattern_;
  const MixerShape shape_;
  const double scale_, parameter_;
  std::shared_ptr<const AttentionAlgorithm> algorithm_;  // null: the kernel's
};

const Registered<MixerPlugin> registered(mixer<AttentionMixer>(
    {.name = "attention",
     .rule = "sum over the pattern's keys j of value_j, weighted by the score of query_i.key_j",
     .source = "Vaswani et al., arXiv:1706.03762",
     .reads = {"score", "pattern", "heads", "scale", "qk_gain"}},
    {"none", "learned", "sinusoidal", "rope", "alibi"}));

}  // namespace
}  // namespace ladder::nn
