/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads forecast from one model without a lock, each with a predictor of its own: all get the same bits. */
#include "host.h"

#include <pthread.h>

#define CALLERS 8
#define ROUNDS 5

static host shared;
static double expected[HOST_SERIES * HOST_HORIZON];

static void *run_caller(void *result)
{
    int *bad = result;
    for (int i = 0; i < ROUNDS; i++) {
        double values[HOST_SERIES * HOST_HORIZON];
        if (host_predict(&shared, values) != 0 || memcmp(values, expected, sizeof values) != 0) *bad += 1;
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[CALLERS];
    int bad[CALLERS] = { 0 }, sum = 0;

    host_messages = stderr;
    if (host_train(&shared, 2, "gru") != 0 || host_predict(&shared, expected) != 0) return 1;
    for (int i = 0; i < CALLERS; i++) {
        if (pthread_create(&threads[i], NULL, run_caller, &bad[i]) != 0) return 1;
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
        sum += bad[i];
    }
    host_close(&shared);
    printf("%d callers, %d of %d forecasts wrong\n", CALLERS, sum, CALLERS * ROUNDS);
    return sum != 0;
}
