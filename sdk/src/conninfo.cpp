#include "conninfo.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace vend {
namespace {

using keywords = std::vector<std::pair<std::string, std::string>>;

keywords parsed(const std::string &text);
std::string list_of(const keywords &all, const char *keyword, const char *variable);
std::vector<std::string> split(const std::string &list);
const std::string *find(const keywords &all, std::string_view keyword);
void set(keywords &all, const char *keyword, const std::string &value);
void set_default(keywords &all, const char *keyword, const std::string &value);

} // namespace

conninfo::conninfo(const std::string &text, const options &limits) {
    keywords all = parsed(text);
    set_default(all, "fallback_application_name", "vend");
    set_default(all, "client_encoding", "UTF8");
    // The kernel gives up a silent peer after the time of an attempt.
    set_default(all, "tcp_user_timeout", std::to_string(limits.attempt_ms_max));
    const auto names = split(list_of(all, "host", "PGHOST"));
    const auto addresses = split(list_of(all, "hostaddr", "PGHOSTADDR"));
    const auto ports = split(list_of(all, "port", "PGPORT"));
    const std::size_t count = std::max(names.size(), addresses.size());
    const auto *wanted = find(all, "target_session_attrs");
    // prefer-standby compares all hosts. libpq itself reports lists of different lengths.
    const bool is_one = count == 1 || (wanted != nullptr && *wanted == "prefer-standby") ||
                        (ports.size() != 1 && ports.size() != count) ||
                        (names.size() != 1 && names.size() != count) ||
                        (addresses.size() != 1 && addresses.size() != count);
    if (is_one) {
        hosts_.push_back(std::move(all));
        return;
    }
    for (std::size_t i = 0; i < count; ++i) {
        keywords one = all;
        if (names.size() == count) set(one, "host", names[i]);
        if (addresses.size() == count) set(one, "hostaddr", addresses[i]);
        if (ports.size() == count) set(one, "port", ports[i]);
        hosts_.push_back(std::move(one));
    }
}

connection_ptr conninfo::start(std::size_t host) const {
    std::vector<const char *> names;
    std::vector<const char *> values;
    for (const auto &[keyword, value] : hosts_[host]) {
        names.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    connection_ptr connection(PQconnectStartParams(names.data(), values.data(), 0));
    if (!connection) throw local_error("53200", "out of memory");
    (void)PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE); // not_connected() reads it
    return connection;
}

namespace {

keywords parsed(const std::string &text) {
    char *message = nullptr;
    const std::unique_ptr<PQconninfoOption, libpq_deleter> options(
        PQconninfoParse(text.c_str(), &message));
    if (!options) {
        const std::string reason = trimmed(message);
        PQfreemem(message);
        throw local_error("08001", reason.empty() ? "out of memory" : reason);
    }
    keywords all;
    for (const PQconninfoOption *option = options.get(); option->keyword != nullptr; ++option)
        if (option->val != nullptr) all.emplace_back(option->keyword, option->val);
    return all;
}

// A list of hosts or ports, from the conninfo or from the environment. A service of a service file goes
// before the environment, and libpq does not tell what is in it.
std::string list_of(const keywords &all, const char *keyword, const char *variable) {
    if (const auto *value = find(all, keyword)) return *value;
    const char *value = std::getenv(variable); // NOLINT(concurrency-mt-unsafe): libpq reads it too
    const bool is_service =
        find(all, "service") != nullptr || std::getenv("PGSERVICE") != nullptr; // NOLINT
    return value == nullptr || is_service ? "" : value;
}

std::vector<std::string> split(const std::string &list) {
    std::vector<std::string> parts(1);
    for (const char c : list)
        if (c == ',')
            parts.emplace_back();
        else
            parts.back() += c;
    return parts;
}

const std::string *find(const keywords &all, std::string_view keyword) {
    const auto found =
        std::ranges::find(all, keyword, [](const auto &one) { return std::string_view(one.first); });
    return found == all.end() ? nullptr : &found->second;
}

void set(keywords &all, const char *keyword, const std::string &value) {
    std::erase_if(all, [&](const auto &one) { return one.first == keyword; });
    all.emplace_back(keyword, value);
}

void set_default(keywords &all, const char *keyword, const std::string &value) {
    if (find(all, keyword) == nullptr) all.emplace_back(keyword, value);
}

} // namespace
} // namespace vend
