"""Every function of the schema vend, with edge values for all of its arguments, as they stand in the catalog.

Whatever comes of it: no internal error, no crash, and the books add up."""

import random
import time
from collections import Counter

import psycopg2

from database import check, make_database
from server import connect

DATABASE = "torture_fuzz"
SETUP = (
    "CREATE ROLE torture_nobody",
    "SELECT vend.create_store('shop')",
    "SELECT vend.create_store('numbers', item_key_type => 'bigint', wallet_key_type => 'uuid', money_type => 'numeric(12,2)')",
    "INSERT INTO shop.item (id, price, stock) SELECT 'i' || n, n, 10000 FROM generate_series(1, 6) n",
    "INSERT INTO shop.wallet (id, balance) SELECT 'w' || n, 100000 FROM generate_series(1, 6) n",
    "INSERT INTO numbers.item (id, price, stock) VALUES (1, 1.50, 100000)",
    "INSERT INTO numbers.wallet (id, balance) VALUES ('00000000-0000-0000-0000-000000000001', 100000)",
    "SELECT vend.set_lock_mode('i' || n, 'escrow', 'shop') FROM generate_series(1, 3) n",
    "CREATE TABLE goods (id int PRIMARY KEY, stock int NOT NULL, price int)",
    "INSERT INTO goods VALUES (1, 5, 1), (2, 5, 1)",
    "GRANT torture_nobody TO CURRENT_USER",
)

ITEMS = ("'i1'", "'i2'", "'i3'", "'i4'", "'i5'", "1", "'ghost'", "NULL", "''")
WALLETS = ("'w1'", "'w2'", "'w3'", "'w4'", "'00000000-0000-0000-0000-000000000001'", "'ghost'", "NULL")
TEXTS = ("''", "' '", "NULL", "NULL::text", "repeat('x', 2000)", "repeat('x', 2705)", "repeat('ä', 3000)", r"E'\n'", "'😀'",
         "'NaN'", "'Infinity'", "'{}'", "'{NULL}'", "'{i1,i2}'", "'nope'", "'purchase'", "'escrow'", "'1'", "'-1'",
         "'00000000-0000-0000-0000-000000000000'", r"E'a\'b\"c\\d'")
NUMERICS = ("1", "0", "-1", "NULL", "9223372036854775807", "-9223372036854775808", "2147483648", "1e30", "'NaN'::numeric",
            "'Infinity'::numeric", "'-Infinity'::numeric", "0.000000000000000001", "1e-130", "1e130", "99999999999999999999",
            "1.5", "999999999999999999", "1000000000000000000", "0.01", "0.005", "1e-1000", "1e1000")
BIGINTS = ("1", "0", "-1", "NULL", "9223372036854775807", "-9223372036854775808", "2", "1000", "1000001", "1.4::bigint")
UUIDS = ("NULL", "gen_random_uuid()", "vend.uuid_v7()", "vend.id_from('a')", "vend.id_from('b')", "vend.id_from('c')",
         "'00000000-0000-0000-0000-000000000000'::uuid", "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid",
         "(SELECT id FROM shop.ledger WHERE kind = 'purchase' LIMIT 1)")
ODD = ("1::int2", "1::int4", "1::int8", "1.0", "true", "now()", "row(1, 2)", "row()", "array[1]", "array['i1', 'i2']",
       "point(1, 1)", "'[1,2]'::int4range", "'1'::\"char\"", "B'1'", r"'\x00'::bytea", "jsonb '{}'",
       "(SELECT i FROM shop.item i LIMIT 1)", "md5('1')::uuid", "'i1'::name", "'i1'::bpchar", "'{}'::int2vector",
       "NULL::uuid", "NULL::int", "NULL::record", "1::money", "interval '1 day'", "'(0,1)'::tid", "'i1'::cstring")
BY_TYPE = {
    "bigint": BIGINTS,
    "integer": ("1", "0", "-1", "NULL", "2147483647"),
    "numeric": NUMERICS,
    "uuid": UUIDS,
    "boolean": ("true", "false", "NULL"),
    "text": TEXTS,
    '"any"': TEXTS + BIGINTS + ODD,
    "regclass": ("'shop.item'::regclass", "'shop.wallet'::regclass", "'shop.ledger'::regclass", "'shop.stock_delta'::regclass",
                 "'shop.holding'::regclass", "'pg_class'::regclass", "'vend.store'::regclass", "0::regclass", "NULL",
                 "4294967295::oid::regclass", "'shop.item_pkey'::regclass", "'vend.receipt'::regclass", "'goods'::regclass"),
    "regrole": ("'torture_nobody'::regrole", "'pg_read_all_data'::regrole", "0::regrole", "NULL", "12345::regrole"),
    "regtype": ("'text'::regtype", "'bigint'::regtype", "'uuid'::regtype", "'int4'::regtype", "'json'::regtype",
                "'internal'::regtype", "'\"any\"'::regtype", "'record'::regtype", "0::regtype", "12345678::regtype", "NULL"),
    "jsonb": ("'{}'", "'{\"price\":5}'", "'[]'", "'null'", "'1'", "'{\"id\":\"zz\"}'", "'{\"nope\":1}'", "NULL",
              "'{\"price\":null}'", "'{\"stock\":5}'", "'{\"version\":5}'", "'{\"\":1}'"),
    "interval": ("interval '1 day'", "interval '-1 day'", "interval '0'", "NULL"),
    "timestamp with time zone": ("now()", "'infinity'", "'-infinity'", "NULL"),
}
BY_NAME = {
    "item": ITEMS, "buyer": WALLETS, "wallet": WALLETS, "payer": WALLETS, "payee": WALLETS,
    "store": ("NULL", "'shop'", "'shop'", "'numbers'", "'nope'", "''", "repeat('x', 100)"),
    "lock_mode": ("'atomic'", "'optimistic'", "'pessimistic'", "'escrow'", "NULL", "'x'"),
    "mode": ("'atomic'", "'optimistic'", "'pessimistic'", "'escrow'", "NULL", "'x'"),
    "name": ("'s1'", "'s2'", "'t1'", "NULL", "''", "repeat('x', 64)"),
    "right": ("'buyer'", "'cashier'", "'operator'", "'auditor'", "'x'", "NULL"),
    "direct_writes": ("'journal'", "'refuse'", "'x'", "NULL"),
    "buyers": ("'any'", "'own'", "'x'", "NULL"),
    "money_type": ("'bigint'", "'numeric(12,2)'", "'numeric(99,2)'", "'numeric(5,-3)'", "'int'", "'text'", "''", "NULL"),
    "convention": ("'read'", "'next'", "'x'", "NULL"),
    "version_column": ("'version'", "'stock'", "'x'", "NULL"),
    "stock": ("'stock'", "'price'", "'x'", "''"),
}
LENGTHS = (0, 1, 1, 2, 3, 5, 20, 100)
FUNCTIONS = """SELECT p.proname, p.proargnames[1:p.pronargs],
       ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY u(t, n) ORDER BY n), p.pronargdefaults
    FROM pg_proc p WHERE p.pronamespace = 'vend'::regnamespace ORDER BY p.proname, p.oid"""


class Caller:
    """One session that draws its calls from the seed."""

    def __init__(self, seed, functions, counts, failures):
        self.rng = random.Random(f"{seed}/fuzz")
        self.functions, self.counts, self.failures = functions, counts, failures
        self.connection = None
        self.is_in_block = False

    def value(self, name, kind):
        rng = self.rng
        if kind.endswith("[]"):
            return self.values(name.removesuffix("s"), kind.removesuffix("[]"))
        # Keys of batches are arrays of any type.
        if name.endswith("s") and name.removesuffix("s") in BY_NAME and rng.random() < 0.8:
            return self.values(name.removesuffix("s"), "text")
        pool = BY_TYPE.get(kind, TEXTS)
        if name in BY_NAME and rng.random() < 0.8:
            pool = BY_NAME[name]
        return rng.choice(pool)

    def values(self, name, kind):
        rng = self.rng
        draw = rng.random()
        if draw < 0.05:
            return "NULL"
        if draw < 0.08:
            return f"'[5:6]={{NULL,NULL}}'::{kind}[]"
        if draw < 0.11:
            return f"ARRAY[[NULL, NULL], [NULL, NULL]]::{kind}[]"
        pool = BY_NAME.get(name) or BY_TYPE.get(kind, TEXTS)
        # Mostly all arrays of a call have the same length.
        length = self.length if rng.random() < 0.9 else rng.choice(LENGTHS)
        return f"ARRAY[{','.join(rng.choices(pool, k=length))}]::{kind}[]"

    def call(self):
        rng = self.rng
        function, names, kinds, defaults = rng.choice(self.functions)
        self.length = rng.choice(LENGTHS)
        required = len(kinds) - defaults
        arguments = []
        for number, kind in enumerate(kinds):
            if number < required:
                arguments.append(self.value(names[number] if names else "", kind))
            elif rng.random() < 0.4:
                arguments.append(f'"{names[number]}" => {self.value(names[number], kind)}')
        text = f"vend.{function}({', '.join(arguments)})"
        draw = rng.random()
        if draw < 0.6:
            return f"SELECT * FROM {text}"
        if draw < 0.85:
            return f"SELECT {text}"
        if draw < 0.95:
            return f"SELECT n, {text} FROM generate_series(1, 3) n"
        return f"SELECT count(*) FROM generate_series(1, 3) n, LATERAL {text} f"

    def step(self):
        rng = self.rng
        if self.connection is None or self.connection.closed:
            self.connection, self.is_in_block = connect(DATABASE, "fuzzer"), False
            self.connection.cursor().execute(
                "SET statement_timeout = '5s'; SET vend.escrow_wait = '20ms'; SET lock_timeout = '2s';"
                " SET vend.default_store = 'shop'")
        cursor = self.connection.cursor()
        sql = self.call()
        try:
            if not self.is_in_block and rng.random() < 0.2:
                cursor.execute(f"BEGIN ISOLATION LEVEL {rng.choice(('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'))}")
                self.is_in_block = True
            if self.is_in_block:
                cursor.execute("SAVEPOINT s")
            cursor.execute(sql)
            self.counts["answered"] += 1
            if self.is_in_block and rng.random() < 0.3:
                cursor.execute("ROLLBACK TO s")
            if self.is_in_block and rng.random() < 0.2:
                cursor.execute(rng.choice(("COMMIT", "ROLLBACK")))
                self.is_in_block = False
        except psycopg2.Error as error:
            self.recover(sql, error, cursor)

    def recover(self, sql, error, cursor):
        self.counts["refused"] += 1
        if error.pgcode is None or error.pgcode.startswith("XX"):
            self.failures.append(f"{error.pgcode} {error} in {sql}")
        try:
            cursor.execute("ROLLBACK TO s" if self.is_in_block else "ROLLBACK")
        except psycopg2.Error:
            self.connection.close()


def run(seed, seconds, _server):
    admin = connect("postgres", "maker")
    with admin.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = 'torture_nobody'")
        is_there = cursor.fetchone()[0]
    admin.close()
    make_database(DATABASE, SETUP[1:] if is_there else SETUP)
    owner = connect(DATABASE, "reader")
    with owner.cursor() as cursor:
        cursor.execute(FUNCTIONS)
        functions = cursor.fetchall()
    owner.close()
    counts, failures = Counter(), []
    caller = Caller(seed, functions, counts, failures)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not failures:
        caller.step()
    caller.connection.close()
    if not failures:
        # Both stores may have been detached by a call; only those that are bound are checked.
        failures += check_stores()
    return sorted(counts.items()), failures


def check_stores():
    connection = connect(DATABASE, "checker")
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM vend.store WHERE name IN ('shop', 'numbers')")
        names = [name for (name,) in cursor.fetchall()]
    connection.close()
    return [failure for name in names for failure in check(DATABASE, name, name)]
