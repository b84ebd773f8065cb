/* SPDX-License-Identifier: Apache-2.0 */
#include "configure_stack.h"

#include <string.h>

#include "status.h"

seqd_cell seqd_configured_cell(const seqd_options *options, const char *name)
{
    if (strcmp(name, "lstm") == 0) return SEQD_CELL_LSTM;
    if (strcmp(name, "gru") == 0)
        return seqd_option_i64(options, SEQD_OPT_RESET_AFTER) == 1 ? SEQD_CELL_GRU : SEQD_CELL_GRU_BEFORE;
    return seqd_option_choice(options, SEQD_OPT_NONLINEARITY) == 0 ? SEQD_CELL_TANH : SEQD_CELL_RELU;
}

static int32_t configure_layers(const seqd_options *options, seqd_stack_shape *stack, seqd_error *error)
{
    int64_t sizes[SEQD_MAX_LAYERS];
    const int32_t named = seqd_option_i64_list(options, SEQD_OPT_HIDDEN_SIZE, sizes, SEQD_MAX_LAYERS);
    const int64_t asked = seqd_option_i64(options, SEQD_OPT_NUM_LAYERS);
    if (named < 1 || named > SEQD_MAX_LAYERS)
        return seqd_fail(error, SEQD_E_OPTION, "option 'hidden_size' takes 1 to %d sizes", SEQD_MAX_LAYERS);
    if (asked != 0 && named != 1 && asked != named)
        return seqd_fail(error, SEQD_E_OPTION, "hidden_size names %d layers, num_layers asks for %d", named,
                         (int)asked);
    stack->layers = asked != 0 ? (int32_t)asked : named;
    for (int32_t i = 0; i < stack->layers; i++) stack->hidden[i] = (int32_t)sizes[named == 1 ? 0 : i];
    return SEQD_OK;
}

static int32_t configure_dilations(const seqd_options *options, seqd_stack_shape *stack, seqd_error *error)
{
    int64_t steps[SEQD_MAX_LAYERS];
    const int32_t named = seqd_option_i64_list(options, SEQD_OPT_DILATIONS, steps, SEQD_MAX_LAYERS);
    if (named == 0) return SEQD_OK;
    if (named != stack->layers)
        return seqd_fail(error, SEQD_E_OPTION, "dilations names %d layers, the network has %d", (int)named,
                         (int)stack->layers);
    for (int32_t i = 0; i < named; i++) stack->dilation[i] = (int32_t)steps[i];
    return SEQD_OK;
}

static int32_t check_residual(const seqd_stack_shape *stack, seqd_error *error)
{
    bool same = !stack->residual;
    for (int32_t i = 1; i < stack->layers; i++) same = same || stack->hidden[i] == stack->hidden[i - 1];
    if (!same)
        return seqd_fail(error, SEQD_E_OPTION,
                         "option 'residual' has no effect: it needs two layers of hidden_size that are equally wide");
    return SEQD_OK;
}

int32_t seqd_configure_stack(const seqd_options *options, seqd_stack_shape *stack, seqd_error *error)
{
    const char *model = seqd_option_text(options, SEQD_OPT_MODEL);
    const bool encdec = strcmp(model, "encdec") == 0;
    stack->cell = seqd_configured_cell(options, encdec ? seqd_option_text(options, SEQD_OPT_ENCODER_CELL) : model);
    SEQD_CHECK(configure_layers(options, stack, error));
    SEQD_CHECK(configure_dilations(options, stack, error));
    stack->bidirectional = seqd_option_i64(options, SEQD_OPT_BIDIRECTIONAL) == 1;
    stack->residual = seqd_option_i64(options, SEQD_OPT_RESIDUAL) == 1;
    stack->layer_norm = seqd_option_i64(options, SEQD_OPT_LAYER_NORM) == 1;
    stack->dropout = seqd_option_f64(options, SEQD_OPT_DROPOUT);
    stack->recurrent_dropout = seqd_option_f64(options, SEQD_OPT_RECURRENT_DROPOUT);
    return check_residual(stack, error);
}
