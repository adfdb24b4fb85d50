#include "installation_key.hpp"

#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cardstock/util/file.hpp>
#include <cardstock/util/text.hpp>

namespace cardstock::app {
namespace {

constexpr std::size_t kKeyBytes = 32;

std::unexpected<Error> refuse(const std::string& path, const std::string& why) {
  return fail(ErrorCode::InvalidConfig,
              "store.path: the installation's key \"" + path + "\" " + why);
}

std::unexpected<Error> refuse(const std::string& path, const std::string& what, int error) {
  return refuse(path, what + ": " + std::generic_category().message(error));
}

/// nullopt: no such file.
Result<std::optional<Secret>> read_key(const std::string& path) {
  const FileDescriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file.open()) {
    if (errno == ENOENT) return std::optional<Secret>{};
    return refuse(path, "cannot be read", errno);
  }
  std::array<char, 2 * kKeyBytes + 2> text{};
  const ssize_t got = read(file.get(), text.data(), text.size());
  const std::string_view digits = trim({text.data(), got > 0 ? static_cast<std::size_t>(got) : 0});
  const bool whole =
      digits.size() == 2 * kKeyBytes && digits.find_first_not_of("0123456789abcdef") == digits.npos;
  std::optional<Secret> key;
  if (whole) key.emplace(digits);
  wipe(text.data(), text.size());
  if (!key)
    return refuse(
        path,
        "is damaged: it must hold 64 hexadecimal digits; with a new key the cache starts empty");
  return key;
}

}  // namespace

Result<Secret> installation_key(const std::string& path, Random& random) {
  Result<std::optional<Secret>> found = read_key(path);
  if (!found) return std::unexpected(found.error());
  if (std::optional<Secret>& key = *found) return *std::move(key);
  std::array<std::byte, kKeyBytes> bytes{};
  random.fill(bytes);
  std::string digits = to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  wipe(bytes.data(), bytes.size());
  // Written whole beside the place and then linked there: a reader never sees half a key, and the
  // first writer wins.
  const std::string draft = path + ".new-" + std::to_string(getpid());
  {
    const FileDescriptor file{
        open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR)};
    if (!file.open()) return refuse(path, "cannot be created", errno);
    const bool written =
        write(file.get(), digits.data(), digits.size()) == static_cast<ssize_t>(digits.size()) &&
        fsync(file.get()) == 0;
    wipe(digits);
    if (!written) {
      const int why = errno;
      unlink(draft.c_str());
      return refuse(path, "cannot be written", why);
    }
  }
  const bool linked = link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST;
  const int why = errno;
  unlink(draft.c_str());
  if (!linked) return refuse(path, "cannot be created", why);
  Result<std::optional<Secret>> made = read_key(path);
  if (!made) return std::unexpected(made.error());
  if (std::optional<Secret>& key = *made) return *std::move(key);
  return refuse(path, "vanished while it was made");
}

}  // namespace cardstock::app
