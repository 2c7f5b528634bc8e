# Aim: the SDK takes what libpq takes: keywords, URIs, PG* variables, service files, several hosts, and TLS with the server's name
# verified, over TCP.
# VEND_SDK_LOAD names the driver, vend_sdk_load of test/sdk; the example hello was built beside it.
use strict;
use warnings;
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $hello = dirname($ENV{VEND_SDK_LOAD} // '') . '/sdk/examples/hello';
plan skip_all => 'VEND_SDK_LOAD does not name the driver' unless -x $hello;
plan skip_all => 'no openssl' if system('openssl version >/dev/null 2>&1') != 0;

# The server has a certificate for localhost that is signed by itself; the stranger's has signed nothing.
my $dir = PostgreSQL::Test::Utils::tempdir();
for my $name ('server', 'stranger')
{
	system_or_bail('openssl', 'req', '-new', '-x509', '-days', '2', '-nodes', '-subj', '/CN=localhost',
		'-addext', 'subjectAltName=DNS:localhost', '-out', "$dir/$name.crt", '-keyout', "$dir/$name.key");
	chmod 0600, "$dir/$name.key";
}

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', qq{
listen_addresses = '127.0.0.1'
ssl = on
ssl_cert_file = '$dir/server.crt'
ssl_key_file = '$dir/server.key'
});
# TCP needs TLS and a password.
unlink $node->data_dir . '/pg_hba.conf';
append_to_file($node->data_dir . '/pg_hba.conf', "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n");
$node->start;
$node->safe_psql('postgres', q{
CREATE ROLE cashier LOGIN PASSWORD 'open sesame';
CREATE DATABASE shop});
$node->safe_psql('shop', q{
CREATE EXTENSION pg_vend;
SELECT vend.create_store('shop');
SELECT vend.grant_role('buyer', 'cashier', 'shop');
INSERT INTO shop.item (id, price, stock) VALUES ('ssr-voice', 1, 1000000);
INSERT INTO shop.wallet (id, balance) VALUES ('alpha', 1000000), ('beta', 1000000)});

my ($host, $port) = ($node->host, $node->port);
my $tcp = "host=localhost hostaddr=127.0.0.1 port=$port dbname=shop user=cashier password='open sesame'";
my $verified = "$tcp sslmode=verify-full sslrootcert=$dir/server.crt";

sub buys
{
	my ($conninfo, $name) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ $hello, $conninfo ], '>', \$out, '2>', \$err);
	is($? >> 8, 0, "$name: it ends well");
	like($out, qr/^beta has paid 1$/m, "$name: bought");
	is($err, '', "$name: nothing to complain about");
	return;
}

sub is_turned_away
{
	my ($conninfo, $sqlstate, $name) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ $hello, $conninfo ], '>', \$out, '2>', \$err, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	is($out, '', "$name: nothing is bought");
	like($err, qr/^$sqlstate /m, "$name: $sqlstate");
	return;
}

{
	delete local @ENV{qw(PGHOST PGPORT PGDATABASE)};
	my $user = $ENV{PGUSER} // getpwuid($<);
	buys("host=$host port=$port dbname=shop", 'keywords');
	(my $quoted = $host) =~ s/([^\w.-])/sprintf('%%%02X', ord $1)/ge;
	buys("postgresql:///shop?host=$quoted&port=$port", 'URI');
	append_to_file("$dir/services", "[shop]\nhost=$host\nport=$port\ndbname=shop\n");
	local $ENV{PGSERVICEFILE} = "$dir/services";
	buys('service=shop', 'service file');
	buys("host=/nowhere,$host port=$port,$port dbname=shop target_session_attrs=read-write", 'two hosts');
	local @ENV{qw(PGHOST PGPORT PGDATABASE)} = ($host, $port, 'shop');
	buys('', 'variables');
}

buys($verified, 'verify-full');
buys("postgresql://cashier:open%20sesame\@localhost:$port/shop?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=$dir/server.crt",
	'verify-full in a URI');
is_turned_away("$tcp sslmode=verify-full sslrootcert=$dir/stranger.crt", '08\w{3}', 'certificate of a stranger');
(my $other_name = $verified) =~ s/host=localhost/host=elsewhere/;
is_turned_away($other_name, '08\w{3}', 'another name');
(my $wrong_password = $verified) =~ s/sesame/barley/;
is_turned_away($wrong_password, '28P01', 'wrong password');
is_turned_away("$tcp sslmode=disable", '28000', 'without TLS');

is($node->safe_psql('shop', 'SELECT count(*) FROM vend.audit()'), '0', 'the books add up');
done_testing();
