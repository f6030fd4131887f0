// Registered items: a score, a task, an optimizer, a setting, a command is one file that ends in a
// `static const Registered<Kind> ...`, and is then known everywhere: no list to be edited.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "ladder/base/error.h"
#include "ladder/base/text.h"

namespace ladder {

// Item has a member `name`, unique in its kind, and a static `kind`, the word for it in messages.
template <class Item>
class Registry {
 public:
  static void add(Item item) {
    items().push_back(std::move(item));
    std::sort(items().begin(), items().end(),
              [](const Item& a, const Item& b) { return a.name < b.name; });
  }
  // Sorted by name, whatever order the linker chose.
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
};

template <class Item>
struct Registered {
  explicit Registered(Item item) { Registry<Item>::add(std::move(item)); }
};

}  // namespace ladder
