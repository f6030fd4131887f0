// ladder bench: speed, memory and signature of fixed workloads.
#include <iostream>

#include "base/files.h"
#include "cli/command.h"
#include "lab/bench.h"
#include "lab/bench_mechanisms.h"
#include "ladder/nn/score.h"

namespace ladder::cli {

using namespace nn;

// The values of --name a,b,c; `preset` without that flag.
static std::vector<std::string> list_of(const Arguments& arguments, const std::string& name,
                                        const std::vector<std::string>& preset) {
  return arguments.has(name) ? split(arguments.flags.at(name), ',') : preset;
}

static std::vector<std::string> scores_of(const Arguments& arguments,
                                          const std::vector<std::string>& preset) {
  const auto& more = arguments.positional;
  auto scores = list_of(arguments, "score", more.empty() ? preset : std::vector<std::string>{});
  scores.insert(scores.end(), more.begin(), more.end());
  for (const std::string& score : scores) Registry<Score>::get(score);
  return scores;
}

static int repeats_of(const Arguments& arguments, int preset) {
  if (!arguments.has("repeats")) return preset;
  const std::string& word = arguments.flags.at("repeats");
  const auto value = parse_integer(word);
  if (!value || *value < 1 || *value > 1000)
    throw usage_error("flag --repeats: got '" + word + "', expected an integer, 1 .. 1000");
  return static_cast<int>(*value);
}

static BenchOptions options_of(const Arguments& arguments) {
  const Settings session = single_run(arguments);
  BenchOptions options;
  options.scores = scores_of(arguments, options.scores);
  options.parts = list_of(arguments, "parts", options.parts);
  options.shapes = list_of(arguments, "shapes", options.shapes);
  options.repeats = repeats_of(arguments, options.repeats);
  options.threads = session.integer("threads");
  if (session.given("out")) options.directory = session.text("out");
  return options;
}

static void print_signature(int threads) {
  for (const std::string& line : bench_signature(threads)) std::cout << line << "\n";
}

static ExitCode run_bench(const Arguments& arguments) {
  const BenchOptions options = options_of(arguments);
  if (arguments.has("probe")) {
    const std::string& name = arguments.flags.at("probe");
    if (is_mechanism_probe(name)) mechanism_probe(name, std::cout);
    else bench_probe(bench_shape(name), options.scores[0], std::cout);
    return ExitCode::ok;
  }
  if (!arguments.has("signature")) {
    require_writable(options.directory);
    const Table table = bench(options, std::cerr);
    const auto file = options.directory / "bench.csv";
    write_file(file, table.to_csv());
    std::cout << bench_text(table) << "\nwrote " << file.string() << "\n";
  }
  print_signature(options.threads);
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "bench",
    .positional = "[SCORE...]",
    .summary = "measures speed and memory of fixed workloads, with a signature of their results",
    .details =
        "Whole training steps of three sizes, matrix products, attention alone, every operation (see\n"
        "gradcheck), and a sweep; --parts mechanisms: a step with every score, pattern and mixer at\n"
        "contexts of 256 to 8192 tokens, beside dpa.\n"
        "  ladder bench --score dpa ea --parts steps --shapes S,M\n"
        "Scores are compared with the first one (default dpa ea), measured in turn; speeds with\n"
        "the multiply-add peak, measured in the same turns. Writes bench.csv to --out, or else to\n"
        "data/bench.\n"
        "The signature, a line for each score, pattern, mixer and optimizer, changes with any bit of\n"
        "the results; not with threads, nor with the machine or the compiler.",
    .flags = {{"score", "A,B", "scores to measure; more of them may follow as words"},
              {"parts", "A,B", "of steps, matmul, attention, operations, sweep (default: these), mechanisms"},
              {"shapes", "A,B", "of S, M, L, for steps (default: all)"},
              {"repeats", "N", "measurements of each; the median counts (default 9)"},
              {"signature", "", "print the signature only"},
              {"probe", "SHAPE", "a few steps and no more: what memory is measured on"}},
    .groups = {Group::session},
    .run = run_bench,
});

}  // namespace ladder::cli
