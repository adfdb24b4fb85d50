#pragma once
/// \file metrics.hpp
/// \brief The figures as Prometheus reads them.
///
/// Pure: made of figures that were read, so that there is one set of counters. Threads: any.
/// Errors: none. Stored: names and labels are public and stay (docs/operations.md). No label is
/// taken from what callers send; a scrape has a fixed number of series.
#include <string>
#include <string_view>

#include <cardstock/admin/stats.hpp>

namespace cardstock::admin {

inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

/// Prometheus text format 0.0.4.
std::string metrics_text(const Figures& figures);

}  // namespace cardstock::admin
