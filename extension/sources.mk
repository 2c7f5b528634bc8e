# The one list of sources: Makefile.pgxs and CMake read it.

# What knows nothing of PostgreSQL; unit tests link these.
VEND_CORE_SOURCES = extension/src/core/batch.cpp extension/src/core/decision.cpp \
	extension/src/core/guard.cpp

VEND_SOURCES = extension/src/module.cpp \
	extension/src/entry/arguments.cpp \
	extension/src/entry/audit.cpp \
	extension/src/entry/batch.cpp \
	extension/src/entry/call.cpp \
	extension/src/entry/cart_result.cpp \
	extension/src/entry/escrow.cpp \
	extension/src/entry/guard.cpp \
	extension/src/entry/ids.cpp \
	extension/src/entry/movement_result.cpp \
	extension/src/entry/movements.cpp \
	extension/src/entry/own_wallet.cpp \
	extension/src/entry/raise.cpp \
	extension/src/entry/sale.cpp \
	extension/src/entry/sale_result.cpp \
	extension/src/entry/settler.cpp \
	extension/src/entry/store.cpp \
	extension/src/entry/triggers.cpp \
	extension/src/engine/audit.cpp \
	extension/src/engine/batch.cpp \
	extension/src/engine/batch_rows.cpp \
	extension/src/engine/cart.cpp \
	extension/src/engine/counter.cpp \
	extension/src/engine/explain.cpp \
	extension/src/engine/guard.cpp \
	extension/src/engine/journal.cpp \
	extension/src/engine/lock_mode.cpp \
	extension/src/engine/places.cpp \
	extension/src/engine/refund.cpp \
	extension/src/engine/replay.cpp \
	extension/src/engine/sale.cpp \
	extension/src/engine/settle.cpp \
	extension/src/engine/transfer.cpp \
	extension/src/engine/transfer_many.cpp \
	extension/src/engine/update_if.cpp \
	extension/src/claim/atomic.cpp \
	extension/src/claim/claim.cpp \
	extension/src/claim/escrow.cpp \
	extension/src/claim/optimistic.cpp \
	extension/src/claim/pessimistic.cpp \
	extension/src/store/as_role.cpp \
	extension/src/store/attach_store.cpp \
	extension/src/store/audit_query.cpp \
	extension/src/store/binding.cpp \
	extension/src/store/columns.cpp \
	extension/src/store/companions.cpp \
	extension/src/store/compose.cpp \
	extension/src/store/create_store.cpp \
	extension/src/store/ddl.cpp \
	extension/src/store/deltas.cpp \
	extension/src/store/execute.cpp \
	extension/src/store/fired_triggers.cpp \
	extension/src/store/guard.cpp \
	extension/src/store/guard_ddl.cpp \
	extension/src/store/guard_rows.cpp \
	extension/src/store/key_type.cpp \
	extension/src/store/ledger.cpp \
	extension/src/store/new_store.cpp \
	extension/src/store/number_type.cpp \
	extension/src/store/ownership.cpp \
	extension/src/store/registry.cpp \
	extension/src/store/rights.cpp \
	extension/src/store/row_lock.cpp \
	extension/src/store/rows.cpp \
	extension/src/store/selected_rows.cpp \
	extension/src/store/store.cpp \
	extension/src/store/table.cpp \
	extension/src/store/table_state.cpp \
	extension/src/shared/counters.cpp \
	extension/src/shared/holds.cpp \
	extension/src/shared/memory.cpp \
	extension/src/shared/settlers.cpp \
	extension/src/base/ids.cpp \
	extension/src/base/settings.cpp \
	$(VEND_CORE_SOURCES)
