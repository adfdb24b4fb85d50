#include "toml_value.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include <cardstock/util/text.hpp>

#include "faults.hpp"

namespace cardstock::cli {
namespace {

constexpr std::size_t kMaxText = 1024;

using Complaint = std::optional<std::string>;

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

/// The text of a string without control characters and of bounded length.
const std::string* one_line(const toml::node& node) {
  const auto* text = node.as_string();
  if (text == nullptr || text->get().size() > kMaxText) return nullptr;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  return std::ranges::any_of(text->get(), is_control) ? nullptr : &text->get();
}

Complaint read(const TextKind& kind, const Place& place) {
  const std::string* text = one_line(place.node);
  const auto complaint = text == nullptr
                             ? std::optional<std::string>{"one line of text, at most 1 KiB"}
                             : kind.check(*text);
  if (complaint) return "be " + *complaint + found(place.node);
  kind.at(place.target) = *text;
  return std::nullopt;
}

Complaint read(const PathKind& kind, const Place& place) {
  const auto* raw = place.node.as_string();
  if (raw != nullptr && raw->get().find("-----BEGIN") != std::string::npos) {
    return "be the path of a PEM file, found its content";
  }
  const std::string* text = one_line(place.node);
  if (text == nullptr) return "be a path in one line, at most 1 KiB";
  const std::string path = resolved(place.folders.base, *text);
  if (!path.empty()) {
    if (const auto readable = read_small_file(path, kMaxFileBytes); !readable) {
      return "be the path of a readable file: " + readable.error().public_detail;
    }
  }
  kind.at(place.target) = path;
  return std::nullopt;
}

Complaint read(const SecretKind& kind, const Place& place) {
  const std::string* text = one_line(place.node);
  if (text == nullptr) return "be the path of a file that holds the secret, in one line";
  if (text->empty()) return std::nullopt;
  std::string path = resolved(place.folders.base, *text);
  if (const std::string credential = resolved(place.folders.credentials, *text);
      !place.folders.credentials.empty()) {
    std::error_code ignored;
    if (std::filesystem::exists(credential, ignored)) path = credential;
  }
  auto secret = read_secret_file(path);
  if (!secret)
    return "be the path of a file that holds the secret: " + secret.error().public_detail;
  if (others_may_read(path)) {
    place.target.config->warnings.push_back(
        place.name + ": every user of this machine may read the file; chmod o-r it");
  }
  kind.at(place.target) = *std::move(secret);
  kind.path(place.target) = std::move(path);
  return std::nullopt;
}

Complaint read(const FlagKind& kind, const Place& place) {
  const auto* flag = place.node.as_boolean();
  if (flag == nullptr) return "be true or false" + found(place.node);
  kind.at(place.target) = flag->get();
  return std::nullopt;
}

Complaint read(const IntegerKind& kind, const Place& place) {
  const auto* number = place.node.as_integer();
  if (number == nullptr || number->get() < kind.least || number->get() > kind.most) {
    return "be a whole number from " + std::to_string(kind.least) + " to " +
           std::to_string(kind.most) + found(place.node);
  }
  kind.at(place.target) = number->get();
  return std::nullopt;
}

template <class RealLike>
Complaint read_real(const RealLike& kind, const Place& place) {
  const auto number = place.node.is_number() ? place.node.value<double>() : std::nullopt;
  // A NaN fails both comparisons.
  if (!number || !(*number >= kind.least && *number <= kind.most)) {
    return "be a number from " + number_text(kind.least) + " to " + number_text(kind.most) +
           found(place.node);
  }
  kind.at(place.target) = *number;  // NOLINT(bugprone-optional-value-conversion): or a plain double
  return std::nullopt;
}
Complaint read(const RealKind& kind, const Place& place) {
  return read_real(kind, place);
}
Complaint read(const OptionalRealKind& kind, const Place& place) {
  return read_real(kind, place);
}

template <class DurationLike>
Complaint read_duration(const DurationLike& kind, const Place& place) {
  const auto* text = place.node.as_string();
  const auto span = text == nullptr ? std::nullopt : parse_duration(text->get());
  if (!span || *span < kind.least || *span > kind.most) {
    return "be a duration such as \"5m\" (ms, s, m, h, d), from " + duration_text(kind.least) +
           " to " + duration_text(kind.most) + found(place.node);
  }
  kind.at(place.target) = *span;
  return std::nullopt;
}
Complaint read(const DurationKind& kind, const Place& place) {
  return read_duration(kind, place);
}
Complaint read(const OptionalDurationKind& kind, const Place& place) {
  return read_duration(kind, place);
}

Complaint read(const SizeKind& kind, const Place& place) {
  const auto* text = place.node.as_string();
  const auto size = text == nullptr ? std::nullopt : parse_size(text->get());
  if (!size || *size < kind.least || *size > kind.most) {
    return "be a size such as \"64MiB\" (B, KiB, MiB, GiB), from " + size_text(kind.least) +
           " to " + size_text(kind.most) + found(place.node);
  }
  kind.at(place.target) = *size;
  return std::nullopt;
}

Complaint read(const TextListKind& kind, const Place& place) {
  const auto* list = place.node.as_array();
  if (list == nullptr) return "be a list of texts such as [\"a\", \"b\"]" + found(place.node);
  if (list->size() > kMaxEntries) return "have at most 100 entries";
  std::vector<std::string> texts;
  for (const toml::node& entry : *list) {
    const std::string* text = one_line(entry);
    if (text == nullptr) return "be a list of texts of one line, at most 1 KiB each" + found(entry);
    if (const auto complaint = kind.check(*text)) return "hold only " + *complaint + found(entry);
    std::string trimmed{trim(*text)};
    if (holds(texts, trimmed)) return "not hold " + shown(trimmed) + " twice";
    texts.push_back(std::move(trimmed));
  }
  kind.at(place.target) = std::move(texts);
  return std::nullopt;
}

constexpr std::string_view kEndpointForm =
    "an address and port such as \"127.0.0.1:8080\" or \"[::1]:8080\"";

Complaint read(const EndpointKind& kind, const Place& place) {
  const auto* text = place.node.as_string();
  auto endpoint = text == nullptr ? std::nullopt : parse_endpoint(text->get());
  if (!endpoint) return "be " + std::string{kEndpointForm} + found(place.node);
  kind.at(place.target) = *std::move(endpoint);
  return std::nullopt;
}

Complaint read(const EndpointListKind& kind, const Place& place) {
  const std::string form = "be " + std::string{kEndpointForm} + ", or a list of such";
  const auto* list = place.node.as_array();
  if (list != nullptr && list->empty()) return form + ", found an empty list";
  if (list != nullptr && list->size() > kMaxEntries) return "have at most 100 entries";
  std::vector<Endpoint> endpoints;
  for (std::size_t i = 0; i < (list == nullptr ? 1 : list->size()); ++i) {
    const toml::node& entry = list == nullptr ? place.node : *list->get(i);
    const auto* text = entry.as_string();
    auto endpoint = text == nullptr ? std::nullopt : parse_endpoint(text->get());
    if (!endpoint) return form + found(entry);
    if (endpoint->port != 0 && holds(endpoints, *endpoint)) {
      return "not hold " + shown(endpoint->text()) + " twice";
    }
    endpoints.push_back(*std::move(endpoint));
  }
  kind.at(place.target) = std::move(endpoints);
  return std::nullopt;
}

Complaint read(const LevelKind& kind, const Place& place) {
  const auto* text = place.node.as_string();
  const auto level = text == nullptr ? std::nullopt : log_level(text->get());
  if (!level) return "be one of \"debug\", \"info\", \"warning\" or \"error\"" + found(place.node);
  kind.at(place.target) = *level;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> read_value(const Kind& kind, const Place& place) {
  return std::visit([&place](const auto& one) { return read(one, place); }, kind);
}

}  // namespace cardstock::cli
