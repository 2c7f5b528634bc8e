"""What the parts have in common: a new database for each round, and the checks that close it."""

from server import connect

ROW_MODES = ("atomic", "pessimistic", "optimistic")


def make_database(name, statements):
    """A new database with pg_vend and what the statements make in it."""
    admin = connect("postgres", "maker")
    with admin.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
    admin.close()
    owner = connect(name, "maker")
    with owner.cursor() as cursor:
        cursor.execute("CREATE EXTENSION pg_vend")
        cursor.execute("CREATE EXTENSION amcheck")
        for statement in statements:
            cursor.execute(statement)
    owner.close()


def array(values, kind):
    """An array of a type, of values that are SQL already."""
    return f"ARRAY[{','.join(values)}]::{kind}[]"


HEAP = """SELECT c.oid::regclass::text, h.msg FROM pg_class c, LATERAL verify_heapam(c.oid, check_toast => true) h
    WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r'"""
INDEXES = """SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_am a ON a.oid = c.relam WHERE c.relnamespace = %s::regnamespace AND a.amname = 'btree' AND i.indisvalid"""


def check(database, schema, store):
    """Returns what does not add up, or is damaged, once nobody is at work any more."""
    failures = []
    connection = connect(database, "checker")
    with connection.cursor() as cursor:
        def look(sql, *arguments):
            cursor.execute(sql, arguments)
            return cursor.fetchall()
        failures += [f"audit: {row}" for row in look("SELECT * FROM vend.audit(%s)", store)]
        look("SELECT vend.settle(%s)", store)
        failures += [f"audit once settled: {row}" for row in look("SELECT * FROM vend.audit(%s)", store)]
        failures += [f"not given back: {row}" for row in
                     look("SELECT * FROM vend.stat_item WHERE store = %s AND (pending <> 0 OR waiting <> 0)", store)]
        failures += [f"heap: {row}" for row in look(HEAP, schema)]
        for (index,) in look(INDEXES, schema):
            look("SELECT bt_index_parent_check(%s::regclass, true, true)", index)
    connection.close()
    return failures


def recorded(database):
    """The ids of all calls that the ledger of the store shop has."""
    connection = connect(database, "checker")
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT id::text FROM shop.ledger WHERE kind <> 'refusal'")
        found = {known for (known,) in cursor.fetchall()}
    connection.close()
    return found
