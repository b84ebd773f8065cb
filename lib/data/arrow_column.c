/* SPDX-License-Identifier: Apache-2.0 */
#include "arrow_source.h"

#include <math.h>
#include <string.h>

#include "status.h"

#define LETTER(letter, ...) { (letter), { __VA_ARGS__ } }

/* Formats of one letter; those of more are told apart below. */
static const struct {
    char letter;
    seqd_arrow_type type;
} letters[] = {
    LETTER('n', SEQD_ARROW_NULL, 0, 0), LETTER('b', SEQD_ARROW_BOOL, 0, 0),
    LETTER('c', SEQD_ARROW_INT, 1, 0),  LETTER('C', SEQD_ARROW_UINT, 1, 0),
    LETTER('s', SEQD_ARROW_INT, 2, 0),  LETTER('S', SEQD_ARROW_UINT, 2, 0),
    LETTER('i', SEQD_ARROW_INT, 4, 0),  LETTER('I', SEQD_ARROW_UINT, 4, 0),
    LETTER('l', SEQD_ARROW_INT, 8, 0),  LETTER('L', SEQD_ARROW_UINT, 8, 0),
    LETTER('e', SEQD_ARROW_FLOAT, 2, 0), LETTER('f', SEQD_ARROW_FLOAT, 4, 0), LETTER('g', SEQD_ARROW_FLOAT, 8, 0),
    LETTER('u', SEQD_ARROW_UTF8, 4, 0), LETTER('U', SEQD_ARROW_UTF8, 8, 0),
};

/* A whole number of the format at *text, at most three digits; -1: there is none. */
static int32_t small_number(const char **text)
{
    int32_t value = 0, digits = 0;
    for (; **text >= '0' && **text <= '9' && digits < 3; ++*text, digits++) value = value * 10 + (**text - '0');
    return digits > 0 ? value : -1;
}

/* "d:precision,scale" or "d:precision,scale,bits" */
static bool read_decimal(const char *format, seqd_arrow_type *type)
{
    int32_t bits = 128;
    const char *at = format + 2;
    if (strncmp(format, "d:", 2) != 0 || small_number(&at) < 0 || *at++ != ',') return false;
    const int32_t scale = small_number(&at);
    if (*at == ',') {
        at++;
        bits = small_number(&at);
    }
    if (*at != '\0' || scale < 0 || scale > 38 || (bits != 32 && bits != 64 && bits != 128)) return false;
    *type = (seqd_arrow_type){ SEQD_ARROW_DECIMAL, bits / 8, scale };
    return true;
}

static bool read_type(const char *format, seqd_arrow_type *type)
{
    static const char units[] = "smun";
    const size_t length = strlen(format);
    for (size_t i = 0; length == 1 && i < sizeof letters / sizeof *letters; i++)
        if (letters[i].letter == format[0]) {
            *type = letters[i].type;
            return true;
        }
    if (strcmp(format, "vu") == 0) {
        *type = (seqd_arrow_type){ SEQD_ARROW_VIEW, 16, 0 };
    } else if (strcmp(format, "tdD") == 0) {
        *type = (seqd_arrow_type){ SEQD_ARROW_TIME, 4, -86400 };
    } else if (strcmp(format, "tdm") == 0) {
        *type = (seqd_arrow_type){ SEQD_ARROW_TIME, 8, 1000 };
    } else if (strncmp(format, "ts", 2) == 0 && length >= 4 && format[3] == ':' && strchr(units, format[2])) {
        *type = (seqd_arrow_type){ SEQD_ARROW_TIME, 8, 1 };
        for (const char *unit = units; *unit != format[2]; unit++) type->unit *= 1000;
    } else {
        return read_decimal(format, type);
    }
    return true;
}

int32_t seqd_arrow_column_init(seqd_arrow_column *column, const struct ArrowSchema *schema, seqd_error *error)
{
    char name[SEQD_QUOTE_SIZE], format[SEQD_QUOTE_SIZE];
    const char *named = schema->name ? schema->name : "", *told = schema->format;
    memset(column, 0, sizeof *column);
    bool known = read_type(told, &column->part.type);
    if (known && schema->dictionary) {
        column->dictionary = true;
        told = schema->dictionary->format ? schema->dictionary->format : "";
        known = (column->part.type.kind == SEQD_ARROW_INT || column->part.type.kind == SEQD_ARROW_UINT) &&
                !schema->dictionary->dictionary && read_type(told, &column->values.type);
    }
    if (known) return SEQD_OK;
    return seqd_fail(error, SEQD_E_DATA, "column '%s' is of the Arrow type '%s'%s, which is not read here",
                     seqd_quote(named, strlen(named), name), seqd_quote(told, strlen(told), format),
                     column->dictionary ? " by a dictionary" : "");
}

/* Buffers of a type; at least so many of views. */
static int64_t buffer_count(seqd_arrow_kind kind)
{
    return kind == SEQD_ARROW_NULL ? 0 : kind == SEQD_ARROW_UTF8 || kind == SEQD_ARROW_VIEW ? 3 : 2;
}

static const char *bind_part(seqd_arrow_part *part, const struct ArrowArray *array)
{
    int64_t end;
    const int64_t buffers = buffer_count(part->type.kind);
    if (!array || !array->release) return "has no array, or one that was released";
    if (array->length < 0 || array->offset < 0 || __builtin_add_overflow(array->offset, array->length, &end))
        return "has a negative length or offset";
    if (part->type.kind == SEQD_ARROW_VIEW ? array->n_buffers < buffers : array->n_buffers != buffers)
        return "has another number of buffers than its type";
    if (buffers > 0 && !array->buffers) return "has no buffers";
    part->offset = array->offset;
    part->length = array->length;
    if (buffers == 0) return NULL;
    part->valid = array->null_count != 0 ? array->buffers[0] : NULL;
    part->values = array->buffers[1];
    if (array->null_count > 0 && !part->valid) return "has nulls, but no bitmap of them";
    if (array->length > 0 && !part->values && array->null_count != array->length) return "has no buffer of values";
    if (part->type.kind == SEQD_ARROW_UTF8) part->bytes = array->buffers[2];
    if (part->type.kind == SEQD_ARROW_VIEW) {
        part->blocks = array->buffers + 2;
        part->block_count = array->n_buffers - 3;
        part->block_sizes = array->buffers[array->n_buffers - 1];
        if (part->block_count > 0 && !part->block_sizes) return "has no sizes of its buffers";
    }
    return NULL;
}

const char *seqd_arrow_column_bind(seqd_arrow_column *column, const struct ArrowArray *array, int64_t first,
                                   int64_t count)
{
    int64_t end;
    const char *wrong = bind_part(&column->part, array);
    if (wrong) return wrong;
    if (__builtin_add_overflow(first, count, &end) || end > array->length) return "is shorter than its batch";
    column->part.offset += first;
    if (!column->dictionary) return NULL;
    return bind_part(&column->values, array->dictionary);
}

static int64_t read_signed(const unsigned char *at, int32_t width)
{
    int8_t byte;
    int16_t half;
    int32_t word;
    int64_t whole;
    switch (width) {
    case 1: memcpy(&byte, at, 1); return byte;
    case 2: memcpy(&half, at, 2); return half;
    case 4: memcpy(&word, at, 4); return word;
    default: memcpy(&whole, at, 8); return whole;
    }
}

static uint64_t read_unsigned(const unsigned char *at, int32_t width)
{
    uint16_t half;
    uint32_t word;
    uint64_t whole;
    switch (width) {
    case 1: return *at;
    case 2: memcpy(&half, at, 2); return half;
    case 4: memcpy(&word, at, 4); return word;
    default: memcpy(&whole, at, 8); return whole;
    }
}

static void set_text(seqd_cell *cell, const char *text, size_t length)
{
    cell->type = SEQD_CELL_TEXT;
    cell->text = text;
    cell->length = length;
}

/* A null, too, has a place among the offsets, but nothing there is looked at. */
static const char *read_utf8(const seqd_arrow_part *part, int64_t at, seqd_cell *cell)
{
    const int32_t width = part->type.width;
    const unsigned char *place = part->values + (size_t)at * (size_t)width;
    const int64_t begin = read_signed(place, width), end = read_signed(place + width, width);
    if (begin < 0 || end < begin) return "has offsets that fall";
    if (end > begin && !part->bytes) return "has no buffer of text";
    set_text(cell, end > begin ? part->bytes + begin : "", (size_t)(end - begin));
    return NULL;
}

static const char *read_view(const seqd_arrow_part *part, int64_t at, seqd_cell *cell)
{
    const unsigned char *place = part->values + (size_t)at * 16;
    const int64_t length = read_signed(place, 4);
    if (length < 0) return "has a view of negative length";
    if (length <= 12) {
        set_text(cell, (const char *)place + 4, (size_t)length);
        return NULL;
    }
    const int64_t block = read_signed(place + 8, 4), begin = read_signed(place + 12, 4);
    if (block < 0 || block >= part->block_count || !part->blocks[block])
        return "has a view of a buffer that is not there";
    const int64_t size = read_signed(part->block_sizes + (size_t)block * 8, 8);
    if (begin < 0 || begin > size || length > size - begin) return "has a view that leaves its buffer";
    set_text(cell, (const char *)part->blocks[block] + begin, (size_t)length);
    return NULL;
}

/* Rounded down: what lies before 1970 stays in its second. */
static int64_t to_seconds(int64_t value, int64_t unit)
{
    if (unit < 0) return value * -unit;
    return value / unit - (value % unit < 0);
}

/* IEEE binary16. */
static double half(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    double value = fraction == 0 ? (double)INFINITY : (double)NAN;
    if (exponent < 31) value = exponent == 0 ? ldexp(fraction, -24) : ldexp(fraction + 1024, exponent - 25);
    return bits >> 15 ? -value : value;
}

static void read_float(const unsigned char *place, int32_t width, seqd_cell *cell)
{
    float single;
    cell->type = SEQD_CELL_F64;
    if (width == 8) {
        memcpy(&cell->f64, place, 8);
    } else if (width == 2) {
        cell->f64 = half(read_unsigned(place, 2));
    } else {
        memcpy(&single, place, 4);
        cell->f64 = (double)single;
    }
}

/* Element `index`, from 0; whole numbers that no int64_t holds become text in `text`. */
static const char *read_element(const seqd_arrow_part *part, int64_t index, char text[SEQD_ARROW_TEXT], seqd_cell *cell)
{
    const int64_t at = part->offset + index;
    const int32_t width = part->type.width;
    if (part->type.kind == SEQD_ARROW_NULL || (part->valid && !seqd_arrow_bit(part->valid, at))) {
        set_text(cell, "", 0);
        return NULL;
    }
    if (!part->values) return "has no buffer of values";
    if (part->type.kind == SEQD_ARROW_UTF8) return read_utf8(part, at, cell);
    if (part->type.kind == SEQD_ARROW_VIEW) return read_view(part, at, cell);
    const unsigned char *place = part->values + (size_t)at * (size_t)width;
    if (part->type.kind == SEQD_ARROW_FLOAT) {
        read_float(place, width, cell);
    } else if (part->type.kind == SEQD_ARROW_DECIMAL) {
        set_text(cell, text, seqd_arrow_decimal(place, width, (int32_t)part->type.unit, text));
    } else if (part->type.kind == SEQD_ARROW_UINT) {
        const uint64_t number = read_unsigned(place, width);
        if (number > INT64_MAX) {
            unsigned char wide[16] = { 0 };
            memcpy(wide, &number, 8);
            set_text(cell, text, seqd_arrow_decimal(wide, 16, 0, text));
        } else {
            cell->type = SEQD_CELL_I64;
            cell->i64 = (int64_t)number;
        }
    } else if (part->type.kind == SEQD_ARROW_TIME) {
        cell->type = SEQD_CELL_TIME;
        cell->i64 = to_seconds(read_signed(place, width), part->type.unit);
    } else {
        cell->type = SEQD_CELL_I64;
        cell->i64 = part->type.kind == SEQD_ARROW_BOOL ? seqd_arrow_bit(part->values, at) : read_signed(place, width);
    }
    return NULL;
}

const char *seqd_arrow_column_cell(seqd_arrow_column *column, int64_t row, seqd_cell *cell)
{
    const char *wrong = read_element(&column->part, row, column->text, cell);
    if (wrong || !column->dictionary) return wrong;
    if (cell->type == SEQD_CELL_TEXT && cell->length == 0) return NULL; /* a null among the numbers */
    if (cell->type != SEQD_CELL_I64 || cell->i64 < 0 || cell->i64 >= column->values.length)
        return "has a number outside its dictionary";
    return read_element(&column->values, cell->i64, column->text, cell);
}
