#include "base/prelude.hpp"

#include "base/ids.hpp"

using namespace vend;

VEND_FUNCTION(vend_uuid_v7);
VEND_FUNCTION(vend_id_from);

Datum vend_uuid_v7(PG_FUNCTION_ARGS) {
    (void)fcinfo;
    return to_datum(new_uuid_v7());
}

Datum vend_id_from(PG_FUNCTION_ARGS) {
    const text *name = PG_GETARG_TEXT_PP(0);
    return to_datum(
        uuid_from_name({VARDATA_ANY(name), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(name))}));
}
