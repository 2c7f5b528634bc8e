#pragma once
// A call of SQL, ready to be sent.

#include "words.hpp"

#include <vend/numeric.hpp>
#include <vend/outcome.hpp>
#include <vend/request.hpp>
#include <vend/rows.hpp>
#include <vend/uuid.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vend {

struct call {
    std::string_view name;
    const char *sql = nullptr;                               // a constant, which connections prepare
    std::vector<std::optional<std::string>> parameters = {}; // the last is the store
    std::vector<uuid> ids = {}; // what the first rows of the answer, each with a status, must be about
    std::size_t id_column = 2;  // where there are ids
    bool has_lines = false;     // of a cart: one id, and a row for each line
    int remember = -1;          // the parameter that has a refusal recorded, where there is one

    [[nodiscard]] std::optional<uuid> id() const;

    // Whether the rows are the answer to this call, and not one to another that came late.
    [[nodiscard]] bool is_answered_by(const rows &found) const;

    // The ids under which that answer says that nothing took place.
    [[nodiscard]] std::vector<uuid> refused_by(const rows &found) const;
};

[[nodiscard]] call try_purchase_call(const purchase_request &request,
                                     const std::optional<std::string> &store);

// The same purchase, which waits for no lock longer than that; a shorter lock_timeout of the session's
// stays. It is the session's own again when the statement has ended.
[[nodiscard]] call with_lock_timeout(call try_purchase, int ms);

// For all that follows on a session of this process, and on none that a pooler has put there; gives the
// process.
[[nodiscard]] call lock_timeout_call(int ms, int process);

[[nodiscard]] call void_call(std::span<const uuid> ids, const std::optional<std::string> &store);
[[nodiscard]] outcome outcome_from(const rows &found, std::size_t row);

// The elements as the literal of an array.
class array_literal {
  public:
    void add(const std::optional<std::string> &element);
    [[nodiscard]] std::string str() const { return text_ + '}'; }

  private:
    std::string text_ = "{";
};

// One row, column after column.
class row_reader {
  public:
    row_reader(const rows &of, std::size_t row, std::size_t column = 0)
        : rows_(of), row_(row), column_(column) {}

    std::optional<std::string> text();
    std::string required_text() { return text().value_or(""); }
    std::optional<std::int64_t> integer();
    std::optional<numeric> amount();
    std::optional<uuid> id();
    std::optional<timestamp> at(); // from microseconds since 1970
    status word() { return status_from(rows_.get(row_, column_++).value_or("")); }

  private:
    const rows &rows_;
    std::size_t row_;
    std::size_t column_;
};

} // namespace vend
