#include "base/prelude.hpp"

#include "setup/store_options.hpp"

#include "base/compat.hpp"
#include "base/error_codes.hpp"
#include "binding/number_type.hpp"
#include "binding/unlimited.hpp"

namespace vend {
namespace {

// Parses the name of a type. Returns an empty NumberType for a text that names no number type.
NumberType parsed_money_type(const char *text) {
    Oid type = InvalidOid;
    int32 typmod = -1;
    MemoryContext context = CurrentMemoryContext;
    PG_TRY();
    { compat::parse_type(text, &type, &typmod); }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        ErrorData *error = CopyErrorData();
        if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION &&
            ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION)
            PG_RE_THROW();
        FlushErrorState(); // the transaction fails with the error that follows
        type = InvalidOid;
    }
    PG_END_TRY();
    return number_type_of(type, typmod).value_or(NumberType{});
}

} // namespace

void require_store_name(const char *name) {
    if (name[0] == '\0' || strlen(name) >= NAMEDATALEN)
        ereport(ERROR, (errcode(errcodes::bad_argument),
                        errmsg("name of a store must have 1 to %d bytes", NAMEDATALEN - 1)));
    // pg_dump does not dump these schemas.
    for (const char *reserved : {"vend", "information_schema"})
        if (strcmp(name, reserved) == 0)
            ereport(ERROR, (errcode(errcodes::bad_argument),
                            errmsg("a store cannot be called \"%s\"", reserved),
                            errdetail("That schema name is reserved.")));
}

void require_direct_writes(const char *direct_writes) {
    if (strcmp(direct_writes, "journal") != 0 && strcmp(direct_writes, "refuse") != 0)
        ereport(ERROR,
                (errcode(errcodes::bad_argument), errmsg("unknown direct_writes \"%s\"", direct_writes),
                 errhint("Use journal or refuse.")));
}

void require_buyers(const char *buyers) {
    if (strcmp(buyers, "any") != 0 && strcmp(buyers, "own") != 0)
        ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("unknown buyers \"%s\"", buyers),
                        errhint("Use any, or own: each buyer may then name only the wallet that "
                                "vend.current_buyer names.")));
}

void require_rls(const char *rls) {
    if (strcmp(rls, "owner") != 0 && strcmp(rls, "caller") != 0)
        ereport(ERROR, (errcode(errcodes::bad_argument), errmsg("unknown rls \"%s\"", rls),
                        errhint("Use owner, or caller: rows that the row level security of the caller "
                                "hides do not exist for the call then.")));
}

void require_unlimited(const char *unlimited) {
    if (unlimited == nullptr || unlimited[0] == '\0' || unlimited_from(unlimited)) return;
    ereport(ERROR,
            (errcode(errcodes::bad_argument), errmsg("unlimited cannot be \"%s\"", unlimited),
             errhint("Use null, or the number below 0 that stands in the stock of an item that is "
                     "never sold out.")));
}

const char *money_type_sql(const char *money_type) {
    const NumberType money = parsed_money_type(money_type);
    if (money.type != INT8OID && money.type != NUMERICOID)
        ereport(ERROR,
                (errcode(errcodes::bad_argument), errmsg("money_type cannot be \"%s\"", money_type),
                 errhint("Use bigint, for the smallest coin, or numeric(p,s) with at most 18 digits.")));
    return format_type_with_typemod(money.type, money.typmod);
}

} // namespace vend
