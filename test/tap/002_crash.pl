# Aim: a crash takes nothing that was acknowledged and leaves nothing half done (G1, G2, G3, G4, G6): backends and the
# server killed with SIGKILL under load, CRASH_ROUNDS times, with exact accounting and replay of every id after each.
#
# The table plan says what each client asks for, one transaction in each step, and the id of each call follows from its
# place in it. A client writes down each answer after its commit, so when its connection breaks exactly one step is in
# doubt: the next one. What was written down goes into the table told, and there, once the doubts are settled by asking
# again, stands all that ever happened: stocks and balances must follow from it without a look at the ledger.
#
# In each round one more client, the halted one, stands in mid-purchase when the kill comes, at a place that changes from
# round to round. If the place is within a trigger of the owner's, all sales of the round run as statements; without
# such triggers they go to the rows directly.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $rounds = $ENV{CRASH_ROUNDS} || 10;
my $clients = 8;
my $halted = $clients + 1;
my $locker = $clients + 2;
my @modes = qw(atomic pessimistic optimistic);
my @victims = ('the halted backend', 'the server', 'a backend under load', 'the server');
# In a trigger the purchase has claimed and not paid, paid and not recorded, or recorded and not answered. Without triggers it waits for
# the item with the wallet locked, or has answered and not committed.
my @places = qw(item commit wallet row ledger commit);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
# With fsync clients spend their time in commits. Checkpoints come often, so that some of the kills hit one.
$node->append_conf('postgresql.conf', q{
fsync = on
restart_after_crash = on
log_statement = none
max_wal_size = 32MB
});
$node->start;

# Item 4 sells out in each round, the wallet of client 8 runs dry; the others have plenty.
$node->safe_psql('postgres', qq{
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop', 'bigint', 'bigint');
INSERT INTO shop.item (id, price, stock) SELECT i, 3, CASE i WHEN 4 THEN 0 ELSE 1000000 END FROM generate_series(1, 5) i;
INSERT INTO shop.wallet (id, balance) SELECT i, CASE i WHEN 8 THEN 20 ELSE 1000000 END FROM generate_series(1, $halted) i;
CREATE TABLE first_item AS SELECT id, stock FROM shop.item;
CREATE TABLE first_wallet AS SELECT id, balance FROM shop.wallet;

CREATE TABLE plan (client int, step int, part int, kind text, item bigint, wallet bigint, payee bigint, qty bigint,
	amount bigint, mode text, ref_step int, PRIMARY KEY (client, step, part));
CREATE TABLE told (round int, client int, step int, part int, id uuid PRIMARY KEY, status text, qty bigint, amount bigint);
CREATE FUNCTION id_of(round int, client int, step int, part int) RETURNS uuid LANGUAGE sql IMMUTABLE
	RETURN vend.id_from(format('%s/%s/%s/%s', round, client, step, part));
});

# Five of ten steps are purchases. One step in ten is a transaction of two calls. A refund gives back the purchase of four steps before.
$node->safe_psql('postgres', qq{
INSERT INTO plan
	SELECT c, n, 1, k, CASE WHEN k = 'purchase' THEN 1 + (n * 7 + c) % 4 END, c, CASE k WHEN 'transfer' THEN 1 + c % $clients END,
		1 + n % 2, 5, (array['atomic', 'pessimistic', 'optimistic'])[1 + (n + c) % 3], CASE k WHEN 'refund' THEN n - 4 END
	FROM generate_series(1, $clients) c, generate_series(1, 4000) n,
		LATERAL (SELECT (array['purchase', 'purchase', 'purchase', 'purchase', 'purchase', 'withdrawal', 'deposit',
			'transfer', 'refund', 'deposit'])[1 + n % 10] AS k) kinds;
INSERT INTO plan SELECT client, step, 2, 'purchase', 1, wallet, NULL, 1, NULL, 'atomic' FROM plan WHERE step % 10 = 6;
UPDATE plan r SET item = p.item, qty = 1 FROM plan p WHERE r.kind = 'refund' AND p.client = r.client AND p.step = r.ref_step;
INSERT INTO plan VALUES (0, 1, 1, 'restock', 4, NULL, NULL, 5), ($halted, 1, 1, 'purchase', 5, $halted, NULL, 2);

CREATE FUNCTION ask(round int, client int, step int, part int) RETURNS told LANGUAGE plpgsql AS \$\$
DECLARE
	me uuid = id_of(round, client, step, part);
	p plan;
	t told;
BEGIN
	SELECT * INTO STRICT p FROM plan WHERE (plan.client, plan.step, plan.part) = (ask.client, ask.step, ask.part);
	IF p.kind = 'purchase' THEN
		SELECT o.status, o.qty, o.amount INTO t.status, t.qty, t.amount FROM vend.try_purchase(p.item, p.wallet, p.qty, me, p.mode) o;
	ELSIF p.kind = 'refund' THEN
		SELECT o.status, o.qty, o.amount INTO t.status, t.qty, t.amount
			FROM vend.try_refund(id_of(round, client, p.ref_step, 1), p.qty, me) o;
	ELSIF p.kind = 'withdrawal' THEN
		SELECT o.status, o.amount INTO t.status, t.amount FROM vend.try_withdraw(p.wallet, p.amount, me) o;
	ELSIF p.kind = 'transfer' THEN
		SELECT o.status, o.amount INTO t.status, t.amount FROM vend.try_transfer(p.wallet, p.payee, p.amount, me) o;
	ELSE
		SELECT CASE WHEN o.replayed THEN 'replayed' ELSE 'recorded' END, o.qty, o.amount INTO t.status, t.qty, t.amount
			FROM vend.deposit(p.wallet, p.amount, me) o WHERE p.kind = 'deposit'
			UNION ALL SELECT CASE WHEN o.replayed THEN 'replayed' ELSE 'recorded' END, o.qty, o.amount
			FROM vend.restock(p.item, p.qty, me) o WHERE p.kind = 'restock';
	END IF;
	RETURN (round, client, step, part, me, CASE WHEN t.status IN ('purchased', 'recorded') THEN 'made' ELSE t.status END,
		t.qty, t.amount);
END
\$\$;

-- Where the halted client stands still.
CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN NULL; END';
CREATE TRIGGER still AFTER UPDATE ON shop.item FOR EACH ROW WHEN (current_setting('test.place', true) = 'item')
	EXECUTE FUNCTION stand_still();
CREATE TRIGGER still AFTER UPDATE ON shop.wallet FOR EACH ROW WHEN (current_setting('test.place', true) = 'wallet')
	EXECUTE FUNCTION stand_still();
CREATE TRIGGER still AFTER INSERT ON shop.ledger FOR EACH ROW WHEN (current_setting('test.place', true) = 'ledger')
	EXECUTE FUNCTION stand_still();

CREATE VIEW made AS SELECT t.*, p.kind, p.item, p.wallet, p.payee, p.mode FROM told t JOIN plan p USING (client, step, part)
	WHERE t.status = 'made';

-- What nobody was told of, but may have happened.
CREATE FUNCTION in_doubt(r int) RETURNS SETOF plan LANGUAGE sql STABLE BEGIN ATOMIC
	SELECT p.* FROM plan p JOIN (
		SELECT c, 1 + coalesce((SELECT max(t.step) FROM told t WHERE t.round = r AND t.client = c), 0) AS step
		FROM generate_series(1, $halted) c) AS next ON p.client = next.c AND p.step = next.step;
END;
});

my $dir = $node->basedir;
my $connection = $node->connstr('postgres');

# The scripts are files: psql cannot be written to once its connection is gone.
sub write_scripts
{
	for my $client (1 .. $clients)
	{
		append_to_file("$dir/client$client.sql", $node->safe_psql('postgres', qq{
			SELECT string_agg(CASE parts WHEN 1 THEN calls
				ELSE format(E'BEGIN;\n\\\\echo begin\n%s\nCOMMIT;\n\\\\echo commit', calls) END, E'\n' ORDER BY step)
			FROM (SELECT step, count(*) AS parts,
					string_agg(format('SELECT * FROM ask(:round, %s, %s, %s);', client, step, part), E'\n' ORDER BY part) AS calls
				FROM plan WHERE client = $client GROUP BY step) AS steps}) . "\n");
	}
	append_to_file("$dir/client$_.sql", "SELECT pg_sleep(3600);\n") for 1 .. $clients; # the crash ends each of them
	append_to_file("$dir/client$halted.sql", qq{BEGIN;
SET vend.lock_mode = :mode;
SET test.place = :place;
SELECT * FROM ask(:round, $halted, 1, 1);
SELECT pg_sleep(3600);
});
	append_to_file("$dir/client$locker.sql", q{BEGIN;
SELECT FROM shop.item WHERE id = 5 FOR UPDATE;
SELECT pg_sleep(3600);
});
}

sub start_client
{
	my ($client, $round, %variables) = @_;
	my $name = "$dir/round$round.client$client";
	return IPC::Run::start(
		[ 'psql', '-XAtq', '-F', "\t", '-P', 'null=\N', '-v', 'ON_ERROR_STOP=1', '-v', "round=$round",
			(map { ('-v', "$_=$variables{$_}") } keys %variables),
			'-d', "$connection application_name=client$client", '-f', "$dir/client$client.sql" ],
		'<', \undef, '>', "$name.out", '2>', "$name.err");
}

# Returns the answers of a client, without those of a transaction that did not end.
sub answers
{
	my ($file) = @_;
	my (@told, @pending, $is_open);
	for my $line (split /\n/, slurp_file($file))
	{
		if ($line eq 'begin') { $is_open = 1; }
		elsif ($line eq 'commit') { push @told, splice(@pending); $is_open = 0; }
		elsif ($is_open) { push @pending, $line; }
		else { push @told, $line; }
	}
	return @told;
}

# Starts the halted client, and returns its backend once it stands where it is meant to.
sub halt
{
	my ($round, $mode, $place, $running) = @_;
	if ($place eq 'row')
	{
		push @$running, start_client($locker, $round);
		backend_of($locker, "wait_event = 'PgSleep'");
	}
	push @$running, start_client($halted, $round, mode => $mode, place => $place);
	return backend_of($halted, $place eq 'commit' ? "wait_event = 'PgSleep' AND query LIKE 'SELECT pg_sleep%'"
		: $place eq 'row' ? "wait_event_type = 'Lock'" : "wait_event = 'PgSleep' AND query LIKE 'SELECT * FROM ask%'");
}

sub backend_of
{
	my ($client, $condition) = @_;
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my $pid = $node->safe_psql('postgres',
			"SELECT pid FROM pg_stat_activity WHERE application_name = 'client$client' AND $condition");
		return $pid if $pid ne '';
		usleep(100_000);
	}
	die "client $client is not there: $condition";
}

# The server dies, and its children notice and go. The next one finds the lock files and the shared memory that it left.
sub kill_server
{
	my $server = slurp_file($node->data_dir . '/postmaster.pid') =~ s/\n.*//sr;
	my @family = ($server, split /\n/, $node->safe_psql('postgres', 'SELECT pid FROM pg_stat_activity'));
	$node->kill9;
	my $tries = 200;
	usleep(50_000) while kill(0, @family) && $tries-- > 0;
	# In a container without an init nobody waits for the dead server, so the next one would believe its lock files.
	unlink $node->data_dir . '/postmaster.pid', $node->host . '/.s.PGSQL.' . $node->port . '.lock' if kill(0, $server);
	return;
}

sub start_again
{
	# A start is refused as long as a child of the dead server uses its shared memory.
	for (1 .. $PostgreSQL::Test::Utils::timeout_default)
	{
		return if $node->start(fail_ok => 1);
		usleep(1_000_000);
	}
	die 'the server does not start again';
}

# Kills what the round says, and waits until the server runs again. Returns what it logged meanwhile.
sub crash
{
	my ($victim, $halted_backend) = @_;
	my $offset = -s $node->logfile;
	if ($victim eq 'the server')
	{
		kill_server();
		start_again();
	}
	else
	{
		kill 'KILL', $victim eq 'the halted backend' ? $halted_backend : backend_of(1 + int(rand($clients)), "state = 'active'");
		$node->wait_for_log(qr/database system is ready to accept connections/, $offset);
	}
	return slurp_file($node->logfile, $offset);
}

# Tests each rule by a query that finds what breaks it.
sub none_of
{
	my ($name, @checks) = @_;
	while (my ($what, $query) = splice(@checks, 0, 2))
	{
		is($node->safe_psql('postgres', "SELECT q FROM ($query) AS q LIMIT 5"), '', "$name: $what");
	}
	return;
}

# Tests what must be true before any call is repeated.
sub check_crash
{
	my ($name, $round) = @_;
	none_of($name,
		'nothing that was acknowledged is lost' => "SELECT * FROM made m WHERE round = $round AND NOT EXISTS (
			SELECT FROM shop.ledger l WHERE (l.id, l.line, l.kind) = (m.id, 0, m.kind)
			AND (l.item, l.wallet) IS NOT DISTINCT FROM (m.item, m.wallet)
			AND (abs(l.qty), abs(l.amount)) = (coalesce(m.qty, 0), coalesce(m.amount, 0)))",
		'nothing that was refused is made' => "SELECT * FROM told t JOIN shop.ledger l USING (id)
			WHERE round = $round AND status <> 'made'",
		'nothing was answered twice' => "SELECT * FROM told WHERE round = $round AND status = 'replayed'",
		'no transaction is half done' => "SELECT client, step FROM in_doubt($round) p
			LEFT JOIN shop.ledger l ON l.id = id_of($round, client, step, part) AND line = 0
			GROUP BY client, step HAVING count(l.id) NOT IN (0, count(*))",
		'the halted sale is gone' => "SELECT * FROM shop.ledger WHERE id = id_of($round, $halted, 1, 1)",
		'the audit is empty' => 'SELECT * FROM vend.audit()');
	return;
}

# Repeats each call of the round that was acknowledged, and twice each that is in doubt; the answers to the latter join the table told.
# Returns how many calls were acknowledged, how many in doubt had been made, and how many in doubt had not.
sub settle
{
	my ($name, $round) = @_;
	my $acknowledged = $node->safe_psql('postgres', "SELECT count(*) FROM made WHERE round = $round AND client > 0");
	none_of($name,
		'what was acknowledged is replayed' => "SELECT m, a FROM made m, ask($round, m.client, m.step, m.part) a
			WHERE m.round = $round AND (a.status, a.qty, a.amount) IS DISTINCT FROM ('replayed', m.qty, m.amount)");
	$node->safe_psql('postgres', "CREATE TABLE doubt AS SELECT a.*, l.id IS NOT NULL AS was_made
		FROM in_doubt($round) p LEFT JOIN shop.ledger l ON l.id = id_of($round, client, step, part) AND line = 0,
			ask($round, p.client, p.step, p.part) a");
	none_of($name,
		'what is in doubt is found or bought' => "SELECT * FROM doubt WHERE was_made <> (status = 'replayed')",
		'and from then on replayed' => "SELECT d, a FROM doubt d, ask($round, d.client, d.step, d.part) a
			WHERE d.status IN ('made', 'replayed')
			AND (a.status, a.qty, a.amount) IS DISTINCT FROM ('replayed', d.qty, d.amount)");
	my ($made, $not_made) = split /\|/, $node->safe_psql('postgres', "INSERT INTO told SELECT round, client, step, part, id,
			CASE status WHEN 'replayed' THEN 'made' ELSE status END, qty, amount FROM doubt;
		SELECT count(*) FILTER (WHERE was_made), count(*) FILTER (WHERE NOT was_made) FROM doubt;
		DROP TABLE doubt");
	return ($acknowledged, $made, $not_made);
}

# Tests that stocks and balances follow from what was told in all rounds so far.
sub check_books
{
	my ($name) = @_;
	none_of($name,
		'every unit is accounted for' => "SELECT id, stock, change FROM shop.item JOIN (
				SELECT id, sum(change) AS change FROM (
					SELECT id, stock FROM first_item
					UNION ALL SELECT item, CASE kind WHEN 'purchase' THEN -qty ELSE qty END FROM made WHERE item IS NOT NULL
				) AS changes (id, change) GROUP BY id) AS sums USING (id)
			WHERE stock <> change OR stock < 0",
		'every coin is accounted for' => "SELECT id, balance, change FROM shop.wallet JOIN (
				SELECT id, sum(change) AS change FROM (
					SELECT id, balance FROM first_wallet
					UNION ALL SELECT wallet, CASE WHEN kind IN ('refund', 'deposit') THEN amount ELSE -amount END
						FROM made WHERE wallet IS NOT NULL
					UNION ALL SELECT payee, amount FROM made WHERE payee IS NOT NULL
				) AS changes (id, change) GROUP BY id) AS sums USING (id)
			WHERE balance <> change OR balance < 0",
		'the ledger has nothing else' => "SELECT id FROM shop.ledger WHERE kind <> 'adjustment'
			EXCEPT SELECT id FROM told WHERE status = 'made'",
		'the audit is still empty' => 'SELECT * FROM vend.audit()');
	return;
}

write_scripts();
my %total = (acknowledged => 0, made => 0, not_made => 0);
for my $round (1 .. $rounds)
{
	my $victim = $victims[ $round % @victims ];
	my $place = $places[ int($round / 2) % @places ];
	my $mode = $modes[ $round % @modes ];
	my $name = "round $round, $victim ($mode, $place)";

	$node->safe_psql('postgres', "INSERT INTO told SELECT * FROM ask($round, 0, 1, 1)");
	my $triggers = $place =~ /item|wallet|ledger/ ? 'ENABLE' : 'DISABLE';
	$node->safe_psql('postgres', "ALTER TABLE shop.$_ $triggers TRIGGER still") for qw(item wallet ledger);
	my @running = map { start_client($_, $round) } 1 .. $clients;
	my $halted_backend = halt($round, $mode, $place, \@running);
	# Nothing refuses the deposit of the ninth step. By then each client has made a call of each kind, and item 4 is sold out.
	$node->poll_query_until('postgres', "SELECT count(*) = $clients FROM generate_series(1, $clients) AS client
		JOIN shop.ledger ON id = id_of($round, client, 9, 1)") or die 'not all clients get to their ninth step';
	usleep(rand(200_000));
	like(crash($victim, $halted_backend), $victim eq 'the server' ? qr/not properly shut down; automatic recovery in progress/
		: qr/was terminated by signal 9.*automatic recovery in progress/s, "$name: it died, and recovered");

	$_->finish for @running;
	# A status of 0 would mean that the script has ended, or that an error has ended it.
	is((grep { $_->result(0) == 0 } @running), 0, "$name: each client lost its connection");
	unlike(join('', map { slurp_file($_) } glob("$dir/round$round.client*.err")), qr/ERROR:/, "$name: and met no error before");
	my @told = map { answers("$dir/round$round.client$_.out") } 1 .. $clients;
	append_to_file("$dir/round$round.told", join('', map { "$_\n" } @told));
	$node->safe_psql('postgres', "\\copy told from '$dir/round$round.told'");
	is($node->safe_psql('postgres', "SELECT count(DISTINCT mode) FROM made WHERE round = $round AND kind = 'purchase'"),
		'3', "$name: sales in each mode had been acknowledged");

	check_crash($name, $round);
	my ($acknowledged, $made, $not_made) = settle($name, $round);
	check_books($name);
	$total{acknowledged} += $acknowledged;
	$total{made} += $made;
	$total{not_made} += $not_made;
	note("$name: $acknowledged acknowledged, in doubt " . ($made + $not_made) . ", of which $made had been made");
}

# The load was what it is meant to be; a few rounds need not meet all of it.
is($node->safe_psql('postgres', "SELECT string_agg(DISTINCT CASE status WHEN 'made' THEN kind ELSE status END, ', ')
	FROM told JOIN plan USING (client, step, part) WHERE status IN ('made', 'sold_out', 'insufficient_funds')"),
	'deposit, insufficient_funds, purchase, refund, restock, sold_out, transfer, withdrawal',
	'there were calls and refusals of all sorts') if $rounds >= 10;

# For whoever runs many rounds.
diag("$rounds rounds: $total{acknowledged} acknowledged and replayed, " . ($total{made} + $total{not_made})
	. " in doubt: $total{made} had been made and were replayed, $total{not_made} had not and were asked for again");
$node->stop;
done_testing();
