/* SPDX-License-Identifier: Apache-2.0 */
#include "configure.h"

#include "configure_stack.h"
#include "configure_task.h"
#include "status.h"

static int32_t configure_attention(const seqd_options *options, seqd_net_config *config, seqd_error *error)
{
    seqd_attention_shape *a = &config->encdec.attention;
    const int32_t query = config->encdec.hidden[config->encdec.layers - 1], memory = seqd_stack_width(&config->stack);
    const int64_t size = seqd_option_i64(options, SEQD_OPT_ATTENTION_SIZE);
    a->kind = (seqd_attention_kind)seqd_option_choice(options, SEQD_OPT_ATTENTION);
    a->heads = 1;
    if (a->kind == SEQD_ATTENTION_DOT && query != memory)
        return seqd_fail(error, SEQD_E_OPTION,
                         "attention=dot needs a last layer of decoder_hidden_size (%d) as wide as the encoder's states "
                         "(%d); attention=general does not",
                         (int)query, (int)memory);
    const bool sized = a->kind == SEQD_ATTENTION_ADDITIVE || a->kind == SEQD_ATTENTION_MULTIHEAD;
    if (sized) a->size = size > 0 ? (int32_t)size : query;
    if (a->kind != SEQD_ATTENTION_MULTIHEAD) return SEQD_OK;
    a->heads = (int32_t)seqd_option_i64(options, SEQD_OPT_NUM_HEADS);
    const int32_t units = a->size / a->heads;
    if (units * a->heads != a->size)
        return seqd_fail(error, SEQD_E_OPTION, "num_heads=%d does not divide the %d units of the attention",
                         (int)a->heads, (int)a->size);
    return SEQD_OK;
}

int32_t seqd_configure_encdec(const seqd_options *options, seqd_net_config *config, seqd_error *error)
{
    seqd_encdec_shape *d = &config->encdec;
    int64_t sizes[SEQD_MAX_LAYERS];
    config->kind = SEQD_NET_ENCDEC;
    d->cell = seqd_configured_cell(options, seqd_option_text(options, SEQD_OPT_DECODER_CELL));
    d->layers = seqd_option_i64_list(options, SEQD_OPT_DECODER_HIDDEN_SIZE, sizes, SEQD_MAX_LAYERS);
    if (d->layers < 1 || d->layers > SEQD_MAX_LAYERS)
        return seqd_fail(error, SEQD_E_OPTION, "option 'decoder_hidden_size' takes 1 to %d sizes", SEQD_MAX_LAYERS);
    for (int32_t i = 0; i < d->layers; i++) d->hidden[i] = (int32_t)sizes[i];
    d->told = seqd_option_choice(options, SEQD_OPT_DECODING) == 0 ? 1 : 0;
    if (config->answer.classes > 0 && d->told > 0)
        d->told = seqd_embedding_width(options, 0, config->answer.classes);
    return configure_attention(options, config, error);
}
