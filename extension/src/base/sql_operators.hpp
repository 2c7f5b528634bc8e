#pragma once
// Operators and functions are named with their schema: the statements mean the same under any
// search_path. IN and IS DISTINCT FROM look their operator up in it, so no statement uses them.

#define EQ "OPERATOR(pg_catalog.=)"
#define NE "OPERATOR(pg_catalog.<>)"
#define GT "OPERATOR(pg_catalog.>)"
#define GE "OPERATOR(pg_catalog.>=)"
#define PLUS "OPERATOR(pg_catalog.+)"
#define MINUS "OPERATOR(pg_catalog.-)"
#define TIMES "OPERATOR(pg_catalog.*)"
