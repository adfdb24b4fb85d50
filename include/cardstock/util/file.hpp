#pragma once
/// \file file.hpp
/// \brief Small files that are the program's own: read whole, replaced whole, appended to.
///
/// Threads: any. Blocking: disk. Errors: StoreFailed; `cause` has the path and what the system
/// said. Files are made with mode 0600.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <cardstock/util/result.hpp>

namespace cardstock {

/// Closes its descriptor.
class FileDescriptor {
 public:
  explicit FileDescriptor(int descriptor) noexcept : descriptor_{descriptor} {}
  ~FileDescriptor();
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const noexcept { return descriptor_; }
  bool open() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

/// The last `limit` bytes at most; nullopt: there is no such file.
Result<std::optional<std::string>> read_file_end(const std::string& path, std::size_t limit);
/// Written beside the place and moved there: a reader sees the old content or the new.
Status replace_file(const std::string& path, std::string_view content);
/// `text` is whole lines. In one write, so that lines of several processes do not mix; behind a
/// line that a full disk has cut off, on a new one. At `limit` bytes the file is moved to `path`.1,
/// in place of what was there, and begun anew.
Status append_to_file(const std::string& path, std::string_view text, std::size_t limit);

}  // namespace cardstock
