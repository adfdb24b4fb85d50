#pragma once
/// \file openapi.hpp
/// \brief docs/openapi.yaml, which the program carries with it.
#include <string_view>

namespace cardstock::http {

/// The document as it stands in the source tree.
std::string_view openapi_document() noexcept;

}  // namespace cardstock::http
