#include "base/prelude.hpp"

#include "guard/check.hpp"

#include "base/error_codes.hpp"
#include "core/guard.hpp"
#include "table/catalog.hpp"

namespace vend {
namespace {

const char *column_name(Relation relation, AttrNumber number) {
    return NameStr(TupleDescAttr(RelationGetDescr(relation), number - 1)->attname);
}

// The first guarded column that changes; 0 where none does.
AttrNumber changed_column(const TriggerData *trigger, const Guard &guard) {
    for (const GuardedColumn &column : guard.columns) {
        bool was_null = false;
        bool is_null = false;
        const Datum was = slot_getattr(trigger->tg_trigslot, column.number, &was_null);
        const Datum is = slot_getattr(trigger->tg_newslot, column.number, &is_null);
        if (was_null != is_null || (!is_null && !is_same_value(column, was, is))) return column.number;
    }
    return InvalidAttrNumber;
}

std::optional<int64> version_in(TupleTableSlot *row, const Guard &guard) {
    bool is_null = false;
    const Datum version = slot_getattr(row, guard.version, &is_null);
    if (is_null) return std::nullopt;
    return version_from(guard.version_type, version);
}

[[noreturn]] void raise_unstated(Relation relation, const Guard &guard, const char *detail) {
    const char *version = quote_identifier(column_name(relation, guard.version));
    ereport(
        ERROR,
        (errcode(errcodes::version_unstated),
         errmsg("update of table \"%s\" does not say which version it read",
                relation_label(RelationGetRelid(relation))),
         errdetail("%s", detail),
         guard.convention == Convention::read
             ? errhint("SET %s = the version that was read; the guard counts it up.", version)
             : errhint(
                   "SET %s = the version that was read, plus 1, WHERE %s is the version that was read.",
                   version, version)));
    pg_unreachable();
}

[[noreturn]] void refuse(GuardVerdict verdict, Relation relation, const Guard &guard,
                         const GuardedUpdate &update, AttrNumber changed) {
    const char *version = column_name(relation, guard.version);
    switch (verdict) {
    case GuardVerdict::stale:
        // In this convention the UPDATE states the version that was read, plus 1.
        raise_stale(relation, update.was,
                    guard.convention == Convention::next && *update.is > PG_INT64_MIN ? *update.is - 1
                                                                                      : *update.is);
    case GuardVerdict::blind:
        raise_unstated(relation, guard,
                       psprintf("It counts \"%s\" up itself, from " INT64_FORMAT
                                ", which is what the row has.",
                                version, update.was));
    case GuardVerdict::unstated:
        if (!update.is) raise_unstated(relation, guard, psprintf("It sets \"%s\" to null.", version));
        raise_unstated(relation, guard,
                       psprintf("It changes \"%s\" and does not set \"%s\".",
                                column_name(relation, changed), version));
    case GuardVerdict::pass:
    case GuardVerdict::count_up:
        break;
    }
    pg_unreachable();
}

} // namespace

void raise_stale(Relation relation, int64 was, int64 read) {
    ereport(ERROR,
            (errcode(errcodes::stale_version),
             errmsg("row of table \"%s\" has changed since it was read",
                    relation_label(RelationGetRelid(relation))),
             errdetail("Its version is " INT64_FORMAT ", and the one that was read is " INT64_FORMAT ".",
                       was, read),
             errhint("Read the row again and decide again.")));
    pg_unreachable();
}

bool has_next(const Guard &guard, int64 version) {
    const auto next = next_version(version);
    return next && fits_version(guard.version_type, *next);
}

void require_in_range(Relation relation, const Guard &guard, int64 was) {
    if (!has_next(guard, was))
        ereport(ERROR, (errcode(errcodes::out_of_range),
                        errmsg("version of a row of table \"%s\" is out of range",
                               relation_label(RelationGetRelid(relation)))));
}

GuardedRow check_update(const TriggerData *trigger, const Guard &guard) {
    Relation relation = trigger->tg_relation;
    const AttrNumber changed = changed_column(trigger, guard);
    const auto was = version_in(trigger->tg_trigslot, guard);
    if (!was)
        ereport(ERROR, (errcode(errcodes::not_in_state),
                        errmsg("version of a row of table \"%s\" is null",
                               relation_label(RelationGetRelid(relation))),
                        errhint("Fill the column in and declare it NOT NULL.")));
    const GuardedUpdate update{
        .is_change = changed != InvalidAttrNumber,
        .is_assigned =
            bms_is_member(guard.version - FirstLowInvalidHeapAttributeNumber, trigger->tg_updatedcols),
        .was = *was,
        .is = version_in(trigger->tg_newslot, guard)};
    const GuardVerdict verdict = decide_guard(guard.convention, update);
    if (verdict != GuardVerdict::pass && verdict != GuardVerdict::count_up)
        refuse(verdict, relation, guard, update, changed);
    if (verdict == GuardVerdict::count_up) require_in_range(relation, guard, *was);
    return {verdict, *was};
}

HeapTuple counted_up(const TriggerData *trigger, const Guard &guard, int64 was) {
    int column = guard.version;
    Datum version = version_datum(guard.version_type, was + 1);
    bool is_null = false;
    return heap_modify_tuple_by_cols(trigger->tg_newtuple, RelationGetDescr(trigger->tg_relation), 1,
                                     &column, &version, &is_null);
}

} // namespace vend
