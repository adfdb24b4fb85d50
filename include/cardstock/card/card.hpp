#pragma once
/// \file card.hpp
/// \brief A record as an Intelligence Card: the one table of keys, and what fills it.
///
/// Pure: no clock (the two moving fields are spliced in later). Threads: any. Errors: none; hostile
/// text is cleaned. Stored: keys, labels and types are public; they also make `metadata.json`, and
/// Recorded Future refuses a card that holds a key which is not declared there. Limits:
/// CardSettings' caps; every text one line of valid UTF-8 without control characters or
/// bidirectional marks.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/card/criteria.hpp>
#include <cardstock/threatconnect/record.hpp>
#include <cardstock/util/clock.hpp>

namespace cardstock::card {

/// Which owner speaks for the indicator, and who may speak at all. Names are compared exactly,
/// without the blanks at their ends (owners may differ in case alone); blank entries do not count.
/// Behind a list, an owner without a name is refused.
struct OwnerRule {
  std::string
      default_owner;  ///< the setting, else the credential's own organization; empty when unknown
  std::vector<std::string> order;  ///< configured order behind the default owner
  std::vector<std::string> allow;  ///< empty: all
  std::vector<std::string> deny;
  /// Owner name -> Organization, Community, Source, of every owner that the credentials see; empty
  /// while that is not known.
  std::map<std::string, std::string> kinds;
};

struct CardSettings {
  OwnerRule owners;
  /// `https://app.threatconnect.com`; `http` is taken as it is. Anything but an origin: no link is
  /// shown.
  std::string portal_origin;
  std::size_t max_owners = 50;
  std::size_t max_groups = 50;
  std::size_t max_attributes = 50;
  std::size_t max_tags = 50;
  std::size_t max_text =
      1000;  ///< bytes of one attribute value, tag or name, ellipsis included; at most 64 KiB
  std::vector<Criterion> criteria;
  /// Where an indicator that nobody holds is searched for or created: a path of the portal such as
  /// `/#/search?query={name}`, or an https URL on its host; `{name}` and `{type}` are filled in.
  std::string no_result_link;
};

/// A card but for its moving parts. `members` holds the JSON members of every key before
/// `freshness`, comma-separated, without braces; `notes` the elements of the notes array,
/// comma-separated, without brackets. Both may be empty.
struct RenderedCard {
  bool found = false;  ///< false: no copy is left after the allow and deny lists
  std::string members;
  std::string notes;
  std::string link;        ///< portal link of the speaking copy, or where to search for what nobody
                           ///< holds; empty when there is none
  std::string owner;       ///< its owner, as shown
  std::size_t owners = 0;  ///< how many visible owners hold it
  /// Why each criterion is met or not, owner by owner: the elements of a JSON array,
  /// comma-separated; empty when there are none. Not part of the card. At most about 32 KiB and the
  /// names of the criteria.
  std::string criteria;
  std::string absent;  ///< of what nobody holds: a sentence that says where was looked
};

/// Headline values are the speaking copy's (the first of order_copies); score and false positives
/// are the instance's: the first in owner order that are set. A value outside its scale is left
/// out, with a note. Lists show the speaking copy's items first, then the other visible copies',
/// each once; an owner of several spellings is one row, its newest. Nothing of an owner that the
/// lists refuse is read, groups of an allowed copy included. `asked` null: nothing is known of what
/// was asked, and criteria that name types are left out.
RenderedCard render(const threatconnect::Record& record,
                    const CardSettings& settings,
                    const Indicator* asked = nullptr);

enum class Source { Upstream, Cache };

/// Appends when it was fetched, in words: `2026-11-25T02:00:00Z, 3 minutes ago, from cache`; from
/// upstream: `…, just now, from ThreatConnect`; a record of the future: `…, age unknown, from
/// cache`.
void append_freshness(std::string& out, WallTime fetched_at, WallTime now, Source source);

/// Appends the whole card object. `extra_note` (plain text, may be empty) joins the notes: "stale
/// because …". freshness: as append_freshness() says it.
void append_card(std::string& out,
                 const RenderedCard& card,
                 WallTime fetched_at,
                 WallTime now,
                 Source source,
                 std::string_view extra_note = {});

/// Indexes of the copies that may be shown, in the order of the owner rule (default owner,
/// configured order, Organization before Community before Source before unknown, then by name; of
/// one owner's several spellings the copy modified last first).
std::vector<std::size_t> order_copies(const threatconnect::Record& record, const OwnerRule& rule);

/// The extension's `metadata.json`, strict JSON, from the same table.
std::string metadata_json();

/// The table itself, for tests, documents and the terminal.
struct KeyInfo {
  std::string_view key;
  std::string_view label;
  std::string_view type;         ///< text, integer, date, link, list
  std::vector<KeyInfo> entries;  ///< of a list of dict; empty for a list of text
};
const std::vector<KeyInfo>& keys();

}  // namespace cardstock::card
