#include "base/prelude.hpp"

#include "guard/update_if.hpp"

#include "base/error_codes.hpp"
#include "binding/key_type.hpp"
#include "core/guard.hpp"
#include "guard/check.hpp"
#include "guard/guard.hpp"
#include "table/catalog.hpp"

namespace vend {
namespace {

[[noreturn]] void raise_bad_changes(Relation relation, const char *detail) {
    ereport(ERROR,
            (errcode(errcodes::bad_argument),
             errmsg("changes do not fit table \"%s\"", relation_label(RelationGetRelid(relation))),
             errdetail("%s", detail)));
    pg_unreachable();
}

// The columns that the fields of the object name.
std::span<const AttrNumber> changed_columns(const KeyedTable &table, Datum changes) {
    Relation relation = table.relation;
    Jsonb *object = DatumGetJsonbP(changes);
    if (!JB_ROOT_IS_OBJECT(object)) raise_bad_changes(relation, "They are no JSON object.");
    if (JB_ROOT_COUNT(object) == 0) raise_bad_changes(relation, "They name no column.");
    auto *columns = static_cast<AttrNumber *>(palloc(sizeof(AttrNumber) * JB_ROOT_COUNT(object)));
    std::size_t count = 0;
    JsonbIterator *iterator = JsonbIteratorInit(&object->root);
    JsonbValue value;
    for (;;) {
        const JsonbIteratorToken token = JsonbIteratorNext(&iterator, &value, true);
        if (token == WJB_DONE) break;
        if (token != WJB_KEY) continue;
        const char *name = pnstrdup(value.val.string.val, value.val.string.len);
        const AttrNumber number = get_attnum(RelationGetRelid(relation), name);
        if (number <= 0) raise_bad_changes(relation, psprintf("Column \"%s\" does not exist.", name));
        if (number == table.guard->version)
            raise_bad_changes(relation, psprintf("Column \"%s\" is the version.", name));
        if (number == table.key)
            raise_bad_changes(relation, psprintf("Column \"%s\" is the key.", name));
        columns[count++] = number;
    }
    return {columns, count};
}

// Says why no row was changed.
[[noreturn]] void explain_nothing(KeyedTable &table, Datum key, int64 expected) {
    const auto version = read_version(table, key);
    if (version && *version != expected) raise_stale(table.relation, *version, expected);
    const char *label = relation_label(RelationGetRelid(table.relation));
    if (!version)
        ereport(ERROR,
                (errcode(errcodes::unknown_row),
                 errmsg("table \"%s\" has no row with key \"%s\"", label, key_text(table.key_type, key)),
                 errhint("It may have been deleted, or a policy hides it: read it again.")));
    ereport(ERROR, (errcode(errcodes::write_altered),
                    errmsg("a row of table \"%s\" could not be changed", label),
                    errhint("A trigger, a rule or a policy on the table keeps it from being changed.")));
    pg_unreachable();
}

} // namespace

int64 update_if(KeyedTable &table, Datum key, int64 expected, Datum changes) {
    const Guard &guard = *table.guard;
    VersionedUpdate update{.key = key,
                           .expected = expected,
                           .version = expected,
                           .changes = changes,
                           .columns = changed_columns(table, changes)};
    if (!fits_version(guard.version_type, expected)) explain_nothing(table, key, expected);
    if (guard.convention == Convention::next) {
        if (!has_next(guard, expected) && read_version(table, key) != expected)
            explain_nothing(table, key, expected);
        require_in_range(table.relation, guard, expected);
        update.version = expected + 1;
    }
    const auto version = update_versioned(table, update);
    if (!version) explain_nothing(table, key, expected);
    // RETURNING does not show what an AFTER trigger has counted up.
    if (guard.is_before || guard.convention == Convention::next) return *version;
    return read_version(table, key).value_or(*version);
}

} // namespace vend
