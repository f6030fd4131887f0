// ladder sample: what the tasks look like, and how a model goes on.
#include <algorithm>
#include <iostream>

#include "cli/checkpoint.h"
#include "cli/task_text.h"

namespace ladder::cli {

using namespace train;

static Split split_of(const Arguments& arguments) {
  return arguments.has("held-out") ? Split::evaluation : Split::training;
}

// ---- of a task ----------------------------------------------------------------------------------

static ExitCode sample_task(const Arguments& arguments) {
  if (arguments.has("prompt")) throw usage_error("flag --prompt: needs a CHECKPOINT that goes on with it");
  const Settings s = single_run(arguments);
  const int count = whole_number(arguments, "count", 5);
  const auto task = make_task(s);
  std::cout << "# " << described(*task) << "\n";
  Sequence sequence;
  for (int i = 0; i < count; ++i) {
    task->draw(static_cast<std::uint64_t>(s.big_integer("seed")), split_of(arguments), i, sequence);
    std::cout << (i ? "\n" : "") << pictured(*task, sequence);
  }
  return ExitCode::ok;
}

// ---- of a model ---------------------------------------------------------------------------------

static std::vector<std::string> words_of(const Task& task) {
  std::vector<std::string> words;
  for (int token = 0; token < task.vocabulary(); ++token) words.push_back(task.word(token));
  return words;
}

// With a prompt nothing is drawn: what is left of the task are its words, and how much the model reads.
static void tell_unused(const Arguments& arguments, const LoadedModel& model) {
  if (arguments.settings.empty()) return;
  const LoadedModel as_trained = load_model(arguments.positional[0], [](Settings&) {});
  const bool same_words = words_of(*model.task) == words_of(*as_trained.task);
  for (const Override& given : arguments.settings)
    if (model.settings.applies(given.key) && (given.key == "seed" || (same_words && given.key != "context")))
      std::cerr << "note: " << given.origin << ": key '" << given.key
                << "' has no effect: --prompt says what the model goes on from\n";
}

// The tokens that the words name.
static std::vector<std::int32_t> tokens_of(const std::string& text, const Task& task) {
  const std::vector<std::string> words = words_of(task);
  std::vector<std::int32_t> tokens;
  for (const std::string& word : split_words(text)) {
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end())
      throw usage_error("flag --prompt: got '" + clipped(word) + "', expected tokens of the task: " +
                        clipped(join(words, " ")));
    tokens.push_back(static_cast<std::int32_t>(found - words.begin()));
  }
  if (tokens.empty()) throw usage_error("flag --prompt: got nothing, expected a token at least");
  return tokens;
}

// How many tokens to go on with: the last one need not fit into what the model reads.
static std::int64_t steps_of(const Arguments& arguments, std::size_t prompt, int context) {
  const std::int64_t room = context + 1 - static_cast<std::int64_t>(prompt);
  const std::string reads = " (the model reads " + std::to_string(context) + "; see --context)";
  if (room < 1)
    throw usage_error("flag --prompt: got " + std::to_string(prompt) + " tokens, expected at most " +
                      std::to_string(context) + reads);
  const std::int64_t count = whole_number(arguments, "count", static_cast<int>(room));
  if (count > room)
    throw usage_error("flag --count: got '" + std::to_string(count) + "', expected at most " +
                      std::to_string(room) + " after a prompt of " + std::to_string(prompt) + reads);
  return count;
}

static std::vector<std::int32_t> continued(LoadedModel& model, const std::vector<std::int32_t>& prompt,
                                           std::int64_t count) {
  Decoder<float> decoder(model.config, model.parameters, 1);
  std::vector<std::int32_t> result;
  for (std::size_t t = 0; static_cast<std::int64_t>(result.size()) < count; ++t) {
    const std::int32_t token = t < prompt.size() ? prompt[t] : result.back();
    const Tensor<float> logits = decoder.read({&token, 1});
    if (t + 1 < prompt.size()) continue;
    const float* x = logits.value();
    result.push_back(static_cast<std::int32_t>(std::max_element(x, x + logits.cols()) - x));
  }
  return result;
}

static ExitCode sample_model(const Arguments& arguments) {
  LoadedModel model = load_checkpoint(arguments.positional[0], arguments);
  const Task& task = *model.task;
  if (!task.next_token())
    throw usage_error("'" + arguments.positional[0] + "': task " + model.settings.text("task") +
                      " asks for answers, not for next tokens: there is nothing to go on with");
  std::vector<std::int32_t> prompt;
  Sequence sequence;
  if (arguments.has("prompt")) {
    tell_unused(arguments, model);
    prompt = tokens_of(arguments.flags.at("prompt"), task);
  } else {
    task.draw(model.held_out().seed, split_of(arguments), 0, sequence);
    for (std::size_t t = 0; prompt.empty() || sequence.targets[t - 1] < 0; ++t) prompt.push_back(sequence.tokens[t]);
  }
  const auto result = continued(model, prompt, steps_of(arguments, prompt.size(), model.config.context));
  const auto told = [&](const char* what, const auto& tokens) {
    std::cout << pad_right(what, 14);
    for (std::size_t i = 0; i < tokens.size(); ++i)
      std::cout << (i ? " " : "") << (tokens[i] < 0 ? "." : task.word(tokens[i]));
    std::cout << "\n";
  };
  told("prompt", prompt);
  told("continuation", result);
  if (!arguments.has("prompt"))
    told("the rule's", std::vector<int>(sequence.targets.begin() + (prompt.size() - 1),
                                        sequence.targets.begin() + (prompt.size() - 1 + result.size())));
  return ExitCode::ok;
}

static ExitCode run_sample(const Arguments& arguments) {
  return arguments.positional.empty() ? sample_task(arguments) : sample_model(arguments);
}

static const Registered<Command> registered({
    .name = "sample",
    .positional = "[CHECKPOINT]",
    .summary = "prints sequences of a task, with what is to be said below each token; or how a model goes on",
    .details =
        "  ladder sample --base 4 --delay 3+5\n"
        "A checkpoint's model goes on from a prompt, always with the token that it holds most likely:\n"
        "  ladder sample data/one/checkpoint.safetensors --prompt \"1 0 3 2\" --count 8\n"
        "Without --prompt it goes on from the beginning of the task's first sequence, which ends where\n"
        "the rule determines the rest; that is printed, too.",
    .flags = {{"prompt", "TOKENS", "what a model goes on from, as words of the task"},
              {"count", "N", "how many sequences (default 5); of a model, how many tokens (default: until its context is full)"},
              {"held-out", "", "from the evaluation split rather than the training split", {"prompt"}}},
    .groups = {Group::task, Group::seed},
    .run = run_sample,
    .often = true,
});

}  // namespace ladder::cli
