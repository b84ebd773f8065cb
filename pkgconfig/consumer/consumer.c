/* SPDX-License-Identifier: Apache-2.0 */
/* A program of someone else's, built against the installed library: C99 and, the same file, C++11. */
#include <seqdemand/seqdemand.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    int32_t status;

    if (seqd_version_number() != SEQD_VERSION_NUMBER) {
        printf("header %x, library %x\n", (unsigned)SEQD_VERSION_NUMBER, (unsigned)seqd_version_number());
        return 1;
    }
    status = seqd_context_create(NULL, &context, &error);
    if (status == SEQD_OK) status = seqd_options_create(context, &options, &error);
    if (status == SEQD_OK) status = seqd_options_set_i64(options, "horizon", 28, &error);
    if (status != SEQD_OK) {
        printf("%s: %s\n", seqd_status_name(status), error.message);
        return 1;
    }
    /* An unknown option must come back with the known one that is nearest. */
    status = seqd_options_set_i64(options, "horizn", 28, &error);
    if (status != SEQD_E_OPTION || strstr(error.message, "horizon") == NULL) {
        printf("expected a hint, got %d: %s\n", (int)status, error.message);
        return 1;
    }
    seqd_context_release(context); /* children keep their parents alive */
    seqd_options_release(options);
    printf("seqdemand %s (%s)\n", seqd_version_string(), seqd_build_info());
    return 0;
}
