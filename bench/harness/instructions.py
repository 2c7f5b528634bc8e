"""What one call costs in instructions: a figure that no other process on the machine disturbs."""

from pathlib import Path

import callgrind
import report
import single
import sold_out
import store
from server import Server, say

WARM, COUNTED = 30, 100
MODES = (*single.MODES, "escrow")
# The work that any such function has PostgreSQL do, in functions that the server exports: its own
# static functions have no name in a stripped binary.
SERVER_STEPS = (
    "GetCachedPlan", "ExecutorStart", "ExecutorFinish", "ExecutorEnd", "AfterTriggerEndQuery",
    "ExecConstraints", "ExecInitModifyTable", "ExecInitIndexScan", "index_getnext_slot",
    "heap_page_prune_opt", "heap_lock_tuple", "heap_update", "heap_insert", "ExecInsertIndexTuples",
    "ExecARUpdateTriggers", "CommandCounterIncrement", "GetSnapshotData", "LockRelationOid",
    "set_config_option", "pg_strong_random", "heap_form_tuple", "heap_multi_insert", "index_getnext_tid",
    "heap_hot_search_buffer", "XLogInsert",
)
OWN_SHOWN = 15


def set_up(server):
    single.set_up(server)
    sold_out.set_up(server)
    store.copy_store(server, "escrow", "template_store")
    store.sell_in_escrow(server, "escrow", "id = '500'")
    databases = [*MODES, *single.HAND, "shop"]
    for database in databases:
        create_mark(server, database)
    server.settle(databases)


def create_mark(server, database):
    server.sql("CREATE FUNCTION public.mark() RETURNS void LANGUAGE c AS 'vend_bench', 'bench_mark'",
               database, "postgres")


def calls():
    """(name, database, call, settings). The same item and buyer each time."""
    purchase = "{}.purchase('500', '50000')"
    for mode in single.MODES:
        yield mode, mode, purchase.format("vend"), f"SET vend.lock_mode = '{mode}';"
    yield "escrow", "escrow", purchase.format("vend"), ""
    for name in single.HAND:
        yield name, name, purchase.format("hand"), ""
    yield "sold_out", "shop", "vend.try_purchase('gone', '50000')", ""
    yield "sold_out_escrow", "shop", "vend.try_purchase('gone_escrow', '50000')", ""
    yield "constant", "shop", "public.constant('gone', '50000')", ""


def summary(profile, counted=COUNTED, units=1):
    """Of one call, and the instructions of one unit of what it does; functions only where they come to
    half a percent of it."""
    done = counted * units
    by_object = {}
    for (owner, _), cost in profile.own.items():
        by_object[Path(owner).name] = by_object.get(Path(owner).name, 0) + cost

    def functions(costs):
        return [{"object": Path(owner).name, "function": callgrind.short_name(name),
                 "instructions": round(cost / done), "calls": profile.calls[(owner, name)] / counted}
                for (owner, name), cost in sorted(costs.items(), key=lambda item: -item[1])
                if cost >= profile.total / 200]

    return {
        "total": round(profile.total / done),
        "objects": {name: round(cost / done) for name, cost in by_object.items()},
        "own": functions(profile.own),
        "inclusive": functions(profile.inclusive),
    }


def measure(_):
    results = {"calls": {}}
    with Server("instructions") as server:
        say("instructions: setting up")
        set_up(server)
        server.stop("fast")
        for name, database, call, settings in calls():
            say(f"  {name}")
            profile = callgrind.profile_calls(server, database, call, settings, WARM, COUNTED)
            results["calls"][name] = summary(profile)
    return results


def show_functions(title, total, entries):
    report.table(
        [title, "calls", "instructions", "share"],
        [[f"`{entry['function']}`", f"{entry['calls']:.0f}", f"{entry['instructions']:,}",
          f"{100 * entry['instructions'] / total:.1f} %"] for entry in entries])


def show_objects(of_calls, least):
    objects = sorted({name for of in of_calls.values()
                      for name, cost in of["objects"].items() if cost >= least})
    report.table(
        ["instructions", "all", *objects],
        [[name, f"{of['total']:,}", *(f"{of['objects'].get(name, 0):,}" for name in objects)]
         for name, of in of_calls.items()])


def show_module(name, of):
    module = [entry for entry in of["inclusive"] if entry["object"] == "pg_vend.so"]
    show_functions(f"{name}: functions of pg_vend, with all that they call", of["total"], module)


def show_server(name, of):
    steps = [entry for entry in of["inclusive"] if entry["function"] in SERVER_STEPS]
    named = [entry for entry in of["own"] if not entry["function"].startswith("0x")]
    show_functions(f"{name}: functions of the server, with all that they call", of["total"], steps)
    show_functions(f"{name}: functions by themselves", of["total"], named[:OWN_SHOWN])


def show(results):
    print(f"### instructions of one call, in a session that has made it before ({COUNTED} calls)\n")
    of_calls = results["calls"]
    show_objects(of_calls, 500)
    report.table(
        ["instructions of the other / of pg_vend", *MODES],
        [[hand, *(f"{of_calls[hand]['total'] / of_calls[mode]['total']:.2f}" for mode in MODES)]
         for hand in single.HAND])
    for name in ("atomic", "escrow", "sold_out", "sold_out_escrow"):
        show_module(name, of_calls[name])
    for name in ("atomic", "escrow", "handwritten"):
        show_server(name, of_calls[name])
