/*
 * vend_bench.c: the least that a C function costs which returns a row as vend.try_purchase does, and a
 * mark for callgrind.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(bench_constant);
PG_FUNCTION_INFO_V1(bench_mark);

/* The columns of vend.outcome. */
#define COLUMNS 10

/*
 * The row that vend.try_purchase returns when an item is sold out: the same columns are null, the
 * others are as long. Only the row itself is made in each call.
 */
Datum
bench_constant(PG_FUNCTION_ARGS)
{
	static Datum values[COLUMNS];
	static bool nulls[COLUMNS] = {false, false, true, false, false, false, false, true, true, true};
	TupleDesc	descriptor;

	if (values[0] == 0)
	{
		MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

		values[1] = CStringGetTextDatum("0 left, 1 wanted.");
		values[3] = CStringGetTextDatum("gone");
		values[4] = CStringGetTextDatum("50000");
		values[5] = Int64GetDatum(1);
		values[6] = NumericGetDatum(int64_to_numeric(10));
		values[0] = CStringGetTextDatum("sold_out");
		MemoryContextSwitchTo(caller);
	}
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE || descriptor->natts != COLUMNS)
		elog(ERROR, "bench_constant returns vend.outcome");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls)));
}

/* callgrind starts to count here (--zero-before=bench_mark). */
Datum
bench_mark(PG_FUNCTION_ARGS)
{
	PG_RETURN_VOID();
}
