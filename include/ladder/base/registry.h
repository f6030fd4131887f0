// Registered items: a score, a task, an optimizer, a command is one file that ends in a
// `static const Registered<Kind> ...`, and is then known everywhere: no list to be edited.
//
// Registration runs before main, in an order that only the linker knows, so nothing depends on it:
// items are sorted by name, and of two with the same name neither wins: main refuses to start (see
// require_registrations in base/plugin.h).
#pragma once

#include <algorithm>
#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include "ladder/base/error.h"
#include "ladder/base/text.h"

namespace ladder {

// That two files registered what must be unique; each message names both.
std::vector<std::string>& registration_faults();

// Item has a member `name`, unique in its kind, and a static `kind`, the word for it in messages.
template <class Item>
class Registry {
 public:
  // `file`: where the item stands, for messages.
  static void add(Item item, const std::string& file) {
    const auto place = std::lower_bound(
        items().begin(), items().end(), item.name,
        [](const Item& other, const std::string& name) { return other.name < name; });
    const auto index = place - items().begin();
    if (place != items().end() && place->name == item.name)
      return registration_faults().push_back(std::string(Item::kind) + " '" + item.name +
                                             "' is registered twice: " + files()[index] + " and " + file);
    files().insert(files().begin() + index, file);
    items().insert(place, std::move(item));
  }

  // Sorted by name. Pointers to items stay valid once main has begun.
  static const std::vector<Item>& all() { return items(); }

  static std::vector<std::string> names() {
    std::vector<std::string> result;
    for (const Item& item : items()) result.push_back(item.name);
    return result;
  }
  // nullptr if there is none of that name.
  static const Item* find(std::string_view name) {
    for (const Item& item : items())
      if (item.name == name) return &item;
    return nullptr;
  }
  // Throws a usage error that names the closest one.
  static const Item& get(std::string_view name) {
    if (const Item* item = find(name)) return *item;
    throw usage_error("unknown " + std::string(Item::kind) + " '" + clipped(name) +
                      "', expected one of " + join(names(), ", ") + did_you_mean(name, names()));
  }

 private:
  static std::vector<Item>& items() {
    static std::vector<Item> all;  // made at first use: no order of initialisation to rely on
    return all;
  }
  static std::vector<std::string>& files() {  // of each item
    static std::vector<std::string> all;
    return all;
  }
};

// Item may bring more to be registered with it, by a function of this name (see base/plugin.h).
template <class Item>
concept BringsMore = requires(const Item& item, const std::string& file) {
  register_with(item, file);
};

template <class Item>
struct Registered {
  explicit Registered(Item item, const char* file = __builtin_FILE()) {
    if constexpr (BringsMore<Item>) register_with(item, file);
    Registry<Item>::add(std::move(item), file);
  }
};

}  // namespace ladder
