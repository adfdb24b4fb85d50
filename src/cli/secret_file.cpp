#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <cardstock/util/file.hpp>
#include <cardstock/util/text.hpp>

#include "faults.hpp"

namespace cardstock::cli {
namespace {

constexpr std::size_t kMaxSecret = 4096;

/// "no such file or directory": the system's words, to stand behind a colon.
std::string reason(int error) {
  std::string words = std::generic_category().message(error);
  if (!words.empty()) words.front() = ascii_lower(words.front());
  return words;
}

}  // namespace

std::string resolved(const std::string& folder, const std::string& path) {
  if (path.empty()) return path;
  return (std::filesystem::path{folder} / path).string();
}

Result<std::string> read_small_file(const std::string& path, std::size_t limit) {
  const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
  struct stat status{};
  if (!file.open()) return fail(ErrorCode::InvalidConfig, reason(errno));
  if (::fstat(file.get(), &status) != 0) return fail(ErrorCode::InvalidConfig, reason(errno));
  if (S_ISDIR(status.st_mode)) return fail(ErrorCode::InvalidConfig, "it is a folder");
  std::string content;
  std::array<char, 4096> block{};
  while (true) {
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorCode::InvalidConfig, reason(errno));
    content.append(block.data(), static_cast<std::size_t>(got));
    wipe(block.data(), block.size());
    if (got == 0) return content;
    if (content.size() > limit) {
      wipe(content);
      return fail(ErrorCode::InvalidConfig,
                  "it holds more than " + std::to_string(limit) + " bytes");
    }
  }
}

Result<Secret> clean_secret(std::string_view raw) {
  while (raw.ends_with('\n') || raw.ends_with('\r')) raw.remove_suffix(1);
  if (raw.empty()) return fail(ErrorCode::InvalidConfig, "it is empty");
  if (raw.size() > kMaxSecret)
    return fail(ErrorCode::InvalidConfig, "it holds more than 4096 bytes");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::ranges::any_of(raw, is_control)) {
    return fail(ErrorCode::InvalidConfig, "it holds more than one line, or control characters");
  }
  return Secret{raw};
}

Result<Secret> read_secret_file(const std::string& path) {
  auto content = read_small_file(path, kMaxSecret + 2);
  if (!content) return std::unexpected(std::move(content).error());
  auto secret = clean_secret(*content);
  wipe(*content);
  return secret;
}

bool others_may_read(const std::string& path) noexcept {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         (status.st_mode & S_IROTH) != 0;
}

}  // namespace cardstock::cli
