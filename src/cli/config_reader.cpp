#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <numeric>
#include <ranges>
#include <utility>

#include <toml++/toml.h>

#include <cardstock/util/text.hpp>

#include "faults.hpp"
#include "settings.hpp"

namespace cardstock::cli {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20U;
constexpr std::size_t kMaxText = 1024;
constexpr std::size_t kMaxEntries = 100;

/// What "KEY must …" is to end in; nullopt: the value is good and has been stored.
using Complaint = std::optional<std::string>;

std::uint32_t line_of(const toml::node& node) {
  return node.source().begin.line;
}
std::uint32_t line_of(const toml::key& key) {
  return key.source().begin.line;
}

/// ", found …" for what may be shown: no text that could be a credential.
std::string found(const toml::node& node) {
  if (const auto* text = node.as_string()) {
    const bool secretive = text->get().size() > 60 || text->get().find('@') != std::string::npos;
    return secretive ? "" : ", found " + shown(text->get());
  }
  if (const auto* integer = node.as_integer()) return ", found " + std::to_string(integer->get());
  if (node.is_floating_point()) return ", found a fraction";
  if (const auto* flag = node.as_boolean()) return flag->get() ? ", found true" : ", found false";
  if (node.is_array()) return ", found a list";
  if (node.is_table()) return ", found a table";
  return ", found a date or time";
}

std::string number_text(double value) {
  return value == std::floor(value) ? std::to_string(static_cast<std::int64_t>(value))
                                    : std::to_string(value).substr(0, 3);
}

/// Edit distance (Levenshtein), for names of ordinary length.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// The nearest of the names, when it is near enough to be meant.
template <class Range, class Name>
std::optional<std::string_view> nearest(std::string_view text, Range&& range, Name name) {
  if (text.size() > 40) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t least = std::min<std::size_t>(2, text.size() / 2) + 1;
  for (const auto& candidate : range) {
    const std::size_t d = distance(text, std::invoke(name, candidate));
    if (d < least) {
      least = d;
      best = std::invoke(name, candidate);
    }
  }
  return best;
}

class Reader {
 public:
  Reader(Config& config, const std::string& path, const Environment& environment)
      : config_{config},
        folder_{std::filesystem::path{path}.parent_path().string()},
        credentials_{environment("CREDENTIALS_DIRECTORY").value_or("")},
        faults_{path.empty() ? "configuration" : path} {}

  Faults& faults() noexcept { return faults_; }
  const Lines& lines() const noexcept { return lines_; }

  void read_document(const toml::table& document) {
    for (const auto& [key, node] : document) {
      const auto section = std::ranges::find(sections(), key.str(), &Section::name);
      if (section == sections().end()) {
        add_unknown(key, "", node.is_table());
      } else if (section->repeat == Repeat::List) {
        read_entries(key, node);
      } else if (const auto* table = node.as_table()) {
        lines_[std::string{key.str()}] = line_of(key);
        read_table(*table, key.str(), Target{.config = &config_});
      } else {
        faults_.add(line_of(key), "\"" + std::string{key.str()} + "\" is a section: write [" +
                                      std::string{key.str()} + "]");
      }
    }
  }

 private:
  void read_table(const toml::table& table,
                  std::string_view section,
                  const Target& target,
                  const std::string& index = "") {
    for (const auto& [key, node] : table) {
      const std::string name = std::string{section} + "." + std::string{key.str()};
      const auto setting = std::ranges::find_if(
          settings(), [&](const Setting& s) { return s.section == section && s.key == key.str(); });
      if (setting != settings().end()) {
        lines_[std::string{section} + index + "." + std::string{key.str()}] = line_of(key);
        const auto complaint = std::visit(
            [&](const auto& kind) { return read(kind, node, target, name); }, setting->kind);
        if (complaint) faults_.add(line_of(key), name + " must " + *complaint);
      } else if (name == kPerType) {
        read_types(key, node);
      } else {
        add_unknown(key, section, node.is_table());
      }
    }
  }

  void read_types(const toml::key& key, const toml::node& node) {
    const auto* types = node.as_table();
    if (types == nullptr) {
      faults_.add(line_of(key), "cache.per_type is a section: write [cache.per_type.URL]");
      return;
    }
    for (const auto& [type, times] : *types) {
      const auto* table = times.as_table();
      if (const auto complaint = check_type_name(type.str())) {
        faults_.add(line_of(type), "unknown type " + shown(type.str()) +
                                       " in cache.per_type; it must be " + *complaint);
      } else if (table == nullptr) {
        faults_.add(line_of(type), "cache.per_type." + std::string{type.str()} +
                                       " is a section: write [cache.per_type." +
                                       std::string{type.str()} + "]");
      } else {
        read_table(
            *table, kPerType,
            Target{.config = &config_, .times = &config_.cache.per_type[std::string{type.str()}]});
      }
    }
  }

  void read_entries(const toml::key& key, const toml::node& node) {
    const std::string section{key.str()};
    const auto* entries = node.as_array();
    const bool tables =
        entries != nullptr &&
        std::ranges::all_of(*entries, [](const toml::node& n) { return n.is_table(); });
    if (!tables) {
      faults_.add(line_of(key),
                  "\"" + section + "\" stands once for every entry: write [[" + section + "]]");
      return;
    }
    if (entries->size() > kMaxEntries) {
      faults_.add(line_of(key), section + " must have at most 100 entries");
      return;
    }
    for (std::size_t i = 0; i < entries->size(); ++i) {
      const toml::table& table = *entries->get(i)->as_table();
      const std::string index = "." + std::to_string(i);
      lines_[section + index] = line_of(table);
      Target target{.config = &config_};
      if (section == kClient) {
        target.client = &config_.clients.emplace_back();
        target.client->rights = {"ask"};
      } else {
        target.criterion = &config_.criteria.emplace_back();
      }
      read_table(table, section, target, index);
    }
  }

  void add_unknown(const toml::key& key, std::string_view section, bool is_table) {
    const std::string_view name = key.str();
    const std::string full =
        section.empty() ? std::string{name} : std::string{section} + "." + std::string{name};
    std::string text = std::string{is_table ? "unknown section " : "unknown key "} + shown(full);
    const auto belongs = std::ranges::find(settings(), name, &Setting::key);
    auto own =
        settings() | std::views::filter([&](const Setting& s) { return s.section == section; });
    if (section.empty() && is_table) {
      if (const auto near = nearest(name, sections(), &Section::name))
        text += "; did you mean [" + std::string{*near} + "]?";
    } else if (const auto near = nearest(name, own, &Setting::key)) {
      text += "; did you mean \"" + std::string{*near} + "\"?";
    } else if (belongs != settings().end()) {
      text += "; it belongs in [" + std::string{belongs->section} + "]";
    }
    faults_.add(line_of(key), std::move(text));
  }

  /// The text of a string without control characters and of bounded length.
  static const std::string* one_line(const toml::node& node) {
    const auto* text = node.as_string();
    if (text == nullptr || text->get().size() > kMaxText) return nullptr;
    const auto is_control = [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    };
    return std::ranges::any_of(text->get(), is_control) ? nullptr : &text->get();
  }

  static Complaint read(const TextKind& kind,
                        const toml::node& node,
                        const Target& target,
                        const std::string&) {
    const std::string* text = one_line(node);
    const auto complaint = text == nullptr
                               ? std::optional<std::string>{"one line of text, at most 1 KiB"}
                               : kind.check(*text);
    if (complaint) return "be " + *complaint + found(node);
    kind.at(target) = *text;
    return std::nullopt;
  }

  Complaint read(const PathKind& kind,
                 const toml::node& node,
                 const Target& target,
                 const std::string&) {
    const auto* raw = node.as_string();
    if (raw != nullptr && raw->get().find("-----BEGIN") != std::string::npos) {
      return "be the path of a PEM file, found its content";
    }
    const std::string* text = one_line(node);
    if (text == nullptr) return "be a path in one line, at most 1 KiB";
    const std::string path = resolved(folder_, *text);
    if (!path.empty()) {
      if (const auto readable = read_small_file(path, kMaxFile); !readable) {
        return "be the path of a readable file: " + readable.error().public_detail;
      }
    }
    kind.at(target) = path;
    return std::nullopt;
  }

  Complaint read(const SecretKind& kind,
                 const toml::node& node,
                 const Target& target,
                 const std::string& name) {
    const std::string* text = one_line(node);
    if (text == nullptr) return "be the path of a file that holds the secret, in one line";
    if (text->empty()) return std::nullopt;
    std::string path = resolved(folder_, *text);
    if (const std::string credential = resolved(credentials_, *text); !credentials_.empty()) {
      std::error_code ignored;
      if (std::filesystem::exists(credential, ignored)) path = credential;
    }
    auto secret = read_secret_file(path);
    if (!secret)
      return "be the path of a file that holds the secret: " + secret.error().public_detail;
    if (others_may_read(path)) {
      config_.warnings.push_back(name +
                                 ": every user of this machine may read the file; chmod o-r it");
    }
    kind.at(target) = *std::move(secret);
    kind.path(target) = std::move(path);
    return std::nullopt;
  }

  static Complaint read(const FlagKind& kind,
                        const toml::node& node,
                        const Target& target,
                        const std::string&) {
    const auto* flag = node.as_boolean();
    if (flag == nullptr) return "be true or false" + found(node);
    kind.at(target) = flag->get();
    return std::nullopt;
  }

  static Complaint read(const IntegerKind& kind,
                        const toml::node& node,
                        const Target& target,
                        const std::string&) {
    const auto* number = node.as_integer();
    if (number == nullptr || number->get() < kind.least || number->get() > kind.most) {
      return "be a whole number from " + std::to_string(kind.least) + " to " +
             std::to_string(kind.most) + found(node);
    }
    kind.at(target) = number->get();
    return std::nullopt;
  }

  template <class RealLike>
  static Complaint read_real(const RealLike& kind, const toml::node& node, const Target& target) {
    const auto number = node.is_number() ? node.value<double>() : std::nullopt;
    // A NaN fails both comparisons.
    if (!number || !(*number >= kind.least && *number <= kind.most)) {
      return "be a number from " + number_text(kind.least) + " to " + number_text(kind.most) +
             found(node);
    }
    kind.at(target) = *number;
    return std::nullopt;
  }
  static Complaint read(const RealKind& kind,
                        const toml::node& node,
                        const Target& target,
                        const std::string&) {
    return read_real(kind, node, target);
  }
  static Complaint read(const OptionalRealKind& kind,
                        const toml::node& node,
                        const Target& target,
                        const std::string&) {
    return read_real(kind, node, target);
  }

  template <class DurationLike>
  static Complaint read_duration(const DurationLike& kind,
                                 const toml::node& node,
                                 const Target& target) {
    const auto* text = node.as_string();
    const auto span = text == nullptr ? std::nullopt : parse_duration(text->get());
    if (!span || *span < kind.least || *span > kind.most) {
      return "be a duration such as \"5m\" (ms, s, m, h, d), from " + duration_text(kind.least) +
             " to " + duration_text(kind.most) + found(node);
    }
    kind.at(target) = *span;
    return std::nullopt;
  }
  static Complaint read(const DurationKind& kind,
                        const toml::node& node,
                        const Target& target,
                        const std::string&) {
    return read_duration(kind, node, target);
  }
  static Complaint read(const OptionalDurationKind& kind,
                        const toml::node& node,
                        const Target& target,
                        const std::string&) {
    return read_duration(kind, node, target);
  }

  static Complaint read(const SizeKind& kind,
                        const toml::node& node,
                        const Target& target,
                        const std::string&) {
    const auto* text = node.as_string();
    const auto size = text == nullptr ? std::nullopt : parse_size(text->get());
    if (!size || *size < kind.least || *size > kind.most) {
      return "be a size such as \"64MiB\" (B, KiB, MiB, GiB), from " + size_text(kind.least) +
             " to " + size_text(kind.most) + found(node);
    }
    kind.at(target) = *size;
    return std::nullopt;
  }

  static Complaint read(const TextListKind& kind,
                        const toml::node& node,
                        const Target& target,
                        const std::string&) {
    const auto* list = node.as_array();
    if (list == nullptr) return "be a list of texts such as [\"a\", \"b\"]" + found(node);
    if (list->size() > kMaxEntries) return "have at most 100 entries";
    std::vector<std::string> texts;
    for (const toml::node& entry : *list) {
      const std::string* text = one_line(entry);
      if (text == nullptr)
        return "be a list of texts of one line, at most 1 KiB each" + found(entry);
      if (const auto complaint = kind.check(*text)) return "hold only " + *complaint + found(entry);
      std::string trimmed{trim(*text)};
      if (holds(texts, trimmed)) return "not hold " + shown(trimmed) + " twice";
      texts.push_back(std::move(trimmed));
    }
    kind.at(target) = std::move(texts);
    return std::nullopt;
  }

  static constexpr std::string_view kEndpointForm =
      "an address and port such as \"127.0.0.1:8080\" or \"[::1]:8080\"";

  static Complaint read(const EndpointKind& kind,
                        const toml::node& node,
                        const Target& target,
                        const std::string&) {
    const auto* text = node.as_string();
    auto endpoint = text == nullptr ? std::nullopt : parse_endpoint(text->get());
    if (!endpoint) return "be " + std::string{kEndpointForm} + found(node);
    kind.at(target) = *std::move(endpoint);
    return std::nullopt;
  }

  static Complaint read(const EndpointListKind& kind,
                        const toml::node& node,
                        const Target& target,
                        const std::string&) {
    const std::string form = "be " + std::string{kEndpointForm} + ", or a list of such";
    const auto* list = node.as_array();
    if (list != nullptr && list->empty()) return form + ", found an empty list";
    if (list != nullptr && list->size() > kMaxEntries) return "have at most 100 entries";
    std::vector<Endpoint> endpoints;
    for (std::size_t i = 0; i < (list == nullptr ? 1 : list->size()); ++i) {
      const toml::node& entry = list == nullptr ? node : *list->get(i);
      const auto* text = entry.as_string();
      auto endpoint = text == nullptr ? std::nullopt : parse_endpoint(text->get());
      if (!endpoint) return form + found(entry);
      if (endpoint->port != 0 && holds(endpoints, *endpoint)) {
        return "not hold " + shown(endpoint->text()) + " twice";
      }
      endpoints.push_back(*std::move(endpoint));
    }
    kind.at(target) = std::move(endpoints);
    return std::nullopt;
  }

  static Complaint read(const LevelKind& kind,
                        const toml::node& node,
                        const Target& target,
                        const std::string&) {
    const auto* text = node.as_string();
    const auto level = text == nullptr ? std::nullopt : log_level(text->get());
    if (!level) return "be one of \"debug\", \"info\", \"warning\" or \"error\"" + found(node);
    kind.at(target) = *level;
    return std::nullopt;
  }

  Config& config_;
  std::string folder_;
  std::string credentials_;
  Faults faults_;
  Lines lines_;
};

}  // namespace

bool Endpoint::is_loopback() const noexcept {
  return address == "::1" || address.starts_with("127.");
}

std::string Endpoint::text() const {
  const bool six = address.find(':') != std::string::npos;
  return (six ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    // Read at start, before there is a second thread.
    const char* const value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr) return std::nullopt;
    return std::string{value};
  };
}

Result<Config> parse_config(std::string_view text,
                            const std::string& path,
                            const Environment& environment) {
  Config config;
  Reader reader{config, path, environment};
  if (text.size() > kMaxFile) {
    reader.faults().add(0, "the file holds more than 1 MiB");
    return std::unexpected(reader.faults().error());
  }
  try {
    reader.read_document(toml::parse(text));
  } catch (const toml::parse_error& e) {
    reader.faults().add(e.source().begin.line, "not TOML: " + std::string{e.description()});
  }
  apply_environment(config, environment, reader.faults());
  if (reader.faults().empty()) check_together(config, reader.lines(), reader.faults());
  if (!reader.faults().empty()) return std::unexpected(reader.faults().error());
  return config;
}

Result<Config> load_config(const std::string& path, const Environment& environment) {
  if (path.empty()) return parse_config({}, path, environment);
  const auto text = read_small_file(path, kMaxFile);
  if (!text) return fail(ErrorCode::InvalidConfig, path + ": " + text.error().public_detail);
  return parse_config(*text, path, environment);
}

}  // namespace cardstock::cli
