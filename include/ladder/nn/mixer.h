// A mixer is what a block mixes tokens with: attention, or something in its place. Each is one file
// in src/nn/mixers/ that registers itself:
//
//   class Example {
//    public:
//     Example(const Settings&, const MixerShape&);      // refuses, by a usage error, what does not fit
//     template <class T> Mixed<T> record(Recorder<T>&, const std::string& name, Tensor<T> x) const;
//     double multiply_adds(int context) const;
//     double state_size(int context) const;
//     template <class T> Tensor<T> record_step(Recorder<T>&, const std::string& name, Tensor<T> x) const;
//   };
//   const Registered<MixerPlugin> example(mixer<Example>({.name = "example", ...}));
//
// A mixer is causal: row t of its result depends on rows 0 .. t of x of the same sequence only.
//
// record_step is for generation, and may be left out: the same layer for one token of each sequence.
// x [batch, d_model] are the tokens at *recorder.position, which a decoder counts up from 0 before each
// replay; what those before them left, the mixer keeps, in the graph's scratch. At position 0 it begins
// anew. What it returns are the rows of record's result, bit for bit, or, where the mixer declares
// `static constexpr bool step_rounds = true`, to rounding. A mixer without it generates, too,
// at the cost of a whole context a token.
//
// A mixer with a parameter whose shape is the context's declares `static constexpr bool one_context = true`:
// what is trained at one context is then not asked to read another.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ladder/base/plugin.h"
#include "ladder/nn/recorder.h"
#include "ladder/tensor/kernels/attention_problem.h"

namespace ladder::nn {

// What a mixer is built for.
struct MixerShape {
  int d_model, heads, context;
  std::string position;  // the setting: how positions enter
  double qk_gain;        // factor on initial query and key weights
  int head_size() const { return d_model / heads; }
};

// How a mixer lets one look at the last forward.
template <class T>
struct Look {
  // The dense matrix p with out_i = Σ_j p[i, j] value_j of one (sequence, head), which keys are
  // legal, and, where z is not empty, the products that a score saw.
  std::function<void(const AttentionMaps<T>&)> maps;
  int heads = 0;
  // Where z = scale · query·key per head is what weights are made of: the tensors (before any
  // rotation), [batch·context, d_model]. Empty for mixers that work otherwise.
  Tensor<T> query, key;
  double scale = 1;
  Tensor<T> input = {};  // what the mixer read, [batch·context, d_model]; the model fills it in
};

template <class T>
struct Mixed {
  Tensor<T> out;  // [batch·context, d_model], to be added to the residual stream
  Look<T> look;
};

class Mixer {
 public:
  virtual ~Mixer() = default;
  // Parameters are called name + "....", name being "blocks.0.attn.".
  virtual Mixed<float> record(Recorder<float>&, const std::string& name, Tensor<float> x) const = 0;
  virtual Mixed<double> record(Recorder<double>&, const std::string& name, Tensor<double> x) const = 0;
  virtual Tensor<float> record_step(Recorder<float>&, const std::string& name, Tensor<float> x) const = 0;
  virtual Tensor<double> record_step(Recorder<double>&, const std::string& name, Tensor<double> x) const = 0;
  virtual bool has_step() const = 0;  // of its own
  virtual bool step_rounds() const = 0;
  virtual bool one_context() const = 0;
  // Of one forward over a sequence of this context, without the linear maps around it.
  virtual double multiply_adds(int context) const = 0;
  // Numbers that generation carries from token to token after `context` tokens.
  virtual double state_size(int context) const = 0;
};

// What stands in for record_step.
template <class T>
Tensor<T> step_by_whole(const Mixer&, Recorder<T>&, const std::string& name, Tensor<T> x);

template <class Form>
class MixerOf final : public Mixer {
 public:
  MixerOf(const Settings& settings, const MixerShape& shape) : form_(settings, shape) {}
  Mixed<float> record(Recorder<float>& r, const std::string& name, Tensor<float> x) const override {
    return form_.record(r, name, x);
  }
  Mixed<double> record(Recorder<double>& r, const std::string& name, Tensor<double> x) const override {
    return form_.record(r, name, x);
  }
  Tensor<float> record_step(Recorder<float>& r, const std::string& name, Tensor<float> x) const override {
    return step(r, name, x);
  }
  Tensor<double> record_step(Recorder<double>& r, const std::string& name, Tensor<double> x) const override {
    return step(r, name, x);
  }
  bool has_step() const override { return steps; }
  bool step_rounds() const override {
    if constexpr (requires { form_.step_rounds(); }) return form_.step_rounds();
    else if constexpr (requires { Form::step_rounds; }) return Form::step_rounds;
    else return false;
  }
  bool one_context() const override { return requires { requires Form::one_context; }; }
  double multiply_adds(int context) const override { return form_.multiply_adds(context); }
  double state_size(int context) const override { return form_.state_size(context); }

 private:
  static constexpr bool steps = requires(const Form& form, Recorder<float>& r, Tensor<float> x) {
    form.record_step(r, std::string(), x);
  };
  template <class T>
  Tensor<T> step(Recorder<T>& r, const std::string& name, Tensor<T> x) const {
    if constexpr (steps) return form_.record_step(r, name, x);
    else return step_by_whole(*this, r, name, x);
  }

  Form form_;
};

struct MixerPlugin : Plugin {
  static constexpr const char* kind = "mixer";
  static constexpr Group group = Group::model;
  std::vector<std::string> positions;  // the values of `position` that it can have
  std::function<std::shared_ptr<const Mixer>(const Settings&, const MixerShape&)> make;
};

// Positions that are added to the input suit every mixer; name more, or fewer, to differ.
template <class Form>
MixerPlugin mixer(Plugin card, std::vector<std::string> positions = {"none", "learned", "sinusoidal"}) {
  return {std::move(card), std::move(positions),
          [](const Settings& settings, const MixerShape& shape) -> std::shared_ptr<const Mixer> {
            return std::make_shared<MixerOf<Form>>(settings, shape);
          }};
}

// One mixer a layer, as the (resolved) settings say. Throws a usage error where one cannot have the
// position, or where there are as many names as layers in no way.
std::vector<std::shared_ptr<const Mixer>> make_mixers(const Settings& settings, int layers,
                                                      const MixerShape& shape);

}  // namespace ladder::nn
