#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cardstock/card/card.hpp>

#include "app/commands/doctor_checks.hpp"
#include "app/commands/terminal_text.hpp"

namespace cardstock::app {
namespace {

namespace fs = std::filesystem;
using simdjson::dom::element;

constexpr std::uint64_t kLittleSpace = std::uint64_t{256} << 20U;  // bytes
constexpr std::uintmax_t kMaxMetadata = std::uintmax_t{1} << 20U;  // bytes
constexpr std::string_view kMagic = "SQLite format 3";             // the file's first bytes
constexpr std::string_view kStore = "store";
constexpr std::string_view kMetadata = "metadata";
constexpr int kMaxDepth = 8;

bool may(const std::string& path, int what) {
  return ::access(path.c_str(), what) == 0;
}

bool readable_by_others(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

/// Empty counts: a database that holds nothing yet.
bool is_database(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::array<char, kMagic.size()> head{};
  file.read(head.data(), head.size());
  return file.gcount() == 0 || std::string_view{head.data(), head.size()} == kMagic;
}

/// False when there is nothing more to look at.
bool check_store_file(const std::string& path, Findings& findings) {
  if (!may(path, R_OK | W_OK)) {
    findings.error(kStore, "this user may not read and write " + path,
                   "give it to the service's user, or run doctor as that user");
    return false;
  }
  if (!is_database(path)) {
    findings.error(kStore, path + " is not a SQLite database",
                   "name another file in store.path; the service would set this one aside");
    return false;
  }
  const std::string key = path + ".key";
  if (!may(key, R_OK)) {
    findings.error(kStore, key + " cannot be read; without it the rows belong to nobody",
                   "put it back, or delete " + path + " as well");
    return false;
  }
  for (const std::string& file : {path, key})
    if (readable_by_others(file))
      findings.warning(kStore, "others may open " + file, "chmod 600 " + file);
  return true;
}

/// Keys with their types: {"all_owners[].link", "link"}.
using Keys = std::map<std::string, std::string>;

/// Every key that `entries` declares.
void collect(const element& entries, const std::string& before, int depth, Keys& out) {
  simdjson::dom::array list;
  if (depth > kMaxDepth || entries.get(list) != simdjson::SUCCESS) return;
  for (const element entry : list) {
    std::string_view key;
    std::string_view type;
    element inner;
    if (entry["key"].get(key) != simdjson::SUCCESS || entry["type"].get(type) != simdjson::SUCCESS)
      continue;
    const std::string path = before + std::string{key};
    out.emplace(path, type);
    if (entry["item"]["entries"].get(inner) == simdjson::SUCCESS)
      collect(inner, path + "[].", depth + 1, out);
  }
}

std::optional<Keys> declared(const std::string& json) {
  simdjson::dom::parser parser;
  element document;
  element entries;
  if (parser.parse(json).get(document) != simdjson::SUCCESS ||
      document["entries"].get(entries) != simdjson::SUCCESS)
    return std::nullopt;
  Keys out;
  collect(entries, "", 0, out);
  return out;
}

std::optional<std::string> read_file(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored) || fs::file_size(path, ignored) > kMaxMetadata)
    return std::nullopt;
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file) return std::nullopt;
  return text;
}

}  // namespace

void check_store(const cli::StoreSection& store, Findings& findings) {
  if (store.backend != "sqlite") return;
  const fs::path parent = fs::path{store.path}.parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  std::error_code fault;
  if (!fs::is_directory(folder, fault)) {
    return findings.error(kStore, "the folder " + folder + " of store.path does not exist",
                          "make it, owned by the service's user");
  }
  if (!may(folder, W_OK | X_OK)) {
    return findings.error(kStore, "this user may not write into " + folder,
                          "give it to the service's user, or run doctor as that user");
  }
  const bool exists = fs::exists(store.path, fault);
  if (exists && !check_store_file(store.path, findings)) return;
  const fs::space_info space = fs::space(folder, fault);
  if (!fault && space.available < kLittleSpace) {
    findings.warning(kStore, "only " + bytes_text(space.available) + " are free in " + folder,
                     "make room, or lower cache.max_rows");
  }
  findings.ok(kStore, exists ? store.path + ", " + bytes_text(fs::file_size(store.path, fault))
                             : store.path + " is made at the first start");
}

void check_metadata(const std::string& path, Findings& findings) {
  const std::optional<std::string> text = read_file(path);
  const auto theirs = text ? declared(*text) : std::nullopt;
  if (!theirs) {
    return findings.error(kMetadata, path + " cannot be read as metadata.json",
                          "give the file that is in the uploaded package");
  }
  std::string missing;
  const Keys ours = declared(card::metadata_json()).value_or(Keys{});
  for (const auto& [key, type] : ours) {
    const auto found = theirs->find(key);
    if (found == theirs->end() || found->second != type)
      missing += (missing.empty() ? "" : ", ") + key;
  }
  if (!missing.empty()) {
    return findings.error(kMetadata,
                          "a card can hold what " + path + " does not declare: " + missing,
                          "package and upload the extension anew: docs/extension.md");
  }
  findings.ok(kMetadata, path + " declares all " + count_text(ours.size()) + " keys");
}

}  // namespace cardstock::app
