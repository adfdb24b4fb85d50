#pragma once
/// \file spool.hpp
/// \brief A list on disk while it waits to be read: a file without a name, gone with the process.
///
/// Threads: one at a time. Blocking: disk. Errors: StoreFailed; `cause` has what the system said.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <streambuf>
#include <string>
#include <string_view>

#include <cardstock/util/file.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::admin {

class Spool {
 public:
  /// `prefix`: path of which the file's would be made.
  static Result<std::unique_ptr<Spool>> create(const std::string& prefix);
  explicit Spool(int descriptor) noexcept : file_{descriptor} {}

  Status append(std::string_view bytes);
  std::uint64_t bytes() const noexcept { return bytes_; }
  int descriptor() const noexcept { return file_.get(); }

 private:
  FileDescriptor file_;
  std::uint64_t bytes_ = 0;
};

/// Reads a spool from its beginning; the spool outlives it. A fault of the disk ends the stream.
class SpoolInput final : public std::streambuf {
 public:
  explicit SpoolInput(const Spool& spool) noexcept : spool_{spool} {}

 protected:
  int_type underflow() override;

 private:
  const Spool& spool_;
  std::uint64_t at_ = 0;
  std::array<char, std::size_t{16} * 1024> piece_{};
};

}  // namespace cardstock::admin
