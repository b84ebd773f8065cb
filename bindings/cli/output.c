/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

int cli_output_open(cli *c, const char *path, cli_output *output)
{
    *output = (cli_output){ stdout, NULL, NULL };
    if (path == NULL || strcmp(path, "-") == 0) return CLI_OK;
    struct stat about;
    bool plain = stat(path, &about) != 0 || S_ISREG(about.st_mode);
    char number[24];
    snprintf(number, sizeof number, ".%ld", (long)getpid());
    char *temporary = plain ? cli_join(path, number, ".tmp", NULL) : NULL;
    FILE *file = fopen(plain ? temporary : path, "wb");
    if (file == NULL) {
        int why = errno;
        free(temporary);
        return cli_fail(c, "%s: cannot be written: %s", path, strerror(why));
    }
    *output = (cli_output){ file, cli_copy(path), temporary };
    return CLI_OK;
}

int cli_output_finish(const cli *c, cli_output *output)
{
    if (output->path == NULL) return CLI_OK; /* standard output is looked at when the program ends */
    bool good = fflush(output->file) == 0 && ferror(output->file) == 0;
    good = fclose(output->file) == 0 && good;
    output->file = NULL;
    if (good && output->temporary != NULL) good = rename(output->temporary, output->path) == 0;
    int why = errno;
    int status = good ? CLI_OK : cli_fail(c, "%s: could not be written: %s", output->path, strerror(why));
    if (good) {
        free(output->temporary);
        output->temporary = NULL;
    }
    cli_output_release(output);
    return status;
}

void cli_output_release(cli_output *output)
{
    if (output->file != NULL && output->file != stdout) fclose(output->file);
    if (output->temporary != NULL) unlink(output->temporary);
    free(output->temporary);
    free(output->path);
    *output = (cli_output){ NULL, NULL, NULL };
}

void cli_csv_text(FILE *file, const char *text)
{
    size_t length = strlen(text);
    bool quoted = length > 0
                  && (text[strcspn(text, ",;\t\"\r\n")] != '\0' || text[0] == ' ' || text[length - 1] == ' ');
    if (!quoted) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"') fputc('"', file);
        fputc(*text, file);
    }
    fputc('"', file);
}

void cli_json_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\') fprintf(file, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f) fprintf(file, "\\u%04x", byte);
        else fputc(byte, file);
    }
    fputc('"', file);
}

void cli_json_number(FILE *file, double value)
{
    char text[32];
    fputs(cli_number(value, text)[0] != '\0' ? text : "null", file);
}

/* Columns a UTF-8 text takes; wide scripts are counted as one each, which misaligns and breaks nothing. */
static int text_width(const char *text)
{
    int width = 0;
    for (; *text != '\0'; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

void cli_sheet_create(cli_sheet *sheet, const cli_column *columns, int32_t column_count)
{
    *sheet = (cli_sheet){ columns, column_count, 0, 0, 0, NULL };
}

void cli_sheet_release(cli_sheet *sheet)
{
    for (int64_t i = 0; i < sheet->cell_count; i++) free(sheet->cells[i].text);
    free(sheet->cells);
    sheet->cells = NULL;
    sheet->cell_count = sheet->room = sheet->row_count = 0;
}

static void append(cli_sheet *sheet, char *text, double number)
{
    if (sheet->cell_count == sheet->room) {
        sheet->room = sheet->room > 0 ? 2 * sheet->room : 256;
        sheet->cells = cli_grow(sheet->cells, (size_t)sheet->room, sizeof *sheet->cells);
    }
    sheet->cells[sheet->cell_count++] = (struct cli_cell){ text, number };
    if (sheet->cell_count % sheet->column_count == 0) sheet->row_count++;
}

void cli_sheet_text(cli_sheet *sheet, const char *text)
{
    append(sheet, cli_copy(text), 0);
}

void cli_sheet_number(cli_sheet *sheet, double number)
{
    append(sheet, NULL, number);
}

void cli_sheet_csv(const cli_sheet *sheet, FILE *file)
{
    char text[32];
    for (int32_t j = 0; j < sheet->column_count; j++) {
        if (j > 0) fputc(',', file);
        cli_csv_text(file, sheet->columns[j].name);
    }
    fputc('\n', file);
    for (int64_t i = 0; i < sheet->cell_count; i++) {
        if (i % sheet->column_count > 0) fputc(',', file);
        const struct cli_cell *cell = &sheet->cells[i];
        if (cell->text != NULL) cli_csv_text(file, cell->text);
        else fputs(cli_number(cell->number, text), file);
        if (i % sheet->column_count == sheet->column_count - 1) fputc('\n', file);
    }
}

void cli_sheet_json(const cli_sheet *sheet, FILE *file)
{
    fputs("{\"rows\":[", file);
    for (int64_t i = 0; i < sheet->cell_count; i++) {
        int32_t j = (int32_t)(i % sheet->column_count);
        const struct cli_cell *cell = &sheet->cells[i];
        fputs(j > 0 ? "," : i > 0 ? ",{" : "{", file);
        cli_json_text(file, sheet->columns[j].name);
        fputc(':', file);
        if (cell->text != NULL) cli_json_text(file, cell->text);
        else cli_json_number(file, cell->number);
        if (j == sheet->column_count - 1) fputc('}', file);
    }
    fputs("]}\n", file);
}

/* A cell as people read it. `room` takes 64 bytes. */
static const char *shown(const cli_column *column, const struct cli_cell *cell, char *room)
{
    if (cell->text != NULL) return cell->text;
    double value = cell->number;
    if (value - value != 0) return "-";
    if (value > -1e15 && value < 1e15) snprintf(room, 64, "%.*f", column->decimals < 0 ? 4 : column->decimals, value);
    else snprintf(room, 64, "%.6g", value);
    if (room[0] == '-' && room[strspn(room, "-0.")] == '\0') memmove(room, room + 1, strlen(room));
    return room;
}

/* Control characters of an id would move the cursor of the terminal. */
static void put_cell(FILE *file, const char *text, int width, bool right, bool last)
{
    int blanks = width - text_width(text);
    if (right) fprintf(file, "%*s", blanks, "");
    for (; *text != '\0'; text++) fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, file);
    if (!right && !last) fprintf(file, "%*s", blanks, "");
    fputs(last ? "\n" : "  ", file);
}

void cli_sheet_table(const cli_sheet *sheet, FILE *file, int64_t top)
{
    char room[64];
    int32_t n = sheet->column_count;
    int64_t cells = top < sheet->row_count ? top * n : sheet->cell_count;
    int *widths = cli_alloc((size_t)n, sizeof *widths);
    for (int32_t j = 0; j < n; j++) widths[j] = text_width(sheet->columns[j].heading);
    for (int64_t i = 0; i < cells; i++) {
        int width = text_width(shown(&sheet->columns[i % n], &sheet->cells[i], room));
        if (width > widths[i % n]) widths[i % n] = width;
    }
    for (int32_t j = 0; j < n; j++)
        put_cell(file, sheet->columns[j].heading, widths[j], sheet->columns[j].decimals != CLI_TEXT, j == n - 1);
    for (int64_t i = 0; i < cells; i++) {
        const cli_column *column = &sheet->columns[i % n];
        put_cell(file, shown(column, &sheet->cells[i], room), widths[i % n], column->decimals != CLI_TEXT,
                 i % n == n - 1);
    }
    free(widths);
}

void cli_sheet_write(const cli *c, const cli_sheet *sheet, const cli_output *output, bool table_too, int64_t top)
{
    bool to_file = c->flags[CLI_FLAG_OUT] != NULL;
    if (to_file) cli_sheet_csv(sheet, output->file);
    /* With --out - the table is what standard output was asked for. */
    if (to_file && output->path == NULL) return;
    if (c->flags[CLI_FLAG_JSON] != NULL) cli_sheet_json(sheet, stdout);
    else if (!to_file || table_too) cli_sheet_table(sheet, stdout, top);
}
