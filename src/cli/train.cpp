// ladder train: one run, watched.
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <iostream>

#include "base/clock.h"
#include "base/files.h"
#include "base/signals.h"
#include "base/terminal.h"
#include "base/version.h"
#include "cli/command.h"
#include "cli/provenance.h"
#include "lab/store.h"
#include "train/checkpoint.h"
#include "train/run.h"

namespace ladder::cli {

using namespace train;

static std::string run_name(const Settings& s) {
  return s.text("task") + "_" + s.text("score") + "_base" + s.text("base") + "_delay" +
                     s.text("delay") + "_seed" + s.text("seed");
}

static std::string if_any(const std::string& words, double value) {
  return std::isnan(value) ? "" : words + fixed(value, 4);
}

// The flags and the file; with --resume, what the directory's own experiment says, and the flags.
static Experiment experiment_of(const Arguments& arguments) {
  std::string file = arguments.positional.empty() ? "" : arguments.positional[0];
  if (arguments.has("resume")) {
    if (!file.empty())
      throw usage_error("flag --resume: got '" + clipped(file) + "' as well, expected no file: the run in --out DIR "
                        "has its own experiment.txt");
    const std::string directory = single_experiment(arguments).expand()[0].text("out");
    if (directory == "auto") throw usage_error("flag --resume needs --out DIR, the run to go on with");
    file = (std::filesystem::path(directory) / "experiment.txt").string();
  }
  return single_experiment(arguments, file);
}

// A directory holds one run: another one does not join it.
static void require_same(const Store& store, const Settings& s) {
  const auto refuse = [&](const Settings& there) {
    const std::string differs = difference(there, s);
    if (!differs.empty())
      throw usage_error("'" + store.directory().string() + "' has a run with " + differs +
                        " as now: --fresh moves it aside, another --out keeps both");
  };
  for (const LoggedRun* run : store.finished().all()) refuse(run->row.settings);
  const auto experiment = store.directory() / "experiment.txt";
  if (std::filesystem::exists(experiment))
    for (const Settings& there : Experiment::load(experiment).expand()) refuse(there);
}

// The curve as it grows: a line an evaluation, of long runs a choice of them, and how long it will take.
class CurveOnScreen {
 public:
  explicit CurveOnScreen(const Settings& s)
      : line_(std::cerr, STDERR_FILENO, isatty(STDERR_FILENO)), steps_(s.integer("steps")) {}
  ~CurveOnScreen() { line_.clear(); }

  void say(const std::string& text) { line_.say(text); }

  void add(const CurvePoint& point) {
    if (first_ < 0) first_ = point.step, begun_ = seconds_now();
    constexpr int most_lines = 50, bar = 30;
    const auto filled = static_cast<std::size_t>(bar * std::min(1.0, std::max(0.0, point.accuracy)));
    const std::string text = "step " + pad_left(std::to_string(point.step), 7) + "  loss " +
                             fixed(point.loss, 4) + "  accuracy " + fixed(point.accuracy, 4);
    const bool terminal = terminal_width(STDERR_FILENO) > 0;
    if (!terminal) return line_.say(text);
    if (point.step >= next_) {
      line_.say(cut(text + "  |" + std::string(filled, '#') + std::string(bar - filled, ' ') + "|",
                    terminal_width(STDERR_FILENO) - 1));
      next_ = point.step + steps_ / most_lines;
    }
    if (point.step == first_ || point.step >= steps_) return line_.clear();
    const double each = (seconds_now() - begun_) / (point.step - first_);
    line_.show("step " + std::to_string(point.step) + " of " + std::to_string(steps_) + ", up to " +
               duration_text(each * (steps_ - point.step)) + " left; " + text);
  }

 private:
  LiveLine line_;
  const int steps_;
  int first_ = -1, next_ = 0;
  double begun_ = 0;
};

static RunResult trained(const Settings& s, Trainer& trainer, const Store& store) {
  const RunKey key = run_key(s);
  CurveFile curve(store.directory() / "curves.csv", 0);
  CurveOnScreen screen(s);
  RunOptions options;
  options.checkpoint = store.checkpoint(key);
  options.checkpoint_minutes = s.real("checkpoint_minutes");
  options.tell = [&](const std::string& what) { screen.say(what); };
  options.watch = [&](const RunResult& result) {
    screen.add(result.curve.back());
    curve.add(result.curve);
  };
  return run(s, trainer, options);
}

static std::string described(const RunResult& result) {
  return "accuracy " + fixed(result.evaluation.accuracy, 4) + ", whole sequences " +
         fixed(result.evaluation.sequence_accuracy, 4) +
         if_any(", rollout ", result.rollout_accuracy) +
         if_any(", at the eval_context ", result.eval_context_accuracy) + ", chance " +
         fixed(result.chance, 4) + ", best possible " + fixed(result.best_possible, 4) + ", " +
         (result.solved() ? "solved at step " + std::to_string(result.step_solved)
                          : "not solved in " + std::to_string(result.steps_done) + " steps");
}

static void require_memory(const Settings& s) {
  const double needed = estimated_memory(s, s.integer("threads")), there = available_memory();
  if (needed > there)
    throw failure("the run needs about " + bytes_text(needed) + " of memory, " + bytes_text(there) +
                  " are there");
  std::cerr << "memory: up to " << bytes_text(needed) << "; " << bytes_text(there) << " are there; "
            << s.integer("threads") << (s.integer("threads") == 1 ? " thread" : " threads") << "\n";
}

static ExitCode run_train(const Arguments& arguments) {
  const Experiment experiment = experiment_of(arguments);
  const Settings s = experiment.expand()[0];
  for (const std::string& note : s.without_effect()) std::cerr << "note: " << note << "\n";
  require_consistent(s);
  require_memory(s);
  const std::filesystem::path directory =
      s.text("out") == "auto" ? "data/" + run_name(s) : s.text("out");
  Trainer trainer(s, s.integer("threads"));
  catch_signals();
  Store store(directory, {}, arguments.has("fresh") ? Store::Old::move_aside : Store::Old::join,
              std::cerr);
  require_same(store, s);
  const auto checkpoint = directory / "checkpoint.safetensors";
  const RunKey key = run_key(s);
  const auto patiently = [](const std::function<void()>& write) { write_patiently(write, std::cerr); };

  std::string wrote;
  const LoggedRun* finished = store.finished().find(key);
  if (!finished || finished->row.result.status == Status::failed) {
    store.write_experiment(experiment.resolved());
    const std::string started = utc_now();
    const RunResult result = trained(s, trainer, store);
    if (result.status == Status::stopped) {
      std::cerr << result.reason << "; the same command goes on\n";
      return stopped_by(stop_signal());
    }
    // The log last: what it has is not made again.
    if (result.status == Status::ok) {
      patiently([&] { save_checkpoint(checkpoint, s, trainer, result.evaluation.accuracy); });
      wrote = checkpoint.string() + ", ";
    }
    append_file(directory / "provenance.txt",
                provenance("train", arguments, s.integer("threads"), started, result.seconds));
    store.append({0, s, result});
    store.remove_unfinished(key);
    finished = store.finished().find(key);
  } else {
    std::cerr << "this run is finished already: its results are not made again\n";
  }
  patiently([&] { store.write_tables({key}); });
  const RunResult& result = finished->row.result;
  if (result.status != Status::ok)
    throw failure("diverged: " + result.reason + "; runs.csv and curves.csv have its numbers");
  std::cout << described(result) << "\nwrote " << wrote << "runs.csv, curves.csv\n";
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "train",
    .positional = "[FILE]",
    .summary = "trains one run, shows its curve and saves a checkpoint",
    .details = "FILE is an experiment file that describes one run; flags replace its settings.\n"
               "  ladder train --score dpa --base 8 --delay 12 --out data/one\n"
               "The same command goes on with a run that was interrupted; another run in the same directory\n"
               "is refused.",
    .flags = {{"resume", "", "go on with the run in --out DIR, whose settings need not be given again", {"fresh"}},
              {"fresh", "", "move what is there aside and begin again"}},
    .groups = {Group::task, Group::model, Group::training, Group::evaluation, Group::seed,
               Group::session},
    .run = run_train,
    .often = true,
});

}  // namespace ladder::cli
