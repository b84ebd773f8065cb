/* SPDX-License-Identifier: Apache-2.0 */
#include "tensors.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "rng.h"
#include "status.h"
#include "text.h"

/* Largest number of weights of one network: their bytes, and those of their gradients, stay far from any overflow. */
#define MOST_PARAMETERS ((int64_t)1 << 30)

static void put_name(char *to, size_t size, const seqd_tensor_name *name)
{
    char number[SEQD_NUMBER_SIZE];
    size_t used = 0;
    const char *parts[3] = {name->prefix, name->index >= 0 ? number : "", name->suffix};
    if (name->index >= 0) seqd_format_i64(name->index, number);
    for (int i = 0; i < 3; i++)
        for (const char *c = parts[i]; *c && used + 1 < size; c++) to[used++] = *c;
    to[used] = '\0';
}

static int32_t add(seqd_tensors *tensors, const seqd_tensor_name *name, seqd_tensor tensor, seqd_error *error)
{
    int64_t count;
    if (tensors->count == SEQD_MAX_TENSORS)
        return seqd_fail(error, SEQD_E_LIMIT, "more than %d parameter tensors", SEQD_MAX_TENSORS);
    put_name(tensor.name, sizeof tensor.name, name);
    tensor.offset = tensors->parameters;
    if (!seqd_mul_i64(tensor.shape[0], tensor.shape[1], &count) ||
        !seqd_add_i64(tensors->parameters, count, &tensors->parameters) || tensors->parameters > MOST_PARAMETERS)
        return seqd_fail(error, SEQD_E_LIMIT, "the network would have more than 2^30 parameters");
    tensors->at[tensors->count++] = tensor;
    return SEQD_OK;
}

int32_t seqd_tensors_matrix(seqd_tensors *tensors, seqd_tensor_name name, int64_t rows, int64_t columns, seqd_init init,
                            int64_t fan, seqd_error *error)
{
    return add(tensors, &name, (seqd_tensor){.shape = {rows, columns}, .rank = 2, .init = init, .fan = fan}, error);
}

int32_t seqd_tensors_vector(seqd_tensors *tensors, seqd_tensor_name name, int64_t count, seqd_init init, int64_t fan,
                            seqd_error *error)
{
    return add(tensors, &name, (seqd_tensor){.shape = {count, 1}, .rank = 1, .init = init, .fan = fan}, error);
}

static void uniform(seqd_rng *rng, float *values, int64_t count, int64_t fan)
{
    const double bound = 1.0 / sqrt((double)(fan > 0 ? fan : 1));
    for (int64_t i = 0; i < count; i++) values[i] = (float)(bound * (2.0 * seqd_rng_uniform(rng) - 1.0));
}

void seqd_tensors_init(const seqd_tensors *tensors, uint64_t seed, float *vector)
{
    for (int32_t i = 0; i < tensors->count; i++) {
        const seqd_tensor *tensor = &tensors->at[i];
        const int64_t count = tensor->shape[0] * tensor->shape[1];
        float *w = vector + tensor->offset;
        seqd_rng rng = seqd_rng_stream(seed, 0x696e6974, (uint64_t)i);
        switch (tensor->init) {
        case SEQD_INIT_ZERO: memset(w, 0, (size_t)count * sizeof *w); break;
        case SEQD_INIT_ONE:
            for (int64_t j = 0; j < count; j++) w[j] = 1.0f;
            break;
        case SEQD_INIT_UNIFORM: uniform(&rng, w, count, tensor->fan); break;
        case SEQD_INIT_LSTM_BIAS:
            uniform(&rng, w, count, tensor->fan);
            for (int64_t j = count / 4; j < count / 2; j++) w[j] += 1.0f;
            break;
        case SEQD_INIT_EMBEDDING:
            for (int64_t j = 0; j < count; j++) w[j] = (float)(0.1 * seqd_rng_normal(&rng));
            break;
        }
    }
}

int32_t seqd_tensors_find(const seqd_tensors *tensors, const char *name)
{
    for (int32_t i = 0; i < tensors->count; i++)
        if (strcmp(tensors->at[i].name, name) == 0) return i;
    return -1;
}
