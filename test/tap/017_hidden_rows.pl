# Aim: the row that violates a check is kept from a buyer who may not read it, whatever the session asks for, and is in the server's log for
# whoever runs the store.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('shop');
$node->init;
$node->append_conf('postgresql.conf', "statement_timeout = '3min'");
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop');
ALTER TABLE shop.item ADD COLUMN supplier text, ADD CHECK (stock >= 3);
INSERT INTO shop.item (id, price, stock, supplier) VALUES ('lamp', 100, 3, 'secret supplier');
INSERT INTO shop.wallet (id, balance) VALUES ('w', 1000);
CREATE ROLE buyer;
SELECT vend.grant_role('buyer', 'buyer');
});

my ($status, $out, $told) = $node->psql('postgres', q{
SET ROLE buyer;
SET client_min_messages = debug5;
\set VERBOSITY verbose
SELECT status FROM vend.try_purchase('lamp', 'w');
});
like($told, qr/ERROR:  23514: new row for relation "item" violates check constraint/, 'the buyer is told which check');
unlike($told, qr/secret/, 'and nothing of the row');
like(slurp_file($node->logfile), qr/DETAIL:  Failing row contains \(lamp, 100, 2, .*, secret supplier\)/, 'the log has the row');

$node->stop;
done_testing();
