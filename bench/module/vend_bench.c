/*
 * vend_bench.c: the least that a C function costs which returns a row as vend.try_purchase does, a mark
 * for callgrind, and the requests of batches, made in so little time that it does not count.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(bench_constant);
PG_FUNCTION_INFO_V1(bench_mark);
PG_FUNCTION_INFO_V1(bench_random_keys);
PG_FUNCTION_INFO_V1(bench_zipf_transfers);

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

/* What a caller asks for: so many requests, of a batch that pg_vend takes, or of so many keys. */
static int
positive(int32 argument, int32 most)
{
	if (argument < 1 || argument > most)
		elog(ERROR, "%d is not in 1..%d", argument, most);
	return argument;
}

#define REQUESTS_MAX 10000
#define KEYS_MAX 100000000

/* (count, keys): bigint[], each 1..keys, all as likely. */
Datum
bench_random_keys(PG_FUNCTION_ARGS)
{
	int			count = positive(PG_GETARG_INT32(0), REQUESTS_MAX);
	int			keys = positive(PG_GETARG_INT32(1), KEYS_MAX);
	Datum	   *values = palloc(count * sizeof(Datum));

	for (int i = 0; i < count; i++)
		values[i] = Int64GetDatum((int64) pg_prng_uint64_range(&pg_global_prng_state, 1, keys));
	PG_RETURN_ARRAYTYPE_P(construct_array(values, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Of the account with each rank, how often it or one before it is drawn: Zipf with exponent 1. */
static double *
cumulative_zipf(int accounts)
{
	static double *cumulative = NULL;
	static int	known = 0;
	double		sum = 0;

	if (known == accounts)
		return cumulative;
	known = 0;
	if (cumulative)
		pfree(cumulative);
	cumulative = MemoryContextAlloc(TopMemoryContext, accounts * sizeof(double));
	for (int rank = 1; rank <= accounts; rank++)
		cumulative[rank - 1] = sum += 1.0 / rank;
	known = accounts;
	return cumulative;
}

/* 1..accounts, the lower the likelier. */
static int
draw(const double *cumulative, int accounts)
{
	double		wanted = pg_prng_double(&pg_global_prng_state) * cumulative[accounts - 1];
	int			low = 0;
	int			high = accounts - 1;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (cumulative[middle] > wanted)
			high = middle;
		else
			low = middle + 1;
	}
	return low + 1;
}

static Datum
bigint_array(Datum *values, int count)
{
	return PointerGetDatum(construct_array(values, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
										   TYPALIGN_DOUBLE));
}

/*
 * (count, accounts): payers, payees and amounts, each bigint[]. Two accounts that differ, and an amount
 * of 1 to 1,000.
 */
Datum
bench_zipf_transfers(PG_FUNCTION_ARGS)
{
	int			count = positive(PG_GETARG_INT32(0), REQUESTS_MAX);
	int			accounts = PG_GETARG_INT32(1);
	double	   *cumulative;
	Datum	   *payers = palloc(count * sizeof(Datum));
	Datum	   *payees = palloc(count * sizeof(Datum));
	Datum	   *amounts = palloc(count * sizeof(Datum));
	Datum		columns[3];
	bool		nulls[3] = {false, false, false};
	TupleDesc	descriptor;

	if (accounts < 2)
		elog(ERROR, "a transfer takes two accounts");
	cumulative = cumulative_zipf(positive(accounts, KEYS_MAX));
	for (int i = 0; i < count; i++)
	{
		int			payer = draw(cumulative, accounts);
		int			payee;

		do
			payee = draw(cumulative, accounts);
		while (payee == payer);
		payers[i] = Int64GetDatum(payer);
		payees[i] = Int64GetDatum(payee);
		amounts[i] = Int64GetDatum((int64) pg_prng_uint64_range(&pg_global_prng_state, 1, 1000));
	}
	columns[0] = bigint_array(payers, count);
	columns[1] = bigint_array(payees, count);
	columns[2] = bigint_array(amounts, count);
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE || descriptor->natts != 3)
		elog(ERROR, "bench_zipf_transfers returns three arrays");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), columns, nulls)));
}
