/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define BAR_WIDTH 24
#define LINE_WIDTH 100

static volatile sig_atomic_t stop_asked;
static bool bar_wanted;
static bool bar_shown;
static double last_drawn = -1;
static bool (*listener)(void *user, const seqd_progress *progress);
static void *listener_user;

void cli_progress_listen(bool (*listen)(void *user, const seqd_progress *progress), void *user)
{
    listener = listen;
    listener_user = user;
}

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void cli_progress_clear(void)
{
    if (!bar_shown) return;
    fprintf(stderr, "\r%*s\r", LINE_WIDTH, "");
    fflush(stderr);
    bar_shown = false;
}

static void format_duration(double seconds, char *text, size_t size)
{
    /* An estimate that is not a number, or beyond a month, says nothing. */
    if (!(seconds >= 0 && seconds < 2.7e6)) {
        text[0] = '\0';
        return;
    }
    int64_t s = (int64_t)(seconds + 0.5);
    if (s < 3600) snprintf(text, size, "%d:%02d left", (int)(s / 60), (int)(s % 60));
    else snprintf(text, size, "%d:%02d:%02d left", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

static void draw(const seqd_progress *p)
{
    double share = p->total_steps > 0 ? (double)p->step / (double)p->total_steps : 0;
    if (share > 1) share = 1;
    char line[2 * LINE_WIDTH], bar[BAR_WIDTH + 1], left[32];
    int filled = (int)(share * BAR_WIDTH);
    for (int i = 0; i < BAR_WIDTH; i++) bar[i] = i < filled ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    format_duration(p->remaining_seconds, left, sizeof left);
    int at = snprintf(line, sizeof line, "%.28s [%s] %3d %%", p->task != NULL ? p->task : "", bar, (int)(100 * share));
    if (p->train_loss == p->train_loss && p->train_loss != 0)
        at += snprintf(line + at, sizeof line - (size_t)at, "  loss %.4g", p->train_loss);
    if (p->validation_loss == p->validation_loss)
        at += snprintf(line + at, sizeof line - (size_t)at, "  validation %.4g", p->validation_loss);
    snprintf(line + at, sizeof line - (size_t)at, "  %s", left);
    fprintf(stderr, "\r%-*.*s", LINE_WIDTH - 1, LINE_WIDTH - 1, line);
    fflush(stderr);
    bar_shown = true;
}

static int32_t report(void *user, const seqd_progress *progress)
{
    (void)user;
    double now = bar_wanted ? now_seconds() : 0;
    if (bar_wanted && (last_drawn < 0 || now - last_drawn >= 0.1 || progress->step >= progress->total_steps)) {
        last_drawn = now;
        draw(progress);
    }
    const bool stop = listener != NULL && listener(listener_user, progress);
    return stop || stop_asked != 0;
}

int cli_progress_install(cli *c)
{
    bar_wanted = c->flags[CLI_FLAG_QUIET] == NULL && (c->flags[CLI_FLAG_PROGRESS] != NULL || isatty(STDERR_FILENO));
    if (seqd_context_set_progress(c->context, report, NULL, &c->error) != SEQD_OK) return cli_failed(c);
    return CLI_OK;
}

static void ask_to_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

void cli_interruptible(bool on)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = on ? ask_to_stop : SIG_DFL;
    /* Once only: a second signal finds the default action again and ends the program. */
    action.sa_flags = on ? (int)SA_RESETHAND : 0;
    static const int numbers[] = { SIGINT, SIGTERM };
    for (int i = 0; i < 2; i++) {
        struct sigaction before;
        /* A program started in the background with SIGINT ignored keeps ignoring it. */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
    if (!on) cli_progress_clear();
}
