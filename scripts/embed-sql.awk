#!/usr/bin/awk -f
# Turns .sql files into C: one `const struct sql sql_<name>` each. Statements stay plain files that run in psql.
function flush() {
    if (name != "") {
        printf "const struct sql sql_%s = {\"%s\",\n", name, name
        printf "%s};\n", body == "" ? "\"\"" : body
    }
}
BEGIN { print "#include \"core/sql.h\"" }
FNR == 1 {
    flush()
    name = FILENAME; sub(/.*\//, "", name); sub(/\.sql$/, "", name); gsub(/[^A-Za-z0-9]/, "_", name)
    printf "extern const struct sql sql_%s;\n", name
    body = ""
}
{
    line = $0
    gsub(/\\/, "&&", line); gsub(/"/, "\\\"", line); gsub(/\t/, "    ", line)
    body = body "    \"" line "\\n\"\n"
}
END { flush() }
