// All trained numbers of a model in one flat buffer, by name. Which there are, the code that records
// the model declares (see recorder.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ladder::nn {

// How a parameter starts.
struct Initial {
  enum class Form { constant, normal, uniform } form;
  double size;  // the constant; the standard deviation; uniform on [-size, size)

  static Initial constant(double value) { return {Form::constant, value}; }
  static Initial normal(double deviation) { return {Form::normal, deviation}; }
  // gain / sqrt(fan_in), as usual for linear layers.
  static Initial linear(int fan_in, double gain = 1);

  bool operator==(const Initial&) const = default;
};

template <class T>
class Parameters {
 public:
  struct Entry {
    std::string name;
    std::vector<int> shape;
    Initial initial;
    std::size_t offset, size;
  };

  // Adds one at the end, 0 for now. Throws a failure if the name is taken.
  void declare(const std::string& name, std::vector<int> shape, Initial initial);

  // Initial values; a tensor's depend on the seed, its name and its Initial only, so that models
  // which differ in the mixer start from the same numbers where they have the same parameters.
  void initialise(std::uint64_t seed);

  const std::vector<Entry>& entries() const { return entries_; }
  const Entry* find(const std::string& name) const;  // nullptr if there is none
  const Entry& entry(const std::string& name) const;  // throws a failure if there is none
  std::vector<T>& values() { return values_; }
  const std::vector<T>& values() const { return values_; }

 private:
  std::vector<Entry> entries_;
  std::vector<T> values_;
};

extern template class Parameters<float>;
extern template class Parameters<double>;

}  // namespace ladder::nn
