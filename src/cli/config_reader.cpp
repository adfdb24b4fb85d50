#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <numeric>
#include <ranges>
#include <utility>

#include "faults.hpp"
#include "toml_value.hpp"

namespace cardstock::cli {
namespace {

std::uint32_t line_of(const toml::node& node) {
  return node.source().begin.line;
}
std::uint32_t line_of(const toml::key& key) {
  return key.source().begin.line;
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
        folders_{.base = std::filesystem::path{path}.parent_path().string(),
                 .credentials = environment("CREDENTIALS_DIRECTORY").value_or("")},
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
        const auto complaint = read_value(
            setting->kind, {.node = node, .target = target, .name = name, .folders = folders_});
        if (complaint) faults_.add(line_of(key), name + " must " + *complaint + entry_name(table));
      } else if (name == kPerType) {
        read_types(key, node);
      } else {
        add_unknown(key, section, node.is_table());
      }
    }
  }

  /// ", in "Block"": which entry of several a fault is in, where the entry has a name.
  static std::string entry_name(const toml::table& table) {
    const auto* name = table.get_as<std::string>("name");
    return name == nullptr ? "" : ", in " + shown(name->get());
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

  Config& config_;
  Folders folders_;
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
  if (text.size() > kMaxFileBytes) {
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
  const auto text = read_small_file(path, kMaxFileBytes);
  if (!text) return fail(ErrorCode::InvalidConfig, path + ": " + text.error().public_detail);
  return parse_config(*text, path, environment);
}

}  // namespace cardstock::cli
