/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training, forecasting, saving, and calls that fail leave the host as it was: nothing on the standard streams, and
 * the same locale, floating-point control, signal mask and handlers, environment, folder, umask and open files.
 */
#include "host.h"

#include <dirent.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

#define SIGNALS 64

typedef struct state {
    char *locale;
    char *environment;
    char folder[4096];
    int rounding;
    unsigned mxcsr;      /* control bits only: the status bits are set by any inexact sum */
    unsigned short x87;
    sigset_t mask;
    struct sigaction actions[SIGNALS];
    mode_t umask;
    int files;
} state;

static char *join_environment(void)
{
    size_t length = 1;
    for (char **entry = environ; *entry != NULL; entry++) length += strlen(*entry) + 1;
    char *text = malloc(length), *end = text;
    if (text == NULL) exit(1);
    for (char **entry = environ; *entry != NULL; entry++) {
        const size_t size = strlen(*entry);
        memcpy(end, *entry, size);
        end[size] = '\n';
        end += size + 1;
    }
    *end = '\0';
    return text;
}

static int count_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    if (folder == NULL) return -1;
    while (readdir(folder) != NULL) count++;
    closedir(folder);
    return count;
}

static void take(state *s)
{
    memset(s, 0, sizeof *s);
    s->locale = strdup(setlocale(LC_ALL, NULL));
    s->environment = join_environment();
    if (getcwd(s->folder, sizeof s->folder) == NULL) exit(1);
    s->rounding = fegetround();
#if defined(__x86_64__)
    unsigned mxcsr;
    __asm__ __volatile__("stmxcsr %0" : "=m"(mxcsr));
    s->mxcsr = mxcsr & ~0x3fu;
    __asm__ __volatile__("fnstcw %0" : "=m"(s->x87));
#endif
    pthread_sigmask(SIG_SETMASK, NULL, &s->mask);
    for (int i = 1; i < SIGNALS; i++) sigaction(i, NULL, &s->actions[i]);
    s->umask = umask(0);
    umask(s->umask);
    s->files = count_files();
}

static int same(const state *a, const state *b)
{
    int bad = 0;
#define SAME(condition, what)                                              \
    do {                                                                   \
        if (!(condition)) {                                                \
            fprintf(host_messages, "changed: %s\n", what);                 \
            bad++;                                                         \
        }                                                                  \
    } while (0)
    SAME(strcmp(a->locale, b->locale) == 0, "locale");
    SAME(strcmp(a->environment, b->environment) == 0, "environment");
    SAME(strcmp(a->folder, b->folder) == 0, "working folder");
    SAME(a->rounding == b->rounding, "rounding mode");
    SAME(a->mxcsr == b->mxcsr, "MXCSR");
    SAME(a->x87 == b->x87, "x87 control word");
    for (int i = 1; i < SIGNALS; i++) {
        SAME(sigismember(&a->mask, i) == sigismember(&b->mask, i), "signal mask");
        SAME(a->actions[i].sa_handler == b->actions[i].sa_handler, "signal handler");
    }
    SAME(a->umask == b->umask, "umask");
    SAME(a->files == b->files, "open files");
    return bad;
}

static void release_state(state *s)
{
    free(s->locale);
    free(s->environment);
}

/* What a host does, including what goes wrong. */
static int work(void)
{
    seqd_error error = SEQD_ERROR_INIT;
    seqd_backtest *backtest = NULL;
    seqd_predictor *predictor = NULL;
    seqd_forecast *forecast = NULL;
    seqd_dataset *broken = NULL;
    seqd_model *loaded = NULL;
    seqd_reorder reorder = { .struct_size = sizeof reorder };
    double values[HOST_SERIES * HOST_HORIZON];
    char path[64];
    host h;
    int result = 1;

    snprintf(path, sizeof path, "host_state.%ld.seqd", (long)getpid());
    if (host_train(&h, 2, "lstm") != 0) return 1;
    if (host_predict(&h, values) != 0) goto done;
    HOST_TRY(seqd_predictor_create(h.model, &predictor, &error));
    HOST_TRY(seqd_predictor_run(predictor, h.dataset, &forecast, &error));
    HOST_TRY(seqd_forecast_quantile(forecast, 0, 0.9, values, &error));
    HOST_TRY(seqd_reorder_from_forecast(forecast, 0, HOST_STOCK(10, 0, 3, 2, 0.95, 6, 0), 0, 1, &reorder, &error));
    HOST_TRY(seqd_model_save(h.model, path, &error));
    HOST_TRY(seqd_model_load(h.context, path, &loaded, &error));
    HOST_TRY(seqd_backtest_run(h.dataset, h.options, "lstm,seasonal_naive", &backtest, &error));

    if (seqd_dataset_parse(h.context, h.options, "unique_id,ds,y\na,2024-01-01,abc\n", 31, &broken, &error) !=
            SEQD_E_DATA ||
        seqd_dataset_read(h.context, h.options, "no/such/file.csv", &broken, &error) != SEQD_E_IO ||
        seqd_options_set_str(h.options, "no_such_option", "1", &error) != SEQD_E_OPTION ||
        seqd_model_load_memory(h.context, "nonsense", 8, &loaded, &error) != SEQD_E_FORMAT) {
        fprintf(host_messages, "a call that must fail did not fail as it should: %s\n", error.message);
        goto done;
    }
    result = 0;
done:
    seqd_backtest_release(backtest);
    seqd_forecast_release(forecast);
    seqd_predictor_release(predictor);
    seqd_model_release(loaded);
    host_close(&h);
    unlink(path);
    return result;
}

static int check(const char *name)
{
    static state before, after;
    take(&before);
    int bad = work();
    take(&after);
    bad += same(&before, &after);
    release_state(&before);
    release_state(&after);
    if (bad != 0) fprintf(host_messages, "with %s\n", name);
    return bad;
}

int main(void)
{
    char path[64];
    struct stat status;
    int bad = 0;

    if (seqd_version_number() != SEQD_VERSION_NUMBER) return 1;

    /* Standard output and standard error become one file, which must stay empty. */
    const int messages = dup(STDERR_FILENO);
    host_messages = messages < 0 ? NULL : fdopen(messages, "w");
    snprintf(path, sizeof path, "host_state.%ld.txt", (long)getpid());
    const int quiet = open(path, O_CREAT | O_TRUNC | O_RDWR, 0600);
    if (host_messages == NULL || quiet < 0) return 1;
    setvbuf(host_messages, NULL, _IONBF, 0);
    fflush(NULL);
    dup2(quiet, STDOUT_FILENO);
    dup2(quiet, STDERR_FILENO);

    (void)work(); /* the OpenMP runtime starts its threads once; they may hold files of their own */

    setlocale(LC_ALL, "C.UTF-8");
    bad += check("the default state");

    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigaddset(&mask, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    umask(027);
    fesetround(FE_UPWARD);
#if defined(__x86_64__)
    unsigned mxcsr;
    __asm__ __volatile__("stmxcsr %0" : "=m"(mxcsr));
    mxcsr |= 0x8040u; /* flush to zero, denormals are zero */
    __asm__ __volatile__("ldmxcsr %0" : : "m"(mxcsr));
#endif
    bad += check("rounding upward, denormals off, signals held back");
    fesetenv(FE_DFL_ENV);

    fflush(NULL);
    if (fstat(quiet, &status) != 0 || status.st_size != 0) {
        fprintf(host_messages, "%ld bytes were printed, see %s\n", (long)status.st_size, path);
        bad++;
    } else {
        unlink(path);
    }
    close(quiet);
    fprintf(host_messages, "%d differences\n", bad);
    fclose(host_messages);
    return bad != 0;
}
