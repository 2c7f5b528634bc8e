// Walks through every history of three sales, a restock, an owner's edit and a crash on one escrow item.
//
// A World is the item: its row and deltas, which are the truth and survive a crash; the counter, which
// is the code under test; and how far each transaction has come. A step is what a session does while it
// has the spinlock, or what PostgreSQL does in one: make a transaction visible, settle, crash. The walk
// tries each step that the locks of docs/escrow.md let happen, in each world that it reaches, and checks
// there what the proof on that page claims. So it covers all interleavings of begin, take, commit,
// abort, the two halves of a load, eviction, settling, closing and a crash.

#include "core/counter.hpp"
#include "core/decision.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using namespace vend;

// Visible: the tables show it, and the callback that ends it on the counter has not run yet.
enum class Stage : std::uint8_t { idle, pending, visible, committed, aborted };
enum class CounterStage : std::uint8_t { absent, loading, loaded };
// The owner closes the counter and edits the stock, all in one transaction.
enum class Edit : std::uint8_t { idle, open, done };

constexpr std::size_t sale_count = 3;
constexpr std::size_t restock = sale_count; // the index of the restock's move
constexpr std::size_t last_sale = sale_count - 1;
constexpr std::array<const char *, sale_count + 1> names{"sale A", "sale B", "sale C", "the restock"};

struct Step {
    const char *who;
    const char *what;
};

struct Scenario {
    std::int64_t stock = 0;
    std::array<std::int64_t, sale_count + 1> qty{}; // of the sales and the restock
    bool is_savepoint = false; // the last sale is made in a savepoint of the first one's transaction
    bool is_edited = false;
    std::int64_t stock_max = 100;
};

struct World {
    std::int64_t row = 0;
    std::int64_t deltas = 0; // the sum of what is committed and not settled
    CounterUnits units;
    CounterStage counter = CounterStage::absent;
    std::int64_t read = 0; // by the session that loads
    std::array<Stage, sale_count + 1> moves{};
    Edit edit = Edit::idle;
    std::int64_t edited = 0; // what the edit has changed
    bool is_evicted = false;
    bool is_crashed = false;

    [[nodiscard]] std::int64_t stock() const { return row + deltas; }
};

// A world as a number. Each of its figures is small.
std::uint64_t packed(const World &world) {
    std::uint64_t number = 0;
    const auto add = [&](std::int64_t figure, int bits) {
        number = number << bits | (static_cast<std::uint64_t>(figure) & ((1U << bits) - 1));
    };
    for (const std::int64_t figure : {world.row, world.deltas, world.units.available.value,
                                      world.units.taken.value, world.units.added.value, world.read})
        add(figure, 5);
    for (const Stage stage : world.moves) add(static_cast<std::int64_t>(stage), 3);
    add(static_cast<std::int64_t>(world.counter), 2);
    add(static_cast<std::int64_t>(world.edit), 2);
    add(world.edited, 2);
    add(world.is_evicted ? 1 : 0, 1);
    add(world.is_crashed ? 1 : 0, 1);
    return number;
}

class Walk {
  public:
    explicit Walk(const Scenario &of) : scenario(of) {}

    // How many histories there are.
    double run() {
        World world;
        world.row = scenario.stock;
        return walk(world);
    }

    [[nodiscard]] bool is_well() const { return !has_failed; }
    [[nodiscard]] int answers(Verdict verdict) const {
        const auto found = verdicts.find(verdict);
        return found == verdicts.end() ? 0 : found->second;
    }
    [[nodiscard]] int rejected_restocks() const { return rejected; }

  private:
    // Counts the histories that begin in this world. It is checked once, however many histories reach
    // it.
    double walk(const World &world) {
        if (has_failed) return 0;
        const std::uint64_t key = packed(world);
        if (const auto known = histories.find(key); known != histories.end()) return known->second;
        check(world);
        double count = 0;
        for (std::size_t move = 0; move < world.moves.size(); ++move) count += steps_of(world, move);
        count += steps_of_counter(world) + steps_of_tables(world);
        if (count == 0) count = 1; // it ends here
        histories[key] = count;
        return count;
    }

    double step(const char *who, const char *what, const World &next) {
        path.push_back({who, what});
        const double count = walk(next);
        path.pop_back();
        return count;
    }

    // What the transaction of a move can do next.
    double steps_of(const World &world, std::size_t move) {
        switch (world.moves[move]) {
        case Stage::idle:
            if (!may_begin(world, move)) return 0;
            return move == restock ? begin_restock(world) : begin_sale(world, move);
        case Stage::pending: {
            if (has_savepoint_pending(world, move)) return commit(world, move);
            World next = world;
            next.moves[move] = Stage::aborted;
            next.units.abort(delta_of(move));
            expect_growth(world, next, move == restock ? 0 : qty(move),
                          "an abort gives back exactly what was taken");
            const double count = step(names[move], "is rolled back", next);
            return is_in_savepoint(move) ? count : count + commit(world, move);
        }
        case Stage::visible: {
            World next = world;
            next.moves[move] = Stage::committed;
            next.units.commit(delta_of(move));
            expect_growth(world, next, move == restock ? qty(move) : 0,
                          "a commit brings in exactly what was added");
            return step(names[move], "ends on the counter", next);
        }
        case Stage::committed:
        case Stage::aborted:
            return 0;
        }
        return 0;
    }

    // The tables show all moves of the transaction at one moment.
    double commit(const World &world, std::size_t move) {
        World next = world;
        for (std::size_t other = 0; other < world.moves.size(); ++other) {
            if (transaction_of(other) != move || world.moves[other] != Stage::pending) continue;
            next.moves[other] = Stage::visible;
            next.deltas += delta_of(other).value;
        }
        return step(names[move], "commits", next);
    }

    // The share lock on the counter waits for the edit.
    [[nodiscard]] bool may_begin(const World &world, std::size_t move) const {
        return world.counter == CounterStage::loaded && world.edit != Edit::open &&
               (!is_in_savepoint(move) || world.moves[0] == Stage::pending);
    }

    double begin_restock(const World &world) {
        World next = world;
        const bool is_added = next.units.add(Quantity{qty(restock)}, Quantity{scenario.stock_max});
        const std::int64_t could_be = units_if_all_abort(world) + units_being_added(world);
        expect(world, is_added == (could_be + qty(restock) <= scenario.stock_max),
               "a restock is refused exactly if the stock could get too large");
        expect(world, next.units.available == world.units.available,
               "added units are not for sale before their commit");
        if (!is_added) {
            ++rejected;
            return 0;
        }
        next.moves[restock] = Stage::pending;
        return step(names[restock], "adds", next);
    }

    double begin_sale(const World &world, std::size_t sale) {
        const Quantity wanted{qty(sale)};
        ItemState item{};
        item.stock = world.units.available;
        item.pending_elsewhere = world.units.pending_elsewhere(taken_here(world, sale));
        SaleTerms terms;
        terms.qty = wanted;
        terms.amount = Money{0};
        const Verdict verdict = decide_sale(item, {}, terms).verdict;
        ++verdicts[verdict];
        World next = world;
        const bool is_taken = next.units.take(wanted);
        expect(world, is_taken == (verdict == Verdict::accept), "a sale takes what it was promised");
        check_verdict(world, sale, verdict);
        if (!is_taken) return 0;
        next.moves[sale] = Stage::pending;
        return step(names[sale], "takes", next);
    }

    // Pending units pin a counter: it is not evicted.
    double steps_of_counter(const World &world) {
        double count = 0;
        World next = world;
        switch (world.counter) {
        case CounterStage::absent:
            if (world.edit == Edit::open) break;
            next.counter = CounterStage::loading;
            next.read = world.stock();
            count += step("a session", "reads row and deltas", next);
            break;
        case CounterStage::loading:
            expect(world, !is_anything_pending(world), "nothing is pending during a load");
            next.counter = CounterStage::loaded;
            next.units.load(Quantity{world.read});
            next.read = 0;
            count += step("the session", "loads the counter", next);
            break;
        case CounterStage::loaded:
            if (is_anything_pending(world) || world.is_evicted) break;
            next.counter = CounterStage::absent;
            next.units = {};
            next.is_evicted = true;
            count += step("the counter", "is evicted", next);
            break;
        }
        return count;
    }

    double steps_of_tables(const World &world) {
        double count = 0;
        if (world.deltas != 0 && world.edit != Edit::open) {
            World next = world;
            next.row += world.deltas;
            next.deltas = 0;
            expect(world, next.row >= lowest(),
                   "settling leaves the row at zero or above, or at what it was");
            count += step("the worker", "settles", next);
        }
        if (!world.is_crashed) count += step("the server", "crashes", after_crash(world));
        if (world.edit == Edit::open) {
            World next = world;
            next.edit = Edit::done;
            count += step("the edit", "is rolled back", next);
            next.edited = world.stock() > 0 ? -1 : 1;
            next.row = world.stock() + next.edited;
            next.deltas = 0;
            count += step("the edit", "commits", next);
        }
        // The exclusive lock waits for all sessions that have something pending or load the counter.
        if (scenario.is_edited && world.edit == Edit::idle && !is_anything_pending(world) &&
            world.counter != CounterStage::loading) {
            World next = world;
            next.edit = Edit::open;
            // The old units stay in memory, and nobody reads them.
            next.counter = CounterStage::absent;
            count += step("the owner", "closes the counter", next);
        }
        return count;
    }

    static World after_crash(const World &world) {
        World next = world;
        next.is_crashed = true;
        next.units = {};
        next.counter = CounterStage::absent;
        next.read = 0;
        for (Stage &stage : next.moves) {
            if (stage == Stage::pending) stage = Stage::aborted;
            if (stage == Stage::visible) stage = Stage::committed;
        }
        if (world.edit == Edit::open) next.edit = Edit::done;
        return next;
    }

    // What the proof claims of each world.
    void check(const World &world) {
        std::int64_t stock = scenario.stock + world.edited;
        for (std::size_t move = 0; move < world.moves.size(); ++move)
            if (is_in(world, move, Stage::visible) || is_in(world, move, Stage::committed))
                stock += delta_of(move).value;
        expect(world, world.stock() == stock, "row and deltas say what was sold and restocked");
        expect(world, world.stock() >= lowest(), "never oversold");
        if (world.counter != CounterStage::loaded) return;
        const std::int64_t uncommitted = sum_of_sales(world, Stage::pending);
        const std::int64_t added_already = is_in(world, restock, Stage::visible) ? qty(restock) : 0;
        expect(world, world.units.available.value >= lowest(),
               "available is never below zero, or below what it was");
        expect(world, world.units.available.value == world.stock() - uncommitted - added_already,
               "available and pending are what row and deltas say");
        expect(world,
               world.units.taken.value == uncommitted + sum_of_sales(world, Stage::visible) &&
                   world.units.added.value == units_being_added(world) &&
                   world.units.is_anything_pending() == is_anything_pending(world),
               "the counter knows what is pending");
        expect(world,
               world.units.available.value + world.units.taken.value + world.units.added.value <=
                   scenario.stock_max,
               "whatever comes back or in fits");
        expect(world, is_anything_pending(world) || world.units.available.value == world.stock(),
               "nothing is lost");
    }

    // An answer is true of the moment when it is given. There a transaction has ended once commit() or
    // abort() has run: between its commit in the tables and that call it still counts as pending.
    void check_verdict(const World &world, std::size_t sale, Verdict verdict) {
        const std::int64_t others = units_if_all_abort(world) - taken_here(world, sale).value;
        switch (verdict) {
        case Verdict::accept:
            expect(world, qty(sale) <= world.stock() - sum_of_sales(world, Stage::pending),
                   "a sale gets committed units that nobody has taken");
            break;
        case Verdict::all_pending: {
            expect(world, qty(sale) <= others, "all_pending: enough units may come back");
            CounterUnits units = world.units;
            for (std::size_t other = 0; other < sale_count; ++other)
                if (is_open(world, other) && transaction_of(other) != transaction_of(sale))
                    units.abort(delta_of(other));
            expect(world, units.take(Quantity{qty(sale)}), "all_pending: it could buy if they did");
            break;
        }
        case Verdict::sold_out:
            expect(world, qty(sale) > others, "sold_out: whoever rolls back, too few units are left");
            break;
        default:
            expect(world, false, "no other answer");
        }
    }

    void expect_growth(const World &before, const World &after, std::int64_t units, const char *claim) {
        expect(before, after.units.available.value == before.units.available.value + units, claim);
    }

    [[nodiscard]] std::int64_t qty(std::size_t move) const { return scenario.qty[move]; }
    [[nodiscard]] Quantity delta_of(std::size_t move) const {
        return Quantity{move == restock ? qty(move) : -qty(move)};
    }
    [[nodiscard]] bool is_in_savepoint(std::size_t move) const {
        return scenario.is_savepoint && move == last_sale;
    }
    [[nodiscard]] std::size_t transaction_of(std::size_t move) const {
        return is_in_savepoint(move) ? 0 : move;
    }
    // A rollback ends the savepoint first.
    [[nodiscard]] bool has_savepoint_pending(const World &world, std::size_t move) const {
        return scenario.is_savepoint && move == 0 && world.moves[last_sale] == Stage::pending;
    }

    [[nodiscard]] static bool is_in(const World &world, std::size_t move, Stage stage) {
        return world.moves[move] == stage;
    }
    [[nodiscard]] static bool is_open(const World &world, std::size_t move) {
        return is_in(world, move, Stage::pending) || is_in(world, move, Stage::visible);
    }
    [[nodiscard]] static bool is_anything_pending(const World &world) {
        for (std::size_t move = 0; move < world.moves.size(); ++move)
            if (is_open(world, move)) return true;
        return false;
    }
    [[nodiscard]] std::int64_t sum_of_sales(const World &world, Stage stage) const {
        std::int64_t sum = 0;
        for (std::size_t sale = 0; sale < sale_count; ++sale)
            if (is_in(world, sale, stage)) sum += qty(sale);
        return sum;
    }
    [[nodiscard]] std::int64_t units_being_added(const World &world) const {
        return is_open(world, restock) ? qty(restock) : 0;
    }
    [[nodiscard]] Quantity taken_here(const World &world, std::size_t sale) const {
        std::int64_t sum = 0;
        for (std::size_t other = 0; other < sale_count; ++other)
            if (is_open(world, other) && transaction_of(other) == transaction_of(sale))
                sum += qty(other);
        return Quantity{sum};
    }
    // The owner may have let the stock below zero before the item came into escrow. Sales do not.
    [[nodiscard]] std::int64_t lowest() const { return std::min<std::int64_t>(scenario.stock, 0); }

    // The stock if all transactions that have not ended were rolled back, from the tables alone.
    [[nodiscard]] std::int64_t units_if_all_abort(const World &world) const {
        return world.stock() + sum_of_sales(world, Stage::visible) -
               (is_in(world, restock, Stage::visible) ? qty(restock) : 0);
    }

    void expect(const World &world, bool is_true, const char *claim) {
        if (is_true || has_failed) return;
        has_failed = true;
        std::string history;
        for (const Step &done : path) history += std::string("\n  ") + done.who + " " + done.what;
        ADD_FAILURE() << claim << "\nstock " << scenario.stock << ", sales of " << qty(0) << ", "
                      << qty(1) << " and " << qty(2) << ", a restock of " << qty(restock)
                      << (scenario.is_savepoint ? ", sale C in a savepoint of A" : "") << history
                      << "\nrow " << world.row << ", deltas " << world.deltas << ", available "
                      << world.units.available.value << ", taken " << world.units.taken.value
                      << ", added " << world.units.added.value;
    }

    Scenario scenario;
    std::unordered_map<std::uint64_t, double> histories; // from each world on
    std::unordered_map<Verdict, int> verdicts;
    std::vector<Step> path; // from the beginning to here
    int rejected = 0;
    bool has_failed = false;
};

// Counts over all walks of a test.
struct Met {
    double histories = 0;
    int sold = 0;
    int all_pending = 0;
    int sold_out = 0;
    int rejected_restocks = 0;
};

// Walks with every stock from -2 up to stock_max, and with sales and a restock of every size up to
// qty_max. False once a claim has failed.
bool walk_all(Scenario scenario, std::int64_t stock_max, std::int64_t qty_max, Met *met) {
    for (scenario.stock = -2; scenario.stock <= stock_max; ++scenario.stock)
        for (std::int64_t a = 1; a <= qty_max; ++a)
            for (std::int64_t b = 1; b <= qty_max; ++b)
                for (std::int64_t c = 1; c <= qty_max; ++c)
                    for (std::int64_t restocked = 1; restocked <= qty_max; ++restocked) {
                        // Sales in transactions of their own may change places.
                        if (!scenario.is_savepoint && (a > b || b > c)) continue;
                        scenario.qty = {a, b, c, restocked};
                        Walk walk(scenario);
                        met->histories += walk.run();
                        if (!walk.is_well()) return false;
                        met->sold += walk.answers(Verdict::accept);
                        met->all_pending += walk.answers(Verdict::all_pending);
                        met->sold_out += walk.answers(Verdict::sold_out);
                        met->rejected_restocks += walk.rejected_restocks();
                    }
    return true;
}

// A walk that never gets to a refusal would prove nothing about refusals.
void expect_every_answer(const Met &met) {
    EXPECT_GT(met.histories, 1e6);
    EXPECT_GT(met.sold, 0);
    EXPECT_GT(met.all_pending, 0);
    EXPECT_GT(met.sold_out, 0);
}

TEST(Counter, NeitherOversellsNorLosesUnitsInAnyHistory) {
    Met met;
    ASSERT_TRUE(walk_all({.is_edited = true}, 3, 2, &met));
    expect_every_answer(met);
}

TEST(Counter, DoesNotCountUnitsOfTheOwnTransactionAsPending) {
    Met met;
    ASSERT_TRUE(walk_all({.is_savepoint = true}, 3, 2, &met));
    expect_every_answer(met);
}

TEST(Counter, RefusesARestockExactlyIfTheStockCouldGetTooLarge) {
    Met met;
    ASSERT_TRUE(walk_all({.stock_max = 3}, 3, 2, &met));
    expect_every_answer(met);
    EXPECT_GT(met.rejected_restocks, 0);
}

TEST(Counter, DoesNotOverflow) {
    constexpr Quantity all{std::numeric_limits<std::int64_t>::max()};
    CounterUnits units;
    units.load(all);
    EXPECT_FALSE(units.add(Quantity{1}, all));
    ASSERT_TRUE(units.take(all));
    EXPECT_FALSE(units.add(Quantity{1}, all));
    units.commit(negated(all));
    ASSERT_TRUE(units.add(all, all));
    EXPECT_FALSE(units.add(Quantity{1}, all));
    EXPECT_FALSE(units.take(Quantity{1}));
    units.commit(all);
    EXPECT_EQ(units.available, all);
    EXPECT_FALSE(units.is_anything_pending());
}

} // namespace
