#pragma once
/// \file embedded_file.hpp
/// \brief A file that the program carries with it (cmake/embed.cmake).
#include <span>
#include <string_view>

namespace cardstock {

struct EmbeddedFile {
  std::string_view name;  ///< without its folder
  std::string_view content;
};

}  // namespace cardstock
