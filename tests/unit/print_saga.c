/* SPDX-License-Identifier: Apache-2.0 */
#include "saga/premium_upgrade.h"

/* The saga's tables as Markdown, for docs/sagas.md. */
int main(void)
{
    premium_upgrade_print(stdout);
    return 0;
}
