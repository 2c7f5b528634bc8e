package Catalog;

# What an extension consists of, as sorted lines of text without object ids, so that two installations can be compared.
use strict;
use warnings;
use Exporter 'import';

our @EXPORT = qw(catalog_of differences);

# Privileges as they work: none recorded means the built-in default. The order of grants means nothing.
my $privileges = q{(SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(coalesce(%s, acldefault('%s', %s))) a)};

sub privileges { return sprintf($privileges, @_); }

# Columns keep their numbers: the module reads the registry by number.
my $query = qq{
WITH member AS (
	SELECT classid, objid, format('%s %s', (i).type, (i).identity) AS name FROM (
		SELECT d.*, pg_identify_object(classid, objid, 0) AS i FROM pg_depend d
		WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
			AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'EXTENSION')) AS m
), relation AS (
	SELECT name, c.* FROM member m JOIN pg_class c ON classid = 'pg_class'::regclass AND objid = c.oid
)
SELECT format('%s: comment %s', name, obj_description(objid, classid::regclass::name)) FROM member
UNION ALL SELECT format('%s: initial privileges %s', name, (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(initprivs) a))
	FROM member m JOIN pg_init_privs p ON (m.objid, m.classid, 0) = (p.objoid, p.classoid, p.objsubid)
UNION ALL SELECT format('%s: owner %s, privileges %s', name, nspowner::regrole, @{[ privileges('nspacl', 'n', 'nspowner') ]})
	FROM member JOIN pg_namespace n ON classid = 'pg_namespace'::regclass AND objid = n.oid
UNION ALL SELECT format('%s: owner %s, privileges %s, %s', name, proowner::regrole, @{[ privileges('proacl', 'f', 'proowner') ]},
		CASE WHEN prokind <> 'a' THEN pg_get_functiondef(p.oid) END)
	FROM member JOIN pg_proc p ON classid = 'pg_proc'::regclass AND objid = p.oid
UNION ALL SELECT format('%s: owner %s, privileges %s, %s %s not null %s default %s labels %s', name, typowner::regrole,
		@{[ privileges('typacl', 'T', 'typowner') ]}, typtype, format_type(nullif(typbasetype, 0), typtypmod), typnotnull, typdefault,
		(SELECT string_agg(enumlabel, ' ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
	FROM member JOIN pg_type t ON classid = 'pg_type'::regclass AND objid = t.oid
UNION ALL SELECT format('%s: kind %s%s, owner %s, privileges %s, options %s, row security %s%s, replica identity %s',
		name, relkind, relpersistence, relowner::regrole, @{[ privileges('relacl', 'r', 'relowner') ]}, reloptions, relrowsecurity,
		relforcerowsecurity, relreplident)
	FROM relation
UNION ALL SELECT format('%s column %s %s: %s not null %s default %s, collation %s, identity %s generated %s, storage %s%s, privileges %s, comment %s',
		r.name, attnum, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), attcollation::regcollation,
		attidentity, attgenerated, attstorage, attcompression, attacl, col_description(attrelid, attnum))
	FROM (SELECT name, oid FROM relation UNION ALL SELECT name, typrelid FROM member JOIN pg_type t
		ON classid = 'pg_type'::regclass AND objid = t.oid AND typrelid <> 0) AS r
	JOIN pg_attribute ON attrelid = r.oid AND attnum > 0 AND NOT attisdropped LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
UNION ALL SELECT format('%s constraint %s: %s, validated %s, comment %s', name, conname, pg_get_constraintdef(k.oid), convalidated,
		obj_description(k.oid, 'pg_constraint'))
	FROM member JOIN pg_constraint k ON (classid, objid) IN (('pg_class'::regclass, conrelid), ('pg_type'::regclass, contypid))
UNION ALL SELECT format('%s index: %s, comment %s', name, pg_get_indexdef(indexrelid), obj_description(indexrelid, 'pg_class'))
	FROM relation r JOIN pg_index ON indrelid = r.oid
UNION ALL SELECT format('%s trigger: %s, enabled %s, comment %s', name, pg_get_triggerdef(t.oid), tgenabled, obj_description(t.oid, 'pg_trigger'))
	FROM relation r JOIN pg_trigger t ON tgrelid = r.oid AND NOT tgisinternal
UNION ALL SELECT format('%s rule: %s', name, pg_get_ruledef(w.oid)) FROM relation r JOIN pg_rewrite w ON ev_class = r.oid
UNION ALL SELECT format('%s policy %s: %s %s for %s using %s with check %s', name, polname, polcmd, polpermissive, polroles::regrole[],
		pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) FROM relation r JOIN pg_policy ON polrelid = r.oid
UNION ALL SELECT format('%s: on %s execute %s, enabled %s, tags %s, owner %s', name, evtevent, evtfoid::regprocedure, evtenabled, evttags,
		evtowner::regrole)
	FROM member JOIN pg_event_trigger e ON classid = 'pg_event_trigger'::regclass AND objid = e.oid
UNION ALL SELECT format('rows of %s are dumped, condition %s', extconfig[i]::regclass, extcondition[i])
	FROM pg_extension, generate_subscripts(extconfig, 1) i WHERE extname = 'EXTENSION'
UNION ALL SELECT format('extension: version %s, schema %s, relocatable %s, owner %s, comment %s', extversion, extnamespace::regnamespace,
		extrelocatable, extowner::regrole, obj_description(oid, 'pg_extension')) FROM pg_extension WHERE extname = 'EXTENSION'
};

# One line each, whatever the definitions look like.
sub catalog_of
{
	my ($node, $database, $extension) = @_;
	my $lines = "SELECT replace(line, E'\\n', ' ') FROM ($query) AS c (line)" =~ s/EXTENSION/$extension/gr;
	return sort split /\n/, $node->safe_psql($database, $lines);
}

# Lines of one only: "-" where the second lacks it, "+" where the first does.
sub differences
{
	my ($first, $second) = @_;
	my (%first, %second);
	$first{$_}++ for @$first;
	$second{$_}++ for @$second;
	return join("\n", (map { "- $_" } grep { !$second{$_} } @$first), (map { "+ $_" } grep { !$first{$_} } @$second));
}

1;
