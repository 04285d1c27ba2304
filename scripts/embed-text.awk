#!/usr/bin/awk -f
# Turns text files into C: one `const char <prefix>_<name>[]` each, site.css -> <prefix>_site_css.
#   usage: embed-text.awk -v prefix=site FILE...
function flush() {
    if (name != "") {
        printf "extern const char %s[];\nconst char %s[] =\n%s    ;\n", name, name, body == "" ? "    \"\"\n" : body
    }
}
FNR == 1 {
    flush()
    name = FILENAME; sub(/.*\//, "", name); gsub(/[^A-Za-z0-9]/, "_", name); name = prefix "_" name
    body = ""
}
{
    line = $0
    gsub(/\\/, "&&", line); gsub(/"/, "\\\"", line); gsub(/\t/, "    ", line)
    body = body "    \"" line "\\n\"\n"
}
END { flush() }
