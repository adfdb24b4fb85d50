/// \file write_example_config.cpp
/// \brief Prints config/cardstock.example.toml; `cmake --build build/dev --target example_config`
/// rewrites the file.
#include <iostream>

#include <cardstock/cli/config.hpp>

int main() {
  std::cout << cardstock::cli::example_config();
  return std::cout.good() ? 0 : 1;
}
