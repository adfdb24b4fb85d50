#pragma once
/// \file mismatch.hpp
/// \brief What a refused name looks like, so that the refusal can say "a domain is not an
/// IpAddress".
///
/// Pure. Threads: any. Errors: none. Called for refused names only: it may parse the text as every
/// type.
#include <optional>
#include <string>
#include <string_view>

#include <cardstock/indicator/indicator.hpp>

namespace cardstock::indicator {

/// The type that the text is a sound name of, without its id prefix. nullopt: none.
std::optional<IndicatorType> look_of(std::string_view text);

/// The sentence that names the mismatch; nullopt when the text looks like nothing else than what
/// was asked.
std::optional<std::string> mismatch(EntityType asked, std::string_view text);

}  // namespace cardstock::indicator
