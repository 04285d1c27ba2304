#!/usr/bin/awk -f
# SPDX-License-Identifier: Apache-2.0
# From a C file of the decoder: the same file in which each refusal can be switched off while it runs. A condition whose
# body refuses becomes `if (HOLDS(n) && (…))`, false while `seeded_bug` is n; what is returned without a condition
# is OK then. The scanner gets names of its own. Behind the code comes the list of them. Conditions are found by the layout that clang-format gives.
#   usage: seed-bugs.awk -v name=rule -v base=1000 FILE
{ line[NR] = $0 }

function refuses(text) { return text ~ /return (rule_[a-z]+|follow_pattern|broken|fail|fault_set)\(/ || text ~ /return false;/ }

# Does the block that opens in line `i`, at this indentation, end in a refusal?
function block_refuses(i, indent,    j, last) {
    for (j = i + 1; j <= NR && line[j] !~ ("^" indent "}"); j++) {
        if (line[j] ~ ("^" indent "    [^ ]")) { last = line[j] }
    }
    return refuses(last)
}

function note(i, text) {
    sub(/^ +/, "", text)
    gsub(/\\/, "\\\\\\\\", text)
    gsub(/"/, "\\\"", text)
    list = list "    {" base + i ", \"" name ".c:" i ": " text "\"},\n"
    count++
    return base + i
}

END {
    # The validator reads with the same scanner, and its own must stay good.
    count_of_names = split("expect word string take_key key number skip is_done unescape integer plain", names, " ")
    for (i = 1; i <= count_of_names; i++) { print "#define scan_" names[i] " seeded_scan_" names[i] }
    print "extern int seeded_bug;"
    print "struct seeded { int number; const char *text; };"
    print "#define HOLDS(n) (seeded_bug != (n))"
    print "#line 1 \"" name ".c\""
    for (i = 1; i <= NR; i++) {
        text = line[i]
        if (match(text, /^ +(} else )?if \(/)) {
            indent = text; sub(/[^ ].*/, "", indent)
            last = i
            while (line[last] !~ /\) \{( \/\*.*)?$/) { last++ }
            if (block_refuses(last, indent)) {
                n = note(i, text)
                sub(/if \(/, "if (HOLDS(" n ") \\&\\& (", text)
                if (last == i) { sub(/\) \{$/, ")) {", text) } else { sub(/\) \{$/, ")) {", line[last]) }
            }
        } else if (match(text, /return .* \? OK : (broken|rule_fail)\(/)) {
            n = note(i, text)
            sub(/return /, "return !HOLDS(" n ") || ", text)
        } else if (text ~ /\|\| fail\(/) {
            n = note(i, text)
            sub(/\|\| fail\(/, "|| !HOLDS(" n ") || fail(", text)
        } else if (text ~ /^ +return (rule_fail|rule_values)\(.*\);$/ && (line[i - 1] ~ /^ +case .*:$/ || line[i - 1] == "    }")) {
            n = note(i, text)
            sub(/return /, "return !HOLDS(" n ") ? OK : ", text)
        }
        print text
    }
    printf "extern const struct seeded seeded_in_%s[%d];\n", name, count + 1
    printf "const struct seeded seeded_in_%s[%d] = {\n%s    {0, (void *)0},\n};\n", name, count + 1, list
}
