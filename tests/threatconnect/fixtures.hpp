#pragma once
/// \file fixtures.hpp
/// \brief Files of this folder as text. The answers in fixtures/ are written for these tests, after
/// the documented shapes.
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace cardstock::threatconnect {

inline std::string file_text(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline std::string fixture(const std::string& name) {
  return file_text(std::string{CARDSTOCK_SOURCE_DIR} + "/tests/threatconnect/fixtures/" + name);
}

}  // namespace cardstock::threatconnect
