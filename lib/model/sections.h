/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEQD_MODEL_SECTIONS_H
#define SEQD_MODEL_SECTIONS_H

#include "bytes.h"

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
 * Sections follow in rising offset, without gaps or overlap, and end with the file. No type occurs twice. A type above
 * SEQD_SECTION_OPTIONAL that a reader does not know is skipped; any other unknown type is refused.
 */
#define SEQD_SECTION_OPTIONAL 0x10000u
#define SEQD_SECTION_TRAINER 0x10001u /* of a checkpoint: lib/train/checkpoint.c */
#define SEQD_MOST_SECTIONS 32

typedef struct seqd_file_writer {
    seqd_writer out; /* sections are written here, each ended by seqd_file_section */
    uint32_t count, done;
    struct {
        uint32_t type;
        size_t end;
    } at[SEQD_MOST_SECTIONS];
} seqd_file_writer;

/* `out.context` is set; exactly `count` sections follow. */
void seqd_file_begin(seqd_file_writer *file, int32_t count);
void seqd_file_section(seqd_file_writer *file, uint32_t type);
/* Fills in header and table, unless out.failed. */
void seqd_file_end(seqd_file_writer *file);

typedef struct seqd_file_sections {
    const unsigned char *bytes;
    int32_t count, known; /* of them with a type that is not optional */
    struct {
        uint32_t type;
        size_t offset, length;
    } at[SEQD_MOST_SECTIONS];
} seqd_file_sections;

/* Checks header, table and every checksum. Types up to `highest` are known. Errors: SEQD_E_FORMAT, SEQD_E_VERSION. */
int32_t seqd_file_open(const unsigned char *bytes, size_t size, uint32_t highest, seqd_file_sections *file,
                       seqd_error *error);
bool seqd_file_find(const seqd_file_sections *file, uint32_t type, seqd_scanner *in);

#endif
