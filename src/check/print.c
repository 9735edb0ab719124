/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Findings as a compiler prints them, as workflow commands, and as JSON. */
#include "check/check_i.h"

#include <string.h>

enum { SOURCE_MAX = 160 }; /* bytes of a source line that are shown */

/* ----------------------------------------------------------------------- text */

/* No control character reaches a terminal. */
static void put_plain(ec_text *out, const char *bytes, size_t n, bool tabs)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes[i];
        bool acts = (c < 0x20 && !(tabs && c == '\t')) || c == 0x7f;

        ec_text_add(out, acts ? "?" : &bytes[i], 1);
    }
}

static void put_name(ec_text *out, const char *name)
{
    put_plain(out, name, strlen(name), false);
}

/* A line of the file, without its end; NULL if there is no such line. */
static const char *find_line(size_t *size, const ec_checked_file *file, int number)
{
    const char *at = file->text, *end = at != NULL ? at + file->size : NULL;

    if (at == NULL || number < 1)
        return NULL;
    if (file->size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    for (; number > 1; number--) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (at == NULL)
            return NULL;
        at++;
    }
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    *size = (size_t)((stop != NULL ? stop : end) - at);
    *size -= *size > 0 && at[*size - 1] == '\r';
    return at;
}

/* Bytes of the first `col` - 1 characters. */
static size_t bytes_before(const char *line, size_t size, int col)
{
    size_t i = 0;

    for (int left = col - 1; left > 0 && i < size; left--) {
        i++;
        while (i < size && ((unsigned char)line[i] & 0xc0) == 0x80)
            i++;
    }
    return i;
}

/* The source line and a caret below the place; tabs stay tabs so that the two line up. */
static void put_source(ec_text *out, const ec_checked_file *file, ec_place place, bool color)
{
    size_t size = 0;
    const char *line = find_line(&size, file, place.line);

    if (line == NULL || size > SOURCE_MAX)
        return;
    size_t before = bytes_before(line, size, place.col);
    put_plain(out, line, size, true);
    ec_text_puts(out, "\n");
    for (size_t i = 0; i < before; i++)
        if (((unsigned char)line[i] & 0xc0) != 0x80)
            ec_text_puts(out, line[i] == '\t' ? "\t" : " ");
    ec_text_puts(out, color ? "\033[1;32m^\033[0m\n" : "^\n");
}

static const char *color_of(ec_severity severity)
{
    return severity == EC_SEVERITY_ERROR     ? "\033[1;31m"
           : severity == EC_SEVERITY_WARNING ? "\033[1;35m"
                                             : "\033[1;36m";
}

static void put_finding(ec_text *out, const ec_checked_file *file, const ec_finding *finding,
                        bool color)
{
    ec_text message = {0};

    put_name(out, file->file);
    if (finding->place.line > 0)
        ec_text_printf(out, ":%d:%d", finding->place.line, finding->place.col);
    ec_text_printf(out, ": %s%s:%s ", color ? color_of(finding->severity) : "",
                   ec_severity_text(finding->severity), color ? "\033[0m" : "");
    ec_put_message(&message, finding);
    put_name(out, ec_text_get(&message));
    ec_text_printf(out, " [%s]\n", ec_check_rule_at(finding->rule)->code);
    put_source(out, file, finding->place, color);
    if (finding->remedy[0] != '\0') {
        ec_text_puts(out, "  help: ");
        put_name(out, finding->remedy);
        ec_text_puts(out, "\n");
    }
    if (message.status != EC_OK)
        out->status = message.status;
    ec_text_clear(&message);
}

/* "3 errors" */
static void put_count(ec_text *out, size_t n, const char *noun)
{
    ec_text_printf(out, "%zu %s%s", n, noun, n == 1 ? "" : "s");
}

static size_t count_verdicts(const ec_check *check, ec_verdict verdict)
{
    size_t n = 0;

    for (size_t k = 0; k < check->n_requirements; k++)
        n += check->requirements[k].verdict == verdict;
    return n;
}

void ec_check_print_text(ec_text *out, const ec_checked_file *file, bool color)
{
    const ec_check *check = file->check;

    for (size_t i = 0; i < check->n_findings; i++)
        put_finding(out, file, &check->findings[i], color);
    put_name(out, file->file);
    ec_text_puts(out, ": ");
    put_count(out, ec_check_count(check, EC_SEVERITY_ERROR), "error");
    ec_text_puts(out, ", ");
    put_count(out, ec_check_count(check, EC_SEVERITY_WARNING), "warning");
    ec_text_puts(out, ", ");
    put_count(out, ec_check_count(check, EC_SEVERITY_NOTE), "note");
    if (check->n_requirements > 0) {
        ec_text_puts(out, "; ");
        put_count(out, check->n_requirements, "requirement");
        ec_text_printf(
            out, ": %zu met, %zu failed, %zu undecided", count_verdicts(check, EC_VERDICT_MET),
            count_verdicts(check, EC_VERDICT_FAILED), count_verdicts(check, EC_VERDICT_UNDECIDED));
    }
    ec_text_puts(out, "\n");
}

/* --------------------------------------------------------------------- github */

/* Of a workflow command: % and line ends are escaped, in a property : and , too. */
static void put_command(ec_text *out, const char *text, bool property)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
            ec_text_printf(out, "%%%02X", c);
        else
            put_plain(out, text, 1, false);
    }
}

void ec_check_print_github(ec_text *out, const ec_checked_file *file)
{
    static const char *const command[] = {"notice", "notice", "warning", "error"};
    const ec_check *check = file->check;

    for (size_t i = 0; i < check->n_findings; i++) {
        const ec_finding *finding = &check->findings[i];
        const ec_check_rule *rule = ec_check_rule_at(finding->rule);
        ec_text message = {0};

        ec_text_printf(out, "::%s file=", command[finding->severity]);
        put_command(out, file->file, true);
        if (finding->place.line > 0)
            ec_text_printf(out, ",line=%d,col=%d", finding->place.line, finding->place.col);
        ec_text_printf(out, ",title=%s %s::", rule->code, rule->name);
        ec_put_message(&message, finding);
        put_command(out, ec_text_get(&message), false);
        if (message.status != EC_OK)
            out->status = message.status;
        ec_text_clear(&message);
        if (finding->remedy[0] != '\0') {
            ec_text_puts(out, "%0Ahelp: ");
            put_command(out, finding->remedy, false);
        }
        ec_text_puts(out, "\n");
    }
}

/* ----------------------------------------------------------------------- JSON */

static void put_place(ec_json *json, ec_place place)
{
    if (place.line > 0) {
        ec_json_uint(json, "line", (uint64_t)place.line);
        ec_json_uint(json, "column", (uint64_t)place.col);
    } else {
        ec_json_null(json, "line");
        ec_json_null(json, "column");
    }
}

/* As a decimal string, null where it has more than 4,000 digits, as everywhere. */
static void put_rank(ec_json *json, const char *key, const ec_int *rank)
{
    if (ec_int_digits(rank) > 4000) {
        ec_json_null(json, key);
        return;
    }

    char *digits = ec_int_print(rank, NULL);

    if (digits != NULL)
        ec_json_string(json, key, digits);
    else
        json->text.status = EC_ENOMEM;
    ec_free(digits);
}

static void put_requirements(ec_json *json, const ec_check *check)
{
    ec_json_open(json, "requirements", EC_JSON_ARRAY);
    for (size_t k = 0; k < check->n_requirements; k++) {
        const ec_judged *judged = &check->requirements[k];

        ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
        ec_json_string(json, "partition", check->partitions.items[judged->partition].name);
        if (judged->by_rank)
            put_rank(json, "min_rank", &judged->min_rank);
        else
            ec_json_real(json, "min_log2", judged->min_log2);
        ec_json_string(json, "verdict", ec_verdict_text(judged->verdict));
        put_rank(json, "bound", check->bounds[judged->partition].rank);
        put_place(json, judged->place);
        ec_json_close(json);
    }
    ec_json_close(json);
}

void ec_check_print_findings(ec_json *json, const ec_check *check)
{
    ec_json_open(json, "findings", EC_JSON_ARRAY);
    for (size_t i = 0; i < check->n_findings; i++) {
        const ec_finding *finding = &check->findings[i];
        const ec_check_rule *rule = ec_check_rule_at(finding->rule);

        ec_json_open(json, NULL, EC_JSON_OBJECT);
        ec_json_string(json, "code", rule->code);
        ec_json_string(json, "name", rule->name);
        ec_json_string(json, "severity", ec_severity_text(finding->severity));
        ec_json_string(json, "statement", ec_certainty_text(finding->certainty));
        put_place(json, finding->place);
        ec_json_string(json, "message", finding->message);
        ec_json_string(json, "remedy", finding->remedy);
        ec_json_close(json);
    }
    ec_json_close(json);
}

void ec_check_print_json(ec_json *json, const ec_checked_file *file)
{
    const ec_check *check = file->check;

    ec_json_open(json, NULL, EC_JSON_OBJECT);
    ec_json_string(json, "file", file->file);
    if (check->name != NULL)
        ec_json_string(json, "name", check->name);
    else
        ec_json_null(json, "name");
    put_requirements(json, check);
    ec_check_print_findings(json, check);
    ec_json_uint(json, "errors", ec_check_count(check, EC_SEVERITY_ERROR));
    ec_json_uint(json, "warnings", ec_check_count(check, EC_SEVERITY_WARNING));
    ec_json_uint(json, "notes", ec_check_count(check, EC_SEVERITY_NOTE));
    ec_json_close(json);
}
