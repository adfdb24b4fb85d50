#include <cardstock/util/file.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cardstock {
namespace {

constexpr mode_t kOwnOnly = S_IRUSR | S_IWUSR;

std::unexpected<Error> refuse(const std::string& path, const char* what, int error) {
  return fail(ErrorCode::StoreFailed, "A file of the service cannot be read or written.",
              path + ": " + what + ": " + std::generic_category().message(error));
}

bool write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::optional<std::string>> read_file_end(const std::string& path, std::size_t limit) {
  const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!file.open()) {
    if (errno == ENOENT) return std::optional<std::string>{};
    return refuse(path, "open", errno);
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return refuse(path, "stat", errno);
  if (!S_ISREG(status.st_mode)) return refuse(path, "stat", EINVAL);
  const auto size = static_cast<std::size_t>(status.st_size);
  std::string content(std::min(size, limit), '\0');
  std::size_t got = 0;
  while (got < content.size()) {
    const ssize_t part = ::pread(file.get(), content.data() + got, content.size() - got,
                                 static_cast<off_t>(size - content.size() + got));
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) return refuse(path, "read", errno);
    if (part == 0) break;  // it has become shorter meanwhile
    got += static_cast<std::size_t>(part);
  }
  content.resize(got);
  return content;
}

Status replace_file(const std::string& path, std::string_view content) {
  const std::string draft = path + ".new";
  {
    const FileDescriptor file{
        ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kOwnOnly)};
    if (!file.open()) return refuse(draft, "open", errno);
    if (!write_all(file.get(), content) || ::fdatasync(file.get()) != 0) {
      const int why = errno;
      ::unlink(draft.c_str());
      return refuse(draft, "write", why);
    }
  }
  if (::rename(draft.c_str(), path.c_str()) == 0) return {};
  const int why = errno;
  ::unlink(draft.c_str());
  return refuse(path, "rename", why);
}

namespace {

bool ends_within_a_line(const std::string& path, off_t size) {
  char last = '\n';
  const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  return size > 0 && file.open() && ::pread(file.get(), &last, 1, size - 1) == 1 && last != '\n';
}

}  // namespace

Status append_to_file(const std::string& path, std::string_view text, std::size_t limit) {
  struct stat status{};
  const bool there = ::stat(path.c_str(), &status) == 0;
  const bool full = there && static_cast<std::size_t>(status.st_size) >= limit;
  if (full && ::rename(path.c_str(), (path + ".1").c_str()) != 0)
    return refuse(path, "rename", errno);
  const FileDescriptor file{
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOwnOnly)};
  if (!file.open()) return refuse(path, "open", errno);
  const bool torn = there && !full && ends_within_a_line(path, status.st_size);
  if (!write_all(file.get(), torn ? "\n" + std::string{text} : std::string{text}))
    return refuse(path, "write", errno);
  return {};
}

}  // namespace cardstock
