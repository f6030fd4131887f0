// ladder inspect: the geometry of trained models' attention.
#include <filesystem>
#include <iostream>
#include <set>

#include "base/columns.h"
#include "base/files.h"
#include "cli/checkpoint.h"
#include "geometry/geometry.h"
#include "geometry/svm.h"

namespace ladder::cli {

using namespace train;
using namespace geometry;

namespace fs = std::filesystem;

// A name for pictures and tables: the file's, or its folder's, since `ladder train` calls every
// file checkpoint.safetensors.
static std::string label_of(const fs::path& path) {
  const std::string stem = path.stem().string();
  const fs::path folder = fs::absolute(path).lexically_normal().parent_path().filename();
  return stem == "checkpoint" && !folder.empty() ? folder.string() : stem;
}

// Different for every checkpoint.
static std::vector<std::string> labels_of(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const std::string& path : paths) {
    const std::string plain = label_of(path);
    std::string name = plain;
    for (int i = 2; !taken.insert(name).second; ++i) name = plain + "-" + std::to_string(i);
    names.push_back(name);
  }
  return names;
}

// What was measured of all models.
struct Measures {
  Geometries angles;
  std::vector<Margins> margins;  // with --svm
};

// Measures a checkpoint and, if asked for, the same model before training.
static void inspect(const std::string& path, const std::string& label, const Arguments& arguments,
                    Measures& found) {
  const int sequences = whole_number(arguments, "sequences", 256), queries = whole_number(arguments, "queries", 200);
  LoadedModel model = load_checkpoint(path, arguments);
  Parameters<float> untrained = model.parameters;
  untrained.initialise(model.weight_seed);
  const auto measure = [&](const std::string& name, Parameters<float>& parameters) {
    if (arguments.has("svm"))
      found.margins.push_back(measure_margins(name, model.settings, parameters, untrained, queries));
    found.angles.push_back(measure_geometry(name, model.settings, parameters, sequences));
  };
  measure(label, model.parameters);
  if (arguments.has("initial")) measure(label + initial_suffix, untrained);
}

static fs::path directory_of(const Arguments& arguments) {
  if (arguments.has("out")) return arguments.flags.at("out");
  const fs::path first = arguments.positional[0];
  return first.parent_path() / (first.stem().string() + "-geometry");
}

static ExitCode run_inspect(const Arguments& arguments) {
  if (arguments.has("queries") && !arguments.has("svm"))
    throw usage_error("flag --queries: it belongs to --svm");
  const auto labels = labels_of(arguments.positional);
  Measures found;
  for (std::size_t i = 0; i < labels.size(); ++i)
    inspect(arguments.positional[i], labels[i], arguments, found);
  const Geometries& models = found.angles;

  const fs::path directory = directory_of(arguments);
  require_writable(directory);
  std::vector<std::string> written;
  const auto write = [&](const std::string& name, const std::string& content) {
    write_file(directory / name, content);
    written.push_back(name);
  };
  write("geometry.csv", geometry_csv(models));
  write("attention.csv", attention_csv(models));
  write("cosine.csv", cosine_csv(models));
  write("cosine.svg", cosine_svg(models));
  write("cosine-heads.svg", cosine_heads_svg(models));
  for (const Geometry& model : models)
    write("attention-" + model.name + ".svg", attention_svg(model));
  if (arguments.has("svm")) write("svm.csv", margins_csv(found.margins));
  std::vector<std::string> tables = written;
  std::erase_if(tables, [](const std::string& name) { return !name.ends_with(".csv"); });
  write_columns(directory, tables);
  written.push_back("columns.csv");
  std::cout << geometry_summary(models) << "\n";
  if (arguments.has("svm")) std::cout << margins_summary(found.margins);
  std::cout << "wrote to " << directory.string() << ": "
            << join(written, ", ") << "\n";
  return ExitCode::ok;
}

static const Registered<Command> registered({
    .name = "inspect",
    .positional = "CHECKPOINT...",
    .summary = "shows the geometry of a checkpoint's attention, or compares several",
    .details =
        "Measured on held-out sequences, those of evaluation, in the rows that have a target:\n"
        "attention maps, the angles between queries and keys that get attention and that are\n"
        "suppressed, entropy, effective rank of the keys; as tables, pictures and a summary.\n"
        "  ladder inspect data/ea/checkpoint.safetensors data/dpa/checkpoint.safetensors\n"
        "--svm asks what a support-vector machine would: is there a matrix that chooses the keys\n"
        "which get most attention, by which margin, and how close is the head to the best one\n"
        "(Tarzanagh et al., arXiv:2308.16898)? Not with rope or alibi. To svm.csv.\n"
        "An even score such as ea suppresses orthogonal pairs and matches by both signs before\n"
        "any training: --initial tells what training added.",
    .flags = {{"out", "DIR", "default: CHECKPOINT-geometry beside the (first) checkpoint"},
              {"sequences", "N", "how many sequences (default 256)"},
              {"svm", "", "adds the margins by which heads choose keys"},
              {"queries", "N", "how many query rows --svm asks (default 200)"},
              {"initial", "", "adds each model as it was before training"}},
    .groups = {Group::task, Group::seed},
    .run = run_inspect,
});

}  // namespace ladder::cli
