#include "base/prelude.hpp"

#include "base/ids.hpp"

#include <algorithm>
#include <ctime>

namespace vend {
namespace {

// The namespace of ids made from names. It is the version 5 id of "pg_vend" in the RFC's namespace of
// DNS names, so any language can compute the same ids.
constexpr Uuid name_space{0x10, 0x79, 0xd9, 0xb9, 0x2c, 0x68, 0x5c, 0x46,
                          0xb5, 0xce, 0x43, 0x18, 0x4c, 0xab, 0x19, 0x8b};

// One step of the 12 bits that have the fraction of a millisecond, rounded up to whole ns.
constexpr std::uint64_t v7_step_ns = 245;

std::uint64_t last_v7_ns = 0;

} // namespace

Uuid new_uuid_v7() {
    Uuid id{};
    make_uuids_v7({&id, 1});
    return id;
}

void make_uuids_v7(std::span<Uuid> ids) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const std::uint64_t clock_ns =
        static_cast<std::uint64_t>(now.tv_sec) * 1000000000 + static_cast<std::uint64_t>(now.tv_nsec);
    constexpr std::size_t random_bytes = 8;
    std::array<std::uint8_t, 128 * random_bytes> random{};
    std::size_t left = 0; // random bytes that are not used yet
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (left == 0) {
            left = std::min(random.size(), (ids.size() - i) * random_bytes);
            if (!pg_strong_random(random.data(), left))
                ereport(ERROR,
                        (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
        }
        left -= random_bytes;
        last_v7_ns = std::max(clock_ns, last_v7_ns + v7_step_ns);
        ids[i] = make_uuid_v7(last_v7_ns, std::span(random).subspan(left).first<random_bytes>());
    }
}

Uuid uuid_from_name(std::string_view name) {
    std::array<std::uint8_t, SHA1_DIGEST_LENGTH> sha1{};
    pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA1);
    if (pg_cryptohash_init(hash) < 0 ||
        pg_cryptohash_update(hash, name_space.data(), name_space.size()) < 0 ||
        pg_cryptohash_update(hash, reinterpret_cast<const std::uint8_t *>(name.data()), name.size()) <
            0 ||
        pg_cryptohash_final(hash, sha1.data(), sha1.size()) < 0)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("could not compute SHA-1: %s", pg_cryptohash_error(hash))));
    pg_cryptohash_free(hash);
    return make_uuid_v5(sha1);
}

Uuid uuid_from(Datum datum) {
    Uuid id{};
    std::copy_n(DatumGetUUIDP(datum)->data, id.size(), id.begin());
    return id;
}

Datum to_datum(const Uuid &id) {
    auto *copy = static_cast<pg_uuid_t *>(palloc(sizeof(pg_uuid_t)));
    std::copy(id.begin(), id.end(), copy->data);
    return UUIDPGetDatum(copy);
}

} // namespace vend
