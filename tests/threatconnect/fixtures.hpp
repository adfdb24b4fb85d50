#pragma once
/// \file fixtures.hpp
/// \brief Files of this folder as text. The answers in fixtures/ are written for these tests, after
/// the documented shapes.
#include <string>

#include "support/read_file.hpp"

namespace cardstock::threatconnect {

inline std::string fixture(const std::string& name) {
  return test::read_file(std::string{CARDSTOCK_SOURCE_DIR} + "/tests/threatconnect/fixtures/" +
                         name);
}

}  // namespace cardstock::threatconnect
