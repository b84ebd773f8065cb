/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <string.h>

#include "alloc.h"
#include "bytes.h"
#include "context.h"
#include "features_bytes.h"
#include "file.h"
#include "status.h"

/*
 * The model file, all numbers little-endian:
 *
 *   0   8  magic "SEQDMODL"
 *   8   4  format number (SEQD_MODEL_FORMAT)
 *   12  4  number of sections
 *   16  8  length of the whole file
 *   24  4  CRC-32C of these 28 bytes, with this field zero, and the section table
 *   28  -  section table: type u32, CRC-32C u32, offset u64, length u64 for each
 *
 * Sections follow in rising offset, without gaps or overlap, and end with the file. Every type occurs once; their order
 * is OPTIONS, FEATURES, DISTRIBUTION, CARD, PARAMETERS. Options hold names and texts of the option table; features and
 * distribution hold the fields below in order; parameters hold the name, rank and shape of each tensor and its floats.
 * A type above 0x10000 that a reader does not know is skipped; any other unknown type is refused.
 */
enum {
    SECTION_OPTIONS = 1,
    SECTION_FEATURES,
    SECTION_DISTRIBUTION,
    SECTION_CARD,
    SECTION_PARAMETERS,
    SECTION_OPTIONAL = 0x10000
};

#define HEADER_SIZE 28
#define ENTRY_SIZE 24
#define KNOWN_SECTIONS 5
#define MOST_SECTIONS 32

static const char magic[8] = {'S', 'E', 'Q', 'D', 'M', 'O', 'D', 'L'};

static void put_options(const seqd_model *model, seqd_writer *out)
{
    uint32_t count = 0;
    for (int32_t id = 0; id < SEQD_OPT_COUNT; id++)
        count += seqd_option_is_set(model->options, (seqd_option_id)id) && id != SEQD_OPT_BACKEND;
    seqd_put_u32(out, count);
    for (int32_t id = 0; id < SEQD_OPT_COUNT; id++) {
        if (!seqd_option_is_set(model->options, (seqd_option_id)id) || id == SEQD_OPT_BACKEND) continue;
        seqd_put_text(out, seqd_option_name((seqd_option_id)id));
        seqd_put_text(out, seqd_option_text(model->options, (seqd_option_id)id));
    }
}

static int32_t get_options(seqd_model *model, seqd_scanner *in, seqd_error *error)
{
    const uint32_t count = seqd_get_u32(in);
    char name[64], value[4096];
    for (uint32_t i = 0; i < count && !in->failed; i++) {
        seqd_option_id id;
        seqd_get_text(in, name, sizeof name);
        seqd_get_text(in, value, sizeof value);
        if (in->failed) break;
        SEQD_CHECK(seqd_option_find(name, &id, error));
        SEQD_CHECK(seqd_option_set(model->options, id, value, error));
    }
    return SEQD_OK;
}

static void put_distribution(const seqd_model *model, seqd_writer *out)
{
    seqd_put_f64(out, model->path_common);
    seqd_put_f64(out, model->path_fade);
    seqd_put_u32(out, (uint32_t)model->dist.level_count);
    for (int32_t i = 0; i < model->dist.level_count; i++) seqd_put_f64(out, model->spread[i]);
}

static void get_distribution(seqd_model *model, seqd_scanner *in)
{
    model->path_common = seqd_get_f64(in);
    model->path_fade = seqd_get_f64(in);
    if (!(model->path_common >= 0.0 && model->path_common <= 1.0 && model->path_fade >= 0.0 && model->path_fade < 1.0))
        in->failed = true;
    const int32_t count = seqd_get_int(in, 0, SEQD_MAX_LEVELS);
    if (count != model->dist.level_count) in->failed = true;
    for (int32_t i = 0; i < count && !in->failed; i++) {
        model->spread[i] = seqd_get_f64(in);
        if (i > 0 && model->spread[i] < model->spread[i - 1]) in->failed = true;
    }
}

static void put_card(const seqd_model *model, seqd_writer *out)
{
    seqd_put_u32(out, (uint32_t)model->card_count);
    for (int32_t i = 0; i < model->card_count; i++) {
        seqd_put_text(out, model->card[i].key);
        seqd_put_text(out, model->card[i].value);
    }
}

static void get_card(seqd_model *model, seqd_scanner *in)
{
    const int32_t count = seqd_get_int(in, 0, SEQD_CARD_LINES);
    for (int32_t i = 0; i < count && !in->failed; i++) {
        seqd_get_text(in, model->card[i].key, sizeof model->card[i].key);
        seqd_get_text(in, model->card[i].value, sizeof model->card[i].value);
        model->card_count = i + 1;
    }
}

static void put_parameters(const seqd_model *model, seqd_writer *out)
{
    seqd_put_u32(out, (uint32_t)model->net.tensors.count);
    for (int32_t i = 0; i < model->net.tensors.count; i++) {
        const seqd_tensor *tensor = &model->net.tensors.at[i];
        seqd_put_text(out, tensor->name);
        seqd_put_u32(out, (uint32_t)tensor->rank);
        seqd_put_u64(out, (uint64_t)tensor->shape[0]);
        seqd_put_u64(out, (uint64_t)tensor->shape[1]);
        seqd_put_floats(out, model->parameters + tensor->offset, tensor->shape[0] * tensor->shape[1]);
    }
}

/* The plan made from options and features says what must be here; the file has to agree in every name and shape. */
static void get_parameters(seqd_model *model, seqd_scanner *in)
{
    if (seqd_get_u32(in) != (uint32_t)model->net.tensors.count) in->failed = true;
    for (int32_t i = 0; i < model->net.tensors.count && !in->failed; i++) {
        const seqd_tensor *tensor = &model->net.tensors.at[i];
        char name[sizeof tensor->name];
        seqd_get_text(in, name, sizeof name);
        const uint32_t rank = seqd_get_u32(in);
        const uint64_t rows = seqd_get_u64(in), columns = seqd_get_u64(in);
        if (in->failed || strcmp(name, tensor->name) != 0 || rank != (uint32_t)tensor->rank ||
            rows != (uint64_t)tensor->shape[0] || columns != (uint64_t)tensor->shape[1]) {
            in->failed = true;
            return;
        }
        seqd_get_floats(in, model->parameters + tensor->offset, tensor->shape[0] * tensor->shape[1]);
    }
}

static void encode_header(seqd_writer *out, uint32_t crc)
{
    seqd_put_bytes(out, magic, sizeof magic);
    seqd_put_u32(out, SEQD_MODEL_FORMAT);
    seqd_put_u32(out, KNOWN_SECTIONS);
    seqd_put_u64(out, 0);
    seqd_put_u32(out, crc);
}

static void set_u32(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) at[i] = (unsigned char)(value >> 8 * i);
}

static void set_u64(unsigned char *at, uint64_t value)
{
    set_u32(at, (uint32_t)value);
    set_u32(at + 4, (uint32_t)(value >> 32));
}

int32_t seqd_model_encode(const seqd_model *model, unsigned char **bytes, size_t *size, seqd_error *error)
{
    seqd_writer out = {.context = model->context};
    size_t ends[KNOWN_SECTIONS];
    const unsigned char entry[ENTRY_SIZE] = {0};
    encode_header(&out, 0);
    for (int i = 0; i < KNOWN_SECTIONS; i++) seqd_put_bytes(&out, entry, sizeof entry);
    put_options(model, &out), ends[0] = out.size;
    seqd_features_put(&model->features, &out), ends[1] = out.size;
    put_distribution(model, &out), ends[2] = out.size;
    put_card(model, &out), ends[3] = out.size;
    put_parameters(model, &out), ends[4] = out.size;
    if (out.failed) {
        seqd_free(model->context, out.bytes);
        return seqd_fail_alloc(model->context, out.capacity * 2, error);
    }
    size_t start = HEADER_SIZE + KNOWN_SECTIONS * ENTRY_SIZE;
    for (uint32_t i = 0; i < KNOWN_SECTIONS; i++) {
        unsigned char *at = out.bytes + HEADER_SIZE + i * ENTRY_SIZE;
        set_u32(at, i + 1);
        set_u32(at + 4, seqd_crc32c(0, out.bytes + start, ends[i] - start));
        set_u64(at + 8, start);
        set_u64(at + 16, ends[i] - start);
        start = ends[i];
    }
    set_u64(out.bytes + 16, out.size);
    set_u32(out.bytes + 24, seqd_crc32c(0, out.bytes, HEADER_SIZE + KNOWN_SECTIONS * ENTRY_SIZE));
    *bytes = out.bytes;
    *size = out.size;
    return SEQD_OK;
}

typedef struct section {
    size_t offset, length;
} section;

static int32_t damaged(seqd_error *error, const char *what)
{
    return seqd_fail(error, SEQD_E_FORMAT, "the model file is damaged: %s", what);
}

/* Checks header, table and every checksum; sections[type - 1] tells where the known ones are. */
static int32_t open_sections(const unsigned char *bytes, size_t size, section sections[KNOWN_SECTIONS],
                             seqd_error *error)
{
    seqd_scanner in = {bytes, size, 0, false};
    if (size < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
        return seqd_fail(error, SEQD_E_FORMAT, "not a libseqdemand model file");
    if (size < HEADER_SIZE) return damaged(error, "it ends within its header");
    in.at = sizeof magic;
    const uint32_t format = seqd_get_u32(&in), count = seqd_get_u32(&in);
    const uint64_t total = seqd_get_u64(&in);
    const uint32_t crc = seqd_get_u32(&in);
    if (count > MOST_SECTIONS || size < HEADER_SIZE + (size_t)count * ENTRY_SIZE)
        return damaged(error, "it ends within its section table");
    unsigned char copy[HEADER_SIZE];
    memcpy(copy, bytes, sizeof copy);
    set_u32(copy + 24, 0);
    uint32_t sum = seqd_crc32c(0, copy, sizeof copy);
    sum = seqd_crc32c(sum, bytes + HEADER_SIZE, (size_t)count * ENTRY_SIZE);
    if (sum != crc) return damaged(error, "the checksum of its header is wrong");
    if (format > SEQD_MODEL_FORMAT)
        return seqd_fail(error, SEQD_E_VERSION, "the model file has format %u, this library reads up to %d", format,
                         SEQD_MODEL_FORMAT);
    if (format == 0 || total != size) return damaged(error, "its length is not the one in its header");

    memset(sections, 0, KNOWN_SECTIONS * sizeof *sections);
    uint64_t expected = HEADER_SIZE + (uint64_t)count * ENTRY_SIZE;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t type = seqd_get_u32(&in), want = seqd_get_u32(&in);
        const uint64_t offset = seqd_get_u64(&in), length = seqd_get_u64(&in);
        if (offset != expected || length > size - offset) return damaged(error, "a section lies outside of it");
        expected = offset + length;
        if (seqd_crc32c(0, bytes + offset, (size_t)length) != want)
            return damaged(error, "the checksum of a section is wrong");
        if (type >= 1 && type <= KNOWN_SECTIONS) {
            if (sections[type - 1].offset != 0) return damaged(error, "a section occurs twice");
            sections[type - 1] = (section){(size_t)offset, (size_t)length};
        } else if (type < SECTION_OPTIONAL) {
            return damaged(error, "a section of unknown type");
        }
    }
    if (expected != size) return damaged(error, "bytes after its last section");
    for (int i = 0; i < KNOWN_SECTIONS; i++)
        if (sections[i].offset == 0) return damaged(error, "a section is missing");
    return SEQD_OK;
}

static int32_t decode_section(seqd_model *model, int32_t type, const unsigned char *bytes,
                              const section sections[KNOWN_SECTIONS], seqd_error *error)
{
    const section where = sections[type - 1];
    seqd_scanner in = {bytes + where.offset, where.length, 0, false};
    int32_t status = SEQD_OK;
    switch (type) {
    case SECTION_OPTIONS: status = get_options(model, &in, error); break;
    case SECTION_FEATURES:
        status = seqd_features_get(model->context, &in, &model->features, error);
        /* a network cannot be larger than the file that holds its weights */
        if (status == SEQD_OK && !in.failed)
            status = seqd_model_assemble(model, (int64_t)(sections[SECTION_PARAMETERS - 1].length / sizeof(float)),
                                         error);
        break;
    case SECTION_DISTRIBUTION: get_distribution(model, &in); break;
    case SECTION_CARD: get_card(model, &in); break;
    case SECTION_PARAMETERS: get_parameters(model, &in); break;
    }
    if (status == SEQD_E_OPTION || status == SEQD_E_FORMAT)
        return seqd_fail_prefix(error, SEQD_E_FORMAT, "the model file cannot be used");
    if (status != SEQD_OK) return status;
    return in.failed || in.at != in.size ? damaged(error, "a section does not hold what it should") : SEQD_OK;
}

int32_t seqd_model_decode(seqd_context *context, const unsigned char *bytes, size_t size, seqd_model **out,
                          seqd_error *error)
{
    section sections[KNOWN_SECTIONS];
    SEQD_CHECK(open_sections(bytes, size, sections, error));
    seqd_model *model = seqd_alloc_zero(context, sizeof *model);
    if (!model) return seqd_fail_alloc(context, sizeof *model, error);
    atomic_init(&model->references, 1);
    model->context = seqd_context_retain(context);
    int32_t status = seqd_options_new(context, &model->options, error);
    for (int32_t type = 1; type <= KNOWN_SECTIONS && status == SEQD_OK; type++)
        status = decode_section(model, type, bytes, sections, error);
    if (status != SEQD_OK) {
        seqd_model_free(model);
        return status;
    }
    *out = model;
    return SEQD_OK;
}
