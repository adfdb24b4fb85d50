#include "sqlite_fault.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

namespace cardstock::store {

Fault classify(const SQLite::Exception& e) {
  const int extended = e.getExtendedErrorCode();
  const auto kind = [&] {
    switch (e.getErrorCode() & 0xff) {
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        return FaultKind::Locked;
      case SQLITE_CORRUPT:
      case SQLITE_NOTADB:
      case SQLITE_ERROR:
        return FaultKind::Damaged;
      case SQLITE_IOERR:
        return extended == SQLITE_IOERR_SHORT_READ ? FaultKind::Damaged : FaultKind::Failed;
      case SQLITE_READONLY:
        return extended == SQLITE_READONLY_DBMOVED ? FaultKind::Damaged : FaultKind::Failed;
      default:
        return FaultKind::Failed;
    }
  }();
  return Fault{kind, std::string{e.what()} + " (" + std::to_string(extended) + ")"};
}

Error to_error(const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::Locked:
      return {ErrorCode::StoreBusy, "The store is busy, try again.", fault.text};
    case FaultKind::Damaged:
      return {ErrorCode::StoreFailed, "The store is damaged.", fault.text};
    case FaultKind::Failed:
      return {ErrorCode::StoreFailed, "The store failed.", fault.text};
  }
  return {ErrorCode::Internal, "The store failed.", fault.text};
}

}  // namespace cardstock::store
