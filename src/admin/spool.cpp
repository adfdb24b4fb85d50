#include <cardstock/admin/spool.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace cardstock::admin {
namespace {

std::unexpected<Error> disk_fault(const std::string& cause) {
  return fail(ErrorCode::StoreFailed, "The list could not be kept on the service's disk.", cause);
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::create(const std::string& prefix) {
  std::string path = prefix + "-XXXXXX";
  const int descriptor = mkostemp(path.data(), O_CLOEXEC);
  if (descriptor < 0) return disk_fault(path + ": " + std::strerror(errno));
  auto spool = std::make_unique<Spool>(descriptor);
  if (unlink(path.c_str()) != 0) return disk_fault(path + ": " + std::strerror(errno));
  return spool;
}

Status Spool::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(bytes_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return disk_fault(std::strerror(errno));
    bytes_ += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

SpoolInput::int_type SpoolInput::underflow() {
  ssize_t got = -1;
  do {
    got = pread(spool_.descriptor(), piece_.data(), piece_.size(), static_cast<off_t>(at_));
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return traits_type::eof();
  at_ += static_cast<std::uint64_t>(got);
  setg(piece_.data(), piece_.data(), piece_.data() + got);
  return traits_type::to_int_type(*gptr());
}

}  // namespace cardstock::admin
