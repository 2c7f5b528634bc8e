#include "base/prelude.hpp"

#include "guard/guard.hpp"

#include "base/compat.hpp"
#include "base/error_codes.hpp"
#include "table/catalog.hpp"
#include "table/our_triggers.hpp"

namespace vend {
namespace {

AttrNumber column_number(TupleDesc descriptor, const char *name) {
    for (int i = 0; i < descriptor->natts; ++i) {
        const Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
        if (!attribute->attisdropped && namestrcmp(&attribute->attname, name) == 0)
            return attribute->attnum;
    }
    return InvalidAttrNumber;
}

bool is_version_type(Oid type) {
    return type == INT2OID || type == INT4OID || type == INT8OID;
}

void require_fit(const Trigger &trigger, Relation relation, const char *fault) {
    if (fault == nullptr) return;
    const char *label = relation_label(RelationGetRelid(relation));
    ereport(ERROR, (errcode(errcodes::not_in_state),
                    errmsg("version guard \"%s\" of table \"%s\" is not valid", trigger.tgname, label),
                    errdetail("%s", fault),
                    errhint("Take it off with vend.unguard_version(), and make it again with "
                            "vend.guard_version() for the columns as they are now.")));
}

[[noreturn]] void raise_bad_arguments(const Trigger &trigger) {
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("trigger \"%s\" does not say what it guards", trigger.tgname),
                    errhint("Make guards with vend.guard_version().")));
    pg_unreachable();
}

} // namespace

const char *version_column_fault(Relation relation, const char *name) {
    const TupleDesc descriptor = RelationGetDescr(relation);
    const AttrNumber number = column_number(descriptor, name);
    if (number == InvalidAttrNumber) return psprintf("Column \"%s\" does not exist.", name);
    const Form_pg_attribute attribute = TupleDescAttr(descriptor, number - 1);
    if (!is_version_type(attribute->atttypid))
        return psprintf("Column \"%s\" is of type %s; a version is smallint, integer or bigint.", name,
                        format_type_be(attribute->atttypid));
    if (attribute->attgenerated != '\0' || attribute->attidentity == ATTRIBUTE_IDENTITY_ALWAYS)
        return psprintf("Column \"%s\" is generated: no statement can set it.", name);
    if (!compat::is_never_null(descriptor, number)) return psprintf("Column \"%s\" may be null.", name);
    return nullptr;
}

const char *guarded_column_fault(Relation relation, const char *name) {
    const TupleDesc descriptor = RelationGetDescr(relation);
    const AttrNumber number = column_number(descriptor, name);
    if (number == InvalidAttrNumber) return psprintf("Column \"%s\" does not exist.", name);
    // PostgreSQL computes a generated column after the triggers have run.
    if (TupleDescAttr(descriptor, number - 1)->attgenerated != '\0')
        return psprintf("Column \"%s\" is generated: guard the columns that it is made from.", name);
    return nullptr;
}

Guard *resolve_guard(const Trigger &trigger, Relation relation, MemoryContext context) {
    if (trigger.tgnargs <= guard_first_column) raise_bad_arguments(trigger);
    const auto convention = convention_from(trigger.tgargs[guard_convention]);
    if (!convention) raise_bad_arguments(trigger);
    const TupleDesc descriptor = RelationGetDescr(relation);
    const char *version = trigger.tgargs[guard_version_column];
    require_fit(trigger, relation, version_column_fault(relation, version));

    const auto count = static_cast<std::size_t>(trigger.tgnargs - guard_first_column);
    auto *guard = static_cast<Guard *>(MemoryContextAllocZero(context, sizeof(Guard)));
    auto *columns =
        static_cast<GuardedColumn *>(MemoryContextAlloc(context, count * sizeof(GuardedColumn)));
    guard->relation = RelationGetRelid(relation);
    guard->convention = *convention;
    guard->version = column_number(descriptor, version);
    guard->version_type = TupleDescAttr(descriptor, guard->version - 1)->atttypid;
    guard->is_before = TRIGGER_FOR_BEFORE(trigger.tgtype);
    guard->columns = {columns, count};
    for (std::size_t i = 0; i < count; ++i) {
        const char *name = trigger.tgargs[guard_first_column + i];
        require_fit(trigger, relation, guarded_column_fault(relation, name));
        const AttrNumber number = column_number(descriptor, name);
        const Form_pg_attribute attribute = TupleDescAttr(descriptor, number - 1);
        columns[i] = {number, attribute->attlen, attribute->attbyval};
    }
    return guard;
}

bool fits_version(Oid type, int64 version) {
    if (type == INT2OID) return version >= PG_INT16_MIN && version <= PG_INT16_MAX;
    if (type == INT4OID) return version >= PG_INT32_MIN && version <= PG_INT32_MAX;
    return true;
}

int64 version_from(Oid type, Datum datum) {
    if (type == INT2OID) return DatumGetInt16(datum);
    if (type == INT4OID) return DatumGetInt32(datum);
    return DatumGetInt64(datum);
}

Datum version_datum(Oid type, int64 version) {
    if (type == INT2OID) return Int16GetDatum(static_cast<int16>(version));
    if (type == INT4OID) return Int32GetDatum(static_cast<int32>(version));
    return Int64GetDatum(version);
}

bool is_same_value(const GuardedColumn &column, Datum was, Datum is) {
    if (column.length == -1) {
        const char *old_bytes = DatumGetPointer(was);
        const char *new_bytes = DatumGetPointer(is);
        const Size size = VARSIZE_ANY(old_bytes);
        if (size == VARSIZE_ANY(new_bytes) && memcmp(old_bytes, new_bytes, size) == 0) return true;
    }
    return datum_image_eq(was, is, column.by_value, column.length);
}

} // namespace vend
