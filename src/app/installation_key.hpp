#pragma once
/// \file installation_key.hpp
/// \brief The secret of this installation: it keys the tenants of the store and the hashes in
/// memory.
///
/// Blocking: disk. Errors: InvalidConfig, naming the file. Stored: 64 hexadecimal digits in a file
/// of mode 0600.
#include <string>

#include <cardstock/util/random.hpp>
#include <cardstock/util/result.hpp>
#include <cardstock/util/secret.hpp>

namespace cardstock::app {

/// Reads the key, or makes one. Two programs that start at once get the same.
Result<Secret> installation_key(const std::string& path, Random& random);

}  // namespace cardstock::app
