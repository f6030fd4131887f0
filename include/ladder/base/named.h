// One table of name and value for an enumeration: its setting's words and its parser are made of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ladder/base/error.h"

namespace ladder {

template <class E>
struct Named {
  const char* name;
  E value;
};

template <class E, std::size_t n>
std::vector<std::string> names_of(const Named<E> (&table)[n]) {
  std::vector<std::string> names;
  for (const Named<E>& entry : table) names.emplace_back(entry.name);
  return names;
}

// Throws a failure for a name that the table does not have: the setting has checked it.
template <class E, std::size_t n>
E value_of(const Named<E> (&table)[n], std::string_view name) {
  for (const Named<E>& entry : table)
    if (entry.name == name) return entry.value;
  throw failure("no value is named '" + std::string(name) + "'");
}

}  // namespace ladder
