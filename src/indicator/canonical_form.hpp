#pragma once
/// \file canonical_form.hpp
/// \brief The fast path: names that are canonical already, which most asks are.
///
/// Pure. Allocates nothing, except for an IPv6 address the text that it is compared with. Threads:
/// any. Errors: none.
#include <optional>
#include <string_view>

#include <cardstock/indicator/indicator.hpp>

namespace cardstock::indicator {

/// The type of a name that is surely its own canonical form, found in one pass. nullopt says
/// nothing: the rules decide. Must agree with them; the property tests and the fuzz target hold it
/// against them.
std::optional<IndicatorType> canonical_type(EntityType type, std::string_view name);

}  // namespace cardstock::indicator
