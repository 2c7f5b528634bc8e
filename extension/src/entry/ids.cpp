#include "base/prelude.hpp"

#include "base/error_codes.hpp"
#include "base/ids.hpp"

using namespace vend;

VEND_FUNCTION(vend_uuid_v7);
VEND_FUNCTION(vend_id_from);

namespace vend {
namespace {

// Converts the name to UTF-8, so that any database or program computes the same id.
std::string_view utf8_of(const text *name) {
    const char *bytes = VARDATA_ANY(name);
    const int length = static_cast<int>(VARSIZE_ANY_EXHDR(name));
    if (GetDatabaseEncoding() == PG_SQL_ASCII && !pg_verify_mbstr(PG_UTF8, bytes, length, true))
        ereport(ERROR,
                (errcode(errcodes::bad_text), errmsg("name is not UTF-8"),
                 errdetail("The encoding of the database is SQL_ASCII: nothing says which characters "
                           "its other bytes are."),
                 errhint("Pass the name in UTF-8, or make its id where its encoding is known.")));
    const char *utf8 = pg_server_to_any(bytes, length, PG_UTF8);
    return {utf8, utf8 == bytes ? static_cast<std::size_t>(length) : strlen(utf8)};
}

} // namespace
} // namespace vend

Datum vend_uuid_v7(PG_FUNCTION_ARGS) {
    (void)fcinfo;
    return to_datum(new_uuid_v7());
}

// Immutable: besides the name, the id depends only on the encoding of the database, which never changes.
Datum vend_id_from(PG_FUNCTION_ARGS) {
    return to_datum(uuid_from_name(utf8_of(PG_GETARG_TEXT_PP(0))));
}
