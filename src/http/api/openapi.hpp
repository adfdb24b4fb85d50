#pragma once
/// \file openapi.hpp
/// \brief docs/openapi.yaml, which the program carries with it.
#include <cardstock/util/embedded_file.hpp>

namespace cardstock::http {

/// One file: the document as it stands in the source tree.
std::span<const EmbeddedFile> openapi_files() noexcept;

}  // namespace cardstock::http
