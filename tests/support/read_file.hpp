#pragma once
/// \file read_file.hpp
/// \brief A whole file as bytes.
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace cardstock::test {

/// Throws std::runtime_error when the file cannot be read.
inline std::string read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream bytes;
  if (file.peek() != std::ifstream::traits_type::eof()) bytes << file.rdbuf();
  if (!file.is_open() || file.bad() || !bytes) throw std::runtime_error("cannot read " + path);
  return std::move(bytes).str();
}

}  // namespace cardstock::test
