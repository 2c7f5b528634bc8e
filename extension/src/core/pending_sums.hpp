#pragma once
// Sums of what a transaction has pending, one for each counter or closed item. A sale finds the sum that
// it needs in one look, however many sales the transaction has made before. It is a hash table with open
// addressing in memory that the caller provides, so that adding to it cannot fail: the caller asks
// places_wanted() and calls move_to() first (shared/pending.cpp).

#include <cstddef>
#include <cstdint>
#include <span>

namespace vend {

struct PendingSum {
    const void *thing = nullptr; // the counter, or the key of the closed item
    std::uint32_t hash = 0;
    std::uint32_t life = 0; // the place is free where this is not the life of the table
    std::int64_t taken = 0;
    std::int64_t added = 0;
    std::int64_t moves = 0; // that have not ended
};

class PendingSums {
  public:
    // How many places the table must have before so many more things are added; 0: it has enough.
    [[nodiscard]] std::size_t places_wanted(std::size_t more) const {
        if ((used_count + more) * 2 <= table.size()) return 0;
        std::size_t wanted = table.empty() ? places_min : table.size();
        while (wanted < (used_count + more) * 2) wanted *= 2;
        return wanted;
    }

    // Moves to other memory, which has as many places as were wanted.
    void move_to(std::span<PendingSum> places) {
        const std::span<PendingSum> before = table;
        const std::uint32_t life = current_life;
        table = places;
        for (PendingSum &place : table) place = {};
        current_life = 1;
        used_count = 0;
        for (const PendingSum &sum : before) {
            // Sums of things on which nothing is pending any more are left behind.
            if (sum.life != life || sum.moves == 0) continue;
            PendingSum &moved = provide(sum.hash, sum.thing);
            moved.taken = sum.taken;
            moved.added = sum.added;
            moved.moves = sum.moves;
        }
    }

    // Null where nothing has been pending on the thing.
    [[nodiscard]] PendingSum *find(std::uint32_t hash, const void *thing) const {
        PendingSum *found = nullptr;
        visit(hash, [&](PendingSum &sum) {
            if (sum.thing == thing) found = &sum;
            return found == nullptr;
        });
        return found;
    }

    // The sum of the thing, a new one where there is none yet. The caller has made room for it.
    PendingSum &provide(std::uint32_t hash, const void *thing) {
        if (PendingSum *sum = find(hash, thing)) return *sum;
        std::size_t at = first_place(hash);
        while (table[at].life == current_life) at = next_place(at);
        table[at] = {thing, hash, current_life, 0, 0, 0};
        ++used_count;
        return table[at];
    }

    // Whether is_wanted(sum) is true of a sum of this hash, of a thing on which something is pending.
    template <typename Predicate>
    [[nodiscard]] bool any_of(std::uint32_t hash, Predicate is_wanted) const {
        bool is_found = false;
        visit(hash, [&](const PendingSum &sum) {
            is_found = sum.moves > 0 && is_wanted(sum);
            return !is_found;
        });
        return is_found;
    }

    // Forgets everything, and keeps the memory.
    void clear() {
        if (used_count == 0) return;
        used_count = 0;
        if (++current_life != 0) return;
        for (PendingSum &place : table) place = {};
        current_life = 1;
    }

    [[nodiscard]] std::span<PendingSum> places() const { return table; }

    // How many places a look at the sums of this hash goes through.
    [[nodiscard]] std::size_t steps_of(std::uint32_t hash) const {
        std::size_t steps = 0;
        if (!table.empty())
            for (std::size_t at = first_place(hash); table[at].life == current_life; at = next_place(at))
                ++steps;
        return steps;
    }

  private:
    static constexpr std::size_t places_min = 64; // a power of two, as all sizes are

    [[nodiscard]] std::size_t first_place(std::uint32_t hash) const { return hash & (table.size() - 1); }
    [[nodiscard]] std::size_t next_place(std::size_t at) const { return (at + 1) & (table.size() - 1); }

    // Calls see(sum) for the sums of the hash until it answers false.
    template <typename See> void visit(std::uint32_t hash, See see) const {
        if (table.empty()) return;
        for (std::size_t at = first_place(hash); table[at].life == current_life; at = next_place(at))
            if (table[at].hash == hash && !see(table[at])) return;
    }

    std::span<PendingSum> table;
    std::size_t used_count = 0;
    std::uint32_t current_life = 1;
};

} // namespace vend
