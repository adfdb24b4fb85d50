#pragma once
/// \file page.hpp
/// \brief The admin page's files (src/admin/page, and Debian's Chart.js), which the program carries
/// with it.
#include <cardstock/util/embedded_file.hpp>

namespace cardstock::admin {

/// HTML, style and script, by file name; nothing in them is secret.
std::span<const EmbeddedFile> page_files() noexcept;

}  // namespace cardstock::admin
