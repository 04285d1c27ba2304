#!/usr/bin/awk -f
# SPDX-License-Identifier: Apache-2.0
# From a generated <service>_contract.h: a definition of each handler that only says it was reached, so that a test can
# link the generated tables without the service.
BEGIN {
    print "#include \"handlers.h\""
    print "int handler_calls;"
    print "enum outcome work_publish(struct work *work, const struct message *message, const void *event)"
    print "{\n    return REJECT;\n}"
}
/^enum outcome on_/ {
    in_prototype = 1
}
in_prototype {
    if (sub(/;$/, "")) {
        print
        print "{\n    handler_calls++;\n    return OK;\n}"
        in_prototype = 0
    } else {
        print
    }
}
