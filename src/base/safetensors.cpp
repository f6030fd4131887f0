#include "base/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>

#include "ladder/base/error.h"
#include "ladder/base/text.h"

namespace ladder {

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

namespace {

// The part of JSON that a safetensors header uses: objects, arrays, strings, whole numbers.
class Json {
 public:
  Json(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  Error error(const std::string& what) const {
    return failure("'" + path_ + "' is not a safetensors file: " + what + " at header byte " +
                   std::to_string(at_));
  }

  // Calls f(key) at each value of an object; f must consume the value.
  template <class F>
  void object(F&& f) {
    expect('{');
    if (accept('}')) return;
    std::set<std::string> known;
    do {
      const std::string key = string();
      if (!known.insert(key).second) throw error("'" + clipped(key) + "' stands there twice,");
      expect(':');
      f(key);
    } while (accept(','));
    expect('}');
  }
  // Nothing but the spaces that align the data.
  void end() {
    skip_space();
    if (at_ < text_.size()) throw error("something follows the description,");
  }
  template <class F>
  void array(F&& f) {
    expect('[');
    if (accept(']')) return;
    do f();
    while (accept(','));
    expect(']');
  }
  std::string string() {
    expect('"');
    std::string result;
    while (at_ < text_.size() && text_[at_] != '"')
      result += text_[at_] == '\\' ? escaped() : text_[at_++];
    if (at_++ >= text_.size()) throw error("a string does not end");
    return result;
  }
  std::int64_t integer() {
    skip_space();
    const std::size_t begin = at_;
    while (at_ < text_.size() && (std::isdigit(static_cast<unsigned char>(text_[at_])) || text_[at_] == '-'))
      ++at_;
    const auto value = parse_integer(text_.substr(begin, at_ - begin));
    if (!value) throw error("expected a whole number");
    return *value;
  }

 private:
  char escaped() {
    at_ += 2;
    if (at_ > text_.size()) throw error("a string does not end");
    switch (text_[at_ - 1]) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case 'b': return '\b';
      case 'f': return '\f';
      case 'u': {
        if (at_ + 4 > text_.size()) throw error("a string does not end");
        const auto code = std::strtol(std::string(text_.substr(at_, 4)).c_str(), nullptr, 16);
        if (code <= 0 || code > 127) throw error("only ASCII escapes are read");
        at_ += 4;
        return static_cast<char>(code);
      }
      default: return text_[at_ - 1];  // \" \\ \/
    }
  }
  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool accept(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) throw error(std::string("expected '") + c + "'");
  }

  std::string_view text_;
  const std::string& path_;
  std::size_t at_ = 0;
};

struct Entry {
  std::string dtype;
  std::vector<std::int64_t> shape, offsets;
};

Entry read_entry(Json& json) {
  Entry entry;
  json.object([&](const std::string& key) {
    if (key == "dtype") entry.dtype = json.string();
    else if (key == "shape") json.array([&] { entry.shape.push_back(json.integer()); });
    else if (key == "data_offsets") json.array([&] { entry.offsets.push_back(json.integer()); });
    else throw json.error("unknown key '" + clipped(key) + "'");
  });
  return entry;
}

// False if an integer does not fit.
template <class From, class To>
bool read_numbers(std::string_view data, std::vector<To>& to) {
  to.resize(data.size() / sizeof(From));
  for (std::size_t i = 0; i < to.size(); ++i) {
    From value;
    std::memcpy(&value, data.data() + i * sizeof(From), sizeof(From));
    to[i] = static_cast<To>(value);
    if (std::is_integral_v<To> && static_cast<From>(to[i]) != value) return false;
  }
  return true;
}

// Every byte belongs to one tensor.
void require_covering(const Json& json, const std::vector<std::vector<std::int64_t>>& unsorted,
                      std::size_t size) {
  auto parts = unsorted;
  std::sort(parts.begin(), parts.end());
  std::int64_t at = 0;
  for (const auto& part : parts) {
    if (part[0] != at) throw json.error("tensors overlap, or leave bytes between them,");
    at = part[1];
  }
  if (static_cast<std::size_t>(at) != size)
    throw json.error("the file has " + std::to_string(size) + " bytes of data, its tensors " +
                     std::to_string(at) + ",");
}

TensorData read_tensor(const Json& json, const std::string& name, const Entry& entry,
                       std::string_view data) {
  const std::size_t width = entry.dtype == "F64" || entry.dtype == "I64" ? 8 : 4;
  std::int64_t count = 1;
  for (const std::int64_t n : entry.shape) {
    if (n < 0 || (n > 0 && count > (std::int64_t{1} << 40) / n))
      throw json.error("tensor '" + clipped(name) + "' has an impossible shape");
    count *= n;
  }
  const bool fits = entry.offsets.size() == 2 && entry.offsets[0] >= 0 &&
                    entry.offsets[0] <= entry.offsets[1] &&
                    static_cast<std::size_t>(entry.offsets[1]) <= data.size();
  if (!fits || static_cast<std::size_t>(entry.offsets[1] - entry.offsets[0]) != count * width)
    throw json.error("tensor '" + clipped(name) + "' has offsets that do not fit its shape or the file");
  data = data.substr(entry.offsets[0], entry.offsets[1] - entry.offsets[0]);

  TensorData tensor{entry.shape, {}, {}};
  bool all_fit = true;
  if (entry.dtype == "F32") read_numbers<float>(data, tensor.reals);
  else if (entry.dtype == "F64") read_numbers<double>(data, tensor.reals);
  else if (entry.dtype == "I32") read_numbers<std::int32_t>(data, tensor.integers);
  else if (entry.dtype == "I64") all_fit = read_numbers<std::int64_t>(data, tensor.integers);
  else throw json.error("tensor '" + clipped(name) + "' has dtype " + clipped(entry.dtype) + ", expected F32, F64, I32, I64");
  if (!all_fit) throw json.error("tensor '" + clipped(name) + "' has an integer of more than 32 bits");
  return tensor;
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') result += "\\n";
    else result += c;
  }
  return result + '"';
}

}  // namespace

const TensorData& Safetensors::at(const std::string& name) const {
  const auto found = tensors.find(name);
  if (found == tensors.end()) throw failure("'" + path + "' has no tensor '" + name + "'");
  return found->second;
}

Safetensors read_safetensors(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  Safetensors result;
  result.path = path.string();
  std::uint64_t header = 0;
  if (bytes.size() >= 8) std::memcpy(&header, bytes.data(), 8);
  if (bytes.size() < 8 || header > bytes.size() - 8)
    throw failure("'" + result.path + "' is not a safetensors file: it is too short");
  const std::string_view data = std::string_view(bytes).substr(8 + header);
  Json json(std::string_view(bytes).substr(8, header), result.path);
  std::vector<std::vector<std::int64_t>> parts;  // of the data: begin, end
  json.object([&](const std::string& key) {
    if (key == "__metadata__")
      json.object([&](const std::string& name) { result.metadata[name] = json.string(); });
    else {
      const Entry entry = read_entry(json);
      result.tensors[key] = read_tensor(json, key, entry, data);
      parts.push_back(entry.offsets);
    }
  });
  json.end();
  require_covering(json, parts, data.size());
  return result;
}

std::string bytes_of(const Safetensors& content) {
  std::string header = "{\"__metadata__\":{", data;
  bool first = true;
  for (const auto& [key, value] : content.metadata) {
    header.append(first ? "" : ",").append(quoted(key)).append(":").append(quoted(value));
    first = false;
  }
  header += "}";
  for (const auto& [name, tensor] : content.tensors) {
    const bool real = tensor.integers.empty();
    const std::size_t begin = data.size();
    if (real) data.append(reinterpret_cast<const char*>(tensor.reals.data()), tensor.reals.size() * 4);
    else data.append(reinterpret_cast<const char*>(tensor.integers.data()), tensor.integers.size() * 4);
    std::vector<std::string> shape;
    for (const std::int64_t n : tensor.shape) shape.push_back(std::to_string(n));
    header.append(",").append(quoted(name));
    header.append(real ? ":{\"dtype\":\"F32\"" : ":{\"dtype\":\"I32\"");
    header.append(",\"shape\":[").append(join(shape, ",")).append("],\"data_offsets\":[");
    header.append(std::to_string(begin)).append(",").append(std::to_string(data.size())).append("]}");
  }
  header += "}";
  header.append((8 - header.size() % 8) % 8, ' ');  // aligns the data, as the format advises
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

void write_safetensors(const std::filesystem::path& path, const Safetensors& content,
                       Durable durable) {
  write_file(path, bytes_of(content), durable);
}

}  // namespace ladder
