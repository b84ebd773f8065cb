/* SPDX-License-Identifier: Apache-2.0 */
#include "net.h"

#include <math.h>
#include <string.h>

#include "rng.h"
#include "status.h"
#include "text.h"

/* Largest number of weights of one network: their bytes, and those of their gradients, stay far from any overflow. */
#define MOST_PARAMETERS ((int64_t)1 << 30)

static void put_name(char *to, size_t size, const char *prefix, int32_t index, const char *suffix)
{
    char number[SEQD_NUMBER_SIZE];
    size_t used = 0;
    const char *parts[3] = {prefix, index >= 0 ? number : "", suffix};
    if (index >= 0) seqd_format_i64(index, number);
    for (int i = 0; i < 3; i++)
        for (const char *c = parts[i]; *c && used + 1 < size; c++) to[used++] = *c;
    to[used] = '\0';
}

static int32_t add_tensor(seqd_net *net, const char *prefix, int32_t index, const char *suffix, int64_t rows,
                          int64_t columns, int32_t rank, seqd_error *error)
{
    if (net->tensor_count == SEQD_MAX_TENSORS)
        return seqd_fail(error, SEQD_E_LIMIT, "more than %d parameter tensors", SEQD_MAX_TENSORS);
    seqd_tensor *tensor = &net->tensors[net->tensor_count++];
    put_name(tensor->name, sizeof tensor->name, prefix, index, suffix);
    tensor->offset = net->parameter_count;
    tensor->shape[0] = rows;
    tensor->shape[1] = columns;
    tensor->rank = rank;
    int64_t count;
    if (!seqd_mul_i64(rows, columns, &count) || !seqd_add_i64(net->parameter_count, count, &net->parameter_count) ||
        net->parameter_count > MOST_PARAMETERS)
        return seqd_fail(error, SEQD_E_LIMIT, "the network would have more than 2^30 parameters");
    return SEQD_OK;
}

static int32_t add_rnn(seqd_net *net, int32_t layer, seqd_error *error)
{
    const seqd_rnn_shape *shape = &net->rnn[layer];
    const int64_t gates = seqd_rnn_gates(shape);
    SEQD_CHECK(add_tensor(net, "rnn.weight_ih_l", layer, "", gates, shape->inputs + shape->statics, 2, error));
    SEQD_CHECK(add_tensor(net, "rnn.weight_hh_l", layer, "", gates, shape->hidden, 2, error));
    SEQD_CHECK(add_tensor(net, "rnn.bias_ih_l", layer, "", gates, 1, 1, error));
    return add_tensor(net, "rnn.bias_hh_l", layer, "", gates, 1, 1, error);
}

static int32_t add_decoder(seqd_net *net, seqd_error *error)
{
    const seqd_decoder_shape *d = &net->decoder;
    const int64_t wide = (int64_t)d->horizon * d->size;
    net->decoder_tensor = net->tensor_count;
    SEQD_CHECK(add_tensor(net, "decoder.state.weight", -1, "", wide, d->hidden, 2, error));
    SEQD_CHECK(add_tensor(net, "decoder.state.bias", -1, "", wide, 1, 1, error));
    SEQD_CHECK(add_tensor(net, "decoder.future.weight", -1, "", d->size, d->futures, 2, error));
    SEQD_CHECK(add_tensor(net, "decoder.static.weight", -1, "", d->size, d->statics, 2, error));
    SEQD_CHECK(add_tensor(net, "decoder.lag.weight", -1, "", d->size, d->lags, 2, error));
    SEQD_CHECK(add_tensor(net, "output.weight", -1, "", d->width, d->size, 2, error));
    SEQD_CHECK(add_tensor(net, "output.lag.weight", -1, "", d->width, d->lags, 2, error));
    return add_tensor(net, "output.bias", -1, "", d->width, 1, 1, error);
}

int32_t seqd_net_plan(const seqd_net_config *config, seqd_net *net, seqd_error *error)
{
    memset(net, 0, sizeof *net);
    net->config = *config;
    net->statics = config->reals;
    for (int32_t i = 0; i < config->cat_count; i++) {
        net->statics += config->embedding[i];
        SEQD_CHECK(add_tensor(net, "embedding.", i, ".weight", (int64_t)config->cardinality[i] + 1,
                              config->embedding[i], 2, error));
    }
    for (int32_t i = 0; i < config->layers; i++) {
        net->rnn[i].cell = config->cell;
        net->rnn[i].inputs = i == 0 ? config->inputs : config->hidden[i - 1];
        net->rnn[i].statics = i == 0 ? net->statics : 0;
        net->rnn[i].hidden = config->hidden[i];
        SEQD_CHECK(add_rnn(net, i, error));
    }
    net->decoder = (seqd_decoder_shape){
        .hidden = config->hidden[config->layers - 1],
        .horizon = config->horizon,
        .size = config->decoder_size,
        .futures = config->futures,
        .statics = net->statics,
        .lags = config->lags,
        .width = config->head.width,
    };
    return add_decoder(net, error);
}

static void uniform(seqd_rng *rng, float *values, int64_t count, double bound)
{
    for (int64_t i = 0; i < count; i++) values[i] = (float)(bound * (2.0 * seqd_rng_uniform(rng) - 1.0));
}

/*
 * Recurrent layers as torch.nn.LSTM (uniform in +-1/sqrt(hidden)) with 1 added to the forget gate's bias (Gers et al.
 * 2000); other weights uniform in +-1/sqrt(inputs), embeddings normal with deviation 0.1. The output starts as the mean
 * of the lagged values, so that training learns what to change about a seasonal forecast.
 */
void seqd_net_init(const seqd_net *net, uint64_t seed, float *parameters)
{
    for (int32_t i = 0; i < net->tensor_count; i++) {
        const seqd_tensor *tensor = &net->tensors[i];
        const int64_t count = tensor->shape[0] * tensor->shape[1];
        float *w = parameters + tensor->offset;
        seqd_rng rng = seqd_rng_stream(seed, 0x696e6974, (uint64_t)i);
        if (i < net->config.cat_count) {
            for (int64_t j = 0; j < count; j++) w[j] = (float)(0.1 * seqd_rng_normal(&rng));
        } else if (i < net->decoder_tensor) {
            const int32_t layer = (i - net->config.cat_count) / 4;
            const seqd_rnn_shape *shape = &net->rnn[layer];
            uniform(&rng, w, count, 1.0 / sqrt((double)shape->hidden));
            if (shape->cell == SEQD_CELL_LSTM && (i - net->config.cat_count) % 4 == 2)
                for (int32_t j = 0; j < shape->hidden; j++) w[shape->hidden + j] += 1.0f;
        } else if (tensor->rank == 2) {
            uniform(&rng, w, count, 1.0 / sqrt((double)(tensor->shape[1] > 0 ? tensor->shape[1] : 1)));
        } else {
            memset(w, 0, (size_t)count * sizeof *w);
        }
    }
    const seqd_tensor *lag = &net->tensors[net->decoder_tensor + 6], *bias = &net->tensors[net->decoder_tensor + 7];
    const seqd_head *head = &net->config.head;
    memset(parameters + lag->offset, 0, (size_t)(lag->shape[0] * lag->shape[1]) * sizeof(float));
    if (head->kind != SEQD_HEAD_NEGBIN)
        for (int64_t l = 0; l < lag->shape[1]; l++)
            parameters[lag->offset + head->middle * lag->shape[1] + l] = 1.0f / (float)lag->shape[1];
    seqd_head_init_bias(head, parameters + bias->offset);
}

int32_t seqd_net_find(const seqd_net *net, const char *name)
{
    for (int32_t i = 0; i < net->tensor_count; i++)
        if (strcmp(net->tensors[i].name, name) == 0) return i;
    return -1;
}
