/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef struct status_row {
    int32_t status;
    const char *name, *text;
} status_row;

static const status_row rows[] = {
    { SEQD_OK, "SEQD_OK", "success" },
    { SEQD_STOPPED, "SEQD_STOPPED", "stopped at the request of a callback" },
    { SEQD_E_ARG, "SEQD_E_ARG", "an argument is NULL, out of range or does not fit the others" },
    { SEQD_E_STATE, "SEQD_E_STATE", "the call does not fit the state of the handle" },
    { SEQD_E_BUSY, "SEQD_E_BUSY", "the model is being trained by another trainer" },
    { SEQD_E_OPTION, "SEQD_E_OPTION", "an option is unknown or its value cannot be used" },
    { SEQD_E_NOMEM, "SEQD_E_NOMEM", "out of memory" },
    { SEQD_E_LIMIT, "SEQD_E_LIMIT", "a limit of the context would be passed" },
    { SEQD_E_IO, "SEQD_E_IO", "a file could not be opened, read or written" },
    { SEQD_E_FORMAT, "SEQD_E_FORMAT", "the file is damaged or not of the expected kind" },
    { SEQD_E_VERSION, "SEQD_E_VERSION", "the file was written by a newer library" },
    { SEQD_E_DATA, "SEQD_E_DATA", "a value, a date or a row cannot be used" },
    { SEQD_E_DIVERGED, "SEQD_E_DIVERGED", "training left the finite numbers" },
    { SEQD_E_UNSUPPORTED, "SEQD_E_UNSUPPORTED", "not available in this build or on this machine" },
    { SEQD_E_INTERNAL, "SEQD_E_INTERNAL", "a defect of the library" },
};

static const status_row *row_of(int32_t status)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].status == status) return &rows[i];
    return NULL;
}

const char *seqd_status_name_of(int32_t status)
{
    const status_row *row = row_of(status);
    return row ? row->name : "SEQD_E_UNKNOWN";
}

const char *seqd_status_text_of(int32_t status)
{
    const status_row *row = row_of(status);
    return row ? row->text : "an unknown status";
}

bool seqd_error_told(const seqd_error *error)
{
    return error && (error->struct_size == 0 || error->struct_size >= offsetof(seqd_error, message));
}

/* Bytes of the caller's message that may be written; a caller that left struct_size at 0 has the struct of 0.1. */
static size_t message_room(const seqd_error *error)
{
    const size_t whole = error->struct_size == 0 ? sizeof *error : error->struct_size;
    const size_t before = offsetof(seqd_error, message);
    if (whole <= before) return 0;
    return whole - before < sizeof error->message ? whole - before : sizeof error->message;
}

/* A cut may fall inside a UTF-8 character: the incomplete tail is dropped. */
static void trim_utf8(char *message, size_t length)
{
    size_t start = length;
    while (start > 0 && length - start < 3 && ((unsigned char)message[start - 1] & 0xC0) == 0x80) start--;
    if (start == 0) return;
    const unsigned char lead = (unsigned char)message[start - 1];
    const size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (want > length - start + 1) message[start - 1] = '\0';
}

__attribute__((format(printf, 2, 0)))
static void write_message(seqd_error *error, const char *format, va_list arguments)
{
    const size_t room = message_room(error);
    if (room == 0) return;
    const int length = vsnprintf(error->message, room, format, arguments);
    if (length < 0)
        error->message[0] = '\0';
    else if ((size_t)length >= room)
        trim_utf8(error->message, room - 1);
}

int32_t seqd_fail(seqd_error *error, int32_t status, const char *format, ...)
{
    if (!seqd_error_told(error)) return status;
    error->status = status;
    error->line = 0;
    error->column = 0;
    va_list arguments;
    va_start(arguments, format);
    write_message(error, format, arguments);
    va_end(arguments);
    return status;
}

int32_t seqd_fail_at(seqd_error *error, int32_t status, int64_t line, int64_t column, const char *format, ...)
{
    if (!seqd_error_told(error)) return status;
    error->status = status;
    error->line = line;
    error->column = column;
    va_list arguments;
    va_start(arguments, format);
    write_message(error, format, arguments);
    va_end(arguments);
    return status;
}

int32_t seqd_fail_nomem(seqd_error *error, size_t bytes)
{
    return seqd_fail(error, SEQD_E_NOMEM, "out of memory: %zu bytes could not be had", bytes);
}

int32_t seqd_fail_prefix(seqd_error *error, int32_t status, const char *format, ...)
{
    if (!seqd_error_told(error)) return status;
    error->status = status;
    const size_t room = message_room(error);
    if (room == 0) return status;
    char old[SEQD_ERROR_MESSAGE_SIZE];
    memcpy(old, error->message, room);
    old[room - 1] = '\0';
    va_list arguments;
    va_start(arguments, format);
    write_message(error, format, arguments);
    va_end(arguments);
    const size_t used = strlen(error->message);
    const int length = snprintf(error->message + used, room - used, ": %s", old);
    if (length > 0 && (size_t)length >= room - used) trim_utf8(error->message, room - 1);
    return status;
}

const char *seqd_quote(const char *text, size_t length, char buffer[SEQD_QUOTE_SIZE])
{
    const size_t most = 40;
    size_t used = 0;
    for (size_t i = 0; i < length && used < most; i++) {
        const unsigned char byte = (unsigned char)text[i];
        buffer[used++] = (char)(byte < 32 || byte == 127 ? '?' : byte);
    }
    buffer[used] = '\0';
    if (length > most) {
        trim_utf8(buffer, used);
        used = strlen(buffer);
        memcpy(buffer + used, "...", 4);
    }
    return buffer;
}
