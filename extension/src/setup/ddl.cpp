#include "base/prelude.hpp"

#include "setup/ddl.hpp"

namespace vend {

void run_ddl(const char *sql) {
    const int result = SPI_execute(sql, false, 0);
    if (result < 0)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("could not run \"%s\": %s", sql, SPI_result_code_string(result))));
}

const char *literals(std::span<const std::string_view> words) {
    StringInfoData list;
    initStringInfo(&list);
    for (const std::string_view word : words)
        appendStringInfo(&list, "%s'%.*s'", list.len == 0 ? "" : ", ", static_cast<int>(word.size()),
                         word.data());
    return list.data;
}

void create_trigger(const char *relation, const char *trigger, const char *events, const char *level,
                    const char *function, const char *arguments) {
    run_ddl(psprintf("CREATE TRIGGER %s %s ON %s FOR EACH %s EXECUTE FUNCTION vend.%s(%s)", trigger,
                     events, relation, level, function, arguments));
    run_ddl(psprintf("ALTER TRIGGER %s ON %s DEPENDS ON EXTENSION pg_vend", trigger, relation));
}

} // namespace vend
