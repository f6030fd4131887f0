// ladder bench: speed, memory and signature of fixed workloads.
#include <algorithm>
#include <iostream>

#include "base/clock.h"
#include "base/columns.h"
#include "base/files.h"
#include "base/version.h"
#include "cli/command.h"
#include "cli/provenance.h"
#include "lab/bench.h"
#include "lab/bench/mechanisms.h"
#include "lab/store.h"

namespace ladder::cli {

// The words of --name a,b,c or "a b c"; `preset` without that flag.
static std::vector<std::string> list_of(const Arguments& arguments, const std::string& name,
                                        const std::vector<std::string>& preset) {
  if (!arguments.has(name)) return preset;
  std::string text = arguments.flags.at(name);
  std::replace(text.begin(), text.end(), ',', ' ');
  auto names = split_words(text);
  if (names.empty()) throw usage_error("flag --" + name + ": got '" + clipped(text) + "', expected a name at least");
  return names;
}

static std::vector<std::string> contestants_of(const Arguments& arguments,
                                               const std::vector<std::string>& preset) {
  const auto& more = arguments.positional;
  std::vector<std::string> contestants;
  if (arguments.has("contestant"))  // parted by commas alone: "ea window" is one
    for (const std::string& name : split(arguments.flags.at("contestant"), ','))
      contestants.emplace_back(trim(name));
  else if (more.empty())
    contestants = preset;
  contestants.insert(contestants.end(), more.begin(), more.end());
  for (const std::string& name : contestants) contestant_choices(name);  // refuses
  return contestants;
}

// Where a flag has no use for more contestants, as words or behind --contestant.
static void require_contestants(const Arguments& arguments, const std::string& flag, std::size_t most) {
  const auto given = contestants_of(arguments, {});
  if (given.size() > most)
    throw usage_error("flag --" + flag + ": got '" + clipped(join(given, ", ")) + "', expected " +
                      (most == 0 ? "no contestant" : "one contestant at most"));
}

static BenchOptions options_of(const Arguments& arguments, const Settings& session) {
  BenchOptions options;
  options.contestants = contestants_of(arguments, options.contestants);
  options.parts = list_of(arguments, "parts", options.parts);
  options.shapes = list_of(arguments, "shapes", options.shapes);
  options.repeats = whole_number(arguments, "repeats", options.repeats, 1000);
  options.threads = session.integer("threads");
  if (session.given("out")) options.directory = session.text("out");
  return options;
}

static void print_signature(int threads) {
  for (const std::string& line : bench_signature(threads)) std::cout << line << "\n";
}

// The directory for this bench alone. Results that are there stay, or are moved aside: those of a bench
// in data/bench, where it goes by itself, without being asked.
static Lock take_directory(const BenchOptions& options, const Arguments& arguments, bool by_itself) {
  const auto& directory = options.directory;
  require_writable(directory);
  if (arguments.has("fresh") || (by_itself && results_in(directory) == "bench.csv"))
    move_results_aside(directory, std::cerr);
  Lock lock(directory / ".lock", Lock::Kind::exclusive);
  if (const std::string there = results_in(directory); !there.empty())
    throw usage_error("'" + directory.string() + "' has " + there + " already: --fresh moves the results there " +
                      "aside, another --out keeps both");
  return lock;
}

static ExitCode run_bench(const Arguments& arguments) {
  const Settings session = single_run(arguments);
  const BenchOptions options = options_of(arguments, session);
  if (arguments.has("probe")) {
    const std::string& name = arguments.flags.at("probe");
    const bool chosen = is_mechanism_probe(name);  // which names its contestant
    require_contestants(arguments, "probe", chosen ? 0 : 1);
    if (chosen) mechanism_probe(name, std::cout);
    else bench_probe(bench_shape(name), options.contestants[0], std::cout);
    return ExitCode::ok;
  }
  if (arguments.has("signature")) {
    require_contestants(arguments, "signature", 0);  // it is that of all
  } else {
    check_names(options);  // before anything is moved
    const Lock alone = take_directory(options, arguments, !session.given("out"));
    const std::string started = utc_now();
    const double start = seconds_now();
    const Table table = bench(options, std::cerr);
    const auto file = options.directory / "bench.csv";
    write_file(file, table.to_csv());
    write_columns(options.directory, {"bench.csv"});
    append_file(options.directory / "provenance.txt",
                provenance("bench", arguments, options.threads, started, seconds_now() - start));
    std::cout << bench_text(table) << "\nwrote " << file.string() << "\n";
  }
  print_signature(options.threads);
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "bench",
    .positional = "[CONTESTANT...]",
    .summary = "measures speed and memory of fixed workloads, with a signature of their results",
    .details =
        "Memory against context, whole training steps of three sizes, matrix products, attention alone,\n"
        "every operation (see gradcheck), a forward and a rollout against context, and a sweep;\n"
        "--parts mechanisms: a step with every score, pattern and mixer at contexts of 256 to 8192\n"
        "tokens, beside dpa.\n"
        "  ladder bench --parts steps --shapes S,M --contestant dpa,ea,\"ea window\",linear\n"
        "A contestant is a score, a pattern, a mixer, or several such words. They are compared with the\n"
        "first one (default dpa ea), measured in turn; speeds with the multiply-add peak, measured in\n"
        "the same turns. Writes bench.csv and provenance.txt to --out, where no results may be, or else to\n"
        "data/bench, from where those of an earlier bench are moved aside.\n"
        "The signature, a line for each score, pattern, mixer and optimizer, changes with any bit of\n"
        "the results; not with threads, nor with the machine or the compiler.",
    .flags = {{"contestant", "A,B", "whom to measure; more of them may follow as words"},
              {"parts", "A...", "which parts (default: all but mechanisms); a word that names none is told them"},
              {"shapes", "A...", "of S, M, L, for steps (default: all)"},
              {"repeats", "N", "measurements of each; the median counts (default 9)"},
              {"fresh", "", "move the results that are in --out aside"},
              {"signature", "", "print the signature only", {"parts", "shapes", "repeats", "fresh", "probe", "out"}},
              {"probe", "SHAPE", "a few steps of S, M, L or 'context N' and no more: what memory is measured on",
               {"parts", "shapes", "repeats", "fresh", "threads", "out"}}},
    .groups = {Group::session},
    .run = run_bench,
    .without = {"checkpoint_minutes"},
});

}  // namespace ladder::cli
