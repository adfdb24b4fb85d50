#pragma once
/// \file outcome.hpp
/// \brief The outcome table: what an error is called, and its HTTP status. The one place that knows
/// it.
#include <string_view>

#include <cardstock/admin/stats.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::http {

using admin::Outcome;

/// Whose ThreatConnect credentials an answer depends on.
enum class CredentialsOf { Caller, Service };

struct OutcomeStatus {
  Outcome outcome;
  int status;
};

OutcomeStatus outcome_of(ErrorCode code, CredentialsOf credentials) noexcept;

}  // namespace cardstock::http
