// What all plug-ins have: a card for listings, and their own settings. A kind of plug-in (score,
// pattern, mixer, task, optimizer) is a struct that derives from Plugin; the setting of the kind's
// name chooses one of them (or, of type choices, several).
//
//   struct Flavour : Plugin {
//     static constexpr const char* kind = "flavour";
//     static constexpr Group group = Group::model;
//     std::function<double(double)> taste;
//   };
//   static const RegisteredKind<Flavour> kind({.choice = ..., .shared = {...}, .rule = "taste"});
//   static const Registered<Flavour> sweet({{.name = "sweet", ...}, [](double x) { return x; }});
//
// A setting that a plug-in declares applies where that plug-in is chosen; a shared one, declared by
// the kind, where a chosen plug-in reads it. What a plug-in reads may also be another's setting, or
// the choice of another kind (the mixer `attention` reads `score`).
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "ladder/base/registry.h"
#include "ladder/base/settings.h"

namespace ladder {

using Choices = std::vector<std::pair<std::string, std::string>>;  // setting, value

struct Plugin {
  std::string name;
  std::string rule;    // a line for people: the formula
  std::string source;  // who proposed it
  std::vector<Setting> settings = {};    // its own
  std::vector<std::string> reads = {};   // settings of others that it reads
  Choices tiny = {};   // the smallest useful sizes of its settings: for tests, gradcheck, bench
  Choices details = {};  // further columns of its listing: heading, text
};

// A kind of plug-in, as the generic parts of the program (list, help, settings) see it.
struct Kind {
  static constexpr const char* kind = "kind of plug-in";
  std::string name;        // "score"; that of the setting which chooses
  std::string rule;        // heading of the plug-ins' rules in listings
  std::vector<const Plugin*> (*plugins)();  // by name

  const Plugin* find(std::string_view name) const;
};

// To be called before all else: throws a failure that names the files if two plug-ins, settings or
// commands have one name, or if a plug-in reads a setting that does not exist.
void require_registrations();

// The plug-ins that the (resolved) settings choose, of all kinds.
std::vector<const Plugin*> chosen_plugins(const Settings& settings);

namespace detail {
void register_kind(Kind kind, Group group, Setting choice, std::vector<Setting> shared,
                   const char* file);
void register_plugin(const Plugin& plugin, const char* kind, Group group, const std::string& file);
}  // namespace detail

struct KindOptions {
  Setting choice;               // the setting that chooses, with no name and no words yet
  bool always = true;           // false: it applies where a chosen plug-in of another kind reads it
  std::vector<Setting> shared = {};  // settings that several plug-ins may read
  std::string rule = "rule";
};

template <class Item>
struct RegisteredKind {
  explicit RegisteredKind(KindOptions options, const char* file = __builtin_FILE()) {
    options.choice.name = Item::kind;
    options.choice.known = Registry<Item>::names;
    options.choice.always = options.always;
    detail::register_kind({Item::kind, options.rule,
                           [] {
                             std::vector<const Plugin*> all;
                             for (const Item& item : Registry<Item>::all()) all.push_back(&item);
                             return all;
                           }},
                          Item::group, std::move(options.choice), std::move(options.shared), file);
  }
};

// Called by Registered<Item>.
template <class Item>
  requires std::derived_from<Item, Plugin>
void register_with(const Item& item, const std::string& file) {
  detail::register_plugin(item, Item::kind, Item::group, file);
}

}  // namespace ladder
