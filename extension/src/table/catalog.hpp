#pragma once
// Reads the catalog: the relation that a name means, its owner, its names and its key.

#include "base/prelude.hpp"

#include <initializer_list>

namespace vend {

// Splits a quoted, qualified name. False where the text is no such name.
bool split_relation_name(const char *quoted_name, const char **schema, const char **relation);

// The relation that a quoted, qualified name means. InvalidOid where there is none, and for null.
Oid relation_named(const char *quoted_name);

// The owner of a relation, or InvalidOid.
Oid relation_owner(Oid relation);

// The schema and name of a relation, for messages.
char *relation_label(Oid relation);

// The name of a relation in SQL, quoted and qualified.
char *quoted_relation_name(Relation relation);

// Whether the relation exists and has these columns.
bool has_columns(Oid relation, std::initializer_list<const char *> columns);

// The column of a primary key of one column. InvalidAttrNumber where there is no such key.
AttrNumber primary_key_column(Relation relation);

} // namespace vend
