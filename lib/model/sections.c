/* SPDX-License-Identifier: Apache-2.0 */
#include "sections.h"

#include <string.h>

#include <seqdemand/model.h>

#include "file.h"
#include "status.h"

#define HEADER_SIZE 28
#define ENTRY_SIZE 24

static const char magic[8] = {'S', 'E', 'Q', 'D', 'M', 'O', 'D', 'L'};

void seqd_file_begin(seqd_file_writer *file, int32_t count)
{
    const unsigned char entry[ENTRY_SIZE] = {0};
    file->count = (uint32_t)count;
    seqd_put_bytes(&file->out, magic, sizeof magic);
    seqd_put_u32(&file->out, SEQD_MODEL_FORMAT);
    seqd_put_u32(&file->out, file->count);
    seqd_put_u64(&file->out, 0);
    seqd_put_u32(&file->out, 0);
    for (uint32_t i = 0; i < file->count; i++) seqd_put_bytes(&file->out, entry, sizeof entry);
}

void seqd_file_section(seqd_file_writer *file, uint32_t type)
{
    file->at[file->done].type = type;
    file->at[file->done++].end = file->out.size;
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

void seqd_file_end(seqd_file_writer *file)
{
    unsigned char *bytes = file->out.bytes;
    if (file->out.failed) return;
    size_t start = HEADER_SIZE + (size_t)file->count * ENTRY_SIZE;
    for (uint32_t i = 0; i < file->count; i++) {
        unsigned char *at = bytes + HEADER_SIZE + i * ENTRY_SIZE;
        const size_t end = file->at[i].end;
        set_u32(at, file->at[i].type);
        set_u32(at + 4, seqd_crc32c(0, bytes + start, end - start));
        set_u64(at + 8, start);
        set_u64(at + 16, end - start);
        start = end;
    }
    set_u64(bytes + 16, file->out.size);
    set_u32(bytes + 24, seqd_crc32c(0, bytes, HEADER_SIZE + (size_t)file->count * ENTRY_SIZE));
}

static int32_t damaged(seqd_error *error, const char *what)
{
    return seqd_fail(error, SEQD_E_FORMAT, "the model file is damaged: %s", what);
}

/* The header and its checksum, which is over the section table too; the number of sections. */
static int32_t open_header(const unsigned char *bytes, size_t size, seqd_scanner *in, uint32_t *count,
                           seqd_error *error)
{
    if (size < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
        return seqd_fail(error, SEQD_E_FORMAT, "not a libseqdemand model file");
    if (size < HEADER_SIZE) return damaged(error, "it ends within its header");
    in->at = sizeof magic;
    const uint32_t format = seqd_get_u32(in);
    *count = seqd_get_u32(in);
    const uint64_t total = seqd_get_u64(in);
    const uint32_t crc = seqd_get_u32(in);
    if (*count > SEQD_MOST_SECTIONS || size < HEADER_SIZE + (size_t)*count * ENTRY_SIZE)
        return damaged(error, "it ends within its section table");
    unsigned char copy[HEADER_SIZE];
    memcpy(copy, bytes, sizeof copy);
    set_u32(copy + 24, 0);
    uint32_t sum = seqd_crc32c(0, copy, sizeof copy);
    sum = seqd_crc32c(sum, bytes + HEADER_SIZE, (size_t)*count * ENTRY_SIZE);
    if (sum != crc) return damaged(error, "the checksum of its header is wrong");
    if (format > SEQD_MODEL_FORMAT)
        return seqd_fail(error, SEQD_E_VERSION, "the model file has format %u, this library reads up to %d", format,
                         SEQD_MODEL_FORMAT);
    if (format == 0 || total != size) return damaged(error, "its length is not the one in its header");
    return SEQD_OK;
}

int32_t seqd_file_open(const unsigned char *bytes, size_t size, uint32_t highest, seqd_file_sections *file,
                       seqd_error *error)
{
    seqd_scanner in = {bytes, size, 0, false}, found;
    uint32_t count = 0;
    SEQD_CHECK(open_header(bytes, size, &in, &count, error));
    *file = (seqd_file_sections){.bytes = bytes};
    uint64_t expected = HEADER_SIZE + (uint64_t)count * ENTRY_SIZE;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t type = seqd_get_u32(&in), want = seqd_get_u32(&in);
        const uint64_t offset = seqd_get_u64(&in), length = seqd_get_u64(&in);
        if (offset != expected || length > size - offset) return damaged(error, "a section lies outside of it");
        expected = offset + length;
        if (seqd_crc32c(0, bytes + offset, (size_t)length) != want)
            return damaged(error, "the checksum of a section is wrong");
        if (type == 0 || (type > highest && type <= SEQD_SECTION_OPTIONAL))
            return damaged(error, "a section of unknown type");
        if (seqd_file_find(file, type, &found)) return damaged(error, "a section occurs twice");
        file->at[file->count].type = type;
        file->at[file->count].offset = (size_t)offset;
        file->at[file->count++].length = (size_t)length;
        file->known += type <= highest;
    }
    return expected == size ? SEQD_OK : damaged(error, "bytes after its last section");
}

bool seqd_file_find(const seqd_file_sections *file, uint32_t type, seqd_scanner *in)
{
    for (int32_t i = 0; i < file->count; i++) {
        if (file->at[i].type != type) continue;
        *in = (seqd_scanner){file->bytes + file->at[i].offset, file->at[i].length, 0, false};
        return true;
    }
    return false;
}
