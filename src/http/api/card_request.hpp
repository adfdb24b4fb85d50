#pragma once
/// \file card_request.hpp
/// \brief Reads what callers send: the extension's two dictionaries, a batch of entities, a query
/// string.
///
/// Pure. Errors: MalformedRequest with a sentence that says what was expected. Limits: the
/// transport bounds the bytes, the parser the nesting (1,024).
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/util/result.hpp>
#include <cardstock/util/secret.hpp>

namespace cardstock::http {

/// `auth` of a request; wiped when it goes. All empty when it was absent, null or `{}`.
struct GivenAuth {
  std::string base_url;
  std::string api_id;
  Secret api_secret;
  Secret api_token;
};

struct Entity {
  std::string type;
  std::string name;
};

struct CardRequest {
  Entity entity;
  GivenAuth auth;
};

/// `{"entity":{"name":…,"type":…},"auth":{…}}`. Unknown keys are ignored: the extension sends its
/// dictionaries verbatim.
Result<CardRequest> read_card_request(std::string_view json);

struct BatchRequest {
  /// One an entry, in order; an entry that is no entity is an error of its own.
  std::vector<Result<Entity>> entities;
  GivenAuth auth;
};

/// `{"entities":[{"type":…,"name":…},…],"auth":{…}}`; 1 to `most` entities.
Result<BatchRequest> read_batch_request(std::string_view json, std::size_t most);

/// What an envelope tells beside the card.
enum class Explain {
  Nothing,
  Criteria,  ///< why each playbook criterion is met or not, owner by owner
};

/// How much an envelope tells.
enum class Detail {
  Full,
  Minimal,  ///< no card: for those who want it in the cache only
};

struct CardQuery {
  Entity entity;
  Explain explain = Explain::Nothing;
};

/// `type=…&name=…`, and perhaps `explain=criteria`. Values are percent-decoded once; `+` is a plus
/// sign. Refused: a parameter twice, unknown parameters and explanations.
Result<CardQuery> read_card_query(std::string_view query);

/// How a list of a prewarm job, or a part of it, is sent.
struct PrewarmQuery {
  std::string type;                     ///< entity type of every indicator; empty: the list's own
  std::string column;                   ///< CSV column, or key; empty: Name
  std::string name;                     ///< of the file, for people
  std::optional<std::uint64_t> offset;  ///< of a further part
  bool more = false;                    ///< parts follow
};
/// `type=…&column=…&name=…&offset=…&more=true`, all of them optional.
Result<PrewarmQuery> read_prewarm_query(std::string_view query);

struct PreviewQuery {
  std::optional<Entity> entity;
  std::string sample;  ///< name of a sample card; empty: none
};

/// Nothing, `sample=…`, or `type=…&name=…` as above; with `form=1` beside them, as browsers send a
/// form, where `+` is a blank.
Result<PreviewQuery> read_preview_query(std::string_view query);

}  // namespace cardstock::http
