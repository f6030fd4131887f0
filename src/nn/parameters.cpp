#include "ladder/nn/parameters.h"

#include <cmath>

#include "ladder/base/error.h"
#include "ladder/base/random.h"

namespace ladder::nn {

Initial Initial::linear(int fan_in, double gain) {
  return {Form::uniform, gain * (1 / std::sqrt(static_cast<double>(fan_in)))};
}

template <class T>
void Parameters<T>::declare(const std::string& name, std::vector<int> shape, Initial initial) {
  if (find(name)) throw failure("the model has two parameters '" + name + "'");
  std::size_t size = 1;
  for (const int n : shape) size *= static_cast<std::size_t>(n);
  entries_.push_back({name, std::move(shape), initial, values_.size(), size});
  values_.resize(values_.size() + size);
}

template <class T>
const typename Parameters<T>::Entry* Parameters<T>::find(const std::string& name) const {
  for (const Entry& entry : entries_)
    if (entry.name == name) return &entry;
  return nullptr;
}

template <class T>
const typename Parameters<T>::Entry& Parameters<T>::entry(const std::string& name) const {
  if (const Entry* entry = find(name)) return *entry;
  throw failure("the model has no parameter '" + name + "'");
}

template <class T>
void Parameters<T>::initialise(std::uint64_t seed) {
  for (const Entry& e : entries_) {
    const Random random(seed, "initial " + e.name);
    const auto number = [&](std::size_t i) {
      switch (e.initial.form) {
        case Initial::Form::constant: return 1.0;
        case Initial::Form::normal: return random.normal(i);
        case Initial::Form::uniform: return 2 * random.uniform(i) - 1;
      }
      return 0.0;
    };
    for (std::size_t i = 0; i < e.size; ++i)
      values_[e.offset + i] = static_cast<T>(e.initial.size * number(i));
  }
}

template class Parameters<float>;
template class Parameters<double>;

}  // namespace ladder::nn
