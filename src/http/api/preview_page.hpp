#pragma once
/// \file preview_page.hpp
/// \brief A self-contained page that shows a card as Recorded Future draws it.
///
/// Pure. Threads: any. Errors: none. No script, no image, no other host: everything that the page
/// needs is in it, and its content security policy (kPreviewHeaders) allows nothing else.
#include <string>
#include <string_view>

#include <cardstock/util/embedded_file.hpp>

namespace cardstock::http {

/// The cards of the test suite (tests/golden/card), as JSON; their names are lower_snake.
std::span<const EmbeddedFile> sample_cards() noexcept;
/// Null when there is none of this name.
const EmbeddedFile* find_sample(std::string_view name) noexcept;

/// The page of a look-up's envelope.
std::string preview_of_envelope(std::string_view envelope);
/// The page of a sample card.
std::string preview_of_sample(const EmbeddedFile& sample);
/// In place of a sample's name: all of them.
inline constexpr std::string_view kEverySample = "all";
/// The page of all sample cards, one below the other.
std::string preview_of_every_sample();
/// The page before anything was asked: the form and the list of samples.
std::string preview_start();

/// Complete header lines that belong to each of these pages.
extern const std::string_view kPreviewHeaders;
/// The content of the page's one style element; its SHA-256 stands in kPreviewHeaders.
std::string_view preview_style() noexcept;

}  // namespace cardstock::http
