/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_DATA_TABLE_H
#define SEQD_DATA_TABLE_H

#include <seqdemand/dataset.h>

int32_t seqd_table_load(seqd_context *context, const char *path, seqd_table **out, seqd_error *error);
void seqd_table_free(seqd_table *table);
int32_t seqd_table_cell_number(const seqd_table *table, int64_t row, int32_t column, double *value,
                               seqd_error *error);

#endif
