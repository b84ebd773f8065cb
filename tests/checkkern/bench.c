/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "checkkern.h"
int check_bench(const char *level, const char *function){(void)level;(void)function;printf("later\n");return 1;}
