// Training and measuring: the same bits whatever the threads, and numbers that a plain
// recomputation gives too.
#include "ladder/nn/score.h"
#include "train/trainer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "train/run.h"

namespace ladder {

using namespace train;
namespace {

using Choices = std::vector<std::pair<std::string, std::string>>;
using Floats = std::vector<float>;

// A model so small that a step takes a fraction of a millisecond; `choices` replace its settings.
Settings tiny(const Choices& choices = {}) {
  Settings s;
  const Choices presets = {{"base", "4"},   {"delay", "2"}, {"context", "7"},      {"d_model", "8"},
                           {"heads", "2"},  {"batch", "8"}, {"mlp_ratio", "2"},    {"steps", "40"},
                           {"eval_every", "10"},            {"eval_sequences", "30"}};
  for (const auto& [key, value] : presets) s.set(key, value, "test");
  for (const auto& [key, value] : choices) s.set(key, value, "test:1");
  s.resolve();
  return s;
}

Choices with(Choices choices, const Choices& more) {
  choices.insert(choices.end(), more.begin(), more.end());
  return choices;
}

Floats parameters_after(const Settings& s, int steps, int threads = 1) {
  Trainer trainer(s, threads);
  for (int i = 0; i < steps; ++i) trainer.step();
  return trainer.parameters().values();
}

double norm(const Floats& x) {
  double square = 0;
  for (const float v : x) square += static_cast<double>(v) * v;
  return std::sqrt(square);
}

Floats difference(const Floats& a, const Floats& b) {
  Floats result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) result[i] = a[i] - b[i];
  return result;
}

// ---- the same bits ----

TEST_CASE("trainer: the same bits for any number of threads and from time to time") {
  for (const char* score : {"dpa", "ea"})
    for (const OptimizerPlugin& optimizer : Registry<OptimizerPlugin>::all()) {
      CAPTURE(score);
      CAPTURE(optimizer.name);
      const Choices chosen = {{"score", score}, {"optimizer", optimizer.name}};
      const Settings s = tiny(with(chosen, {{"gradient_parts", "4"}}));
      const Floats once = parameters_after(s, 20);
      CHECK(once == parameters_after(s, 20));
      for (const int threads : {2, 3, 4, 9}) CHECK(once == parameters_after(s, 20, threads));
      CHECK(once != parameters_after(s, 19));
    }
}

TEST_CASE("trainer: gradient_parts and micro_batch change rounding only") {
  const Floats one = parameters_after(tiny({{"gradient_parts", "1"}, {"micro_batch", "8"}}), 20);
  bool rounded = false;
  for (const Choices& split : {Choices{{"gradient_parts", "1"}, {"micro_batch", "1"}},
                               Choices{{"gradient_parts", "2"}, {"micro_batch", "2"}},
                               Choices{{"gradient_parts", "8"}, {"micro_batch", "1"}}}) {
    CAPTURE(split[0].second);
    const Floats other = parameters_after(tiny(split), 20);
    CHECK(norm(difference(one, other)) < 1e-5 * norm(one));
    rounded |= one != other;
  }
  CHECK(rounded);  // otherwise the settings were not read
}

TEST_CASE("trainer: scores are trained on the same batches") {
  // With an output of attention that is 0 and stays so, the loss depends on the batch alone.
  const auto losses = [](const std::string& score, const char* seed) {
    Trainer trainer(tiny({{"score", score}, {"learning_rate", "0"}, {"seed", seed}}));
    for (const char* part : {"weight", "bias"}) {
      const auto& e = trainer.parameters().entry(std::string("blocks.0.attn.out.") + part);
      std::fill_n(trainer.parameters().values().begin() + e.offset, e.size, 0.0f);
    }
    std::vector<double> result;
    for (int i = 0; i < 6; ++i) result.push_back(trainer.step());
    return result;
  };
  const auto expected = losses("dpa", "3");
  CHECK(std::set<double>(expected.begin(), expected.end()).size() == expected.size());
  for (const Score& score : Registry<Score>::all()) CHECK(losses(score.name, "3") == expected);
  CHECK(losses("dpa", "4") != expected);
}

// ---- it learns ----

// Each plug-in beside the defaults of the other kinds, not the product of all: a new one costs one
// more line here.
std::vector<Choices> one_of_each() {
  std::vector<Choices> all;
  for (const Kind& kind : Registry<Kind>::all())
    for (const Plugin* plugin : kind.plugins()) {
      Choices chosen = plugin->tiny;
      chosen.emplace_back("embedding", "learned");  // whatever a task's vocabulary is
      chosen.emplace_back(kind.name, plugin->name);
      all.push_back(chosen);
    }
  return all;
}

TEST_CASE("trainer: every plug-in trains: losses are finite, parameters move") {
  for (const Choices& chosen : one_of_each()) {
    CAPTURE(chosen.back().first);
    CAPTURE(chosen.back().second);
    Trainer trainer(tiny(chosen));
    const Floats before = trainer.parameters().values();
    for (int i = 0; i < 10; ++i) CHECK(std::isfinite(trainer.step()));
    CHECK(trainer.steps_done() == 10);
    CHECK(trainer.parameters().values() != before);
  }
}

TEST_CASE("trainer: the scores of the question lower the loss, with either optimizer") {
  for (const char* score : {"dpa", "ea", "square"})
    for (const char* task : {"nt", "copy"})
      for (const char* optimizer : {"sgd", "adam"}) {
        CAPTURE(score);
        CAPTURE(task);
        CAPTURE(optimizer);
        Trainer trainer(tiny({{"score", score}, {"task", task}, {"optimizer", optimizer}}));
        const double before = evaluate(trainer.held_out(), 64, trainer.network()).loss;
        for (int i = 0; i < 60; ++i) trainer.step();
        CHECK(evaluate(trainer.held_out(), 64, trainer.network()).loss < before - 0.005);
      }
}

TEST_CASE("trainer: step returns the mean loss of its batch before the update") {
  // The batch is drawn as the trainer draws it, and computed by a network of its own.
  for (const std::string loss : {"cross_entropy", "squared"}) {
    CAPTURE(loss);
    const Settings s = tiny({{"loss", loss}, {"delay", "2+3"}, {"embedding", "learned"}});
    Trainer trainer(s);
    for (int step = 0; step < 3; ++step) {
      Network<float> network(trainer.config(), trainer.parameters(), 8);
      Sequence sequence;
      int targets = 0;
      for (int b = 0; b < 8; ++b) {
        trainer.task().draw(0, Split::training, step * 8 + b, sequence);
        for (int t = 0; t < 7; ++t) {
          network.tokens[b * 7 + t] = sequence.tokens[t];
          network.targets.token[b * 7 + t] = sequence.targets[t];
          targets += sequence.targets[t] >= 0;
        }
      }
      network.targets.weight = 1.0 / targets;
      network.graph.forward();
      const double expected = network.loss.value()[0];
      CHECK(trainer.step() == doctest::Approx(expected).epsilon(1e-6));
    }
  }
}

// ---- learning rate and clipping ----

// With plain sgd and a gradient that is always clipped to 0.01, a step's length is 0.01 · rate.
std::vector<double> rates(const Choices& choices, int steps) {
  const Choices clipped = {{"optimizer", "sgd"}, {"learning_rate", "2"}, {"momentum", "0"}, {"clip", "0.01"}};
  Trainer trainer(tiny(with(clipped, choices)));
  std::vector<double> result;
  for (int i = 0; i < steps; ++i) {
    const Floats before = trainer.parameters().values();
    trainer.step();
    result.push_back(norm(difference(trainer.parameters().values(), before)) / 0.01);
  }
  return result;
}

void check_rates(const std::vector<double>& rates, const std::vector<double>& expected) {
  REQUIRE(rates.size() == expected.size());
  for (std::size_t i = 0; i < rates.size(); ++i) {
    CAPTURE(i);
    CHECK(rates[i] == doctest::Approx(expected[i]).epsilon(1e-3));
  }
}

TEST_CASE("trainer: schedules of the learning rate") {
  check_rates(rates({{"schedule", "constant"}, {"warmup", "3"}}, 3), {2, 2, 2});
  check_rates(rates({{"schedule", "warmup"}, {"warmup", "4"}}, 7), {0.5, 1, 1.5, 2, 2, 2, 2});
  check_rates(rates({{"schedule", "warmup"}, {"warmup", "0"}}, 2), {2, 2});

  std::vector<double> cosine = {1, 2};
  for (int i = 0; i < 6; ++i) cosine.push_back(1 + std::cos(std::numbers::pi * i / 6));
  check_rates(rates({{"schedule", "cosine"}, {"warmup", "2"}, {"steps", "8"}}, 8), cosine);
  // no room for the cosine
  check_rates(rates({{"schedule", "cosine"}, {"warmup", "8"}, {"steps", "2"}}, 2), {0.25, 0.5});
}

TEST_CASE("trainer: clip shortens a long gradient and leaves its direction and short ones alone") {
  const Choices plain = {{"optimizer", "sgd"}, {"momentum", "0"}, {"learning_rate", "1"}};
  const auto first_step = [&](const char* clip) {
    const Settings s = tiny(with(plain, {{"clip", clip}}));
    return difference(parameters_after(s, 1), parameters_after(s, 0));
  };
  const Floats free = first_step("0"), clipped = first_step("0.05");
  CHECK(norm(clipped) == doctest::Approx(0.05).epsilon(1e-4));
  REQUIRE(norm(free) > 0.1);
  Floats scaled = free;
  for (float& x : scaled) x *= static_cast<float>(0.05 / norm(free));
  CHECK(norm(difference(scaled, clipped)) < 1e-4 * norm(clipped));
  CHECK(first_step("1000") == free);
}

// ---- measuring ----

int largest_logit(const Network<float>& network, int row) {
  const float* x = network.logits.value() + row * network.logits.cols();
  return static_cast<int>(std::max_element(x, x + network.logits.cols()) - x);
}

// One sequence at a time, one token at a time.
struct PlainMeasure {
  double accuracy = 0, sequence_accuracy = 0, rollout_accuracy = 0;

  PlainMeasure(Trainer& trainer, int sequences, std::uint64_t seed) {
    Network<float> network(trainer.config(), trainer.parameters(), 1, false);
    Sequence s;
    int targets = 0;
    for (int i = 0; i < sequences; ++i) {
      trainer.task().draw(seed, Split::evaluation, i, s);
      std::copy_n(s.tokens.begin(), network.context, network.tokens.begin());
      network.graph.forward();
      int right = 0, here = 0;
      for (int t = 0; t < network.context; ++t) {
        right += largest_logit(network, t) == s.targets[t];
        here += s.targets[t] >= 0;
      }
      accuracy += right;
      sequence_accuracy += right == here;
      targets += here;
      for (int t = 0; t < network.context; ++t) {
        network.graph.forward();
        const int prediction = largest_logit(network, t);
        if (s.targets[t] < 0) continue;
        rollout_accuracy += prediction == s.targets[t];
        if (t + 1 < network.context) network.tokens[t + 1] = prediction;
      }
    }
    accuracy /= targets, rollout_accuracy /= targets, sequence_accuracy /= sequences;
  }
};

TEST_CASE("trainer: accuracies are those of a plain measurement") {
  const std::vector<Choices> cases = {{{"delay", "2"}},
                                      {{"delay", "2+3"}, {"embedding", "learned"}},
                                      {{"task", "copy"}, {"delay", "3"}}};
  int fed_back = 0;
  for (const Choices& chosen : cases) {
    CAPTURE(chosen[0].second);
    const Choices adam = {{"optimizer", "adam"}, {"learning_rate", "0.01"}, {"seed", "5"}};
    Trainer trainer(tiny(with(chosen, adam)));
    for (int i = 0; i < 120; ++i) trainer.step();
    const PlainMeasure plain(trainer, 27, 5);
    const Evaluation e = evaluate(trainer.held_out(), 27, trainer.network());
    CHECK(e.accuracy == doctest::Approx(plain.accuracy));
    CHECK(e.sequence_accuracy == doctest::Approx(plain.sequence_accuracy));
    CHECK(rollout_accuracy(trainer.held_out(), 27, trainer.network()) == doctest::Approx(plain.rollout_accuracy));
    // Half-trained: the three differ, so that none can stand in for another.
    CHECK(e.accuracy < 1);
    CHECK(e.accuracy > e.sequence_accuracy);
    fed_back += rollout_accuracy(trainer.held_out(), 27, trainer.network()) < e.accuracy;
  }
  CHECK(fed_back >= 2);  // copy: the model may look at the first block alone
}

TEST_CASE("run: solved is relative to the best possible accuracy") {
  const Choices quick = {{"delay", "1+2"}, {"cue", "off"}, {"base", "2"}, {"steps", "0"}};
  const double best = run_safely(tiny(quick)).best_possible;
  CHECK(best < 1);
  const RunResult untrained = run_safely(tiny(quick));
  const auto solved = [&](double share) {
    const double threshold = share * untrained.evaluation.accuracy / best;
    return run_safely(tiny(with(quick, {{"solve_threshold", to_text(threshold)}}))).solved();
  };
  CHECK(solved(0.999));
  CHECK_FALSE(solved(1.001));
}

double initial_z(const Settings& s) {
  Trainer trainer(s);
  return rms_z(trainer.held_out(), trainer.network());
}

TEST_CASE("trainer: the size of z is that of the legal pairs") {
  const Choices one_pass = {{"batch", "3"}, {"gradient_parts", "1"}, {"micro_batch", "3"}, {"scale", "on"}};
  Trainer trainer(tiny(with(one_pass, {{"seed", "4"}})));
  const ModelConfig& config = trainer.config();
  const int n = config.context, size = config.d_model / config.heads;
  Network<float> network(config, trainer.parameters(), 1, false);
  Sequence s;
  double square = 0, pairs = 0;
  for (int i = 0; i < 3; ++i) {
    trainer.task().draw(4, Split::evaluation, i, s);
    std::copy_n(s.tokens.begin(), n, network.tokens.begin());
    network.graph.forward();
    const Tensor<float> query = network.looks[0].query, key = network.looks[0].key;
    for (int head = 0; head < config.heads; ++head)
      for (int t = 0; t < n; ++t)
        for (int u = 0; u <= t; ++u, ++pairs) {
          double z = 0;
          for (int d = head * size; d < (head + 1) * size; ++d)
            z += static_cast<double>(query.value()[t * query.stride() + d]) *
                 key.value()[u * key.stride() + d];
          square += z * z / size;
        }
  }
  CHECK(rms_z(trainer.held_out(), trainer.network()) == doctest::Approx(std::sqrt(square / pairs)).epsilon(1e-5));

  const double plain = initial_z(tiny());
  CHECK(plain > 0);
  for (const Score& score : Registry<Score>::all()) {
    CAPTURE(score.name);
    const double z = initial_z(tiny({{"score", score.name}}));
    if (score.form.of_distance) CHECK(std::isnan(z));  // no product of query and key
    else if (score.form.sees_itself) CHECK(z == plain);
    else CHECK(z == doctest::Approx(plain).epsilon(0.2));  // over fewer pairs
  }
  CHECK(initial_z(tiny({{"scale", "on"}})) == doctest::Approx(plain / 2));
  CHECK(initial_z(tiny({{"qk_gain", "4"}})) > 4 * plain);
}

TEST_CASE("trainer: measuring does not depend on micro_batch, nor on what was done before") {
  for (const int sequences : {1, 3, 8, 13}) {
    CAPTURE(sequences);
    Trainer one(tiny({{"gradient_parts", "1"}, {"micro_batch", "1"}}));
    Trainer eight(tiny({{"gradient_parts", "1"}, {"micro_batch", "8"}}));
    const Evaluation a = evaluate(one.held_out(), sequences, one.network()), b = evaluate(eight.held_out(), sequences, eight.network());
    CHECK(a.loss == doctest::Approx(b.loss).epsilon(1e-6));
    CHECK(a.accuracy == b.accuracy);
    CHECK(a.sequence_accuracy == b.sequence_accuracy);
    CHECK(rollout_accuracy(one.held_out(), sequences, one.network()) == rollout_accuracy(eight.held_out(), sequences, eight.network()));
    evaluate(eight.held_out(), 21, eight.network());
    rollout_accuracy(eight.held_out(), 5, eight.network());
    CHECK(evaluate(eight.held_out(), sequences, eight.network()).loss == b.loss);
  }
}

TEST_CASE("trainer: measuring does not disturb training") {
  const Settings s = tiny();
  Trainer trainer(s);
  for (int i = 0; i < 5; ++i) {
    evaluate(trainer.held_out(), 11, trainer.network());
    rollout_accuracy(trainer.held_out(), 3, trainer.network());
    trainer.step();
  }
  CHECK(trainer.parameters().values() == parameters_after(s, 5));
}

// ---- a run ----

const Choices easy = {{"base", "2"}, {"optimizer", "adam"}, {"learning_rate", "0.02"},
                      {"steps", "2000"}, {"solve_threshold", "1"}};

TEST_CASE("run: ends when solved, and then generates without fault") {
  for (const char* score : {"dpa", "ea", "square"}) {
    CAPTURE(score);
    const Settings s = tiny(with(easy, {{"score", score}}));
    Trainer trainer(s);
    std::vector<int> watched;
    RunOptions options;
    options.watch = [&](const RunResult& so_far) { watched.push_back(so_far.curve.back().step); };
    const RunResult r = run(s, trainer, options);
    REQUIRE(r.solved());
    CHECK(r.evaluation.accuracy == 1);
    CHECK(r.evaluation.sequence_accuracy == 1);
    CHECK(r.rollout_accuracy == 1);
    CHECK(r.steps_done == r.step_solved);
    CHECK(r.steps_done < 2000);
    CHECK(r.parameters == trainer.parameters().values().size());
    CHECK(r.chance == 0.5);
    REQUIRE(watched.size() == r.curve.size());
    for (std::size_t i = 0; i < r.curve.size(); ++i) {
      CHECK(r.curve[i].step == 10 * static_cast<int>(i));
      CHECK(watched[i] == r.curve[i].step);
      CHECK((r.curve[i].accuracy == 1) == (i + 1 == r.curve.size()));
    }
  }
}

TEST_CASE("run: goes on after it is solved if asked to, and remembers when that was") {
  const Settings first = tiny(easy);
  const Settings on = tiny(with(easy, {{"stop_when_solved", "off"}, {"steps", "345"}}));
  const RunResult stopped = run_safely(first), full = run_safely(on);
  REQUIRE(stopped.steps_done < 345);
  CHECK(full.steps_done == 345);
  CHECK(full.step_solved == stopped.step_solved);
  CHECK(full.curve.back().step == 345);  // the last step is measured, whatever eval_every
  CHECK(full.curve[full.curve.size() - 2].step == 340);
}

TEST_CASE("run: no steps at all is a measurement") {
  const RunResult r = run_safely(tiny({{"steps", "0"}}));
  CHECK(r.reason == "");
  CHECK(r.steps_done == 0);
  CHECK(r.curve.size() == 1);
  CHECK_FALSE(r.solved());
}

TEST_CASE("run: numbers that are not finite end it, wherever they show first") {
  // Three enormous steps: the numbers overflow at the second.
  const Choices wild = {{"optimizer", "sgd"}, {"learning_rate", "1e6"}, {"norm", "none"}};
  const RunResult early = run_safely(tiny(wild));
  CHECK(early.status == Status::diverged);
  CHECK(early.reason == "a gradient or a weight is not finite after 2 steps");
  CHECK(early.steps_done == 2);
  CHECK(early.curve.size() == 1);  // what it knew by then is kept
  CHECK(std::isfinite(early.evaluation.loss));
  CHECK(early.parameters > 0);
  const RunResult late = run_safely(tiny(with(wild, {{"steps", "2"}})));
  CHECK(late.status == Status::diverged);
  CHECK(late.reason == "a gradient or a weight is not finite after 2 steps");
}

TEST_CASE("run: settings that do not fit together become the reason of run_safely") {
  CHECK(run_safely(tiny({{"heads", "3"}})).reason.starts_with("test:1: key 'heads'"));
}

// ---- settings ----

std::string usage_message(const Choices& choices) {
  try {
    require_consistent(tiny(choices));
  } catch (const Error& error) {
    return error.code() == ExitCode::usage ? error.what() : "";
  }
  return "";
}

TEST_CASE("settings of training: what does not fit is told") {
  CHECK(usage_message({}) == "");
  CHECK(usage_message({{"gradient_parts", "3"}}) ==
        "test:1: key 'gradient_parts': got '3', expected a divisor of batch = 8");
  CHECK(usage_message({{"gradient_parts", "2"}, {"micro_batch", "3"}}) ==
        "test:1: key 'micro_batch': got '3', expected a divisor of batch / gradient_parts = 4");
  CHECK(usage_message({{"d_model", "2"}}) != "");
  CHECK(usage_message({{"context", "1"}}) != "");
}

TEST_CASE("settings of training: another eval_context needs a model that has weights for it") {
  const Choices sea = {{"mixer", "sea"}, {"estimate_width", "8"}, {"position", "none"}};
  const std::string learned = "expected the context trained at: position = learned has no weights for others";
  CHECK(usage_message({{"eval_context", "9"}}).ends_with("key 'eval_context': got '9', " + learned));
  CHECK(usage_message(with(sea, {{"eval_context", "9"}})) ==
        "test:1: key 'eval_context': got '9', expected the context trained at: mixer = sea has no weights for others");
  CHECK(usage_message(with({{"mixer", "attention+sea"}, {"layers", "2"}, {"estimate_width", "8"},
                            {"position", "none"}}, {{"eval_context", "9"}})) != "");
  CHECK(usage_message({{"position", "rope"}, {"eval_context", "9"}}) == "");
  for (const Choices& one : {Choices{}, sea}) CHECK(usage_message(with(one, {{"eval_context", "7"}})) == "");
}

TEST_CASE("settings of training: the automatic gradient_parts and micro_batch fit every batch and context") {
  for (const std::string batch : {"1", "2", "7", "64", "1000"})
    for (const std::string context : {"8", "100", "300", "8192"}) {
      CAPTURE(batch);
      CAPTURE(context);
      CHECK(usage_message({{"batch", batch}, {"context", context}}) == "");
      const Settings s = tiny({{"batch", batch}, {"context", context}});
      CHECK((s.integer("micro_batch") == 1 ||
             s.integer("micro_batch") * s.integer("context") <= 256));
    }
}

TEST_CASE("estimated work grows with everything that costs time") {
  const double work = estimated_work(tiny());
  for (const Choices& more : {Choices{{"steps", "41"}}, Choices{{"batch", "16"}},
                              Choices{{"context", "8"}}, Choices{{"d_model", "16"}},
                              Choices{{"layers", "2"}}, Choices{{"mlp_ratio", "3"}}}) {
    CAPTURE(more[0].first);
    CHECK(estimated_work(tiny(more)) > work);
  }
}

}  // namespace
}  // namespace ladder
