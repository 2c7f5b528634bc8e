#pragma once
// The operators of the engine's statements, each named with its schema, so that a statement means the
// same under any search_path. IN and IS DISTINCT FROM look their operator up in the search_path, so no
// statement uses them.

#define EQ "OPERATOR(pg_catalog.=)"
#define NE "OPERATOR(pg_catalog.<>)"
#define GT "OPERATOR(pg_catalog.>)"
#define GE "OPERATOR(pg_catalog.>=)"
#define PLUS "OPERATOR(pg_catalog.+)"
#define MINUS "OPERATOR(pg_catalog.-)"
#define TIMES "OPERATOR(pg_catalog.*)"
