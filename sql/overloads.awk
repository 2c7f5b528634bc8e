# Writes the install script from its parts: a paragraph in which an argument's type is @key (@keys: an array of keys)
# is written once for each choice of text and "any", so that each function stands in the parts once.
#
# The n-th @key of each statement of a paragraph means the same argument, in CREATE FUNCTION as in COMMENT ON.
#
# @writes stands for what all functions that write have in common.

BEGIN { writes = "VOLATILE PARALLEL UNSAFE SUPPORT vend.call_support" }

function fail(what) {
    print FILENAME ": " what ": " paragraph >"/dev/stderr"
    exit failed = 1
}

# The number of keys, which is the same in each statement.
function keys_of(text,    statements, count, i, keys) {
    count = split(text, statements, /;\n/)
    keys = gsub(/@keys?/, "", statements[1])
    for (i = 2; i < count; ++i)
        if (gsub(/@keys?/, "", statements[i]) != keys) fail("not the same number of keys in each statement")
    return keys
}

# Key 1 is the highest bit of choice.
function overload(text, keys, choice,    written, before, key) {
    while (match(text, /@keys?|;\n/)) {
        before = substr(text, 1, RSTART - 1)
        if (substr(text, RSTART, 1) == ";") { written = written before ";\n"; key = 0 }
        else written = written before (int(choice / 2 ^ (keys - ++key)) % 2 ? "\"any\"" : "text")
        text = substr(text, RSTART + RLENGTH)
    }
    return written text
}

function write_paragraph(    keys, choice) {
    if (paragraph == "") return
    gsub(/@writes/, writes, paragraph)
    keys = keys_of(paragraph)
    for (choice = 0; choice < 2 ^ keys; ++choice) print overload(paragraph, keys, choice)
    paragraph = ""
}

FNR == 1 || /^[ \t]*$/ { write_paragraph() }
/^--/ { write_paragraph(); print; next }
!/^[ \t]*$/ { paragraph = paragraph $0 "\n" }
END { if (!failed) write_paragraph() }
