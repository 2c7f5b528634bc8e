#pragma once
// What the catalog says of a relation: which one a name means, its owner, its names and its key.

#include "base/prelude.hpp"

#include <initializer_list>

namespace vend {

// The parts of a quoted, qualified name; false where the text is none.
bool split_relation_name(const char *quoted_name, const char **schema, const char **relation);

// The relation that a quoted, qualified name means, or InvalidOid.
Oid relation_named(const char *quoted_name);

// The owner of a relation, or InvalidOid.
Oid relation_owner(Oid relation);

// The schema and name of a relation, for messages.
char *relation_label(Oid relation);

// Its name in SQL, quoted and qualified.
char *quoted_relation_name(Relation relation);

// Whether there is such a relation, with these columns.
bool has_columns(Oid relation, std::initializer_list<const char *> columns);

// The column of a primary key that has no other; InvalidAttrNumber where there is none.
AttrNumber primary_key_column(Relation relation);

} // namespace vend
