#include "base/prelude.hpp"

#include "binding/columns.hpp"

#include "base/compat.hpp"
#include "base/error_codes.hpp"
#include "binding/key_type.hpp"
#include "binding/number_type.hpp"
#include "table/catalog.hpp"

#include <algorithm>
#include <array>

namespace vend {
namespace {

bool is_over(const FormData_pg_index *index, std::initializer_list<AttrNumber> columns) {
    if (!index->indisvalid || index->indnkeyatts != static_cast<int16>(columns.size())) return false;
    int position = 0;
    for (const AttrNumber column : columns)
        if (index->indkey.values[position++] != column) return false;
    return true;
}

// Whether the index compares keys as the columns do: by the columns' collations, and by the = of their
// types. An index on a citext column that uses the operators of text does not.
bool has_column_equality(Relation relation, Relation index) {
    for (int i = 0; i < index->rd_index->indnkeyatts; ++i) {
        const AttrNumber number = index->rd_index->indkey.values[i];
        if (number <= 0) continue;
        const Form_pg_attribute column = TupleDescAttr(RelationGetDescr(relation), number - 1);
        const Oid type = index->rd_opcintype[i];
        if (column->attcollation != index->rd_indcollation[i] ||
            get_opfamily_member(index->rd_opfamily[i], type, type, BTEqualStrategyNumber) !=
                lookup_type_cache(getBaseType(column->atttypid), TYPECACHE_EQ_OPR)->eq_opr)
            return false;
    }
    return true;
}

bool is_btree(Relation index) {
    return index->rd_rel->relam == BTREE_AM_OID;
}

// Whether the column is part of a unique index of several columns.
bool is_in_composite_key(Relation relation, AttrNumber column) {
    bool is_found = false;
    ListCell *cell = nullptr;
    foreach (cell, RelationGetIndexList(relation)) {
        Relation index = index_open(lfirst_oid(cell), AccessShareLock);
        const auto *form = index->rd_index;
        for (int i = 0; form->indisunique && form->indnkeyatts > 1 && i < form->indnkeyatts; ++i)
            is_found = is_found || form->indkey.values[i] == column;
        index_close(index, AccessShareLock);
    }
    return is_found;
}

struct ColumnType {
    Oid type = InvalidOid; // for a domain, the type below it
    int32 typmod = -1;
    const char *declared = nullptr;
};

BoundColumn bind_column(const Binding &binding, Relation relation, const char *name, ColumnType *type) {
    const AttrNumber number = get_attnum(RelationGetRelid(relation), name);
    if (number <= 0) {
        const char *label = relation_label(RelationGetRelid(relation));
        if (!binding.is_of_existing_store()) raise_unknown_column(label, name);
        raise_invalid(binding, psprintf("Table \"%s\" has no column \"%s\".", label, name));
    }
    const Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), number - 1);
    if (compat::is_virtual(*attribute))
        raise_invalid(binding,
                      psprintf("Column \"%s\" of table \"%s\" is virtual: it is computed when a query "
                               "reads it.",
                               name, relation_label(RelationGetRelid(relation))),
                      binding.is_of_existing_store() ? nullptr : "Bind a column that is stored.");
    type->typmod = attribute->atttypmod;
    type->type = getBaseTypeAndTypmod(attribute->atttypid, &type->typmod);
    type->declared = format_type_with_typemod(attribute->atttypid, attribute->atttypmod);
    return {MemoryContextStrdup(binding.context, quote_identifier(name)),
            MemoryContextStrdup(binding.context, name), number, attribute->atttypid};
}

const char *hint_for_number(Oid type) {
    switch (type) {
    case NUMERICOID:
        return "Declare the number of digits, which is at most 18: ALTER TABLE ... ALTER COLUMN ... "
               "TYPE numeric(12,2).";
    case FLOAT4OID:
    case FLOAT8OID:
        return "Figures must be exact, and floating point is not. Make the column numeric(p,s), or an "
               "integer that counts the smallest coin.";
    default:
        return "Figures are smallint, integer, bigint or numeric(p,s).";
    }
}

const char *usual_hint(Stage stage) {
    switch (stage) {
    case Stage::bound:
        return "Undo the change, bind the changed tables with vend.reattach_store(), or end the binding "
               "with vend.detach_store().";
    case Stage::changed:
        return "Bind the changed tables with vend.reattach_store() in the same transaction, or end the "
               "binding there with vend.detach_store().";
    case Stage::attaching:
        return "Nothing was changed. Mend the table, or name another.";
    case Stage::creating:
        return "Nothing was changed. Something alters new tables as they are made: \\dy lists event "
               "triggers, \\ddp default privileges.";
    }
    pg_unreachable();
}

const char *message_of(Stage stage) {
    switch (stage) {
    case Stage::bound:
        return "the binding of store \"%s\" is not valid";
    case Stage::changed:
        return "this transaction would break the binding of store \"%s\"";
    case Stage::attaching:
    case Stage::creating:
        return "the tables cannot be bound to store \"%s\"";
    }
    pg_unreachable();
}

const char *hint_of(Stage stage, const char *hint) {
    if (hint == nullptr) return usual_hint(stage);
    return stage == Stage::changed ? psprintf("%s %s", hint, usual_hint(stage)) : hint;
}

Oid collation_of(Relation relation, const BoundColumn &column) {
    return TupleDescAttr(RelationGetDescr(relation), column.number - 1)->attcollation;
}

// Keys in memory are compared by their bytes. A collation that is not deterministic takes different
// bytes for equal.
void require_deterministic(const Binding &binding, Relation relation, const BoundColumn &column) {
    const Oid collation = collation_of(relation, column);
    if (!OidIsValid(collation) || get_collation_isdeterministic(collation)) return;
    raise_invalid(binding,
                  psprintf("Column \"%s\" of table \"%s\" has a collation that is not deterministic.",
                           column.raw_name, relation_label(RelationGetRelid(relation))));
}

} // namespace

void raise_unknown_column(const char *table, const char *column) {
    ereport(ERROR, (errcode(errcodes::unknown_column),
                    errmsg("column \"%s\" of table \"%s\" does not exist", column, table),
                    errhint("Nothing was changed. Name a column that the table has.")));
    pg_unreachable();
}

void raise_invalid(const Binding &binding, const char *detail, const char *hint) {
    ereport(ERROR, (errcode(errcodes::not_in_state), errmsg(message_of(binding.stage), binding.name),
                    errdetail("%s", detail), errhint("%s", hint_of(binding.stage, hint))));
    pg_unreachable();
}

Oid find_index(Relation relation, std::initializer_list<AttrNumber> columns, bool is_unique) {
    Oid found = InvalidOid;
    ListCell *cell = nullptr;
    foreach (cell, RelationGetIndexList(relation)) {
        Relation index = index_open(lfirst_oid(cell), AccessShareLock);
        const bool is_key = index->rd_index->indisunique && index->rd_index->indimmediate;
        if ((is_key || !is_unique) && is_btree(index) && is_over(index->rd_index, columns) &&
            has_column_equality(relation, index) &&
            heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, nullptr) &&
            heap_attisnull(index->rd_indextuple, Anum_pg_index_indexprs, nullptr))
            found = RelationGetRelid(index);
        index_close(index, AccessShareLock);
    }
    return found;
}

Oid require_unique(const Binding &binding, Relation relation,
                   std::initializer_list<AttrNumber> columns) {
    const Oid found = find_index(relation, columns, true);
    if (OidIsValid(found)) return found;
    const char *label = relation_label(RelationGetRelid(relation));
    if (columns.size() == 1 && is_in_composite_key(relation, *columns.begin()))
        raise_invalid(
            binding,
            psprintf("Column \"%s\" of table \"%s\" is unique only together with other columns.",
                     get_attname(RelationGetRelid(relation), *columns.begin(), false), label),
            psprintf("Bind a surrogate key: ALTER TABLE %s ADD COLUMN ... bigint GENERATED "
                     "ALWAYS AS IDENTITY UNIQUE.",
                     quoted_relation_name(relation)));
    raise_invalid(binding, psprintf("Table \"%s\" has no unique index on its key.", label),
                  binding.is_of_existing_store()
                      ? nullptr
                      : "It must be of this column alone and in its collation, of all rows, and not "
                        "deferrable: ALTER TABLE ... ADD UNIQUE (...).");
}

void require_writable(const Binding &binding, Relation relation,
                      std::initializer_list<const char *> columns) {
    for (const char *column : columns) {
        const AttrNumber number = get_attnum(RelationGetRelid(relation), column);
        const Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), number - 1);
        if (attribute->attgenerated != '\0' || attribute->attidentity == ATTRIBUTE_IDENTITY_ALWAYS)
            raise_invalid(binding, psprintf("Column \"%s\" of table \"%s\" is generated.", column,
                                            relation_label(RelationGetRelid(relation))));
    }
}

BoundColumn bind_typed(const Binding &binding, Relation relation, const char *name, Oid wanted) {
    ColumnType type;
    const BoundColumn column = bind_column(binding, relation, name, &type);
    if (column.type != wanted || type.typmod != -1)
        raise_invalid(binding, psprintf("Column \"%s\" of table \"%s\" is of type %s, not %s.", name,
                                        relation_label(RelationGetRelid(relation)), type.declared,
                                        format_type_be(wanted)));
    return column;
}

namespace {

BoundColumn bind_figures(const Binding &binding, Relation relation, const char *name, bool may_be_wide) {
    ColumnType type;
    BoundColumn column = bind_column(binding, relation, name, &type);
    auto figures = number_type_of(type.type, type.typmod);
    if (!figures && may_be_wide) figures = wide_number_type_of(type.type, type.typmod);
    if (!figures)
        raise_invalid(binding,
                      psprintf("Column \"%s\" of table \"%s\" is of type %s.", name,
                               relation_label(RelationGetRelid(relation)), type.declared),
                      hint_for_number(type.type));
    column.figures = *figures;
    return column;
}

} // namespace

BoundColumn bind_number(const Binding &binding, Relation relation, const char *name) {
    return bind_figures(binding, relation, name, false);
}

BoundColumn bind_money(const Binding &binding, Relation relation, const char *name) {
    return bind_figures(binding, relation, name, true);
}

BoundColumn bind_count(const Binding &binding, Relation relation, const char *name) {
    BoundColumn column = bind_number(binding, relation, name);
    column.figures = in_steps_of(column.figures, 0);
    return column;
}

void require_money(const Binding &binding, Oid relation, BoundColumn *column, bool may_have_fewer) {
    if (column->name == nullptr) return;
    const int decimals = column->figures.decimals;
    if ((decimals > binding.money.decimals && !column->figures.is_wide) ||
        (decimals < binding.money.decimals && !may_have_fewer))
        raise_invalid(
            binding,
            psprintf("Column \"%s\" of table \"%s\" has %d decimals, the money of the ledger %d.",
                     column->raw_name, relation_label(relation), decimals, binding.money.decimals));
    column->figures = in_steps_of(column->figures, binding.money.decimals);
}

BoundColumn bind_time(const Binding &binding, Relation relation, const char *name) {
    ColumnType type;
    BoundColumn column = bind_column(binding, relation, name, &type);
    if (type.type != TIMESTAMPTZOID && type.type != TIMESTAMPOID)
        raise_invalid(binding,
                      psprintf("Column \"%s\" of table \"%s\" is of type %s, not timestamp.", name,
                               relation_label(RelationGetRelid(relation)), type.declared));
    column.base_type = type.type;
    column.typmod = type.typmod;
    return column;
}

BoundColumn bind_lock_mode(const Binding &binding, Relation relation, const char *name) {
    constexpr int32 longest = 11; // pessimistic
    ColumnType type;
    const BoundColumn column = bind_column(binding, relation, name, &type);
    if (type.type != TEXTOID &&
        !(type.type == VARCHAROID && (type.typmod == -1 || type.typmod >= VARHDRSZ + longest)))
        raise_invalid(binding, psprintf("Column \"%s\" of table \"%s\" is of type %s, not text.", name,
                                        relation_label(RelationGetRelid(relation)), type.declared));
    return column;
}

BoundColumn bind_currency(const Binding &binding, Relation relation, const char *name) {
    ColumnType type;
    BoundColumn column = bind_column(binding, relation, name, &type);
    column.base_type = type.type;
    constexpr std::array allowed{TEXTOID, VARCHAROID, BPCHAROID, INT2OID, INT4OID, INT8OID, UUIDOID};
    if (std::ranges::find(allowed, type.type) == allowed.end() && !type_is_enum(type.type))
        raise_invalid(
            binding,
            psprintf("Column \"%s\" of table \"%s\" is of type %s, which no currency can have.", name,
                     relation_label(RelationGetRelid(relation)), type.declared),
            "Currencies are text, varchar, character(n), integers, uuid, enums and domains over "
            "these.");
    return column;
}

BoundColumn bind_key(const Binding &binding, Relation relation, const char *name, KeyType *key) {
    ColumnType type;
    const BoundColumn column = bind_column(binding, relation, name, &type);
    if (!is_key_type(type.type))
        raise_invalid(
            binding,
            psprintf("Column \"%s\" of table \"%s\" is of type %s, which no key can have.", name,
                     relation_label(RelationGetRelid(relation)), type.declared),
            "Keys are integers, uuid, text, varchar, character, citext, enums and domains over these.");
    require_deterministic(binding, relation, column);
    *key = key_type_of(type.type, collation_of(relation, column), binding.context);
    return column;
}

BoundColumn bind_kept_key(const Binding &binding, Relation relation, const char *name, KeyType *key) {
    if (!OidIsValid(key->type)) return bind_key(binding, relation, name, key);
    ColumnType type;
    const BoundColumn column = bind_column(binding, relation, name, &type);
    if (type.type != key->stored_as)
        raise_invalid(binding,
                      psprintf("Column \"%s\" of table \"%s\" is of type %s, which is not the key type "
                               "of this store.",
                               name, relation_label(RelationGetRelid(relation)), type.declared));
    require_deterministic(binding, relation, column);
    return column;
}

void require_same_money(const Binding &binding, Relation ledger, const BoundColumn &column) {
    if (column.figures == binding.money) return;
    raise_invalid(binding, psprintf("Column \"%s\" of table \"%s\" is not of type %s.", column.raw_name,
                                    relation_label(RelationGetRelid(ledger)),
                                    format_type_with_typemod(binding.money.type, binding.money.typmod)));
}

} // namespace vend
