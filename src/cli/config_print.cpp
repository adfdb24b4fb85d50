#include <array>
#include <charconv>

#include "settings.hpp"

namespace cardstock::cli {
namespace {

std::string real_text(double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), end};
}

template <class Range, class Text>
std::string list_text(const Range& range, Text text) {
  std::string out = "[";
  for (const auto& entry : range) {
    if (out.size() > 1) out += ", ";
    out += quoted(text(entry));
  }
  return out + "]";
}

/// The value of a setting as TOML; empty: not set, so nothing to write.
struct Writer {
  const Target& target;

  std::string operator()(const TextKind& kind) const {
    const std::string& text = kind.at(target);
    if (text.empty() && kind.check == check_filled) return {};
    return quoted(kind.check == check_proxy ? without_password(text) : text);
  }
  std::string operator()(const PathKind& kind) const { return quoted(kind.at(target)); }
  std::string operator()(const SecretKind& kind) const { return quoted(kind.path(target)); }
  std::string operator()(const FlagKind& kind) const { return kind.at(target) ? "true" : "false"; }
  std::string operator()(const IntegerKind& kind) const { return std::to_string(kind.at(target)); }
  std::string operator()(const RealKind& kind) const { return real_text(kind.at(target)); }
  std::string operator()(const OptionalRealKind& kind) const {
    const std::optional<double>& value = kind.at(target);
    return value ? real_text(*value) : "";
  }
  std::string operator()(const DurationKind& kind) const {
    return quoted(duration_text(kind.at(target)));
  }
  std::string operator()(const OptionalDurationKind& kind) const {
    const std::optional<milliseconds>& value = kind.at(target);
    return value ? quoted(duration_text(*value)) : "";
  }
  std::string operator()(const SizeKind& kind) const { return quoted(size_text(kind.at(target))); }
  std::string operator()(const TextListKind& kind) const {
    return list_text(kind.at(target), [](const std::string& text) { return text; });
  }
  std::string operator()(const EndpointKind& kind) const { return quoted(kind.at(target).text()); }
  std::string operator()(const EndpointListKind& kind) const {
    const auto& endpoints = kind.at(target);
    return endpoints.size() == 1 ? quoted(endpoints.front().text())
                                 : list_text(endpoints, std::mem_fn(&Endpoint::text));
  }
  std::string operator()(const LevelKind& kind) const { return quoted(name_of(kind.at(target))); }
};

/// "***" for a secret that did not come from a file, which no line of TOML may hold.
bool is_secret_without_file(const Setting& setting, const Target& target) {
  const auto* secret = std::get_if<SecretKind>(&setting.kind);
  return secret != nullptr && secret->path(target).empty() && !secret->at(target).empty();
}

void append_values(std::string& out, std::string_view section, const Target& target) {
  for (const Setting& setting : settings()) {
    if (setting.section != section) continue;
    const std::string value = std::visit(Writer{target}, setting.kind);
    if (value.empty()) continue;
    out.append(setting.key).append(" = ").append(value);
    if (is_secret_without_file(setting, target)) out += "  # *** is set, not from a file";
    out.push_back('\n');
  }
}

void append_header(std::string& out,
                   std::string_view open,
                   std::string_view name,
                   std::string_view close) {
  if (!out.empty()) out.push_back('\n');
  out.append(open).append(name).append(close).push_back('\n');
}

/// The settings of an optional section, as a comment that says how to write it.
void append_commented(std::string& out, const Section& section) {
  if (section.repeat == Repeat::PerType) {
    out.append("#[").append(section.name).append(".URL]\n");
  } else {
    out.append("#[[").append(section.name).append("]]\n");
  }
  for (const Setting& setting : settings()) {
    if (setting.section != section.name) continue;
    out.append("#").append(setting.key).append(" = ").append(setting.example);
    out.append("  # ").append(setting.help).push_back('\n');
  }
}

}  // namespace

std::string print_config(const Config& config) {
  // The table's accessors give references to write through; this copy is never written to.
  Config copy = config;
  std::string out;
  for (const Section& section : sections()) {
    switch (section.repeat) {
      case Repeat::Once:
        append_header(out, "[", section.name, "]");
        append_values(out, section.name, Target{.config = &copy});
        break;
      case Repeat::PerType:
        for (auto& [type, times] : copy.cache.per_type) {
          append_header(out, "[", std::string{section.name} + "." + type, "]");
          append_values(out, section.name, Target{.config = &copy, .times = &times});
        }
        break;
      case Repeat::List:
        for (ClientEntry& client : copy.clients) {
          if (section.name != kClient) break;
          append_header(out, "[[", section.name, "]]");
          append_values(out, section.name, Target{.config = &copy, .client = &client});
        }
        for (Criterion& criterion : copy.criteria) {
          if (section.name != kCriteria) break;
          append_header(out, "[[", section.name, "]]");
          append_values(out, section.name, Target{.config = &copy, .criterion = &criterion});
        }
        break;
    }
  }
  return out;
}

std::string example_config() {
  Config defaults;
  std::string out =
      "# Cardstock: every setting with its default. What is left out keeps it.\n"
      "# Durations: \"250ms\", \"5s\", \"5m\", \"2h\", \"7d\". Sizes: \"512B\", \"4KiB\", "
      "\"64MiB\", \"2GiB\".\n"
      "# Secrets stand in files of their own: relative to this file's folder, or systemd "
      "credentials of that name.\n"
      "# Check it with: cardstock serve --config FILE --check-config\n";
  for (const Section& section : sections()) {
    out.append("\n# ").append(section.help).push_back('\n');
    if (section.repeat != Repeat::Once) {
      append_commented(out, section);
      continue;
    }
    out.append("[").append(section.name).append("]\n");
    for (const Setting& setting : settings()) {
      if (setting.section != section.name) continue;
      out.append("# ").append(setting.help).push_back('\n');
      const Target target{.config = &defaults};
      out.append(setting.key)
          .append(" = ")
          .append(std::visit(Writer{target}, setting.kind))
          .push_back('\n');
    }
  }
  return out;
}

}  // namespace cardstock::cli
