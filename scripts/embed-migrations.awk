#!/usr/bin/awk -f
# Turns numbered migrations (…/<module>/schema/001-name.sql) into one C table, in the order of the command line.
function flush() {
    if (name != "") {
        printf "    {\"%s\", \"%s\",\n%s    },\n", module, name, body == "" ? "\"\"" : body
    }
}
BEGIN {
    print "#include \"tools/migration.h\"\n\nconst struct migration migrations[] = {"
}
FNR == 1 {
    flush()
    name = FILENAME; sub(/.*\//, "", name); sub(/\.sql$/, "", name)
    module = FILENAME; sub(/\/schema\/[^\/]*$/, "", module); sub(/.*\//, "", module)
    body = ""
    count++
}
{
    line = $0
    gsub(/\\/, "&&", line); gsub(/"/, "\\\"", line); gsub(/\t/, "    ", line)
    body = body "     \"" line "\\n\"\n"
}
END {
    flush()
    printf "};\n\nconst size_t migration_count = %d;\n", count
}
