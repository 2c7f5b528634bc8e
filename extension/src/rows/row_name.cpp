#include "base/prelude.hpp"

#include "rows/row_name.hpp"

#include "binding/key.hpp"
#include "table/catalog.hpp"
#include "table/table.hpp"

namespace vend {

const char *row_name(KeyRef key) {
    return psprintf("%s \"%s\"", key.of() == KeyOf::item ? "item" : "wallet", key.text());
}

int table_detail(const Binding &binding, KeyRef key) {
    const Table &table = key.of() == KeyOf::item ? binding.item_table : binding.wallet_table;
    return errdetail("The row is in table \"%s\".", relation_label(table.relation));
}

} // namespace vend
