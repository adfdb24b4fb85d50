#pragma once
/// \file sqlite_fault.hpp
/// \brief SQLite's result codes as the three things that a store can do about them.
#include <string>

#include <cardstock/util/result.hpp>

namespace SQLite {
class Exception;
}

namespace cardstock::store {

enum class FaultKind {
  Locked,   ///< another process holds it: try again
  Damaged,  ///< the file is not what we wrote: set it aside
  Failed,   ///< the disk or the system: go on without, try again later
};

struct Fault {
  FaultKind kind;
  std::string text;  ///< SQLite's words, for the log
};

/// Holds for the store's own fixed statements: that one of them does not fit the schema
/// (SQLITE_ERROR) means that the schema is gone, as in a file that was truncated under us.
Fault classify(const SQLite::Exception& e);
Error to_error(const Fault& fault);

}  // namespace cardstock::store
