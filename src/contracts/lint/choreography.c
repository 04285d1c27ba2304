/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/lint.h"

/* What holds only between services. */

const struct lint_rule *const lint_choreography_rules[] = {NULL};
const size_t lint_choreography_rule_count = 0;

void lint_choreography(struct lint *lint)
{
    (void)lint;
}
