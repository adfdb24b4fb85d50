#pragma once
/// \file row.hpp
/// \brief One row of `/v3/indicators` as the service writes it, made a Row.
///
/// Threads: any. Errors: simdjson's, for JSON that is broken. Values out of their range are unset,
/// never clamped: a rating of 7 is not a rating of 5.
#include <cardstock/threatconnect/answer.hpp>

#include "json_walk.hpp"

namespace cardstock::threatconnect {

/// `is_row` is false for what is no indicator of an owner: another kind of value, no owner name, no
/// value at all; `row` is then left half filled. Pass an empty row.
json::error_code read_row(json::Value value, Row& row, bool& is_row);

}  // namespace cardstock::threatconnect
