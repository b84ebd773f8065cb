/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recall [QUESTION]: what models of events can keep in mind, on generated sequences, learned from some and measured on
 * others. Each question comes in its plain form, where the answer stands at fixed steps or is a sum over steps, so that
 * a model that sees all steps at once needs no memory, and in one where it does: pauses that move the answer, a token
 * that sets the count back to zero, marks at random steps. Figures are accuracies of classes, and of numbers the root
 * of the mean squared error; "answered alike" is the most frequent class or the mean. Every bound is checked; the
 * status is 1 when one does not hold.
 */
#include "stress.h"

#include <math.h>
#include <stdarg.h>

enum { STEPS = 24, LONG = 50, BACK = 3, RECITED = 2, MEASURED = 500 };

static seqd_error error = SEQD_ERROR_INIT;

typedef struct text {
    char *bytes;
    size_t size, room;
} text;

static void print(text *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void print(text *out, const char *format, ...)
{
    if (out->room - out->size < 128) {
        out->room = 2 * out->room + 4096;
        out->bytes = realloc(out->bytes, out->room);
        STRESS_CHECK(out->bytes != NULL);
    }
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(out->bytes + out->size, out->room - out->size, format, arguments);
    va_end(arguments);
    STRESS_CHECK(length > 0 && (size_t)length < out->room - out->size);
    out->size += (size_t)length;
}

static uint64_t state;

static int below(int n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int)((state >> 33) % (uint64_t)n);
}

/* --- sequences; columns user, event, symbol, x, m, label, the label in the last row alone --- */

static void put_tokens(text *out, int sequence, const char *tokens, int steps, int number)
{
    for (int t = 0; t + 1 < steps; t++) print(out, "u%d,%c,,,,\n", sequence, tokens[t]);
    print(out, "u%d,%c,,,,%d\n", sequence, tokens[steps - 1], number);
}

static void draw(char *tokens, const char *letters, int steps)
{
    const int n = (int)strlen(letters);
    for (int t = 0; t < steps; t++) tokens[t] = letters[below(n)];
}

/* The token BACK steps before the end. */
static void put_copy(text *out, int sequence)
{
    char tokens[STEPS];
    draw(tokens, "abcdefgh", STEPS);
    put_tokens(out, sequence, tokens, STEPS, tokens[STEPS - BACK]);
}

/* The last token but one that is no pause. */
static void put_copy_pauses(text *out, int sequence)
{
    char tokens[STEPS];
    int seen, t;
    do {
        draw(tokens, "abcd....", STEPS);
        for (seen = 0, t = STEPS; t-- > 0 && (tokens[t] == '.' || ++seen < 2);) continue;
    } while (t < 0);
    put_tokens(out, sequence, tokens, STEPS, tokens[t]);
}

/* How many a there are. */
static void put_count(text *out, int sequence)
{
    char tokens[STEPS];
    int count = 0;
    draw(tokens, "abcd....", STEPS);
    for (int t = 0; t < STEPS; t++) count += tokens[t] == 'a';
    put_tokens(out, sequence, tokens, STEPS, count);
}

/* How many a there are since the last b. */
static void put_count_resets(text *out, int sequence)
{
    char tokens[STEPS];
    int count = 0;
    draw(tokens, "abcd....", STEPS);
    for (int t = 0; t < STEPS; t++) count = tokens[t] == 'b' ? 0 : count + (tokens[t] == 'a');
    put_tokens(out, sequence, tokens, STEPS, count);
}

static void put_marked(text *out, int sequence, int first, int second)
{
    int x[LONG];
    for (int t = 0; t < LONG; t++) x[t] = below(1000);
    const int whole = x[first] + x[second];
    for (int t = 0; t < LONG; t++) {
        print(out, "u%d,,,0.%03d,%d,", sequence, x[t], t == first || t == second);
        if (t + 1 < LONG) print(out, "\n");
        else print(out, "%d.%03d\n", whole / 1000, whole % 1000);
    }
}

/* The sum of two marked numbers of 50 steps: always the same two. */
static void put_sum_fixed(text *out, int sequence)
{
    put_marked(out, sequence, 10, 35);
}

/* The same, one anywhere in each half. */
static void put_sum(text *out, int sequence)
{
    const int first = below(LONG / 2);
    put_marked(out, sequence, first, LONG / 2 + below(LONG / 2));
}

/* Symbols, then the answers as events. */
static void put_recital(text *out, int sequence, const char *symbols, const int *at)
{
    for (int t = 0; t < STEPS; t++) print(out, "u%d,,%c,,,\n", sequence, symbols[t]);
    for (int i = 0; i < RECITED; i++) print(out, "u%d,%c,,,,\n", sequence, symbols[at[i]]);
}

/* The last tokens, the newest first. */
static void put_recite(text *out, int sequence)
{
    static const int at[RECITED] = {STEPS - 1, STEPS - 2};
    char symbols[STEPS];
    draw(symbols, "abcd", STEPS);
    put_recital(out, sequence, symbols, at);
}

/* The last tokens that are no pauses, the newest first. */
static void put_recite_pauses(text *out, int sequence)
{
    char symbols[STEPS];
    int at[RECITED], seen;
    do {
        draw(symbols, "abcd....", STEPS);
        seen = 0;
        for (int t = STEPS; t-- > 0 && seen < RECITED;)
            if (symbols[t] != '.') at[seen++] = t;
    } while (seen < RECITED);
    put_recital(out, sequence, symbols, at);
}

/* --- questions --- */

#define MODELS 6

typedef struct question {
    const char *name, *settings;
    void (*put)(text *out, int sequence);
    int trained;          /* sequences */
    bool number;          /* the figure is an error: smaller is better */
    struct {
        const char *settings;
        double bound;
        bool solves;      /* at least as good as `bound`; else at most */
    } models[MODELS];
} question;

#define CLASSES "task=classify label_column=label event_column=event max_len=24 max_steps=1200 learning_rate=0.01 "
#define COUNTS "task=regress label_column=label event_column=event max_len=24 max_steps=1000 learning_rate=0.01 "
#define SUMS "task=regress label_column=label num_columns=x,m num_transform=none max_len=50 " \
             "max_steps=1200 learning_rate=0.005 "
#define RECITALS "task=classify label=next_event horizon=2 event_column=event cat_columns=symbol max_len=24 " \
                 "max_steps=2500 learning_rate=0.005 "

static const question questions[] = {
    {"copy", CLASSES, put_copy, 4000, false,
     {{"model=lstm", 0.98, true}, {"model=gru", 0.98, true},
      {"model=gru pooling=attention bidirectional=1", 0.95, true},
      {"model=mlp", 0.9, true}, {"model=logistic", 0.9, true}}},
    {"copy, pauses", CLASSES, put_copy_pauses, 2000, false,
     {{"model=lstm", 0.98, true}, {"model=gru", 0.98, true},
      {"model=gru pooling=attention bidirectional=1", 0.95, true},
      {"model=mlp", 0.8, false}, {"model=logistic", 0.7, false}}},
    {"count", COUNTS, put_count, 2000, true,
     {{"model=lstm", 0.12, true}, {"model=gru", 0.12, true}, {"model=gru pooling=attention", 0.2, true},
      {"model=mlp", 0.2, true}, {"model=linear", 0.2, true}}},
    {"count, resets", COUNTS, put_count_resets, 2000, true,
     {{"model=lstm", 0.12, true}, {"model=gru", 0.12, true}, {"model=gru pooling=attention", 0.2, true},
      {"model=mlp", 0.15, false}, {"model=linear", 0.5, false}}},
    {"sum of two, fixed", SUMS, put_sum_fixed, 2000, true,
     {{"model=lstm", 0.12, true}, {"model=gru", 0.12, true}, {"model=gru pooling=attention", 0.12, true},
      {"model=mlp", 0.12, true}, {"model=linear", 0.12, true}}},
    {"sum of two marked", SUMS, put_sum, 2000, true,
     {{"model=lstm", 0.15, true}, {"model=gru", 0.15, true}, {"model=gru pooling=attention", 0.15, true},
      {"model=mlp", 0.3, false}, {"model=linear", 0.35, false}}},
    {"recite", RECITALS, put_recite, 4000, false,
     {{"model=encdec decoder_hidden_size=32 teacher_forcing_end=1", 0.95, true},
      {"model=lstm", 0.95, true}, {"model=gru", 0.95, true},
      {"model=mlp", 0.9, true}, {"model=logistic", 0.9, true}}},
    {"recite, pauses", RECITALS, put_recite_pauses, 4000, false,
     {{"model=encdec decoder_hidden_size=32 teacher_forcing_end=1", 0.95, true},
      {"model=lstm", 0.95, true}, {"model=gru", 0.95, true},
      {"model=mlp", 0.88, false}, {"model=logistic", 0.88, false}}},
};

static seqd_dataset *ask(seqd_context *context, const seqd_options *options, const question *q, int sequences,
                         uint64_t seed)
{
    text out = {0};
    seqd_dataset *dataset = NULL;
    state = seed;
    print(&out, "user,event,symbol,x,m,label\n");
    for (int i = 0; i < sequences; i++) q->put(&out, i);
    STRESS_OK(seqd_dataset_parse(context, options, out.bytes, out.size, &dataset, &error));
    free(out.bytes);
    return dataset;
}

static double figure_of(const seqd_prediction *prediction)
{
    seqd_answer_metrics metrics = {.struct_size = sizeof metrics};
    STRESS_OK(seqd_prediction_evaluate(prediction, &metrics, &error));
    STRESS_CHECK(metrics.count == MEASURED * seqd_prediction_answer_count(prediction));
    return metrics.classes ? metrics.accuracy : metrics.rmse;
}

/* The figure of a model, and of one answer for all. */
static double learn(const question *q, const char *model_settings, double *alike)
{
    char settings[512];
    seqd_context *context = NULL;
    seqd_options *options = NULL;
    seqd_model *model = NULL;
    seqd_predictor *predictor = NULL;
    seqd_prediction *prediction = NULL, *plain = NULL;
    const bool flat = strstr(model_settings, "model=mlp") || strstr(model_settings, "model=linear") ||
                      strstr(model_settings, "model=logistic");
    STRESS_CHECK(snprintf(settings, sizeof settings, "id_column=user %s%s%s", flat ? "" : "hidden_size=32 dropout=0 ",
                          q->settings, model_settings) < (int)sizeof settings);
    STRESS_OK(seqd_context_create(NULL, &context, &error));
    STRESS_OK(seqd_options_create(context, &options, &error));
    stress_set(options, settings);
    seqd_dataset *train = ask(context, options, q, q->trained, 1), *held = ask(context, options, q, MEASURED, 2);
    STRESS_OK(seqd_ensemble_train(context, options, train, &model, NULL, &error));
    STRESS_OK(seqd_predictor_create(model, &predictor, &error));
    STRESS_OK(seqd_predictor_answer(predictor, held, SEQD_ANSWER_LABELLED, &prediction, &error));
    const double figure = figure_of(prediction);
    STRESS_OK(seqd_baseline_answer(train, held, SEQD_ANSWER_LABELLED, &plain, &error));
    *alike = figure_of(plain);
    seqd_prediction_release(plain);
    seqd_prediction_release(prediction);
    seqd_predictor_release(predictor);
    seqd_model_release(model);
    seqd_dataset_release(train);
    seqd_dataset_release(held);
    seqd_options_release(options);
    seqd_context_release(context);
    return figure;
}

int main(int argc, char **argv)
{
    int asked = 0, missed = 0;
    printf("%-18s %-56s %8s  %-12s\n", "question", "model", "figure", "bound");
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        const question *q = &questions[i];
        if (argc > 1 && strcmp(argv[1], q->name) != 0) continue;
        double alike = 0.0;
        for (int m = 0; m < MODELS && q->models[m].settings; m++, asked++) {
            const double bound = q->models[m].bound, figure = learn(q, q->models[m].settings, &alike);
            const bool low = q->number == q->models[m].solves, good = low ? figure <= bound : figure >= bound;
            printf("%-18s %-56s %8.3f  %s %.3f%s\n", q->name, q->models[m].settings, figure, low ? "<=" : ">=", bound,
                   good ? "" : "  DOES NOT HOLD");
            (void)fflush(stdout);
            missed += !good;
        }
        printf("%-18s %-56s %8.3f  %s\n", q->name, "answered alike", alike, q->number ? "rmse" : "accuracy");
    }
    printf("%d models, %d bounds do not hold\n", asked, missed);
    return asked > 0 && missed == 0 ? 0 : 1;
}
